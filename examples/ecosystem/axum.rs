//! axum: a `Router` served on heist's listener, with an orderly stop. [`serve`] is what `axum::serve` is on tokio,
//! with a deadline: connections that have not ended [`DRAIN`] after the stop are dropped.
//!
//! Left out: HTTP/2 (see `hyper.rs`), TLS (see `rustls.rs`), `ConnectInfo`, a limit on connections, and axum's WebSocket
//! extractor, which needs tokio's runtime.
//!
//! ```text
//! $ cargo run -p ecosystem --bin axum
//! driver: io_uring
//! GET /: 200 hello from axum
//! GET /add/40/2: 200 42
//! GET /visits: 200 visit 1
//! GET /visits: 200 visit 2
//! GET /missing: 404
//! stopped in order
//! ```

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use futures::FutureExt;
use futures::future::{Either, Shared, select};
use heist::io::hyper::Timer;
use heist::net::{TcpListener, TcpStream};
use heist::task::JoinSet;
use heist::time::timeout;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::server::conn::http1;
use hyper_util::service::TowerToHyperService;

type Failure = Box<dyn Error + Send + Sync>;

/// The time that requests under way have after the stop.
const DRAIN: Duration = Duration::from_secs(10);

#[heist::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", heist::runtime::Handle::current().driver_name());
    let app = Router::new()
        .route("/", get(async || "hello from axum"))
        .route("/add/{left}/{right}", get(async |Path((left, right)): Path<(u64, u64)>| Json(left + right)))
        .route("/visits", get(visits))
        .with_state(Arc::new(AtomicU64::new(0)));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    // A server would pass `heist::signal::ctrl_c()`.
    let (stop, stopped) = futures::channel::oneshot::channel::<()>();
    let server = heist::spawn(serve(listener, app, stopped));

    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    let connection = heist::spawn(connection);
    for path in ["/", "/add/40/2", "/visits", "/visits", "/missing"] {
        let request = Request::get(path).header("host", "localhost").body(Empty::<&[u8]>::new())?;
        // The connection may still be ending the exchange before.
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        let line = format!("GET {path}: {} {}", status.as_u16(), String::from_utf8_lossy(&body));
        println!("{}", line.trim_end());
    }
    // The client's connection is idle: the server closes it, and then ends.
    drop(stop);
    server.await?;
    connection.await??;
    println!("stopped in order");
    Ok(())
}

async fn visits(State(count): State<Arc<AtomicU64>>) -> String {
    // Ordering: Relaxed, it only counts.
    format!("visit {}", count.fetch_add(1, Ordering::Relaxed) + 1)
}

/// Serves `app` until `stop` is ready, then gives the requests under way [`DRAIN`] to finish.
async fn serve(listener: TcpListener, app: Router, stop: impl Future + Send + 'static) {
    let stop = stop.map(drop).shared();
    let mut connections = JoinSet::new();
    // A listener that is out of descriptors rests before it says so: this loop does not spin.
    while let Either::Left((accepted, _)) = select(pin!(listener.accept()), stop.clone()).await {
        match accepted {
            Ok((stream, _peer)) => drop(connections.spawn(converse(stream, app.clone(), stop.clone()))),
            Err(error) => eprintln!("cannot accept: {error}"),
        }
        // Lets go of those that have ended.
        while connections.try_join_next().is_some() {}
    }
    // One client that never reads its answer must not hold up the end.
    let drained = timeout(DRAIN, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        eprintln!("{} connections are dropped: they have not ended in {DRAIN:?}", connections.len());
        connections.abort_all();
        while connections.join_next().await.is_some() {}
    }
}

/// One connection, from accept to close.
async fn converse(stream: TcpStream, app: Router, stop: Shared<impl Future<Output = ()>>) {
    let service = TowerToHyperService::new(app);
    let mut http = http1::Builder::new();
    // Without `half_close`, hyper drops the handler of a client that shuts down its sending side after the request,
    // though it still waits for the answer.
    http.timer(Timer).half_close(true);
    let mut connection = pin!(http.serve_connection(stream, service));
    let ended = match select(connection.as_mut(), stop).await {
        Either::Left((ended, _)) => ended,
        Either::Right(_) => {
            // Answers what was asked already, then closes.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        eprintln!("a connection failed: {error}");
    }
}
