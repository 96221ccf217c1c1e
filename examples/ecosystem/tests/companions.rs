//! The crates that the docs recommend beside heist, each tried in one test on every back end.

#[path = "../../../tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{SinkExt, StreamExt, TryStreamExt};
use heist::net::{TcpListener, TcpStream};
use support::on_every_backend;

const COUNT: u64 = 10_000;
/// `1 + 2 + … + COUNT`.
const SUM: u64 = COUNT * (COUNT + 1) / 2;

/// Two ends of one connection.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = futures::join!(TcpStream::connect(address), listener.accept());
    (client.unwrap(), server.unwrap().0)
}

#[test]
fn combinators_channels_and_readers_of_futures() {
    use futures::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    on_every_backend(|rt| {
        rt.block_on(async {
            let tasks: FuturesUnordered<_> =
                (1..=100_u64).map(|number| heist::spawn(async move { number })).collect();
            assert_eq!(tasks.try_fold(0, async |sum, number| Ok(sum + number)).await.unwrap(), 5050);

            let (mut sender, receiver) = futures::channel::mpsc::channel(4);
            let producer = heist::spawn(async move {
                for number in 1..=COUNT {
                    sender.send(number).await.unwrap();
                }
            });
            let doubled = receiver.map(|number| heist::spawn(async move { number * 2 })).buffer_unordered(16);
            assert_eq!(doubled.try_fold(0, async |sum, number| Ok(sum + number)).await.unwrap(), SUM * 2);
            producer.await.unwrap();

            let mut quick =
                std::pin::pin!(futures::FutureExt::fuse(heist::time::sleep(Duration::from_millis(1))));
            let mut slow = std::pin::pin!(futures::FutureExt::fuse(heist::time::sleep(support::PATIENCE)));
            futures::select! { () = quick => {}, () = slow => panic!("the longer sleep ended first") }

            let (client, server) = pair().await;
            let (reader, mut writer) = AsyncReadExt::split(server);
            let echo = heist::spawn(async move {
                futures::io::copy(reader, &mut writer).await.unwrap();
                writer.close().await.unwrap();
            });
            let (reader, mut writer) = AsyncReadExt::split(client);
            writer.write_all(b"one\ntwo\nthree").await.unwrap();
            writer.close().await.unwrap();
            let lines: Vec<String> = BufReader::new(reader).lines().try_collect().await.unwrap();
            assert_eq!(lines, ["one", "two", "three"]);
            echo.await.unwrap();
        });
    });
}

