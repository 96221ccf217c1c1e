//! TCP echo: a server in one child process, its load in another, and the orders between them on stdin and stdout.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use serde::{Deserialize, Serialize};

use crate::rival::{Contender, Rival};
use crate::usage::{Sample, Usage};

/// Bytes of every request and answer.
const MESSAGE_SIZE: usize = 64;

/// Serves until stdin ends. Prints its address, then its resource usage for every line it is sent.
pub(crate) fn serve<R: Rival>() -> ExitCode {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket can be made non-blocking");
    println!("{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        let rival = R::start();
        // Accepted by a task, so that connections are born where connections are served.
        rival.block_on(async { R::spawn(accept_all::<R>(listener)).await.expect("no panic") });
    });
    for line in io::stdin().lines() {
        line.expect("orders are text");
        println!("{}", serde_json::to_string(&Usage::now()).expect("numbers"));
    }
    ExitCode::SUCCESS
}

async fn accept_all<R: Rival>(listener: TcpListener) {
    let mut listener = R::listen(listener).expect("the listener is taken over");
    loop {
        let mut stream = R::accept(&mut listener).await.expect("accept");
        drop(R::spawn(async move {
            let mut buffer = [0; 4096];
            // The load closes its connections at the end; there is nothing to report.
            while let Ok(count) = R::read(&mut stream, &mut buffer).await {
                if count == 0 || R::write_all(&mut stream, &buffer[..count]).await.is_err() {
                    break;
                }
            }
        }));
    }
}

/// What the load generator is told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Load {
    /// The server.
    #[arg(long)]
    address: SocketAddr,
    /// Connections, each with one request in flight.
    #[arg(long)]
    connections: usize,
    /// How long to load before the measurement.
    #[arg(long)]
    warm_up_ms: u64,
    /// How long to measure.
    #[arg(long)]
    measure_ms: u64,
}

/// What the load generator saw.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Seen {
    request_count: u64,
    nanos: u64,
    median_micros: f64,
    p99_micros: f64,
}

/// Loads the server from one thread: warms up, says so, waits for a line, measures, and prints what it saw.
pub(crate) fn load(options: &Load) -> ExitCode {
    let mut generator = Generator::connect(options).expect("the server listens");
    generator.run(Duration::from_millis(options.warm_up_ms)).expect("the server answers");
    println!("ready");
    let mut order = String::new();
    io::stdin().read_line(&mut order).expect("an order");
    let seen = generator.run(Duration::from_millis(options.measure_ms)).expect("the server answers");
    println!("{}", serde_json::to_string(&seen).expect("numbers"));
    ExitCode::SUCCESS
}

struct Connection {
    stream: TcpStream,
    /// Bytes of the answer so far.
    filled_count: usize,
    sent_at: Instant,
}

/// One thread, one epoll, no runtime.
struct Generator {
    epoll: Epoll,
    connections: Vec<Connection>,
}

impl Generator {
    fn connect(options: &Load) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let mut connections = Vec::new();
        for index in 0..options.connections {
            let stream = TcpStream::connect(options.address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
            connections.push(Connection { stream, filled_count: 0, sent_at: Instant::now() });
        }
        let mut generator = Generator { epoll, connections };
        for index in 0..generator.connections.len() {
            generator.send(index)?;
        }
        Ok(generator)
    }

    fn send(&mut self, index: usize) -> io::Result<()> {
        let connection = &mut self.connections[index];
        connection.filled_count = 0;
        connection.sent_at = Instant::now();
        // One small message is in flight per connection: the socket always has room for it.
        connection.stream.write_all(&[b'x'; MESSAGE_SIZE])
    }

