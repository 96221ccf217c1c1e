//! axum: a `Router` served on heist's listener, with an orderly stop. [`serve`] is what `axum::serve` is on tokio.
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

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use futures::future::{Either, select};
use heist::io::hyper::Timer;
use heist::net::{TcpListener, TcpStream};
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::server::conn::http1;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;

type Failure = Box<dyn Error + Send + Sync>;

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

/// Serves `app` until `stop` is ready, then finishes the requests under way.
async fn serve(listener: TcpListener, app: Router, stop: impl Future) {
    let connections = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(Timer);
    let mut stop = pin!(stop);
    // A listener that is out of descriptors rests before it says so: this loop does not spin.
    while let Either::Left((accepted, _)) = select(pin!(listener.accept()), stop.as_mut()).await {
        let (stream, _peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                eprintln!("cannot accept: {error}");
                continue;
            }
        };
        let connection = http.serve_connection(stream, TowerToHyperService::new(app.clone()));
        let connection = connections.watch(connection);
        heist::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("a connection failed: {error}");
            }
        });
    }
    connections.shutdown().await;
}
