//! tonic in worlds, with its own transport on both ends: calls and streams over links that lose
//! packets and are cut. What was confirmed happened once, and nothing happened twice.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::{Stream, StreamExt, stream};
use heist::sim;
use tokio::sync::mpsc;
use tokio::time::{Duration, sleep, timeout};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};
use worlds::{Trouble, draw, make_poor};

mod proto {
    tonic::include_proto!("worlds.v1.Ledger");
}

use proto::ledger_client::LedgerClient;
use proto::ledger_server::{Ledger, LedgerServer};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, PartialEq, prost::Message)]
pub struct Entry {
    #[prost(uint64, tag = "1")]
    pub number: u64,
    /// Some bytes, so that windows fill.
    #[prost(bytes = "vec", tag = "2")]
    pub note: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Count {
    #[prost(uint64, tag = "1")]
    pub count: u64,
}

/// All entries, in the order in which they came.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<Entry>>>);

impl Book {
    fn record(&self, entry: Entry) -> Count {
        let mut entries = self.0.lock().unwrap();
        entries.push(entry);
        Count { count: entries.len() as u64 }
    }
}

#[tonic::async_trait]
impl Ledger for Book {
    async fn add(&self, request: Request<Entry>) -> Result<Response<Count>, Status> {
        Ok(Response::new(self.record(request.into_inner())))
    }

    type HistoryStream = ReceiverStream<Result<Entry, Status>>;

