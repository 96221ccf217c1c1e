//! The load generator: for each of its threads one epoll, and no runtime.
//!
//! Every connection has one request in flight. A request that begins with [`COMPUTE`] asks the server to compute before it
//! answers; any other is just sent back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use serde::{Deserialize, Serialize};

use crate::usage::Latency;

/// How long to warm up and to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) warm_up_ms: u64,
    pub(crate) measure_ms: u64,
}

/// First byte of a request to compute; the next four say for how many microseconds, in little-endian order.
pub(crate) const COMPUTE: u8 = b'c';

/// What the load generator is told.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// Connections whose answers are timed.
    #[arg(long)]
    pub(crate) connections: usize,
    /// Threads of the load: each has its share of the connections.
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
    /// Bytes of every request and answer.
    #[arg(long)]
    pub(crate) message_size: usize,
    /// The server computes this long for each request.
    #[arg(long)]
    pub(crate) compute_micros: u32,
    /// From an answer to the next request on the same connection, on average.
    #[arg(long)]
    pub(crate) think_micros: u64,
    /// Further connections, not timed, each of which keeps the server computing for 100 ms at a time.
    #[arg(long)]
    pub(crate) computing: usize,
    /// A new connection for every request.
    #[arg(long)]
    pub(crate) churn: bool,
    /// Datagrams: a connection is a socket of its own that sends them to the server's port.
    #[arg(long)]
    pub(crate) udp: bool,
}

impl Load {
    /// As arguments of the command line.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            format!("--connections={}", self.connections),
            format!("--threads={}", self.threads),
            format!("--message-size={}", self.message_size),
            format!("--compute-micros={}", self.compute_micros),
            format!("--think-micros={}", self.think_micros),
            format!("--computing={}", self.computing),
        ];
        arguments.extend(self.churn.then(|| "--churn".to_owned()));
        arguments.extend(self.udp.then(|| "--udp".to_owned()));
        arguments
    }

    /// What each thread does: all have as many connections, the first ones one more if it does not come out even.
    fn shares(&self) -> Vec<Load> {
        let share =
            |count: usize, index: usize| count / self.threads + usize::from(index < count % self.threads);
        let of_thread = |index| Load {
            connections: share(self.connections, index),
            computing: share(self.computing, index),
            ..*self
        };
        (0..self.threads).map(of_thread).collect()
    }

    fn request(&self, compute_micros: u32) -> Vec<u8> {
        let mut request = vec![b'x'; self.message_size];
        if compute_micros > 0 {
            request[0] = COMPUTE;
            request[1..5].copy_from_slice(&compute_micros.to_le_bytes());
        }
        request
    }
}

/// Whom to load, and for how long each time.
#[derive(Args, Clone, Debug)]
pub(crate) struct Order {
    /// The server.
    #[arg(long)]
    address: SocketAddr,
    /// How long each run lasts, the first being the warm-up.
    #[arg(long, value_delimiter = ',')]
    runs_ms: Vec<u64>,
    #[command(flatten)]
    load: Load,
}

/// What the load generator saw in one run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) request_count: u64,
    pub(crate) nanos: u64,
    pub(crate) latency: Latency,
}

/// Loads the server. Prints what it saw in each run, and waits for a line before the next.
pub(crate) fn run(order: &Order) -> ExitCode {
    let connect = |share| Generator::connect(order.address, share).expect("the server listens");
    let mut generators: Vec<Generator> = order.load.shares().into_iter().map(connect).collect();
    for (index, &milliseconds) in order.runs_ms.iter().enumerate() {
        if index > 0 {
            io::stdin().read_line(&mut String::new()).expect("an order");
        }
        let seen = run_all(&mut generators, Duration::from_millis(milliseconds));
        println!("{}", serde_json::to_string(&seen).expect("numbers"));
    }
    ExitCode::SUCCESS
}

/// One run of all threads: they begin together.
fn run_all(generators: &mut [Generator], time: Duration) -> Seen {
    let start = Instant::now();
    let mut latencies_micros = Vec::new();
    let run = |generator: &mut Generator| generator.run(time).expect("the server answers");
    let (first, others) = generators.split_first_mut().expect("a load has a thread");
    thread::scope(|scope| {
        let others: Vec<_> = others.iter_mut().map(|generator| scope.spawn(move || run(generator))).collect();
        latencies_micros = run(first);
        for other in others {
            latencies_micros.append(&mut other.join().expect("no panic"));
        }
    });
    let nanos = u64::try_from(start.elapsed().as_nanos()).expect("a short run");
    Seen { request_count: latencies_micros.len() as u64, nanos, latency: Latency::of(latencies_micros) }
}

/// How long the first answer may take, on a machine that is busy with other things.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// How long an answer may take before its datagram counts as lost, and is sent again.
const LOST: Duration = Duration::from_millis(200);

/// One end of a conversation.
enum Socket {
    Stream(TcpStream),
    Datagrams(UdpSocket),
}

impl Socket {
    /// One message is in flight per connection: the socket always has room for it.
    fn send(&mut self, request: &[u8]) -> io::Result<()> {
        match self {
            Socket::Stream(stream) => stream.write_all(request),
            Socket::Datagrams(socket) => socket.send(request).map(drop),
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Stream(stream) => stream.read(buffer),
            Socket::Datagrams(socket) => socket.recv(buffer),
        }
    }
}

struct Connection {
    socket: Socket,
    /// Is it one of those that keep the server computing?
    is_computing: bool,
    /// Bytes of the answer so far.
    filled_count: usize,
    sent_at: Instant,
}

