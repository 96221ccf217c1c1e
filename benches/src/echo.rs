//! Echo: a server in one child process, its load in another, and the orders between them on stdin and stdout.

use std::net::{SocketAddr, TcpListener};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::child::{self, Spoken};
use crate::compute::compute;
use crate::load::{COMPUTE, Load, Seen, Times};
use crate::rival::contender::Contender;
use crate::rival::contract::{PerCore, Rival, WORKER_COUNT};
use crate::rival::ports;
use crate::usage::Sample;

/// Room for a message and more: whoever asks for exactly a message must ask again to see that it was all.
pub(crate) fn buffer_size(message_size: usize) -> usize {
    (2 * message_size).max(4_096)
}

/// Computes if `message` asks for it.
pub(crate) fn obey(message: &[u8]) {
    if let [COMPUTE, a, b, c, d, ..] = *message {
        compute(u32::from_le_bytes([a, b, c, d]));
    }
}

/// Prints where the server is, then its resource usage for every line it is sent, until stdin ends.
pub(crate) fn announce(address: SocketAddr) -> ExitCode {
    println!("{address}");
    child::report_usage()
}

/// Serves with a runtime whose tasks move between threads.
pub(crate) fn serve<R: Rival>(message_size: usize) -> ExitCode {
    let (listener, address) = ports::listener();
    std::thread::spawn(move || {
        let rival = R::start();
        // Accepted by a task, so that connections are born where connections are served.
        rival.block_on(async { R::spawn(accept_all::<R>(listener, message_size)).await.expect("no panic") });
    });
    announce(address)
}

async fn accept_all<R: Rival>(listener: TcpListener, message_size: usize) {
    let mut listener = R::listen(listener).expect("the listener is taken over");
    loop {
        let Ok(mut stream) = R::accept(&mut listener).await else { continue };
        drop(R::spawn(async move {
            let mut buffer = vec![0; buffer_size(message_size)];
            // The load closes its connections at the end; there is nothing to report.
            while let Ok(count @ 1..) = R::read(&mut stream, &mut buffer).await {
                obey(&buffer[..count]);
                if R::write_all(&mut stream, &buffer[..count]).await.is_err() {
                    break;
                }
            }
        }));
    }
}

/// Serves with a runtime of one thread per core: each has its own listener on the same port, as their authors advise.
pub(crate) fn serve_per_core<P: PerCore>(message_size: usize) -> ExitCode {
    let reserved = ports::shared_port(ports::any_port()).expect("a free port");
    let address = reserved.local_addr().expect("bound").as_socket().expect("an internet address");
    let (ready, all_ready) = mpsc::channel();
    for _ in 0..WORKER_COUNT {
        let ready = ready.clone();
        std::thread::spawn(move || P::run(accept_all_per_core::<P>(address, message_size, ready)));
    }
    for _ in 0..WORKER_COUNT {
        all_ready.recv().expect("a listening thread");
    }
    announce(address)
}

/// The loop of [`accept_all`] in the other dialect: buffers are lent to the runtime, and nothing is `Send`.
async fn accept_all_per_core<P: PerCore>(address: SocketAddr, message_size: usize, ready: mpsc::Sender<()>) {
    let listener = P::listen(address).expect("the port is shared");
    ready.send(()).expect("the starter waits");
    loop {
        let Ok(mut stream) = P::accept(&listener).await else { continue };
        P::spawn(async move {
            let mut buffer = vec![0; buffer_size(message_size)];
            loop {
                let (result, filled) = P::read(&mut stream, buffer).await;
                let Ok(1..) = result else { break };
                obey(&filled);
                let (result, written) = P::write_all(&mut stream, filled).await;
                if result.is_err() {
                    break;
                }
                buffer = written;
            }
        });
    }
}

/// A load generator in a child process, which has run its first run: the warm-up.
pub(crate) struct WarmLoad {
    process: Spoken,
    /// What it saw in that run.
    pub(crate) warm_up: Seen,
}

impl WarmLoad {
    /// Connects to the server at `address` and warms up.
    pub(crate) fn start(address: &str, load: &Load, runs_ms: &[u64]) -> Self {
        let runs: Vec<String> = runs_ms.iter().map(u64::to_string).collect();
        let mut arguments = vec!["load-echo".into(), format!("--address={address}")];
        arguments.push(format!("--runs-ms={}", runs.join(",")));
        arguments.extend(load.arguments());
        let mut process = Spoken::start(&arguments);
        let warm_up = process.answer();
        WarmLoad { process, warm_up }
    }

    /// Starts the next run.
    fn order(&mut self) {
        self.process.order();
    }

    /// What it saw in the run that was ordered.
    fn answer(&mut self) -> Seen {
        self.process.answer()
    }

    /// The next run.
    pub(crate) fn run(&mut self) -> Seen {
        self.order();
        self.answer()
    }
}

struct Pair {
    server: Spoken,
    generator: WarmLoad,
}

impl Pair {
    /// A fresh server of `rival`'s under a fresh load that is warmed up.
    fn start(rival: &Contender, load: &Load, runs_ms: &[u64]) -> Self {
        let size = format!("--message-size={}", load.message_size);
        let order = if load.udp { "serve-udp" } else { "serve-echo" };
        let arguments = [order.into(), format!("--rival={}", rival.served_as), size];
        let mut server = Spoken::start_build(rival.program, &arguments);
        let address = server.line();
        Pair { server, generator: WarmLoad::start(&address, load, runs_ms) }
    }
}

/// One round.
pub(crate) fn measure(rival: &Contender, load: &Load, times: Times) -> Sample {
    let mut pair = Pair::start(rival, load, &[times.warm_up_ms, times.measure_ms]);
    let before = pair.server.usage();
    let seen = pair.generator.run();
    let used = pair.server.usage().since(before);
    let sample = Sample::new(seen.request_count, Duration::from_nanos(seen.nanos), used);
    Sample { latency: seen.latency, ..sample }
}

/// System calls per request, counted by `perf` in a run of its own, because counting costs; `None` where it cannot.
pub(crate) fn count_syscalls(rival: &Contender, load: &Load) -> Option<f64> {
    const WINDOW: Duration = Duration::from_millis(200);
    let mut pair = Pair::start(rival, load, &[50, 500]);
    pair.generator.order();
    let mut command = Command::new("perf");
    command.args(["stat", "--field-separator=,", "--event=raw_syscalls:sys_enter"]);
    command.arg(format!("--pid={}", pair.server.id())).args(["sleep", &WINDOW.as_secs_f64().to_string()]);
    let output = command.stdout(Stdio::null()).output().ok()?;
    let seen = pair.generator.answer();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("sys_enter"))?;
    let call_count: f64 = line.split(',').next()?.parse().ok()?;
    let requests_per_second = seen.request_count as f64 * 1e9 / seen.nanos as f64;
    Some(call_count / WINDOW.as_secs_f64() / requests_per_second)
}