    /// The first so many entries.
    async fn history(&self, request: Request<Count>) -> Result<Response<Self::HistoryStream>, Status> {
        let (sender, receiver) = mpsc::channel(2);
        let entries = self.0.lock().unwrap().clone();
        tokio::spawn(async move {
            for entry in entries.into_iter().take(request.into_inner().count as usize) {
                if sender.send(Ok(entry)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    /// Counts the bytes of notes, and records nothing.
    async fn import(&self, request: Request<Streaming<Entry>>) -> Result<Response<Count>, Status> {
        let mut entries = request.into_inner();
        let mut count = 0;
        while let Some(entry) = entries.message().await? {
            count += entry.note.len() as u64;
        }
        Ok(Response::new(Count { count }))
    }

    type FollowStream = Pin<Box<dyn Stream<Item = Result<Count, Status>> + Send>>;

    async fn follow(
        &self,
        request: Request<Streaming<Entry>>,
    ) -> Result<Response<Self::FollowStream>, Status> {
        let book = self.clone();
        let counts = request.into_inner().map(move |entry| entry.map(|entry| book.record(entry)));
        Ok(Response::new(counts.boxed()))
    }
}

#[tokio::main]
async fn server() {
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    let ledger = LedgerServer::new(Book::default());
    Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(5)))
        .http2_keepalive_timeout(Some(Duration::from_secs(5)))
        .add_service(ledger)
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await
        .unwrap();
}

/// A client that connects when it is first used, and again after each break.
fn client() -> LedgerClient<Channel> {
    let endpoint = Endpoint::from_static("http://ledger:80")
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(20))
        .http2_keep_alive_interval(Duration::from_secs(5))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(true);
    LedgerClient::new(endpoint.connect_lazy())
}

fn entry(number: u64) -> Entry {
    Entry { number, note: worlds::pattern(number as usize, worlds::draw_len(20_000)) }
}

/// What a client sent, and whether it was confirmed.
#[derive(Default)]
struct Sent {
    all: BTreeMap<u64, (Entry, bool)>,
}

impl Sent {
    fn next(&mut self) -> Entry {
        let next = entry(self.all.len() as u64);
        self.all.insert(next.number, (next.clone(), false));
        next
    }

    fn confirm(&mut self, number: u64) {
        self.all.get_mut(&number).unwrap().1 = true;
    }

    /// The book has what was confirmed, once, and nothing that was not sent.
    fn check(&self, history: &[Entry]) {
        let mut times: BTreeMap<u64, u32> = BTreeMap::new();
        for entry in history {
            let (sent, _) = self.all.get(&entry.number).expect("an entry that nobody sent");
            assert!(sent == entry, "entry {} has changed", entry.number);
            *times.entry(entry.number).or_default() += 1;
        }
        assert!(times.values().all(|times| *times == 1), "an entry was recorded twice: {times:?}");
        let missing =
            self.all.iter().find(|(number, (_, is_confirmed))| *is_confirmed && !times.contains_key(number));
        assert!(missing.is_none(), "a confirmed entry is missing: {:?}", missing.map(|(number, _)| number));
    }
}

/// A call of some kind. An error is one of the links', or nothing is allowed to fail.
async fn call(client: &mut LedgerClient<Channel>, sent: &mut Sent) -> Result<(), Status> {
    match draw(3) {
        0 => {
            let entry = sent.next();
            let number = entry.number;
            client.add(entry).await?;
            sent.confirm(number);
        }
        1 => {
            let entries: Vec<Entry> = (0..draw(8)).map(entry).collect();
            let bytes: usize = entries.iter().map(|entry| entry.note.len()).sum();
            let counted = client.import(stream::iter(entries)).await?.into_inner();
            assert_eq!(counted.count, bytes as u64, "an import lost something");
        }
        _ => follow(client, sent).await?,
    }
    Ok(())
}

/// A conversation: each entry is answered before the next one.
async fn follow(client: &mut LedgerClient<Channel>, sent: &mut Sent) -> Result<(), Status> {
    let (sender, receiver) = mpsc::channel(1);
    let mut counts = client.follow(ReceiverStream::new(receiver)).await?.into_inner();
    let mut last = 0;
    for _ in 0..draw(6) {
        let entry = sent.next();
        let number = entry.number;
        sender.send(entry).await.map_err(|_| Status::cancelled("the connection broke off"))?;
        let count = counts.message().await?.ok_or_else(|| Status::cancelled("an early end"))?.count;
        assert!(count > last, "the book shrank from {last} to {count}");
        (last, _) = (count, sent.confirm(number));
    }
    drop(sender);
    assert!(counts.message().await?.is_none(), "an answer that nobody asked for");
    Ok(())
}

async fn history(client: &mut LedgerClient<Channel>) -> Result<Vec<Entry>, Status> {
    let mut stream = client.history(Count { count: u64::MAX }).await?.into_inner();
    let mut entries = Vec::new();
    while let Some(entry) = stream.message().await? {
        entries.push(entry);
    }
    Ok(entries)
}

#[heist::sim::test(seeds = 20, twice = true)]
async fn every_call_is_answered_when_nothing_fails() {
    sim::host("ledger").start(server);
    sleep(Duration::from_secs(1)).await;
    let (mut client, mut sent) = (client(), Sent::default());
    for _ in 0..8 {
        timeout(PATIENCE, call(&mut client, &mut sent)).await.expect("no call hangs").unwrap();
    }
    sent.check(&history(&mut client).await.unwrap());
    assert!(sent.all.values().all(|(_, is_confirmed)| *is_confirmed));
}

#[heist::sim::test(seeds = 30, twice = true)]
async fn what_was_confirmed_happened_once_when_links_fail() {
    let host = sim::host("ledger").start(server);
    sleep(Duration::from_secs(1)).await;
    make_poor("root", "ledger");
    let trouble = Trouble::begin(&host, &["root"], false);
    let (mut client, mut sent) = (client(), Sent::default());
    for _ in 0..12 {
        let outcome = timeout(PATIENCE, call(&mut client, &mut sent)).await;
        assert!(outcome.is_ok(), "a call hangs: the endpoint has time limits");
    }
    trouble.end().await;
    loop {
        if let Ok(Ok(history)) = timeout(PATIENCE, history(&mut client)).await {
            return sent.check(&history);
        }
        sleep(Duration::from_secs(1)).await;
    }
}