struct Generator {
    address: SocketAddr,
    load: Load,
    epoll: Epoll,
    connections: Vec<Connection>,
    request: Vec<u8>,
    computing_request: Vec<u8>,
    answer: Vec<u8>,
    /// When who thinks no longer.
    thinking: BinaryHeap<Reverse<(Instant, usize)>>,
    /// For the spread of thoughts.
    seed: u64,
}

impl Generator {
    fn connect(address: SocketAddr, load: Load) -> io::Result<Self> {
        let mut generator = Generator {
            address,
            load,
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            connections: Vec::new(),
            request: load.request(load.compute_micros),
            computing_request: load.request(100_000),
            answer: vec![0; load.message_size],
            thinking: BinaryHeap::new(),
            seed: 1,
        };
        for index in 0..load.connections + load.computing {
            let socket = generator.open(index)?;
            let is_computing = index >= load.connections;
            generator.connections.push(Connection {
                socket,
                is_computing,
                filled_count: 0,
                sent_at: Instant::now(),
            });
        }
        for index in 0..generator.connections.len() {
            generator.send(index)?;
        }
        Ok(generator)
    }

    fn open(&self, index: usize) -> io::Result<Socket> {
        let interest = EpollEvent::new(EpollFlags::EPOLLIN, index as u64);
        if self.load.udp {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.connect(self.address)?;
            socket.set_nonblocking(true)?;
            self.epoll.add(&socket, interest)?;
            return Ok(Socket::Datagrams(socket));
        }
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        self.epoll.add(&stream, interest)?;
        Ok(Socket::Stream(stream))
    }

    fn send(&mut self, index: usize) -> io::Result<()> {
        let connection = &mut self.connections[index];
        connection.filled_count = 0;
        let request = if connection.is_computing { &self.computing_request } else { &self.request };
        connection.sent_at = Instant::now();
        connection.socket.send(request)
    }

    /// Every answer brings the next request, for `time`. How long the answers took, in microseconds.
    fn run(&mut self, time: Duration) -> io::Result<Vec<f32>> {
        let mut events = vec![EpollEvent::empty(); 256];
        let mut latencies_micros: Vec<f32> = Vec::with_capacity(1 << 20);
        let start = Instant::now();
        let mut looked_for_lost_at = start;
        // A server that is slow to begin is not taken for one that never answers.
        while start.elapsed() < time || latencies_micros.is_empty() && start.elapsed() < ANSWER_MAX {
            let count = match self.epoll.wait(&mut events, self.patience()) {
                Err(Errno::EINTR) => 0,
                other => other?,
            };
            for event in &events[..count] {
                let index = usize::try_from(event.data()).expect("an index");
                if let Some(latency) = self.receive(index)? {
                    if !self.connections[index].is_computing {
                        latencies_micros.push(latency.as_nanos() as f32 / 1e3);
                    }
                    self.answered(index)?;
                }
            }
            self.end_thoughts()?;
            if self.load.udp && looked_for_lost_at.elapsed() >= LOST {
                looked_for_lost_at = Instant::now();
                self.send_lost_again()?;
            }
        }
        if latencies_micros.is_empty() {
            return Err(io::Error::new(ErrorKind::TimedOut, "not one answer in the whole run"));
        }
        Ok(latencies_micros)
    }

    /// How long to wait for answers.
    fn patience(&self) -> EpollTimeout {
        let Some(Reverse((end, _))) = self.thinking.peek() else {
            return EpollTimeout::from(if self.load.udp { 200_u16 } else { 1_000 });
        };
        let rest = end.saturating_duration_since(Instant::now()).as_millis() + 1;
        EpollTimeout::from(u16::try_from(rest).unwrap_or(1_000))
    }

    /// Reads what is there; the time the answer took when it is complete.
    fn receive(&mut self, index: usize) -> io::Result<Option<Duration>> {
        let connection = &mut self.connections[index];
        match connection.socket.receive(&mut self.answer[connection.filled_count..]) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                connection.filled_count += count;
                let is_complete = connection.filled_count == self.load.message_size;
                Ok(is_complete.then(|| connection.sent_at.elapsed()))
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The next request, now or after a thought.
    fn answered(&mut self, index: usize) -> io::Result<()> {
        if self.load.churn {
            // Closed by a reset: the port is free at once, for thousands a second would soon use all of them up.
            if let Socket::Stream(stream) = &self.connections[index].socket {
                socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
            }
            self.connections[index].socket = self.open(index)?;
        }
        if self.load.think_micros == 0 || self.connections[index].is_computing {
            return self.send(index);
        }
        // Half as long to half as long again, so that the connections do not march in step.
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let share = (self.seed >> 33) as f64 / f64::from(1_u32 << 31);
        let thought = Duration::from_micros(self.load.think_micros).mul_f64(0.5 + share);
        self.thinking.push(Reverse((Instant::now() + thought, index)));
        Ok(())
    }

    /// The kernel may drop a datagram where a queue is full.
    fn send_lost_again(&mut self) -> io::Result<()> {
        for index in 0..self.connections.len() {
            if self.connections[index].sent_at.elapsed() >= LOST {
                self.send(index)?;
            }
        }
        Ok(())
    }

    fn end_thoughts(&mut self) -> io::Result<()> {
        while let Some(&Reverse((end, index))) = self.thinking.peek() {
            if end > Instant::now() {
                break;
            }
            self.thinking.pop();
            self.send(index)?;
        }
        Ok(())
    }
}