    /// Every answer is at once the next request, for `time`.
    fn run(&mut self, time: Duration) -> io::Result<Seen> {
        let mut events = vec![EpollEvent::empty(); 256];
        let mut latencies_micros: Vec<f32> = Vec::with_capacity(1 << 20);
        let start = Instant::now();
        while start.elapsed() < time {
            let count = match self.epoll.wait(&mut events, EpollTimeout::from(1_000_u16)) {
                Err(nix::errno::Errno::EINTR) => 0,
                other => other?,
            };
            for event in &events[..count] {
                let index = usize::try_from(event.data()).expect("an index");
                if let Some(latency) = self.receive(index)? {
                    latencies_micros.push(latency.as_nanos() as f32 / 1e3);
                    self.send(index)?;
                }
            }
        }
        let nanos = u64::try_from(start.elapsed().as_nanos()).expect("a short run");
        let request_count = latencies_micros.len() as u64;
        latencies_micros.sort_by(f32::total_cmp);
        let at = |share: f64| f64::from(latencies_micros[(latencies_micros.len() as f64 * share) as usize]);
        if latencies_micros.is_empty() {
            return Err(io::Error::new(ErrorKind::TimedOut, "not one answer in the whole run"));
        }
        Ok(Seen { request_count, nanos, median_micros: at(0.5), p99_micros: at(0.99) })
    }

    /// Reads what is there; the time the answer took when it is complete.
    fn receive(&mut self, index: usize) -> io::Result<Option<Duration>> {
        let connection = &mut self.connections[index];
        let mut buffer = [0; MESSAGE_SIZE];
        match connection.stream.read(&mut buffer[connection.filled_count..]) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                connection.filled_count += count;
                let is_complete = connection.filled_count == MESSAGE_SIZE;
                Ok(is_complete.then(|| connection.sent_at.elapsed()))
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A child process that is talked to line by line, and ended when dropped.
struct Spoken {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Spoken {
    fn start(arguments: &[String]) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a program knows its own path"));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a child process");
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("piped above"));
        Spoken { child, orders, answers }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let count = self.answers.read_line(&mut line).expect("answers are text");
        assert_ne!(count, 0, "the child process ended before its answer; its error is above");
        line.trim_end().to_owned()
    }

    fn order(&mut self) {
        let orders = self.orders.as_mut().expect("open until drop");
        orders.write_all(b"now\n").expect("the child process listens");
    }
}

impl Drop for Spoken {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Asked to end by the end of its stdin; whatever it still does, it has ended after this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One round: a fresh server of `rival`'s under a fresh load.
pub(crate) fn measure(
    rival: &Contender,
    connection_count: usize,
    warm_up_ms: u64,
    measure_ms: u64,
) -> Sample {
    let mut server = Spoken::start(&["serve-echo".into(), format!("--rival={}", rival.name)]);
    let address = server.line();
    let mut load = Spoken::start(&[
        "load-echo".into(),
        format!("--address={address}"),
        format!("--connections={connection_count}"),
        format!("--warm-up-ms={warm_up_ms}"),
        format!("--measure-ms={measure_ms}"),
    ]);
    assert_eq!(load.line(), "ready");
    let before = usage_of(&mut server);
    load.order();
    let seen: Seen = serde_json::from_str(&load.line()).expect("what the load prints");
    let used = usage_of(&mut server).since(before);
    let mut sample = Sample::new(seen.request_count, Duration::from_nanos(seen.nanos), used);
    sample.median_micros = seen.median_micros;
    sample.p99_micros = seen.p99_micros;
    sample
}

fn usage_of(server: &mut Spoken) -> Usage {
    server.order();
    serde_json::from_str(&server.line()).expect("what the server prints")
}

/// CPU time in microseconds and clock ticks that `rival` used while it had nothing to do.
pub(crate) fn measure_idle(rival: &Contender) -> Sample {
    let line = Spoken::start(&["idle".into(), format!("--rival={}", rival.name)]).line();
    let (micros, ticks) = line.split_once(' ').expect("two numbers");
    let cpu_micros = micros.parse().expect("microseconds");
    let usage = Usage { cpu_micros, switch_count: 0.0 };
    let mut sample = Sample::new(1, crate::workload::idle::IDLE_TIME, usage);
    sample.tick_count = ticks.parse().expect("ticks");
    sample
}
