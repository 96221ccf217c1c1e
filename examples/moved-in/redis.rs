//! redis with tokio: one multiplexed connection for many tasks, pipelines and transactions, pub/sub, a blocking command
//! that is given up. `REDIS_ADDRESS` says where the server is.
//!
//! ```text
//! $ REDIS_ADDRESS=127.0.0.1:6379 cargo run --bin redis
//! driver: io_uring
//! 10000 increments by 100 tasks over one connection: 10000
//! a transaction of 1000 commands
//! 16 MB there and back
//! 1000 messages to each of 4 subscribers, in order
//! given up after 50 ms, and the next command is answered
//! ```

use std::time::Duration;

use futures_util::StreamExt;
use moved_in::{Failure, check, server, soon};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Client};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let client = Client::open(format!("redis://{}/", server("REDIS_ADDRESS")?))?;
    let connection = soon("the connection", client.get_multiplexed_async_connection()).await??;
    let key = format!("moved:{}", std::process::id());
    increments(connection.clone(), &key).await?;
    transaction(connection.clone(), &key).await?;
    large(connection.clone(), &key).await?;
    subscriptions(&client, connection.clone(), &key).await?;
    given_up(&client, &key).await?;
    let mut connection = connection;
    () = connection.del(&[format!("{key}:sum"), format!("{key}:list"), format!("{key}:large")]).await?;
    Ok(())
}

async fn increments(connection: MultiplexedConnection, key: &str) -> Result<(), Failure> {
    let key = format!("{key}:sum");
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let (mut connection, key) = (connection.clone(), key.clone());
        tasks.spawn(async move {
            for _ in 0..100 {
                () = connection.incr(&key, 1).await?;
            }
            Ok::<_, redis::RedisError>(())
        });
    }
    while let Some(end) = soon("a task", tasks.join_next()).await? {
        end??;
    }
    let mut connection = connection;
    let sum: u64 = connection.get(&key).await?;
    check!(sum == 10_000, "the sum is {sum}");
    println!("10000 increments by 100 tasks over one connection: {sum}");
    Ok(())
}

async fn transaction(mut connection: MultiplexedConnection, key: &str) -> Result<(), Failure> {
    let mut pipe = redis::pipe();
    pipe.atomic();
    for number in 0..1000 {
        pipe.rpush(format!("{key}:list"), number);
    }
    let lengths: Vec<usize> = soon("the transaction", pipe.query_async(&mut connection)).await??;
    check!(lengths == (1..=1000).collect::<Vec<_>>(), "the lengths are {lengths:?}");
    println!("a transaction of 1000 commands");
    Ok(())
}

async fn large(mut connection: MultiplexedConnection, key: &str) -> Result<(), Failure> {
    let key = format!("{key}:large");
    let bytes: Vec<u8> = (0..16_000_000_u32).map(|index| (index / 255) as u8).collect();
    () = soon("a large command", connection.set(&key, &bytes)).await??;
    // The time that a value of this size takes depends on what else the machine does.
    connection.set_response_timeout(moved_in::PATIENCE);
    let back: Vec<u8> = soon("a large reply", connection.get(&key)).await??;
    check!(back == bytes, "16 MB came back as other bytes");
    println!("16 MB there and back");
    Ok(())
}

async fn subscriptions(
    client: &Client,
    mut connection: MultiplexedConnection,
    key: &str,
) -> Result<(), Failure> {
    let mut subscribers = JoinSet::new();
    for _ in 0..4 {
        let mut subscription = client.get_async_pubsub().await?;
        subscription.subscribe(key).await?;
        subscribers.spawn(async move {
            let mut messages = subscription.on_message();
            for number in 0..1000_u32 {
                let message = soon("a message", messages.next()).await?.ok_or("the subscription ended")?;
                let payload: u32 = message.get_payload()?;
                check!(payload == number, "not message {number}, but {payload}");
            }
            Ok::<_, Failure>(())
        });
    }
    for number in 0..1000 {
        let heard_count: usize = connection.publish(key, number).await?;
        check!(heard_count == 4, "{heard_count} heard message {number}");
    }
    while let Some(end) = soon("a subscriber", subscribers.join_next()).await? {
        end??;
    }
    println!("1000 messages to each of 4 subscribers, in order");
    Ok(())
}

async fn given_up(client: &Client, key: &str) -> Result<(), Failure> {
    let mut connection = client.get_multiplexed_async_connection().await?;
    let absent = format!("{key}:absent");
    let blocking = connection.blpop::<_, Option<(String, String)>>(&absent, 0.2);
    check!(
        tokio::time::timeout(Duration::from_millis(50), blocking).await.is_err(),
        "an element from nowhere"
    );
    // It stands behind the blocking one.
    let answer: String = soon("an answer", redis::cmd("PING").query_async(&mut connection)).await??;
    check!(answer == "PONG", "PING is answered by {answer}");
    println!("given up after 50 ms, and the next command is answered");
    Ok(())
}
