//! Metrics: `GET /metrics` for Prometheus, over HTTP/1.1 by hyper, beside a program that is busy.
//!
//! ```text
//! cargo run --release --example metrics                       one scrape of its own, then it ends
//! cargo run --release --example metrics -- 127.0.0.1:9000     serves until Ctrl-C
//! curl http://127.0.0.1:9000/metrics
//! ```

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use heist::net::{TcpListener, TcpStream};
use heist::runtime::Handle;
use heist::task::{consume_budget, spawn_blocking, yield_now};
use heist::time::sleep;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};

const OPENMETRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

#[heist::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    let own_address = listener.local_addr()?;
    println!("metrics of the {} driver on http://{own_address}/metrics", Handle::current().driver_name());
    heist::spawn(be_busy());
    heist::spawn(serve(listener));
    if address.is_some() {
        return heist::signal::ctrl_c().await;
    }
    let mut stream = TcpStream::connect(own_address).await?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}

/// One task per connection.
async fn serve(listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(heist::spawn(converse(stream))),
            Err(error) => {
                eprintln!("cannot accept: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(stream: TcpStream) {
    let connection = http1::Builder::new()
        .timer(heist::io::hyper::Timer)
        .half_close(true)
        .serve_connection(stream, service_fn(answer));
    if let Err(error) = connection.await {
        eprintln!("a connection failed: {error}");
    }
}

/// Reads the figures at the time of the request: nobody is stopped, and nothing runs in between.
async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    if request.uri().path() != "/metrics" {
        return Ok(refusal(StatusCode::NOT_FOUND, "only /metrics is here\n"));
    }
    if request.method() != Method::GET {
        return Ok(refusal(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered\n"));
    }
    let mut response = Response::new(Handle::current().metrics().openmetrics());
    response.headers_mut().insert(CONTENT_TYPE, OPENMETRICS);
    Ok(response)
}

fn refusal(status: StatusCode, reason: &str) -> Response<String> {
    let mut response = Response::new(reason.to_owned());
    *response.status_mut() = status;
    response
}

/// Something to see: tasks that yield, spend their budget, sleep, overflow a ring and block.
async fn be_busy() {
    loop {
        for _ in 0..400 {
            heist::spawn(yield_now());
        }
        heist::spawn(async {
            for _ in 0..1000 {
                consume_budget().await;
            }
        });
        let closure = spawn_blocking(|| std::thread::sleep(Duration::from_millis(1)));
        sleep(Duration::from_millis(10)).await;
        // A closure that panics is no reason to end.
        let _ = closure.await;
    }
}
