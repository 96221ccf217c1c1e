//! The thread that accepts the clients of a console.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::Socket;

use super::clients::ConsoleClients;
use super::place::{self, SocketFile};
use super::service::ConsoleService;
use crate::primitive::thread;
use crate::scheduler::current;

/// The pause after the system has no descriptor for a client, who waits meanwhile.
const PAUSE: Duration = Duration::from_millis(100);

/// The console, as its runtime has it.
pub(in crate::runtime) struct ConsoleServer {
    file: SocketFile,
    /// The thread ends soon after this is dropped. A pair, because no other way to end a wait for a
    /// connection works on every Unix.
    close: UnixStream,
    thread: thread::JoinHandle<ClientThreads>,
}

/// Threads of clients, which end.
type ClientThreads = Vec<thread::JoinHandle<()>>;

struct Acceptor {
    listener: Socket,
    closed: UnixStream,
    clients: Arc<ConsoleClients>,
    service: Arc<ConsoleService>,
}

impl ConsoleServer {
    pub(super) fn start(path: &Path, service: ConsoleService) -> io::Result<ConsoleServer> {
        let (close, closed) = UnixStream::pair()?;
        let (listener, file) = place::listen(path, service.handle.id())?;
        let (clients, service) = (ConsoleClients::new(), Arc::new(service));
        let acceptor = Acceptor { listener, closed, clients, service };
        let builder = thread::Builder::new().name("heist-console".to_owned());
        match builder.spawn(move || acceptor.work()) {
            Ok(thread) => Ok(ConsoleServer { file, close, thread }),
            Err(error) => {
                file.remove();
                let text = format!("the system refused a thread for the console: {error}");
                Err(io::Error::new(error.kind(), text))
            }
        }
    }

    /// Removes the file and ends the threads, and `waits` for them.
    pub(in crate::runtime) fn end(self, waits: bool) {
        self.file.remove();
        drop(self.close);
        if waits {
            // A thread that has panicked serves nobody any more, and nothing else is lost.
            for client in self.thread.join().unwrap_or_default() {
                let _ = client.join();
            }
        }
    }
}

impl Acceptor {
    fn work(self) -> ClientThreads {
        // Nothing that this thread happens to drop may wait for it.
        let _no_blocking = current::forbid_blocking();
        while self.waits_for_client() {
            match self.listener.accept() {
                Ok((socket, _)) => self.clients.admit(socket, &self.service),
                Err(error) if is_passing(&error) => {}
                Err(_) => {
                    if !self.pauses() {
                        break;
                    }
                }
            }
        }
        self.clients.close()
    }

    /// Returns false if the console ends.
    fn waits_for_client(&self) -> bool {
        let mut both = [PollFd::new(&self.closed, PollFlags::IN), PollFd::new(&self.listener, PollFlags::IN)];
        loop {
            match poll(&mut both, None) {
                Err(rustix::io::Errno::INTR) => {}
                // Without memory for the call there is none for clients.
                Err(_) => return self.pauses(),
                Ok(_) => return both[0].revents().is_empty(),
            }
        }
    }

    /// Waits a little. Returns false if the console ends.
    fn pauses(&self) -> bool {
        let mut closed = [PollFd::new(&self.closed, PollFlags::IN)];
        let pause = Timespec { tv_sec: 0, tv_nsec: PAUSE.subsec_nanos().into() };
        // An error, as an interruption, makes the pause short.
        let _ = poll(&mut closed, Some(&pause));
        closed[0].revents().is_empty()
    }
}

/// The client has gone, or there was none.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, WouldBlock};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted | WouldBlock)
}