#[test]
fn channels_and_locks_of_tokio() {
    use tokio::sync::{Barrier, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
    on_every_backend(|rt| {
        rt.block_on(async {
            // A short queue: the sender waits for the receiver again and again.
            let (sender, mut receiver) = mpsc::channel(4);
            let (report, sum) = oneshot::channel();
            heist::spawn(async move {
                let mut sum = 0;
                while let Some(number) = receiver.recv().await {
                    sum += number;
                }
                report.send(sum).unwrap();
            });
            for number in 1..=COUNT {
                sender.send(number).await.unwrap();
            }
            drop(sender);
            assert_eq!(sum.await, Ok(SUM));

            let (news, _) = broadcast::channel(16);
            let (state, watcher) = watch::channel(0);
            let start = Arc::new(Barrier::new(9));
            let total = Arc::new(Mutex::new(0));
            let seen = Arc::new(RwLock::new(Vec::new()));
            let turns = Arc::new(Semaphore::new(2));
            let done = Arc::new(Notify::new());
            let tasks: Vec<_> = (0..8_u64)
                .map(|index| {
                    let (mut heard, mut watcher) = (news.subscribe(), watcher.clone());
                    let (start, total, seen) = (start.clone(), total.clone(), seen.clone());
                    let (turns, done) = (turns.clone(), done.clone());
                    heist::spawn(async move {
                        start.wait().await;
                        let _turn = turns.acquire().await.unwrap();
                        *total.lock().await += heard.recv().await.unwrap();
                        seen.write().await.push(index);
                        watcher.wait_for(|&state| state == 1).await.unwrap();
                        if seen.read().await.len() == 8 {
                            done.notify_one();
                        }
                    })
                })
                .collect();
            start.wait().await;
            news.send(5_u64).unwrap();
            state.send(1).unwrap();
            done.notified().await;
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(*total.lock().await, 40);

            // Threads that belong to no runtime take part.
            let (sender, mut receiver) = mpsc::channel(1);
            let thread = std::thread::spawn(move || sender.blocking_send("from a thread").unwrap());
            assert_eq!(receiver.recv().await, Some("from a thread"));
            thread.join().unwrap();
        });
    });
}

#[test]
fn channels_of_async_channel() {
    on_every_backend(|rt| {
        let (sender, receiver) = async_channel::bounded(4);
        let consumers: Vec<_> = (0..4)
            .map(|_| {
                let receiver = receiver.clone();
                rt.spawn(async move { receiver.fold(0, async |sum, number: u64| sum + number).await })
            })
            .collect();
        let odd = {
            let sender = sender.clone();
            std::thread::spawn(move || (1..=COUNT).step_by(2).for_each(|n| sender.send_blocking(n).unwrap()))
        };
        rt.block_on(async {
            for number in (2..=COUNT).step_by(2) {
                sender.send(number).await.unwrap();
            }
            odd.join().unwrap();
            sender.close();
            let sums = futures::future::join_all(consumers).await;
            assert_eq!(sums.into_iter().map(Result::unwrap).sum::<u64>(), SUM);
        });
    });
}

#[test]
fn codecs_and_bridges_of_tokio_util() {
    use tokio_util::codec::{Framed, LengthDelimitedCodec, LinesCodec};
    use tokio_util::compat::FuturesAsyncReadCompatExt;
    use tokio_util::sync::CancellationToken;
    on_every_backend(|rt| {
        rt.block_on(async {
            let (client, server) = pair().await;
            let server = heist::spawn(async move {
                let (mut sink, stream) = Framed::new(server, LinesCodec::new()).split();
                sink.send_all(&mut stream.map_ok(|line| line.to_uppercase())).await.unwrap();
            });
            let mut client = Framed::new(client, LinesCodec::new());
            for line in ["one", "two", "three"] {
                client.send(line).await.unwrap();
                assert_eq!(client.next().await.unwrap().unwrap(), line.to_uppercase());
            }
            drop(client);
            server.await.unwrap();

            // A frame larger than any buffer on the way; one end by tokio's traits, one by the bridge from futures-io's.
            let (client, server) = pair().await;
            let frame = bytes::Bytes::from(vec![7; 3 << 20]);
            let mut client = Framed::new(client, LengthDelimitedCodec::new());
            let mut server =
                Framed::new(FuturesAsyncReadCompatExt::compat(server), LengthDelimitedCodec::new());
            let (sent, received) = futures::join!(client.send(frame.clone()), server.next());
            sent.unwrap();
            assert!(received.unwrap().unwrap() == frame);

            let token = CancellationToken::new();
            let waiting =
                heist::spawn(token.clone().run_until_cancelled_owned(futures::future::pending::<()>()));
            token.cancel();
            assert_eq!(waiting.await.unwrap(), None);
        });
    });
}

#[test]
fn tls_over_the_traits_of_futures_io() {
    use futures::io::{AsyncReadExt, AsyncWriteExt};
    use futures_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
    use futures_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
    use futures_rustls::{TlsAcceptor, TlsConnector};
    let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = identity.cert.der().clone();
    let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    on_every_backend(|rt| {
        let (acceptor, connector) = (acceptor.clone(), connector.clone());
        rt.block_on(async move {
            let (client, server) = pair().await;
            let server = heist::spawn(async move {
                let mut stream = acceptor.accept(server).await.unwrap();
                let mut received = Vec::new();
                stream.read_to_end(&mut received).await.unwrap();
                stream.write_all(&received).await.unwrap();
                stream.close().await.unwrap();
            });
            let name = ServerName::try_from("localhost").unwrap();
            let mut stream = connector.connect(name, client).await.unwrap();
            let sent = vec![3; 1 << 20];
            stream.write_all(&sent).await.unwrap();
            stream.close().await.unwrap();
            let mut received = Vec::new();
            stream.read_to_end(&mut received).await.unwrap();
            assert!(received == sent);
            server.await.unwrap();
        });
    });
}
