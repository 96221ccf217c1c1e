//! deadpool-postgres over tokio-postgres: a pool with time-outs, prepared statements, pipelined queries, a connection
//! that the server ends and the pool replaces, a query cancelled on the server. `DATABASE_URL` says where that is.
//!
//! ```text
//! $ DATABASE_URL=postgres://user:password@127.0.0.1:5432/postgres cargo run --bin pool
//! driver: io_uring
//! 200 tasks over 4 connections, 4 of them at once
//! 100 queries in flight on one connection
//! no connection within 50 ms
//! ended by the server, and replaced
//! cancelled: 57014
//! ```

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, Timeouts};
use futures_util::future::try_join_all;
use moved_in::{Failure, check, server, soon};
use tokio::task::JoinSet;
use tokio_postgres::NoTls;
use tokio_postgres::types::ToSql;

const CONNECTIONS: usize = 4;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let config: tokio_postgres::Config = server("DATABASE_URL")?.parse()?;
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Verified };
    let manager = Manager::from_config(config, NoTls, recycling);
    let pool = Pool::builder(manager).max_size(CONNECTIONS).runtime(Runtime::Tokio1).build()?;
    tasks(&pool).await?;
    pipeline(&pool).await?;
    none_left(&pool).await?;
    replaced(&pool).await?;
    cancelled(&pool).await?;
    pool.close();
    Ok(())
}

async fn tasks(pool: &Pool) -> Result<(), Failure> {
    let mut tasks = JoinSet::new();
    for number in 0..200_i64 {
        let pool = pool.clone();
        tasks.spawn(async move {
            let client = pool.get().await?;
            let statement = client.prepare_cached("SELECT $1::bigint * 2").await?;
            let row = client.query_one(&statement, &[&number]).await?;
            Ok::<_, PoolError>((number, row.get::<_, i64>(0)))
        });
    }
    while let Some(end) = soon("a task", tasks.join_next()).await? {
        let (number, twice) = end??;
        check!(twice == 2 * number, "twice {number} is {twice}");
    }
    let size = pool.status().size;
    check!(size == CONNECTIONS, "the pool has {size} connections");
    println!("200 tasks over {CONNECTIONS} connections, {size} of them at once");
    Ok(())
}

async fn pipeline(pool: &Pool) -> Result<(), Failure> {
    let client = pool.get().await?;
    let statement = client.prepare("SELECT repeat('x', $1::int)").await?;
    let statement = &statement;
    let client = &client;
    let queries = (0..100_i32).map(|number| async move {
        let row = client.query_one(statement, &[&(number * 1000)]).await?;
        Ok::<_, tokio_postgres::Error>(row.get::<_, &str>(0).len())
    });
    let lengths = soon("a hundred answers", try_join_all(queries)).await??;
    let expected: Vec<usize> = (0..100).map(|number| number * 1000).collect();
    check!(lengths == expected, "the lengths are {lengths:?}");
    println!("100 queries in flight on one connection");
    Ok(())
}

async fn none_left(pool: &Pool) -> Result<(), Failure> {
    let held = try_join_all((0..CONNECTIONS).map(|_| pool.get())).await?;
    let patience = Timeouts { wait: Some(Duration::from_millis(50)), ..Timeouts::default() };
    let refused = pool.timeout_get(&patience).await;
    check!(matches!(refused, Err(PoolError::Timeout(_))), "a fifth connection of {CONNECTIONS}");
    drop(held);
    drop(soon("a connection", pool.get()).await??);
    println!("no connection within 50 ms");
    Ok(())
}

async fn replaced(pool: &Pool) -> Result<(), Failure> {
    let (victim, other) = (pool.get().await?, pool.get().await?);
    let process: i32 = victim.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
    let waiting = victim.query("SELECT pg_sleep(600)", &[]);
    let victims: [&(dyn ToSql + Sync); 1] = [&process];
    let ending = other.query_one("SELECT pg_terminate_backend($1)", &victims);
    let (waited, ended) = soon("the end of a connection", async { tokio::join!(waiting, ending) }).await?;
    check!(waited.is_err() && ended?.get::<_, bool>(0), "the server did not end the connection");
    drop((victim, other));
    let all = soon("all connections", try_join_all((0..CONNECTIONS).map(|_| pool.get()))).await??;
    for client in &all {
        let other: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        check!(other != process, "the pool hands out a connection that has ended");
    }
    println!("ended by the server, and replaced");
    Ok(())
}

async fn cancelled(pool: &Pool) -> Result<(), Failure> {
    let client = pool.get().await?;
    let token = client.cancel_token();
    let sleeping = client.query("SELECT pg_sleep(600)", &[]);
    let cancelling = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        token.cancel_query(NoTls).await
    };
    let (slept, told) = soon("the cancellation", async { tokio::join!(sleeping, cancelling) }).await?;
    told?;
    let error = slept.err().ok_or("a cancelled query has an answer")?;
    let code = error.code().ok_or("an error of another kind")?.code().to_owned();
    check!(code == "57014", "cancelled, with the error {code}");
    println!("cancelled: {code}");
    Ok(())
}
