//! hyper says hello over HTTP/1.1, loaded by `wrk`.

use std::convert::Infallible;
use std::net::TcpListener;
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};

use super::about::{About, Means};
use crate::child::{self, Spoken};
use crate::goal::Goal;
use crate::rival::contender::Contender;
use crate::rival::contract::Http;
use crate::rival::ports;
use crate::usage::{Latency, Sample};

pub(super) const ABOUT: About = About {
    name: "hyper_hello",
    explanation: "hyper \"hello\" under wrk, 64 connections; per request",
    rivals: &["heist", "tokio"],
    means: Means::Hello,
    round_count_max: usize::MAX,
    // Most of the CPU time is the kernel's TCP and hyper's, which are the same for both. 2026-11-22, microseconds per request by
    // samples, four runs: heist 8.2, of which 0.7 are its own and for waiting and switching, tokio 8.3 and 1.0. A runtime that
    // cost nothing would have 0.88 to 0.90 of tokio's, and the aim lies below it.
    // wrk counts a pause once for every request that it would have sent meanwhile: a server that begins to serve 10 ms
    // late has a 99th percentile of 3 ms after one second.
    goals: &[Goal::speed_up("tokio", 1.15), Goal::cpu("tokio", Some(0.85))],
};

/// Serves until stdin ends.
pub(crate) fn serve<R: Http>() -> ExitCode {
    let (listener, address) = ports::listener();
    println!("{address}");
    std::thread::spawn(move || {
        let rival = R::start();
        rival.block_on(async { R::spawn(accept_all::<R>(listener)).await.expect("no panic") });
    });
    child::report_usage()
}

async fn accept_all<R: Http>(listener: TcpListener) {
    let mut listener = R::listen(listener).expect("the listener is taken over");
    loop {
        let Ok(stream) = R::accept(&mut listener).await else { continue };
        let service = service_fn(|_request: Request<Incoming>| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
        });
        drop(R::spawn(async move {
            // wrk closes its connections at the end; there is nothing to report.
            let _ = http1::Builder::new().serve_connection(R::io(stream), service).await;
        }));
    }
}

/// Is `wrk` installed? Asked once.
pub(crate) fn has_load() -> bool {
    static HAS_LOAD: OnceLock<bool> = OnceLock::new();
    *HAS_LOAD.get_or_init(|| Command::new("wrk").arg("--version").output().is_ok())
}

/// A round: a fresh server under `wrk`, which takes whole seconds only.
pub(crate) fn measure(rival: &Contender) -> Sample {
    let mut server = Spoken::start(&["serve-hello".into(), format!("--rival={}", rival.name)]);
    let url = format!("http://{}/", server.line());
    let before = server.usage();
    let output = Command::new("wrk").args(["-t1", "-c64", "-d1s", "--latency", &url]).output();
    let used = server.usage().since(before);
    let text = String::from_utf8(output.expect("wrk runs").stdout).expect("wrk prints text");
    let seen = Seen::parse(&text).unwrap_or_else(|| panic!("wrk prints something else than it did: {text}"));
    let sample = Sample::new(seen.request_count, seen.time, used);
    Sample { latency: seen.latency, ..sample }
}

/// What `wrk` saw.
#[derive(Debug, PartialEq)]
struct Seen {
    request_count: u64,
    time: Duration,
    latency: Latency,
}

impl Seen {
    /// From its lines `50%`, `99%` (it has no finer ones) and `N requests in T`.
    fn parse(text: &str) -> Option<Self> {
        let words = |mark: &str| {
            let line = text.lines().find(|line| line.contains(mark))?;
            Some(line.split_whitespace().map(|word| word.trim_end_matches(',')).collect::<Vec<_>>())
        };
        let total = words(" requests in ")?;
        let micros = |mark: &str| Some(duration(words(mark)?.get(1)?)?.as_secs_f64() * 1e6);
        let latency = Latency { p50_micros: micros("50%")?, p99_micros: micros("99%")?, p999_micros: 0.0 };
        Some(Seen { request_count: total.first()?.parse().ok()?, time: duration(total.get(3)?)?, latency })
    }
}

/// As `wrk` writes them: `640.00us`, `1.20ms`, `1.01s`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|letter: char| letter.is_ascii_alphabetic())?);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    Some(Duration::from_secs_f64(number.parse::<f64>().ok()? * seconds))
}

#[cfg(test)]
mod tests {
    use super::{Duration, Latency, Seen};

    #[test]
    fn what_wrk_prints_is_understood() {
        let text = "  Latency Distribution\n     50%  640.00us\n     90%    0.89ms\n     99%    1.20ms\n  \
                    63510 requests in 1.01s, 5.33MB read\nRequests/sec:  62893.41\n";
        let latency = Latency { p50_micros: 640.0, p99_micros: 1_200.0, p999_micros: 0.0 };
        let time = Duration::from_millis(1_010);
        assert_eq!(Seen::parse(text), Some(Seen { request_count: 63_510, time, latency }));
        assert_eq!(Seen::parse("unable to connect"), None);
    }
}
