//! Hosts that talk to each other, crash and come back.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use heist_sim::{Builder, Host, host};

const SECOND: Duration = Duration::from_secs(1);

fn in_worlds(body: fn()) {
    for seed in 0..20 {
        Builder::new().seed(seed).run(body).unwrap();
    }
}

/// A host that sends back what it gets, to one client after the other.
fn echo() -> Host {
    host("echo").start(|| {
        let listener = TcpListener::bind("0.0.0.0:7").unwrap();
        loop {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 100];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                stream.write_all(&buffer[..count]).unwrap();
            }
        }
    })
}

/// A connection to the host, when it listens.
fn connect() -> TcpStream {
    loop {
        match TcpStream::connect("echo:7") {
            Ok(stream) => return stream,
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn ask(stream: &mut TcpStream, question: &[u8]) -> std::io::Result<()> {
    stream.write_all(question)?;
    let mut answer = vec![0; question.len()];
    stream.read_exact(&mut answer)?;
    assert_eq!(answer, question);
    Ok(())
}

#[test]
fn hosts_find_each_other_by_name_and_take_a_while_to_answer() {
    in_worlds(|| {
        let _host = echo();
        let mut stream = connect();
        assert_eq!(stream.peer_addr().unwrap(), (Ipv4Addr::new(10, 0, 0, 2), 7).into());
        assert_eq!(stream.local_addr().unwrap().ip(), Ipv4Addr::new(10, 0, 0, 1));
        let began = Instant::now();
        ask(&mut stream, b"hello").unwrap();
        let took = began.elapsed();
        assert!(took >= Duration::from_micros(200) && took < Duration::from_millis(20), "{took:?}");
        let unknown = "nobody:7".to_socket_addrs().map(|_| ());
        assert!(unknown.is_err(), "{unknown:?}");
        let error = TcpStream::connect("192.0.2.1:7").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
    });
}

#[test]
fn a_crash_is_silence_and_a_restart_resets_old_connections() {
    in_worlds(|| {
        let host = echo();
        let mut stream = connect();
        ask(&mut stream, b"hello").unwrap();
        host.crash();
        stream.set_read_timeout(Some(10 * SECOND)).unwrap();
        let error = ask(&mut stream, b"are you there?").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        host.restart();
        stream.set_read_timeout(Some(100 * SECOND)).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        ask(&mut connect(), b"hello again").unwrap();
    });
}

#[test]
fn a_crash_takes_the_listener_and_the_port_with_it() {
    in_worlds(|| {
        let host = echo();
        drop(connect());
        host.crash();
        let address = "echo:7".to_socket_addrs().unwrap().next().unwrap();
        let error = TcpStream::connect_timeout(&address, 5 * SECOND).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let began = Instant::now();
        let error = TcpStream::connect(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(began.elapsed() >= 126 * SECOND && began.elapsed() < 129 * SECOND);
        for _ in 0..3 {
            host.restart();
            ask(&mut connect(), b"hello").unwrap();
        }
    });
}

#[test]
fn a_peer_that_vanishes_is_noticed_after_a_quarter_of_an_hour() {
    in_worlds(|| {
        let host = echo();
        let mut stream = connect();
        ask(&mut stream, b"hello").unwrap();
        host.crash();
        let began = Instant::now();
        let error = ask(&mut stream, b"are you there?").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let minutes = began.elapsed().as_secs() / 60;
        assert_eq!(minutes, 15);
    });
}

#[test]
fn the_loopback_of_a_host_is_its_own() {
    in_worlds(|| {
        let lonely = host("lonely").start(|| {
            let listener = TcpListener::bind("127.0.0.1:80").unwrap();
            let mut own = TcpStream::connect("localhost:80").unwrap();
            let (mut accepted, _) = listener.accept().unwrap();
            own.write_all(b"me").unwrap();
            accepted.read_exact(&mut [0; 2]).unwrap();
            thread::sleep(100 * SECOND);
        });
        thread::sleep(SECOND);
        for address in ["127.0.0.1:80", "lonely:80"] {
            let error = TcpStream::connect(address).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{address}");
        }
        assert!(TcpListener::bind("10.0.0.2:80").is_err());
        TcpListener::bind("127.0.0.1:80").unwrap();
        lonely.wait();
    });
}

#[test]
fn datagrams_go_from_host_to_host_and_back() {
    in_worlds(|| {
        let _host = host("time").start(|| {
            let socket = UdpSocket::bind("0.0.0.0:37").unwrap();
            let mut buffer = [0; 100];
            loop {
                let (count, sender) = socket.recv_from(&mut buffer).unwrap();
                socket.send_to(&buffer[..count], sender).unwrap();
            }
        });
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        thread::sleep(SECOND);
        socket.send_to(b"now?", "time:37").unwrap();
        let mut buffer = [0; 100];
        let (count, sender) = socket.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"now?");
        assert_eq!(sender, (Ipv4Addr::new(10, 0, 0, 2), 37).into());
    });
}

#[test]
fn a_host_that_is_paused_still_takes_packets() {
    in_worlds(|| {
        let host = echo();
        let mut stream = connect();
        ask(&mut stream, b"hello").unwrap();
        host.pause();
        stream.write_all(b"while you sleep").unwrap();
        // Its kernel has acknowledged them: nothing times out.
        thread::sleep(3_600 * SECOND);
        host.resume();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"while you sleep");
    });
}
