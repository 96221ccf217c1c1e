//! Listeners and their addresses.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use heist::net::unix::SocketAddr;
use heist::net::{UnixDatagram, UnixListener, UnixStream};
use heist::time::timeout;

use super::{free_path, soon};
use crate::support::on_every_runtime;

#[test]
fn a_path_is_listened_at_and_stays() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let error = UnixStream::connect(&path).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            let listener = UnixListener::bind(&path).unwrap();
            assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(path.as_path()));
            let client = UnixStream::connect(&path).await.unwrap();
            assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(path.as_path()));
            let (mut server, peer) = soon("the client", listener.accept()).await.unwrap();
            assert!(peer.is_unnamed() && client.local_addr().unwrap().is_unnamed());
            drop(client);
            assert_eq!(soon("its end", server.read(&mut [0; 8])).await.unwrap(), 0);

            assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
            drop(listener);
            assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse, "the path stays");
            let error = UnixStream::connect(&path).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            std::fs::remove_file(&path).unwrap();
            UnixListener::bind(&path).unwrap();
        });
    });
}

#[test]
fn what_was_queued_is_accepted_after_the_path_is_removed() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let listener = UnixListener::bind(&path).unwrap();
            let mut client = UnixStream::connect(&path).await.unwrap();
            std::fs::remove_file(&path).unwrap();
            let error = UnixStream::connect(&path).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            let (mut server, _) = soon("the queued one", listener.accept()).await.unwrap();
            client.write_all(b"still here").await.unwrap();
            assert_eq!(soon("its bytes", server.read(&mut [0; 16])).await.unwrap(), 10);
            assert!(timeout(Duration::from_millis(2), listener.accept()).await.is_err());
            // A queued connection whose listener goes away is reset, not left hanging.
            drop(listener);
        });
    });
}

#[test]
fn a_client_in_the_queue_gets_an_error_when_the_listener_goes() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let listener = UnixListener::bind(&path).unwrap();
            let mut client = UnixStream::connect(&path).await.unwrap();
            let reading = heist::spawn(async move { client.read(&mut [0; 8]).await });
            heist::task::yield_now().await;
            drop(listener);
            let read = soon("the reset", reading).await.unwrap();
            assert!(
                read.as_ref().map_or_else(|e| e.kind() == ErrorKind::ConnectionReset, |&n| n == 0),
                "{read:?}"
            );
        });
    });
}

#[test]
fn impossible_paths_are_refused_with_a_reason() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let long = Path::new("/tmp").join("x".repeat(200));
            assert_eq!(UnixListener::bind(&long).unwrap_err().kind(), ErrorKind::InvalidInput);
            assert_eq!(UnixStream::connect(&long).await.unwrap_err().kind(), ErrorKind::InvalidInput);
            assert_eq!(UnixDatagram::bind(&long).unwrap_err().kind(), ErrorKind::InvalidInput);
            assert_eq!(UnixListener::bind("").unwrap_err().kind(), ErrorKind::InvalidInput);
            let (_directory, path) = free_path();
            let error = UnixListener::bind(path.join("below/nothing")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            let unnamed = UnixStream::pair().unwrap().0.local_addr().unwrap();
            assert_eq!(UnixListener::bind_addr(&unnamed).unwrap_err().kind(), ErrorKind::InvalidInput);
            let error = UnixStream::connect_addr(&unnamed).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        });
    });
}

#[test]
fn addresses_of_std_work_as_paths_do() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let addr = SocketAddr::from_pathname(&path).unwrap();
            let listener = UnixListener::bind_addr(&addr).unwrap();
            let client = UnixStream::connect_addr(&addr).await.unwrap();
            let accepted = soon("the client", listener.accept()).await.unwrap();
            drop((client, accepted));
            let std = listener.into_std().unwrap();
            let listener = UnixListener::from_std(std).unwrap();
            let _client = UnixStream::connect(&path).await.unwrap();
            let accepted = std::future::poll_fn(|cx| listener.poll_accept(cx));
            soon("the second", accepted).await.unwrap();
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn abstract_names_leave_no_file() {
    use std::os::linux::net::SocketAddrExt as _;
    on_every_runtime(|rt| {
        rt.block_on(async {
            let name = format!("heist test {} {:?}", std::process::id(), std::thread::current().id());
            let listener = UnixListener::bind(format!("\0{name}")).unwrap();
            let addr = listener.local_addr().unwrap();
            assert_eq!(addr.as_abstract_name(), Some(name.as_bytes()));
            let _by_addr = UnixStream::connect_addr(&addr).await.unwrap();
            let _by_path = UnixStream::connect(format!("\0{name}")).await.unwrap();
            soon("the first", listener.accept()).await.unwrap();
            soon("the second", listener.accept()).await.unwrap();
            assert_eq!(UnixListener::bind_addr(&addr).unwrap_err().kind(), ErrorKind::AddrInUse);
            drop(listener);
            // The name went with the socket.
            let receiver = UnixDatagram::bind_addr(&addr).unwrap();
            let sender = UnixDatagram::unbound().unwrap();
            sender.send_to_addr(b"abstract", &addr).await.unwrap();
            assert_eq!(soon("it", receiver.recv(&mut [0; 16])).await.unwrap(), 8);
        });
    });
}

/// The system would take what comes before the zero for the path.
#[test]
fn a_path_with_a_zero_in_it_is_refused() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (directory, path) = free_path();
            let _listener = UnixListener::bind(&path).unwrap();
            let receiver_path = directory.path().join("receiver");
            let _receiver = UnixDatagram::bind(&receiver_path).unwrap();
            let cut = |path: &Path| format!("{}\0tail", path.display());
            let sender = UnixDatagram::unbound().unwrap();
            let kinds = [
                UnixStream::connect(cut(&path)).await.map(drop),
                UnixListener::bind(cut(&directory.path().join("new"))).map(drop),
                UnixDatagram::bind(cut(&directory.path().join("new"))).map(drop),
                sender.send_to(b"x", cut(&receiver_path)).await.map(drop),
                sender.connect(cut(&receiver_path)).map(drop),
            ]
            .map(|result| result.map_err(|error| error.kind()));
            assert_eq!(kinds, [Err(ErrorKind::InvalidInput); 5]);
            assert!(!directory.path().join("new").exists());
        });
    });
}

/// The system has no event for room in the queue of a listener: `connect` must find out by itself.
#[test]
fn a_connect_waits_for_room_in_the_queue() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
            socket.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
            socket.listen(0).unwrap();
            let listener = UnixListener::from_std(socket.into()).unwrap();
            let mut clients = Vec::new();
            while let Ok(client) = timeout(Duration::from_millis(20), UnixStream::connect(&path)).await {
                clients.push(client.unwrap());
                assert!(clients.len() < 100, "the queue has an end");
            }
            let late_path = path.clone();
            let late = heist::spawn(async move { UnixStream::connect(late_path).await });
            heist::task::yield_now().await;
            for _ in 0..=clients.len() {
                drop(soon("a connection", listener.accept()).await.unwrap());
            }
            soon("the late one", late).await.unwrap().unwrap();
        });
    });
}
