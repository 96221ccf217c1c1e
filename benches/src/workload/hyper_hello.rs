//! hyper says hello over HTTP/1.1, loaded by `wrk`.

use std::convert::Infallible;
use std::net::TcpListener;
use std::process::ExitCode;

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
use crate::usage::Sample;
use crate::wrk::Wrk;

pub(super) const ABOUT: About = About {
    name: "hyper_hello",
    explanation: "hyper \"hello\" under wrk, 64 connections; per request",
    rivals: &["heist", "tokio", "go"],
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

/// A round: a fresh server under `wrk`, which takes whole seconds only.
pub(crate) fn measure(rival: &Contender) -> Sample {
    let mut server = Spoken::start(&["serve-hello".into(), format!("--rival={}", rival.name)]);
    let url = format!("http://{}/", server.line());
    let before = server.usage();
    let seen = Wrk { thread_count: 1, connection_count: 64, seconds: 1 }.run(&url);
    let used = server.usage().since(before);
    let sample = Sample::new(seen.request_count, seen.time, used);
    Sample { latency: seen.latency, ..sample }
}
