//! An HTTP client that is written for tokio's runtime, in a task of heist.
//!
//! `cargo run -p tokio_context` prints the answer of a server on this machine. Without the feature
//! `context` the client panics: "there is no reactor running".

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let address = serve_once()?;
    let runtime = heist::runtime::Runtime::new()?;
    let answer = runtime.block_on(runtime.spawn(get(address)))??;
    println!("{answer} through {}", runtime.driver_name());
    Ok(())
}

/// Fetches `/` by hyper-util's client, which connects by tokio's sockets.
async fn get(address: SocketAddr) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.get(format!("http://{address}/").parse()?).await?;
    let body = answer.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec())?)
}

/// Answers one request on a thread of its own.
fn serve_once() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let mut request = [0; 1024];
        let mut length = 0;
        while !request[..length].ends_with(b"\r\n\r\n") {
            length += stream.read(&mut request[length..])?;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello")
    });
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::{get, serve_once};
    use heist::runtime::{Builder, DriverKind, Runtime};
    use std::future::Future;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Both flavors on each driver that this machine has.
    fn runtimes() -> impl Iterator<Item = Runtime> {
        let build = |kind| {
            [Builder::new_multi_thread(), Builder::new_current_thread()].into_iter().filter_map(
                move |mut builder| match builder.driver(kind).build() {
                    Ok(runtime) => Some(runtime),
                    Err(error) if kind == DriverKind::Uring => {
                        let is_required =
                            std::env::var("HEIST_REQUIRE_URING").is_ok_and(|value| value == "1");
                        assert!(!is_required, "io_uring is refused here: {error}");
                        eprintln!("SKIPPED: io_uring refused here: {error}");
                        None
                    }
                    Err(error) => panic!("{error}"),
                },
            )
        };
        [DriverKind::Uring, DriverKind::Poll].into_iter().flat_map(build)
    }

    /// tokio's timers, sockets and tasks.
    async fn use_tokio() -> usize {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let writing = tokio::spawn(async move {
            let mut stream = tokio::net::TcpStream::connect(address).await?;
            stream.write_all(b"five!").await
        });
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut bytes = Vec::new();
        let length = stream.read_to_end(&mut bytes).await.expect("bytes");
        writing.await.expect("no panic").expect("written");
        length
    }

    fn in_a_task<T: Send + 'static>(
        runtime: &Runtime,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, heist::task::JoinError> {
        runtime.block_on(runtime.spawn(future))
    }

    #[cfg(feature = "context")]
    #[test]
    fn libraries_find_tokio_in_tasks_in_block_on_in_closures_and_under_a_guard() {
        for runtime in runtimes() {
            assert_eq!(in_a_task(&runtime, use_tokio()).expect("no panic"), 5);
            assert_eq!(runtime.block_on(use_tokio()), 5);
            let blocking = runtime.spawn_blocking(|| heist::runtime::Handle::current().block_on(use_tokio()));
            assert_eq!(runtime.block_on(blocking).expect("no panic"), 5);
            let guard = runtime.enter();
            let timer = tokio::time::sleep(Duration::from_millis(1));
            drop(guard);
            runtime.block_on(timer);
            let answer = in_a_task(&runtime, get(serve_once().expect("a port"))).expect("no panic");
            assert_eq!(answer.expect("an answer"), "hello");
        }
        assert!(tokio::runtime::Handle::try_current().is_err(), "outside of a runtime");
    }

    #[cfg(not(feature = "context"))]
    #[test]
    fn without_the_context_libraries_panic() {
        for runtime in runtimes() {
            let error = in_a_task(&runtime, use_tokio()).expect_err("there is no reactor");
            assert!(error.to_string().contains("there is no reactor running"), "{error}");
            let error =
                in_a_task(&runtime, get(serve_once().expect("a port"))).map(drop).expect_err("as above");
            assert!(error.is_panic());
        }
    }
}
