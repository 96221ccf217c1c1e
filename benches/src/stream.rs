//! A stream in one direction, in large writes: the server writes from one child process, another one reads and has no
//! runtime. What counts is the CPU time of the writing process, per MiB.
//!
//! Both are on this machine, where the kernel copies also what it was asked not to copy: so this shows what the asking costs,
//! and not what it saves. So does a pair of virtual devices between two namespaces, which hands the pages to the other end's
//! stack, where they are copied. What it saves can be shown with a network device that gathers, and another machine.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;

use crate::child::Spoken;
use crate::echo::announce;
use crate::load::{Seen, Times};
use crate::rival::contender::Contender;
use crate::rival::contract::Rival;
use crate::rival::ports;
use crate::usage::{Latency, Sample};

const MIB: u64 = 1 << 20;

/// What the reader is told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Order {
    /// The server.
    #[arg(long)]
    address: SocketAddr,
    /// How long each run lasts, the first being the warm-up.
    #[arg(long, value_delimiter = ',')]
    runs_ms: Vec<u64>,
}

/// Serves with a runtime whose tasks move between threads: whoever connects gets one write of `write_size` after the other.
pub(crate) fn serve<R: Rival>(write_size: usize) -> ExitCode {
    let (listener, address) = ports::listener();
    std::thread::spawn(move || {
        let rival = R::start();
        rival.block_on(async { R::spawn(write_to_all::<R>(listener, write_size)).await.expect("no panic") });
    });
    announce(address)
}

async fn write_to_all<R: Rival>(listener: TcpListener, write_size: usize) {
    let mut listener = R::listen(listener).expect("the listener is taken over");
    loop {
        let Ok(mut stream) = R::accept(&mut listener).await else { continue };
        drop(R::spawn(async move {
            let mut bytes = vec![b'x'; write_size];
            loop {
                let (result, written) = R::write_all_owned(&mut stream, bytes).await;
                // The reader closes its connection at the end; there is nothing to report.
                if result.is_err() {
                    break;
                }
                bytes = written;
            }
        }));
    }
}

/// Reads from one connection. Prints how many MiB came in each run, and waits for a line before the next: what the server
/// writes meanwhile waits with it.
pub(crate) fn read(order: &Order) -> ExitCode {
    let mut stream = TcpStream::connect(order.address).expect("the server listens");
    let mut buffer = vec![0; MIB as usize];
    for (index, &milliseconds) in order.runs_ms.iter().enumerate() {
        if index > 0 {
            io::stdin().read_line(&mut String::new()).expect("an order");
        }
        let (start, mut byte_count) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_millis(milliseconds) {
            match stream.read(&mut buffer).expect("the server writes") {
                0 => panic!("the server has ended"),
                count => byte_count += count as u64,
            }
        }
        let (request_count, nanos) = (byte_count / MIB, start.elapsed().as_nanos() as u64);
        let seen = Seen { request_count, nanos, latency: Latency::default() };
        println!("{}", serde_json::to_string(&seen).expect("numbers"));
    }
    ExitCode::SUCCESS
}

/// One round.
pub(crate) fn measure(rival: &Contender, write_size: usize, times: Times) -> Sample {
    let size = format!("--message-size={write_size}");
    let arguments = ["serve-stream".into(), format!("--rival={}", rival.served_as), size];
    let mut server = Spoken::start_build(rival.program, &arguments);
    let address = format!("--address={}", server.line());
    let runs = format!("--runs-ms={},{}", times.warm_up_ms, times.measure_ms);
    let mut reader = Spoken::start(&["read-stream".into(), address, runs]);
    let _warm_up: Seen = reader.answer();
    let before = server.usage();
    reader.order();
    let seen: Seen = reader.answer();
    let used = server.usage().since(before);
    Sample::new(seen.request_count, Duration::from_nanos(seen.nanos), used)
}
