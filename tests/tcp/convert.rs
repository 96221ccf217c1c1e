//! To and from std's sockets and descriptors.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use futures::join;
use heist::net::{TcpListener, TcpStream};
use heist::time::timeout;

use super::{is_pending_once, pair, soon};
use crate::support::{on_every_backend, on_every_runtime};

/// G3: a blocking descriptor must not block the worker that reads from it.
#[test]
fn blocking_sockets_of_std_are_made_non_blocking() {
    on_every_runtime(|rt| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let mut std_client = std::net::TcpStream::connect(addr).unwrap();
        let (std_server, _) = listener.accept().unwrap();
        rt.block_on(async {
            let mut server = TcpStream::from_std(std_server).unwrap();
            let reader = heist::spawn(async move {
                let mut buf = [0; 4];
                server.read_exact(&mut buf).await.unwrap();
                buf
            });
            // Every worker takes a turn here, the one that reads as well.
            for _ in 0..100 {
                soon("a worker", heist::spawn(async {})).await.unwrap();
            }
            std_client.write_all(b"late").unwrap();
            assert_eq!(soon("the reader", reader).await.unwrap(), *b"late");

            let listener = TcpListener::from_std(listener).unwrap();
            assert!(timeout(Duration::from_millis(5), listener.accept()).await.is_err());
            let (client, accepted) = join!(TcpStream::connect(addr), listener.accept());
            assert_eq!(client.unwrap().local_addr().unwrap(), accepted.unwrap().1);
        });
    });
}

/// On worker threads: a ring that nobody drives, as the single-threaded loop's between two `block_on`, lets go of a
/// descriptor with a wait in flight only when it is driven again.
#[test]
fn sockets_go_back_to_std() {
    on_every_backend(|rt| {
        let (client, server) = rt.block_on(async {
            let (mut client, server) = pair().await;
            // A wait in each direction was in flight before.
            assert!(is_pending_once(client.read(&mut [0; 8])).await);
            (client.into_std().unwrap(), server.into_std().unwrap())
        });
        client.set_nonblocking(false).unwrap();
        server.set_nonblocking(false).unwrap();
        (&client).write_all(b"back").unwrap();
        drop(client);
        let mut text = String::new();
        (&server).read_to_string(&mut text).unwrap();
        assert_eq!(text, "back", "the peer's end came too: no copy of the descriptor is left");
        let listener = rt.block_on(TcpListener::bind("127.0.0.1:0")).unwrap().into_std().unwrap();
        let addr = listener.local_addr().unwrap();
        listener.set_nonblocking(false).unwrap();
        let client = std::net::TcpStream::connect(addr).unwrap();
        assert_eq!(listener.accept().unwrap().1, client.local_addr().unwrap());
    });
}

#[cfg(unix)]
#[test]
fn descriptors_are_taken_over_and_given_up() {
    use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            let number = client.as_raw_fd();
            assert_eq!(client.as_fd().as_raw_fd(), number);
            let fd = OwnedFd::try_from(client).unwrap();
            let mut client = TcpStream::try_from(fd).unwrap();
            client.write_all(b"fd").await.unwrap();
            let mut buf = [0; 2];
            server.read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"fd");

            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let listener = TcpListener::try_from(OwnedFd::try_from(listener).unwrap()).unwrap();
            let (client, accepted) = join!(TcpStream::connect(addr), listener.accept());
            assert_eq!(client.unwrap().local_addr().unwrap(), accepted.unwrap().1);
        });
    });
}
