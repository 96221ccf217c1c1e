//! What every runtime here can do, so that one workload serves all of them.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

/// The one all others are compared with.
pub(crate) const SUBJECT: &str = "heist";

/// Threads of every multi-threaded rival.
pub(crate) const WORKER_COUNT: usize = 2;

/// A runtime under test whose tasks may move between threads.
pub(crate) trait Rival: Sized + Send + Sync + 'static {
    /// What it is called on the command line and in the tables.
    const NAME: &'static str;
    /// One line about it.
    const EXPLANATION: &'static str;

    /// The handle of a spawned task. Dropping it must leave the task alone.
    type Join<T: Send + 'static>: Future<Output = Result<T, Self::JoinError>> + Send + Unpin + 'static;
    /// Why a task has no output.
    type JoinError: Debug;
    /// A listening socket.
    type Listener: Send + 'static;
    /// A connected socket.
    type Stream: Send + 'static;
    /// A socket for datagrams.
    type Datagrams: Send + 'static;
    /// The locks that it brings along, or tokio's.
    type Locks: Locks;
    /// The channels that it brings along, or tokio's.
    type Channels: Channels;

    /// Starts the runtime, threads and all.
    fn start() -> Self;
    /// Drives `future` on the calling thread, inside the runtime's context.
    fn block_on<F: Future>(&self, future: F) -> F::Output;
    /// Spawns from a thread that is none of the runtime's.
    fn spawn_from_outside<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;
    /// Spawns from inside a task or `block_on`.
    fn spawn<F>(future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;
    /// Lets others run.
    fn yield_now() -> impl Future<Output = ()> + Send;
    /// Is over when `time` has passed.
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;
    /// Drives `future` for at most `time`; whether it came to its end.
    fn timeout<F: Future<Output = ()> + Send>(time: Duration, future: F)
    -> impl Future<Output = bool> + Send;
    /// Takes a bound, non-blocking listener over.
    fn listen(listener: TcpListener) -> io::Result<Self::Listener>;
    /// The next connection, with `TCP_NODELAY` set.
    fn accept(listener: &mut Self::Listener) -> impl Future<Output = io::Result<Self::Stream>> + Send;
    /// Reads what is there, or waits for something; zero at the end.
    fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
    /// Writes all of `bytes`.
    fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
    /// Writes all of `bytes`, which are handed over and come back.
    fn write_all_owned(
        stream: &mut Self::Stream,
        bytes: Vec<u8>,
    ) -> impl Future<Output = (io::Result<()>, Vec<u8>)> + Send {
        async { (Self::write_all(stream, &bytes).await, bytes) }
    }
    /// Takes a bound, non-blocking socket over.
    fn datagrams(socket: UdpSocket) -> io::Result<Self::Datagrams>;
    /// The next datagram, cut to the buffer, and its sender.
    fn receive_from(
        socket: &mut Self::Datagrams,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send;
    /// Sends `bytes` as one datagram.
    fn send_to(
        socket: &mut Self::Datagrams,
        bytes: &[u8],
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<usize>> + Send;
}

/// The locks of a runtime.
pub(crate) trait Locks: 'static {
    /// A mutex of a number.
    type Mutex: Send + Sync + 'static;
    /// What wakes a task.
    type Notify: Send + Sync + 'static;

    /// An unlocked mutex.
    fn mutex() -> Self::Mutex;
    /// Adds one to the number, with the lock.
    fn add_one(mutex: &Self::Mutex) -> impl Future<Output = ()> + Send;
    /// A notifier without a permit.
    fn notify() -> Self::Notify;
    /// Wakes one task, or leaves a permit.
    fn notify_one(notify: &Self::Notify);
    /// Waits for a notification.
    fn notified(notify: &Self::Notify) -> impl Future<Output = ()> + Send;
}

/// The channels of a runtime, which carry numbers.
pub(crate) trait Channels: 'static {
    /// Sends to a queue with room for so many.
    type Sender: Clone + Send + Sync + 'static;
    /// Receives from it.
    type Receiver: Send + 'static;
    /// Sends to a queue that grows.
    type UnboundedSender: Clone + Send + Sync + 'static;
    /// Receives from it.
    type UnboundedReceiver: Send + 'static;
    /// Sends one number.
    type OneSender: Send + 'static;
    /// Receives it.
    type OneReceiver: Send + 'static;
    /// Sends numbers to all receivers.
    type BroadcastSender: Send + Sync + 'static;
    /// Receives each of them.
    type BroadcastReceiver: Send + 'static;
    /// Sets a number that others watch.
    type WatchSender: Send + Sync + 'static;
    /// Receives the latest one.
    type WatchReceiver: Clone + Send + 'static;

    /// A queue with room for so many.
    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver);
    /// Waits for room, and sends.
    fn send(sender: &Self::Sender, number: u64) -> impl Future<Output = ()> + Send;
    /// The next number; none when all senders are gone.
    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send;
    /// A queue that grows.
    fn unbounded() -> (Self::UnboundedSender, Self::UnboundedReceiver);
    /// Sends at once.
    fn send_unbounded(sender: &Self::UnboundedSender, number: u64);
    /// The next number; none when all senders are gone.
    fn receive_unbounded(receiver: &mut Self::UnboundedReceiver) -> impl Future<Output = Option<u64>> + Send;
    /// A channel for one number.
    fn one() -> (Self::OneSender, Self::OneReceiver);
    /// Sends it.
    fn send_one(sender: Self::OneSender, number: u64);
    /// Waits for it.
    fn receive_one(receiver: Self::OneReceiver) -> impl Future<Output = u64> + Send;
    /// A channel to all, with room for so many that not all have received.
    fn broadcast(capacity: usize) -> Self::BroadcastSender;
    /// One more receiver.
    fn subscribe(sender: &Self::BroadcastSender) -> Self::BroadcastReceiver;
    /// Sends to all.
    fn send_to_all(sender: &Self::BroadcastSender, number: u64);
    /// How many are there that not all have received.
    fn waiting_count(sender: &Self::BroadcastSender) -> usize;
    /// Waits for the next number: how far that brings the receiver, or none at the end.
    fn receive_broadcast(receiver: &mut Self::BroadcastReceiver) -> impl Future<Output = Option<u64>> + Send;
    /// A number to watch.
    fn watch() -> (Self::WatchSender, Self::WatchReceiver);
    /// Sets it.
    fn set(sender: &Self::WatchSender, number: u64);
    /// Waits for another number; none when the sender is gone.
    fn receive_latest(receiver: &mut Self::WatchReceiver) -> impl Future<Output = Option<u64>> + Send;
}

