//! Sockets that are not connected yet, their options, and what `ready` says of connected ones.

use std::io::{ErrorKind, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{FromRawFd, IntoRawFd};
use std::task::Poll;

use heist::io::Interest;
use heist::net::{TcpListener, TcpSocket, TcpStream, UdpSocket, UnixListener, UnixSocket, UnixStream};

use crate::support::on_every_runtime;
use crate::{is_pending_once, soon, would_block};

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

#[test]
fn a_new_stream_is_not_readable_and_has_room() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = tcp_pair().await;
            assert!(is_pending_once(ours.readable()).await);
            assert!(is_pending_once(ours.ready(Interest::READABLE)).await);
            assert!(is_pending_once(std::future::poll_fn(|cx| ours.poll_read_ready(cx))).await);
            let ready = soon("room", ours.ready(Interest::READABLE | Interest::WRITABLE)).await.unwrap();
            assert!(ready.is_writable() && !ready.is_readable(), "{ready:?}");
            theirs.write_all(b"x").await.unwrap();
            let ready = soon("a byte", ours.ready(Interest::READABLE)).await.unwrap();
            assert!(ready.is_readable() && !ready.is_read_closed() && !ready.is_writable(), "{ready:?}");
            std::future::poll_fn(|cx| ours.poll_write_ready(cx)).await.unwrap();
        });
    });
}

#[test]
fn the_halves_of_a_stream_close_one_by_one() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, theirs) = tcp_pair().await;
            socket2::SockRef::from(&theirs).shutdown(Shutdown::Write).unwrap();
            let ready = soon("the end", ours.ready(Interest::READABLE)).await.unwrap();
            assert!(ready.is_read_closed() && !ready.is_write_closed(), "{ready:?}");
            let both = Interest::READABLE | Interest::WRITABLE;
            let ready = soon("the end", ours.ready(both)).await.unwrap();
            assert!(ready.is_read_closed() && ready.is_writable() && !ready.is_write_closed(), "{ready:?}");
            socket2::SockRef::from(&ours).shutdown(Shutdown::Write).unwrap();
            let ready = soon("both ends", ours.ready(both)).await.unwrap();
            assert!(ready.is_read_closed() && ready.is_write_closed(), "{ready:?}");
            let (reader, writer) = ours.into_split();
            assert!(soon("the end", reader.ready(Interest::READABLE)).await.unwrap().is_read_closed());
            assert!(soon("the end", writer.ready(Interest::WRITABLE)).await.unwrap().is_write_closed());
        });
    });
}

#[test]
fn urgent_bytes_and_errors_are_waited_for_on_a_stream() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, theirs) = tcp_pair().await;
            assert!(is_pending_once(ours.ready(Interest::PRIORITY)).await);
            assert!(is_pending_once(ours.ready(Interest::ERROR)).await);
            let waits = heist::spawn(async move { ours.ready(Interest::PRIORITY).await.unwrap() });
            heist::task::yield_now().await;
            socket2::SockRef::from(&theirs).send_out_of_band(b"!").unwrap();
            assert!(soon("the byte", waits).await.unwrap().is_priority());

            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let gone = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
            socket.connect(gone).await.unwrap();
            socket.send(b"to nobody").await.unwrap();
            assert!(soon("the refusal", socket.ready(Interest::ERROR)).await.unwrap().is_error());
            assert_eq!(socket.try_recv(&mut [0; 4]).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        });
    });
}

#[test]
fn a_unix_socket_becomes_a_listener_a_stream_or_one_for_datagrams() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let (path, own) = (directory.path().join("a"), directory.path().join("b"));
            let socket = UnixSocket::new_stream().unwrap();
            socket.bind(&path).unwrap();
            let listener = socket.listen(4).unwrap();
            let socket = UnixSocket::new_stream().unwrap();
            socket.bind(&own).unwrap();
            let mut client = socket.connect(&path).await.unwrap();
            let (mut server, peer) = listener.accept().await.unwrap();
            assert_eq!(peer.as_pathname(), Some(&*own));
            client.write_all(b"x").await.unwrap();
            assert_eq!(server.read(&mut [0; 4]).await.unwrap(), 1);

            assert!(UnixSocket::new_datagram().unwrap().listen(1).is_err());
            assert!(UnixSocket::new_datagram().unwrap().connect(&path).await.is_err());
            assert!(UnixSocket::new_stream().unwrap().datagram().is_err());
            let gone = directory.path().join("none");
            let error = UnixSocket::new_stream().unwrap().connect(gone).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            let number = UnixSocket::new_stream().unwrap().into_raw_fd();
            // SAFETY: the number comes from the socket that owned it.
            #[expect(unsafe_code, reason = "a number becomes a socket again")]
            let again = unsafe { UnixSocket::from_raw_fd(number) };
            again.connect(&path).await.unwrap();
        });
    });
}

