//! sqlx on SQLite: a pool over a file, transactions that are committed and rolled back, readers beside a writer, rows
//! as a stream.
//!
//! ```text
//! $ cargo run --bin sqlite
//! driver: io_uring
//! 1000 rows by 8 tasks
//! a transfer is committed, a second one is rolled back
//! 1000 rows as a stream, the sum is 499500
//! read while another connection writes
//! ```

use std::time::Duration;

use futures_util::TryStreamExt;
use moved_in::{Failure, check, soon};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Row, SqliteConnection};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let directory = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(directory.path().join("accounts.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(20));
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options.clone()).await?;
    sqlx::query(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0))",
    )
    .execute(&pool)
    .await?;
    insert(&pool).await?;
    transfers(&pool).await?;
    stream(&pool).await?;
    beside_a_writer(&pool, &options).await?;
    soon("the end of the pool", pool.close()).await?;
    Ok(())
}

async fn insert(pool: &SqlitePool) -> Result<(), Failure> {
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let pool = pool.clone();
        writers.spawn(async move {
            let mut transaction = pool.begin().await?;
            for id in (writer..1000).step_by(8) {
                sqlx::query("INSERT INTO accounts VALUES (?, ?)")
                    .bind(id)
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await
        });
    }
    while let Some(end) = soon("a writer", writers.join_next()).await? {
        end??;
    }
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM accounts").fetch_one(pool).await?;
    check!(count == 1000, "{count} rows");
    println!("{count} rows by 8 tasks");
    Ok(())
}

async fn balance(pool: &SqlitePool, id: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT balance FROM accounts WHERE id = ?").bind(id).fetch_one(pool).await
}

async fn transfer(pool: &SqlitePool, from: i64, to: i64, amount: i64) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let change = "UPDATE accounts SET balance = balance + ? WHERE id = ?";
    sqlx::query(change).bind(amount).bind(to).execute(&mut *transaction).await?;
    // The check of the table refuses it if there is not enough; the transaction is rolled back when it is dropped.
    sqlx::query(change).bind(-amount).bind(from).execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn transfers(pool: &SqlitePool) -> Result<(), Failure> {
    transfer(pool, 10, 0, 10).await?;
    check!((balance(pool, 10).await?, balance(pool, 0).await?) == (0, 10), "the transfer is not there");
    check!(transfer(pool, 10, 0, 1).await.is_err(), "an empty account paid");
    check!(balance(pool, 0).await? == 10, "a transfer that failed is there");
    transfer(pool, 0, 10, 10).await?;
    println!("a transfer is committed, a second one is rolled back");
    Ok(())
}

async fn stream(pool: &SqlitePool) -> Result<(), Failure> {
    let mut rows = sqlx::query("SELECT balance FROM accounts ORDER BY id").fetch(pool);
    let (mut count, mut sum) = (0, 0);
    while let Some(row) = soon("a row", rows.try_next()).await?? {
        count += 1;
        sum += row.try_get::<i64, _>(0)?;
    }
    check!((count, sum) == (1000, 499_500), "{count} rows with the sum {sum}");
    println!("{count} rows as a stream, the sum is {sum}");
    Ok(())
}

async fn beside_a_writer(pool: &SqlitePool, options: &SqliteConnectOptions) -> Result<(), Failure> {
    let mut writer = SqliteConnection::connect_with(options).await?;
    let mut transaction = writer.begin().await?;
    sqlx::query("UPDATE accounts SET balance = 7").execute(&mut *transaction).await?;
    let before: i64 =
        soon("a read", sqlx::query_scalar("SELECT sum(balance) FROM accounts").fetch_one(pool)).await??;
    check!(before == 499_500, "the reader sees what is not committed: {before}");
    transaction.commit().await?;
    let after: i64 = sqlx::query_scalar("SELECT sum(balance) FROM accounts").fetch_one(pool).await?;
    check!(after == 7000, "the reader does not see what is committed: {after}");
    writer.close().await?;
    println!("read while another connection writes");
    Ok(())
}
