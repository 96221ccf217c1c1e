//! tokio-postgres: a PostgreSQL client over a stream of heist's. `DATABASE_URL` says where the server is.
//!
//! [`connect`] tries every address of every host in turn, over TCP or Unix sockets, and gives each `connect_timeout` for
//! the connection and the handshake together (in `Config::connect`, for the connection alone).
//!
//! Left out: TLS (`sslmode=require` is refused), `target_session_attrs` other than `any` (refused),
//! `load_balance_hosts` (the order is that of the configuration), keep-alive and `tcp_user_timeout`, cancelling a query
//! on the server, a reconnect, a pool.
//!
//! ```text
//! $ DATABASE_URL=postgres://user:password@127.0.0.1:5432/postgres cargo run -p ecosystem --bin postgres
//! driver: io_uring
//! inserted 100 rows
//! 100 are there after a rollback; the last is guest 99
//! refused: duplicate key value violates unique constraint "guests_pkey"
//! a million letters: 1000000
//! ```

use std::error::Error;

use futures::future::try_join_all;
#[cfg(unix)]
use heist::net::UnixStream;
use heist::net::{TcpStream, lookup_host};
use heist::time::timeout;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::config::{Host, TargetSessionAttrs};
use tokio_postgres::{Client, Config, NoTls};

type Failure = Box<dyn Error + Send + Sync>;

#[heist::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", heist::runtime::Handle::current().driver_name());
    let url =
        std::env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set; see the head of this file")?;
    let mut client = connect(&url.parse()?).await?;

    client.batch_execute("CREATE TEMPORARY TABLE guests (id INT PRIMARY KEY, name TEXT NOT NULL)").await?;
    let insert = client.prepare("INSERT INTO guests VALUES ($1, $2)").await?;
    // All are sent at once and answered in turn: the client pipelines what runs concurrently.
    let inserts = (1..=100).map(|id| {
        let (client, insert) = (&client, &insert);
        async move { client.execute(insert, &[&id, &format!("guest {id}")]).await }
    });
    println!("inserted {} rows", try_join_all(inserts).await?.iter().sum::<u64>());

    // A transaction that is dropped is rolled back.
    let transaction = client.transaction().await?;
    transaction.execute("DELETE FROM guests", &[]).await?;
    drop(transaction);
    let row = client.query_one("SELECT count(*), max(name) FROM guests", &[]).await?;
    println!("{} are there after a rollback; the last is {}", row.get::<_, i64>(0), row.get::<_, &str>(1));

    // An error of the server is an answer like any other: the connection goes on.
    match client.execute(&insert, &[&1, &"again"]).await {
        Ok(_) => return Err("the same key was inserted twice".into()),
        Err(error) => {
            println!("refused: {}", error.as_db_error().ok_or("no error of the database")?.message())
        }
    }
    let row = client.query_one("SELECT length(repeat('x', 1000000))", &[]).await?;
    println!("a million letters: {}", row.get::<_, i32>(0));
    Ok(())
}

/// What `Config::connect` does on tokio: every address of every host in turn, until one of them answers.
async fn connect(config: &Config) -> Result<Client, Failure> {
    if config.get_target_session_attrs() != TargetSessionAttrs::Any {
        return Err("target_session_attrs is left out here: ask `SHOW transaction_read_only`".into());
    }
    let targets = targets(config)?;
    if targets.is_empty() {
        return Err("the URL names no host".into());
    }
    let mut failures = Vec::new();
    for (host, port) in targets {
        match connect_host(&host, port, config).await {
            Ok(client) => return Ok(client),
            Err(error) => failures.push(error.to_string()),
        }
    }
    Err(format!("no host can be used: {}", failures.join("; ")).into())
}

/// Each host with its port. An address of the configuration spares the look-up of its host's name.
fn targets(config: &Config) -> Result<Vec<(Host, u16)>, Failure> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err("host and hostaddr differ in number".into());
    }
    let hosts: Vec<Host> = if addresses.is_empty() {
        hosts.to_vec()
    } else {
        addresses.iter().map(|address| Host::Tcp(address.to_string())).collect()
    };
    if ports.len() > 1 && ports.len() != hosts.len() {
        return Err("there must be one port, or one for each host".into());
    }
    let port = |index| ports.get(index).or(ports.first()).copied().unwrap_or(5432);
    Ok(hosts.into_iter().enumerate().map(|(index, host)| (host, port(index))).collect())
}

async fn connect_host(host: &Host, port: u16, config: &Config) -> Result<Client, Failure> {
    let name = match host {
        Host::Tcp(name) => name,
        #[cfg(unix)]
        Host::Unix(directory) => {
            let path = directory.join(format!(".s.PGSQL.{port}"));
            let client = async { shake_hands(UnixStream::connect(&path).await?, config).await };
            return in_time(config, client)
                .await
                .map_err(|error| format!("{}: {error}", path.display()).into());
        }
    };
    let found = in_time(config, async { Ok(lookup_host((name.as_str(), port)).await?) }).await;
    let mut failures = Vec::new();
    for address in found.map_err(|error| format!("{name}: {error}"))? {
        let client = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            shake_hands(stream, config).await
        };
        match in_time(config, client).await {
            Ok(client) => return Ok(client),
            Err(error) => failures.push(format!("{address}: {error}")),
        }
    }
    Err(failures.join("; ").into())
}

/// Gives `step` the `connect_timeout` of the configuration; without one it waits as long as it takes.
async fn in_time<T>(config: &Config, step: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let Some(&limit) = config.get_connect_timeout() else { return step.await };
    timeout(limit, step).await.map_err(|_| format!("no answer in {limit:?}"))?
}

/// The handshake, and a task that moves the bytes.
async fn shake_hands<S>(stream: S, config: &Config) -> Result<Client, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (client, connection) = config.connect_raw(stream, NoTls).await?;
    // Ends when the client is dropped.
    heist::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("the connection to the database failed: {error}");
        }
    });
    Ok(client)
}
