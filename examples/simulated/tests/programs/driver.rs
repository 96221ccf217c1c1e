//! Programs that need the driver to lose no event, and to forget no socket that is gone.

use std::sync::Arc;

use heist::net::{TcpListener, TcpStream, UdpSocket};
use heist::runtime::Handle;
use heist::sim;
use heist::sync::Barrier;
use heist::task::JoinSet;
use heist::time::{Instant, sleep, timeout};

use crate::{draw, millis, run};

/// Bytes that differ from their neighbours.
fn pattern(number: u8, len: usize) -> Vec<u8> {
    (0..len).map(|at| ((at ^ (at >> 8)) as u8).wrapping_mul(167).wrapping_add(number)).collect()
}

async fn listen() -> (TcpListener, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Serves so many connections: each gets back what it sends.
fn serve_echo(listener: TcpListener, connections_count: u32) -> heist::task::JoinHandle<()> {
    heist::spawn(async move {
        let mut connections = JoinSet::new();
        for _ in 0..connections_count {
            let (mut stream, _) = listener.accept().await.unwrap();
            connections.spawn(async move {
                let mut buffer = [0; 700];
                loop {
                    match stream.read(&mut buffer).await.unwrap() {
                        0 => return,
                        count => stream.write_all(&buffer[..count]).await.unwrap(),
                    }
                }
            });
        }
        while let Some(connection) = connections.join_next().await {
            connection.unwrap();
        }
    })
}

/// Some connections at once: questions and answers, one after the other.
pub(crate) fn echo() {
    run(async {
        let (listener, address) = listen().await;
        let server = serve_echo(listener, 4);
        let mut clients = JoinSet::new();
        for number in 0..4 {
            clients.spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                for _ in 0..6 {
                    let sent = pattern(number, 1 + draw(3000) as usize);
                    stream.write_all(&sent).await.unwrap();
                    let mut back = vec![0; sent.len()];
                    stream.read_exact(&mut back).await.unwrap();
                    assert!(back == sent, "{} bytes came back changed", back.len());
                }
            });
        }
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
        server.await.unwrap();
    });
}

/// A peer says its last and goes; both halves learn of it.
pub(crate) fn last_words() {
    run(async {
        let (listener, address) = listen().await;
        for number in 0..6 {
            let said = pattern(number, draw(2000) as usize);
            let expected = said.clone();
            let speaker = heist::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(b"!").await.unwrap();
                sleep(millis(1)).await;
                stream.write_all(&said).await.unwrap();
                if draw(2) == 0 {
                    stream.shutdown().await.unwrap();
                    let mut rest = Vec::new();
                    stream.read_to_end(&mut rest).await.unwrap();
                    assert_eq!(rest, b"bye");
                }
            });
            let (mut stream, _) = listener.accept().await.unwrap();
            // It has waited once: from now on events come. The last of them may tell of bytes and of
            // the end behind them.
            stream.read_exact(&mut [0]).await.unwrap();
            sleep(millis(draw(4))).await;
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).await.unwrap();
            assert!(heard == expected, "{} bytes were heard, and {} said", heard.len(), expected.len());
            // Whoever has gone does not hear it.
            let _ = stream.write_all(b"bye").await;
            drop(stream);
            speaker.await.unwrap();
        }
    });
}

/// Sockets that live shortly, and whose reads are given up: the next ones get their places.
pub(crate) fn short_lives() {
    run(async {
        let (listener, address) = listen().await;
        let mut lives = JoinSet::new();
        for number in 0..12 {
            let client = heist::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let mut byte = [0];
                let first = timeout(millis(draw(3)), stream.read(&mut byte)).await;
                match first {
                    // It was given up: the answer may come yet.
                    Err(_) if draw(2) == 0 => return,
                    Err(_) => assert_eq!(stream.read(&mut byte).await.unwrap(), 1),
                    Ok(count) => assert_eq!(count.unwrap(), 1),
                }
                assert_eq!(byte, [number]);
                // The end comes when the other side lets go of its socket.
                assert_eq!(stream.read(&mut byte).await.unwrap(), 0);
            });
            let (mut stream, _) = listener.accept().await.unwrap();
            lives.spawn(async move {
                sleep(millis(draw(4))).await;
                let _ = stream.write_all(&[number]).await;
                drop(stream);
                client.await.unwrap();
            });
            if draw(3) == 0 {
                lives.join_next().await.unwrap().unwrap();
            }
        }
        while let Some(life) = lives.join_next().await {
            life.unwrap();
        }
        drop(listener);
        // The back end knows no socket any more.
        let began = Instant::now();
        while Handle::current().metrics().num_operations_in_flight() > 0 {
            assert!(began.elapsed() < millis(5000), "a socket that is gone is still registered");
            sleep(millis(10)).await;
        }
    });
}

/// More than the kernel has room for, to a reader that takes its time; both directions at once.
pub(crate) fn slow_reader() {
    let len = if sim::is_simulated() { 150_000 } else { 8_000_000 };
    run(async move {
        let (listener, address) = listen().await;
        let near = TcpStream::connect(address).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        let mut sides = JoinSet::new();
        for (number, stream) in [near, far].into_iter().enumerate() {
            let (mut reader, mut writer) = stream.into_split();
            sides.spawn(async move {
                writer.write_all(&pattern(number as u8, len)).await.unwrap();
                writer.shutdown().await.unwrap();
            });
            sides.spawn(async move {
                let expected = pattern(1 - number as u8, len);
                let (mut heard, mut part) = (Vec::new(), vec![0; 50_000]);
                loop {
                    match reader.read(&mut part).await.unwrap() {
                        0 => break,
                        count => heard.extend_from_slice(&part[..count]),
                    }
                    if draw(4) == 0 {
                        sleep(millis(1)).await;
                    }
                }
                assert!(heard == expected, "{} bytes of {len} came, or others", heard.len());
            });
        }
        while let Some(side) = sides.join_next().await {
            side.unwrap();
        }
    });
}

/// Tasks that share a socket, and go on when each of them has a datagram.
pub(crate) fn datagrams() {
    const TASKS_COUNT: u8 = 3;
    const ROUNDS_COUNT: u8 = 4;
    run(async {
        let server = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        client.connect(server.local_addr().unwrap()).await.unwrap();
        let round = Arc::new(Barrier::new(usize::from(TASKS_COUNT) + 1));
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS_COUNT {
            let (server, round) = (server.clone(), round.clone());
            tasks.spawn(async move {
                for number in 0..ROUNDS_COUNT {
                    let mut buffer = [0; 100];
                    let (count, _) = server.recv_from(&mut buffer).await.unwrap();
                    assert_eq!(buffer[..count], [number; 20]);
                    round.wait().await;
                }
            });
        }
        for number in 0..ROUNDS_COUNT {
            for _ in 0..TASKS_COUNT {
                if draw(3) == 0 {
                    sleep(millis(1)).await;
                }
                client.send(&[number; 20]).await.unwrap();
            }
            round.wait().await;
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
    });
}
