//! axum with `axum::serve`: JSON, state, extractors, server-sent events, WebSockets, and a graceful shutdown that
//! answers the request which is under way and then returns.
//!
//! ```text
//! $ cargo run --bin axum
//! driver: io_uring
//! 200 visits counted, 2 of them refused
//! 3 events, one every 10 ms
//! the socket echoed 100 messages and closed
//! the last answer came after the shutdown began, and nothing was listening any more
//! ```

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::response::sse::{Event, Sse};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use futures_util::{SinkExt, Stream, StreamExt};
use moved_in::{Failure, check, soon};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_stream::wrappers::IntervalStream;

#[derive(Default)]
struct Site {
    visits: AtomicU64,
    slow_began: Notify,
    slow_may_end: Notify,
}

#[derive(Debug, Serialize, Deserialize)]
struct Visit {
    name: String,
    number: u64,
}

async fn visit(
    State(site): State<Arc<Site>>,
    Json(mut visit): Json<Visit>,
) -> Result<Json<Visit>, StatusCode> {
    if visit.name.is_empty() {
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    }
    visit.number = site.visits.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(Json(visit))
}

async fn events(Path(count): Path<usize>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = IntervalStream::new(tokio::time::interval(Duration::from_millis(10)));
    Sse::new(ticks.take(count).map(|_| Ok(Event::default().data("tick"))))
}

async fn slow(State(site): State<Arc<Site>>) -> &'static str {
    site.slow_began.notify_one();
    site.slow_may_end.notified().await;
    "late, and still an answer"
}

async fn echo(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|mut socket: WebSocket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            let is_data = matches!(message, Message::Text(_) | Message::Binary(_));
            if is_data && socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    moved_in::choose_cryptography()?;
    let site = Arc::new(Site::default());
    let app = Router::new()
        .route("/visits", post(visit))
        .route("/events/{count}", get(events))
        .route("/slow", get(slow))
        .route("/echo", any(echo))
        .with_state(Arc::clone(&site));

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let until = async {
            _ = stopped.await;
        };
        axum::serve(listener, app).with_graceful_shutdown(until).await
    });

    visits(address, &site).await?;
    server_sent(address).await?;
    web_socket(address).await?;

    let late = tokio::spawn(reqwest::get(format!("http://{address}/slow")));
    soon("the slow request", site.slow_began.notified()).await?;
    check!(stop.send(()).is_ok(), "the server ended before it was asked to");
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    check!(!serving.is_finished(), "the server did not wait for the request under way");
    site.slow_may_end.notify_one();
    let text = soon("the last answer", late).await???.text().await?;
    check!(text == "late, and still an answer", "the last answer is {text:?}");
    soon("the end of the server", serving).await???;
    println!("the last answer came after the shutdown began, and nothing was listening any more");
    Ok(())
}

/// Two hundred at once; each has a number of its own.
async fn visits(address: SocketAddr, site: &Site) -> Result<(), Failure> {
    let client = reqwest::Client::new();
    let mut visitors = JoinSet::new();
    for number in 0..202 {
        let client = client.clone();
        visitors.spawn(async move {
            let name = if number < 200 { format!("visitor {number}") } else { String::new() };
            client.post(format!("http://{address}/visits")).json(&Visit { name, number: 0 }).send().await
        });
    }
    let (mut numbers, mut refused_count) = (Vec::new(), 0);
    while let Some(answer) = soon("an answer", visitors.join_next()).await? {
        let answer = answer??;
        match answer.status() {
            reqwest::StatusCode::OK => numbers.push(answer.json::<Visit>().await?.number),
            reqwest::StatusCode::UNPROCESSABLE_ENTITY => refused_count += 1,
            other => return Err(format!("a visit was answered by {other}").into()),
        }
    }
    numbers.sort_unstable();
    check!(numbers == (1..=200).collect::<Vec<u64>>(), "the numbers given are {numbers:?}");
    check!(site.visits.load(Ordering::Relaxed) == 200, "the site counted otherwise");
    println!("{} visits counted, {refused_count} of them refused", numbers.len());
    Ok(())
}

async fn server_sent(address: SocketAddr) -> Result<(), Failure> {
    let answer = reqwest::get(format!("http://{address}/events/3")).await?;
    let text = soon("three events", answer.text()).await??;
    check!(text == "data: tick\n\n".repeat(3), "the events are {text:?}");
    println!("3 events, one every 10 ms");
    Ok(())
}

async fn web_socket(address: SocketAddr) -> Result<(), Failure> {
    use tokio_tungstenite::tungstenite::Message;
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/echo")).await?;
    for number in 0..100 {
        // The last ones need more than one read.
        let sent = Message::text(format!("{number} ").repeat(1 << (number / 8)));
        socket.send(sent.clone()).await?;
        let received = soon("an echo", socket.next()).await?.ok_or("the socket closed")??;
        check!(received == sent, "echo {number} differs");
    }
    socket.close(None).await?;
    while let Some(message) = soon("the close", socket.next()).await? {
        check!(message?.is_close(), "something came after the close");
    }
    println!("the socket echoed 100 messages and closed");
    Ok(())
}
