//! hyper, unmodified, in worlds: HTTP/1.1 and HTTP/2 over links that lose packets and are cut.

use heist::io::hyper::{Executor, Timer};
use heist::net::{TcpListener, TcpStream};
use heist::sim::{self, NetworkLink};
use heist::time::{Duration, sleep, timeout};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[heist::main]
async fn server() {
    let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        heist::spawn(async move {
            let mut http = hyper_util::server::conn::auto::Builder::new(Executor);
            http.http1().timer(Timer).half_close(true);
            http.http2().timer(Timer);
            // A connection may break off: the client sees it as well.
            let _ = http.serve_connection(stream, service_fn(turned_round)).await;
        });
    }
}

/// Answers with the bytes of the request in reverse order.
async fn turned_round(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let mut body = request.into_body().collect().await?.to_bytes().to_vec();
    body.reverse();
    Ok(Response::new(Full::from(body)))
}

/// One request over a connection of its own.
async fn ask(is_second: bool, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let stream = TcpStream::connect("web:80").await?;
    let request = Request::post("http://web/").header("host", "web").body(Full::<Bytes>::from(body))?;
    let answer = if is_second {
        let (mut sender, connection) = hyper::client::conn::http2::handshake(Executor, stream).await?;
        heist::spawn(connection);
        sender.send_request(request).await?
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
        heist::spawn(connection);
        sender.send_request(request).await?
    };
    Ok(answer.into_body().collect().await?.to_bytes().to_vec())
}

fn draw(below: u64) -> u64 {
    sim::random() % below
}

/// Some requests of any size. Each answer is whole and right, or the request fails; returns how many
/// were answered.
async fn requests(count: u32) -> u32 {
    let mut answered = 0;
    for number in 0..count {
        let len = usize::try_from(draw(200_000) >> draw(18)).unwrap();
        let body: Vec<u8> = (0..len).map(|at| (at as u32 ^ number) as u8).collect();
        let expected: Vec<u8> = body.iter().rev().copied().collect();
        if let Ok(Ok(answer)) = timeout(Duration::from_secs(30), ask(draw(2) == 0, body)).await {
            assert!(answer == expected, "an answer of {} bytes is not the right one", answer.len());
            answered += 1;
        }
    }
    answered
}

#[heist::sim::test(seeds = 30, twice = true)]
async fn every_request_is_answered_when_nothing_fails() {
    sim::host("web").start(server);
    assert_eq!(requests(8).await, 8);
}

#[heist::sim::test(seeds = 40, twice = true)]
async fn answers_are_right_or_missing_when_links_and_the_server_fail() {
    let web = sim::host("web").start(server);
    let poor = NetworkLink::new().loss(0.05).latency(Duration::from_millis(1)..=Duration::from_millis(30));
    sim::set_link("root", "web", &poor);
    sim::set_link("web", "root", &poor);
    let trouble = heist::spawn(async move {
        loop {
            sleep(Duration::from_millis(draw(3_000))).await;
            match draw(3) {
                0 => web.restart(),
                1 => sim::cut("root", "web"),
                _ => sim::cut("web", "root"),
            }
            sleep(Duration::from_millis(draw(2_000))).await;
            sim::rejoin(&["root"], &["web"]);
        }
    });
    requests(10).await;
    trouble.abort();
    let _ = trouble.await;
    sim::rejoin(&["root"], &["web"]);
    // Whatever happened before, the server serves on.
    while requests(1).await == 0 {
        sleep(Duration::from_secs(1)).await;
    }
}
