//! The connections of browsers: hyper speaks HTTP/1.1, heist carries it. Their number, their times
//! and their sizes are bounded.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use heist::net::{TcpListener, TcpStream};
use heist::sync::Semaphore;
use heist::time::{sleep, timeout};
use hyper::server::conn::http1;
use hyper::service::service_fn;

use super::answers::Site;

/// A browser has six; more wait until one has gone.
const CONNECTIONS_MAX: usize = 64;

/// How long the head of a request may take, and a connection may be silent.
const HEAD_PAUSE_MAX: Duration = Duration::from_secs(15);

/// The most that one connection holds of the head of a request.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Then a connection ends after the answer that is under way, and the browser opens another one. A
/// client that does not read its answer stays no longer.
const CONNECTION_AGE_MAX: Duration = Duration::from_secs(120);

/// How long the last answer of a connection may take.
const LAST_ANSWER_MAX: Duration = Duration::from_secs(90);

/// After a failure to accept: descriptors may have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves for ever.
pub(super) async fn serve(listener: TcpListener, site: Arc<Site>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let site = Arc::clone(&site);
                drop(heist::spawn(async move {
                    converse(stream, site).await;
                    drop(permit);
                }));
            }
            // A browser that gave up is no reason to end, and what helps here is time.
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn converse(stream: TcpStream, site: Arc<Site>) {
    // Answers are written whole: waiting for more would only delay them. A failure is harmless.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(&request).await) }
    });
    let connection = http1::Builder::new()
        .timer(heist::io::hyper::Timer)
        .header_read_timeout(HEAD_PAUSE_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .half_close(true)
        .serve_connection(stream, service);
    let mut connection = pin!(connection);
    // A connection that fails is the browser's affair: there is nobody to whom an error would help.
    if timeout(CONNECTION_AGE_MAX, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(LAST_ANSWER_MAX, connection).await;
    }
}
