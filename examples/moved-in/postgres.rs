//! sqlx on PostgreSQL: a pool smaller than the number of its users, transactions, COPY, rows as a stream, LISTEN and
//! NOTIFY, a query that is given up. `DATABASE_URL` says where the server is.
//!
//! ```text
//! $ DATABASE_URL=postgres://user:password@127.0.0.1:5432/postgres cargo run --bin postgres
//! driver: io_uring
//! 400 tasks over a pool of 4; the counter stands at 400
//! 10000 rows by COPY, back as a stream
//! 50 notifications, in order
//! a query is given up, and the pool goes on
//! ```

use std::time::Duration;

use futures_util::TryStreamExt;
use moved_in::{Failure, check, server, soon};
use sqlx::Row;
use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let url = server("DATABASE_URL")?;
    let pool = soon("the connection", PgPoolOptions::new().max_connections(4).connect(&url)).await??;
    // A temporary table would belong to one connection of the pool.
    sqlx::raw_sql(
        "DROP TABLE IF EXISTS moved_counter, moved_numbers;
         CREATE TABLE moved_counter (value bigint NOT NULL);
         CREATE TABLE moved_numbers (number bigint NOT NULL, text text NOT NULL);
         INSERT INTO moved_counter VALUES (0)",
    )
    .execute(&pool)
    .await?;
    counter(&pool).await?;
    copy(&pool).await?;
    notifications(&pool).await?;
    given_up(&pool).await?;
    sqlx::raw_sql("DROP TABLE moved_counter, moved_numbers").execute(&pool).await?;
    soon("the end of the pool", pool.close()).await?;
    Ok(())
}

async fn count_one(pool: PgPool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let value: i64 =
        sqlx::query_scalar("SELECT value FROM moved_counter FOR UPDATE").fetch_one(&mut *transaction).await?;
    sqlx::query("UPDATE moved_counter SET value = $1").bind(value + 1).execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn counter(pool: &PgPool) -> Result<(), Failure> {
    let mut tasks = JoinSet::new();
    for _ in 0..400 {
        tasks.spawn(count_one(pool.clone()));
    }
    while let Some(end) = soon("a task", tasks.join_next()).await? {
        end??;
    }
    let value: i64 = sqlx::query_scalar("SELECT value FROM moved_counter").fetch_one(pool).await?;
    check!(value == 400, "the counter stands at {value}");
    println!("400 tasks over a pool of 4; the counter stands at {value}");
    Ok(())
}

async fn copy(pool: &PgPool) -> Result<(), Failure> {
    let mut connection = pool.acquire().await?;
    let mut copy = connection.copy_in_raw("COPY moved_numbers FROM STDIN").await?;
    for number in 0..10_000_i64 {
        copy.send(format!("{number}\t{}\n", "x".repeat(number as usize % 100)).into_bytes()).await?;
    }
    let count = soon("the copy", copy.finish()).await??;
    check!(count == 10_000, "{count} rows were copied");
    drop(connection);

    let mut rows = sqlx::query("SELECT number, text FROM moved_numbers ORDER BY number").fetch(pool);
    let mut expected = 0;
    while let Some(row) = soon("a row", rows.try_next()).await?? {
        check!(row.try_get::<i64, _>(0)? == expected, "row {expected} is another one");
        check!(
            row.try_get::<&str, _>(1)?.len() == expected as usize % 100,
            "the text of row {expected} differs"
        );
        expected += 1;
    }
    check!(expected == 10_000, "{expected} rows came back");
    println!("10000 rows by COPY, back as a stream");
    Ok(())
}

async fn notifications(pool: &PgPool) -> Result<(), Failure> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen("moved").await?;
    let notifier = pool.clone();
    let sending = tokio::spawn(async move {
        for number in 0..50 {
            sqlx::query("SELECT pg_notify('moved', $1)").bind(number.to_string()).execute(&notifier).await?;
        }
        Ok::<_, sqlx::Error>(())
    });
    for number in 0..50 {
        let notification = soon("a notification", listener.recv()).await??;
        check!(notification.payload() == number.to_string(), "not {number}, but {}", notification.payload());
    }
    sending.await??;
    println!("50 notifications, in order");
    Ok(())
}

async fn given_up(pool: &PgPool) -> Result<(), Failure> {
    let sleeping = sqlx::query("SELECT pg_sleep(1)").execute(pool);
    check!(tokio::time::timeout(Duration::from_millis(50), sleeping).await.is_err(), "a second in 50 ms");
    for _ in 0..8 {
        let one: i32 = soon("an answer", sqlx::query_scalar("SELECT 1").fetch_one(pool)).await??;
        check!(one == 1, "1 is {one}");
    }
    println!("a query is given up, and the pool goes on");
    Ok(())
}