#[test]
fn options_of_sockets_are_set_and_read() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_tos_v4(16).unwrap();
            assert_eq!(socket.tos_v4().unwrap(), 16);
            assert_eq!(socket.device().unwrap(), None);
            socket.set_zero_linger().unwrap();
            assert_eq!(socket.linger().unwrap(), Some(std::time::Duration::ZERO));
            let number = socket.into_raw_fd();
            // SAFETY: the number comes from the socket that owned it.
            #[expect(unsafe_code, reason = "a number becomes a socket again")]
            let socket = unsafe { TcpSocket::from_raw_fd(number) };
            assert_eq!(socket.tos_v4().unwrap(), 16);
            let (ours, mut theirs) = tcp_pair().await;
            ours.set_quickack(false).unwrap();
            assert!(!ours.quickack().unwrap());
            ours.set_zero_linger().unwrap();
            drop(ours);
            let error = soon("the reset", theirs.read(&mut [0; 4])).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        });
    });
}

#[test]
fn who_has_sent_the_next_datagram_is_known_before_it_is_taken() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let own = sender.local_addr().unwrap();
            assert!(would_block(receiver.try_peek_sender()));
            assert!(is_pending_once(receiver.peek_sender()).await);
            for payload in [&b"hello"[..], b""] {
                sender.send_to(payload, receiver.local_addr().unwrap()).await.unwrap();
                assert_eq!(soon("a datagram", receiver.peek_sender()).await.unwrap(), own);
                assert_eq!(receiver.try_peek_sender().unwrap(), own);
                let mut bytes = Vec::<u8>::with_capacity(16);
                let taken = receiver.recv_from_uninit(bytes.spare_capacity_mut());
                assert_eq!(soon("a datagram", taken).await.unwrap(), (payload.len(), own));
            }
            assert!(would_block(receiver.try_recv_uninit(&mut [MaybeUninit::uninit(); 4])));
        });
    });
}

#[test]
fn a_connection_that_is_accepted_outside_of_a_runtime_belongs_to_that_of_the_listener() {
    on_every_runtime(|runtime| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let listener = runtime.block_on(async { UnixListener::bind(&path).unwrap() });
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(listener.poll_accept(&mut cx).is_pending());
        assert!(std::pin::pin!(listener.accept()).poll(&mut cx).is_pending());
        let mut client = std::os::unix::net::UnixStream::connect(&path).unwrap();
        let (mut stream, _): (UnixStream, _) = loop {
            // The event arrives while the runtime runs.
            runtime.block_on(heist::task::yield_now());
            if let Poll::Ready(accepted) = std::pin::pin!(listener.accept()).poll(&mut cx) {
                break accepted.unwrap();
            }
        };
        let late = std::thread::spawn(move || client.write_all(b"x").map(|()| client));
        runtime.block_on(async {
            assert_eq!(soon("a byte", stream.read(&mut [0; 4])).await.unwrap(), 1);
        });
        drop(late.join().unwrap().unwrap());
    });
}

#[test]
fn a_stream_is_read_into_memory_that_nobody_has_initialised() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = tcp_pair().await;
            let mut buf = [MaybeUninit::uninit(); 16];
            assert!(would_block(ours.try_read_uninit(&mut buf)));
            theirs.write_all(b"hello").await.unwrap();
            let (mut reader, writer) = ours.into_split();
            let count = std::future::poll_fn(|cx| reader.poll_read_uninit(cx, &mut buf));
            assert_eq!(soon("bytes", count).await.unwrap(), 5);
            theirs.write_all(b"x").await.unwrap();
            soon("a byte", reader.readable()).await.unwrap();
            assert_eq!(reader.try_read_uninit(&mut buf).unwrap(), 1);
            assert_eq!(reader.try_read_uninit(&mut []).unwrap(), 0);
            drop(theirs);
            let count = std::future::poll_fn(|cx| reader.poll_read_uninit(cx, &mut buf));
            assert_eq!(soon("the end", count).await.unwrap(), 0);
            drop(writer);
        });
    });
}
