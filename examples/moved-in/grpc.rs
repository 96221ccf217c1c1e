//! tonic with its own transport, server and client: unary calls, streams in each direction and in both, a deadline, an
//! error with its details, a server that stops gracefully. `build.rs` writes the service; the messages stand here.
//!
//! ```text
//! $ cargo run --bin grpc
//! driver: io_uring
//! 200 unary calls over one connection; the balance is 20100
//! a history of 200 entries
//! an import of 10000 entries in one stream
//! a conversation: 100 entries, each answered before the next
//! refused: InvalidArgument; too late: Cancelled
//! the server stopped
//! ```

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use moved_in::{Failure, check, soon};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status, Streaming};

mod proto {
    tonic::include_proto!("moved.v1.Ledger");
}

use proto::ledger_client::LedgerClient;
use proto::ledger_server::{Ledger, LedgerServer};

#[derive(Clone, PartialEq, prost::Message)]
pub struct Entry {
    #[prost(string, tag = "1")]
    pub account: String,
    #[prost(int64, tag = "2")]
    pub amount: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Account {
    #[prost(string, tag = "1")]
    pub name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Balance {
    #[prost(int64, tag = "1")]
    pub amount: i64,
}

/// All entries, in the order in which they came.
#[derive(Default)]
struct Book {
    entries: Mutex<Vec<Entry>>,
}

impl Book {
    fn record(&self, entry: Entry) -> Balance {
        let mut entries = self.entries.lock().unwrap();
        entries.push(entry);
        let account = &entries.last().unwrap().account;
        Balance {
            amount: entries.iter().filter(|other| other.account == *account).map(|other| other.amount).sum(),
        }
    }
}

/// What the server shares with its streams.
struct Office(Arc<Book>);

#[tonic::async_trait]
impl Ledger for Office {
    async fn add(&self, request: Request<Entry>) -> Result<Response<Balance>, Status> {
        let entry = request.into_inner();
        if entry.account == "slow" {
            std::future::pending::<()>().await;
        }
        if entry.amount == 0 {
            return Err(Status::invalid_argument("an entry of nothing"));
        }
        Ok(Response::new(self.0.record(entry)))
    }

    type HistoryStream = ReceiverStream<Result<Entry, Status>>;

    async fn history(&self, request: Request<Account>) -> Result<Response<Self::HistoryStream>, Status> {
        let Account { name } = request.into_inner();
        let (sender, receiver) = mpsc::channel(4);
        let book = Arc::clone(&self.0);
        tokio::spawn(async move {
            let entries = book.entries.lock().unwrap().clone();
            for entry in entries.into_iter().filter(|entry| entry.account == name) {
                if sender.send(Ok(entry)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn import(&self, request: Request<Streaming<Entry>>) -> Result<Response<Balance>, Status> {
        let mut entries = request.into_inner();
        let mut amount = 0;
        while let Some(entry) = entries.message().await? {
            amount += entry.amount;
        }
        Ok(Response::new(Balance { amount }))
    }

    type FollowStream = Pin<Box<dyn Stream<Item = Result<Balance, Status>> + Send>>;

    async fn follow(
        &self,
        request: Request<Streaming<Entry>>,
    ) -> Result<Response<Self::FollowStream>, Status> {
        let book = Arc::clone(&self.0);
        let balances = request.into_inner().map(move |entry| entry.map(|entry| book.record(entry)));
        Ok(Response::new(balances.boxed()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = Server::builder().add_service(LedgerServer::new(Office(Arc::default())));
    let until = async {
        _ = stopped.await;
    };
    let serving = tokio::spawn(server.serve_with_incoming_shutdown(TcpListenerStream::new(listener), until));

    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    let client = LedgerClient::new(soon("the connection", endpoint.connect()).await??);
    unary(client.clone()).await?;
    streams(client.clone()).await?;
    conversation(client.clone()).await?;
    errors(client).await?;

    check!(stop.send(()).is_ok(), "the server ended before it was asked to");
    soon("the end of the server", serving).await???;
    println!("the server stopped");
    Ok(())
}

fn entry(account: &str, amount: i64) -> Entry {
    Entry { account: account.to_owned(), amount }
}

async fn unary(client: LedgerClient<Channel>) -> Result<(), Failure> {
    let mut calls = JoinSet::new();
    for amount in 1..=200 {
        let mut client = client.clone();
        calls.spawn(async move { client.add(entry("unary", amount)).await });
    }
    let mut highest = 0;
    while let Some(balance) = soon("a balance", calls.join_next()).await? {
        highest = highest.max(balance??.into_inner().amount);
    }
    check!(highest == 20100, "the last balance is {highest}");
    println!("200 unary calls over one connection; the balance is {highest}");
    Ok(())
}

async fn streams(mut client: LedgerClient<Channel>) -> Result<(), Failure> {
    let mut history = client.history(Account { name: "unary".to_owned() }).await?.into_inner();
    let (mut count, mut sum) = (0, 0);
    while let Some(entry) = soon("an entry", history.message()).await?? {
        count += 1;
        sum += entry.amount;
    }
    check!((count, sum) == (200, 20100), "a history of {count} entries with the sum {sum}");
    println!("a history of {count} entries");

    let entries = stream::iter((0..10_000).map(|amount| entry("import", amount)));
    let balance = soon("the import", client.import(entries)).await??.into_inner();
    check!(balance.amount == 49_995_000, "the import has the sum {}", balance.amount);
    println!("an import of 10000 entries in one stream");
    Ok(())
}

async fn conversation(mut client: LedgerClient<Channel>) -> Result<(), Failure> {
    let (sender, receiver) = mpsc::channel(1);
    let mut balances = client.follow(ReceiverStream::new(receiver)).await?.into_inner();
    for number in 1..=100 {
        sender.send(entry("conversation", 1)).await?;
        let balance = soon("an answer", balances.message()).await??.ok_or("the stream ended")?;
        check!(balance.amount == number, "after {number} entries of 1 the balance is {}", balance.amount);
    }
    drop(sender);
    check!(soon("the end", balances.message()).await??.is_none(), "an answer that nobody asked for");
    println!("a conversation: 100 entries, each answered before the next");
    Ok(())
}

async fn errors(mut client: LedgerClient<Channel>) -> Result<(), Failure> {
    let refused = client.add(entry("unary", 0)).await.err().ok_or("an entry of nothing is taken")?;
    check!(refused.code() == Code::InvalidArgument, "refused by {refused}");
    check!(refused.message() == "an entry of nothing", "refused with {:?}", refused.message());
    let mut request = Request::new(entry("slow", 1));
    request.set_timeout(Duration::from_millis(50));
    let late =
        soon("the deadline", client.add(request)).await?.err().ok_or("an answer from the slow account")?;
    check!(matches!(late.code(), Code::Cancelled | Code::DeadlineExceeded), "too late, and told {late}");
    println!("refused: {:?}; too late: {:?}", refused.code(), late.code());
    Ok(())
}