/// A rival whose sockets hyper can use.
pub(crate) trait Http: Rival {
    /// What hyper reads and writes.
    type Io: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static;

    /// A connected socket as hyper wants it.
    fn io(stream: Self::Stream) -> Self::Io;
}

/// A runtime under test that has one thread per core: what a thread accepts, it serves.
pub(crate) trait PerCore: 'static {
    /// What it is called on the command line and in the tables.
    const NAME: &'static str;
    /// One line about it.
    const EXPLANATION: &'static str;

    /// A listening socket.
    type Listener: 'static;
    /// A connected socket.
    type Stream: 'static;
    /// A socket for datagrams.
    type Datagrams: 'static;

    /// Runs one of the runtime's threads: the calling one.
    fn run<F: Future<Output = ()> + 'static>(future: F);
    /// Spawns on this thread.
    fn spawn<F: Future<Output = ()> + 'static>(future: F);
    /// Listens on a port that other threads listen on too.
    fn listen(address: SocketAddr) -> io::Result<Self::Listener>;
    /// The next connection, with `TCP_NODELAY` set.
    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream>;
    /// Reads what is there, or waits for something: gives the buffer back with as many bytes as came.
    async fn read(stream: &mut Self::Stream, buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>);
    /// Writes all of `bytes`.
    async fn write_all(stream: &mut Self::Stream, bytes: Vec<u8>) -> (io::Result<()>, Vec<u8>);
    /// A socket for datagrams on a port that other threads receive from too.
    fn datagrams(address: SocketAddr) -> io::Result<Self::Datagrams>;
    /// The next datagram and its sender: gives the buffer back with as many bytes as came.
    async fn receive_from(
        socket: &Self::Datagrams,
        buffer: Vec<u8>,
    ) -> (io::Result<(usize, SocketAddr)>, Vec<u8>);
    /// Sends `bytes` as one datagram.
    async fn send_to(
        socket: &Self::Datagrams,
        bytes: Vec<u8>,
        address: SocketAddr,
    ) -> (io::Result<usize>, Vec<u8>);
}
