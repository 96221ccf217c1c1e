//! tokio-postgres: a PostgreSQL client over a stream of heist's. `DATABASE_URL` says where the server is.
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
use heist::net::TcpStream;
use tokio_postgres::config::Host;
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

/// What `Config::connect` does on tokio: a socket, the handshake, and a task that moves the bytes.
async fn connect(config: &Config) -> Result<Client, Failure> {
    let Some(Host::Tcp(host)) = config.get_hosts().first() else {
        return Err("the URL names no host".into());
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    stream.set_nodelay(true)?;
    let (client, connection) = config.connect_raw(stream, NoTls).await?;
    // Ends when the client is dropped.
    heist::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("the connection to the database failed: {error}");
        }
    });
    Ok(client)
}
