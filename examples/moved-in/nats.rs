//! async-nats with JetStream: requests and replies, a queue group, a stream with a durable pull consumer whose messages
//! are acknowledged one by one, a message that comes again because it was not, ordered readers of a history.
//! `NATS_URL` says where the server is; it needs JetStream.
//!
//! ```text
//! $ NATS_URL=nats://127.0.0.1:4222 cargo run --bin nats
//! driver: io_uring
//! 500 requests at once, shared by 4 responders
//! 1000 messages stored, 1000 acknowledged in order
//! a message without its acknowledgement came again
//! 5 readers of a history of 100 messages, each in order
//! ```

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull, push};
use async_nats::jetstream::{self, AckKind, Context, stream};
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt};
use moved_in::{Failure, check, server, soon};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let client = soon("the connection", async_nats::connect(server("NATS_URL")?)).await??;
    // Names of its own, so that two runs do not meet.
    let name = format!("moved-{}", std::process::id());
    requests(&client, &name).await?;
    let context = jetstream::new(client.clone());
    work_queue(&context, &name).await?;
    history(&context, &name).await?;
    soon("the end of the connection", client.drain()).await??;
    Ok(())
}

async fn requests(client: &Client, name: &str) -> Result<(), Failure> {
    let subject = format!("{name}.double");
    let mut responders = JoinSet::new();
    for _ in 0..4 {
        let mut requests = client.queue_subscribe(subject.clone(), "responders".to_owned()).await?;
        let client = client.clone();
        responders.spawn(async move {
            let mut count = 0;
            while let Some(request) = requests.next().await {
                let number: u64 = std::str::from_utf8(&request.payload)?.parse()?;
                let reply = request.reply.ok_or("a request without an address")?;
                client.publish(reply, (2 * number).to_string().into()).await?;
                count += 1;
                if number == 0 {
                    break;
                }
            }
            Ok::<u64, Failure>(count)
        });
    }
    // The server has to know all subscriptions before the first request.
    client.flush().await?;
    let requests = (1..=500_u64).map(|number| {
        let subject = subject.clone();
        async move { Ok::<_, Failure>((number, client.request(subject, number.to_string().into()).await?)) }
    });
    for (number, reply) in soon("500 replies", try_join_all(requests)).await?? {
        check!(reply.payload == (2 * number).to_string(), "twice {number} is {:?}", reply.payload);
    }
    responders.abort_all();
    while responders.join_next().await.is_some() {}
    println!("500 requests at once, shared by 4 responders");
    Ok(())
}

async fn work_queue(context: &Context, name: &str) -> Result<(), Failure> {
    let config = stream::Config {
        name: name.to_owned(),
        subjects: vec![format!("{name}.jobs")],
        retention: stream::RetentionPolicy::WorkQueue,
        ..stream::Config::default()
    };
    let mut jobs = context.create_stream(config).await?;
    // The first await sends a message, the second one waits until it is stored.
    let mut stored = Vec::new();
    for number in 0..1000 {
        stored.push(context.publish(format!("{name}.jobs"), number.to_string().into()).await?);
    }
    for (number, stored) in (1..)
        .zip(soon("1000 receipts", try_join_all(stored.into_iter().map(IntoFuture::into_future))).await??)
    {
        check!(stored.sequence == number, "message {number} is stored as {}", stored.sequence);
    }
    let config = pull::Config {
        durable_name: Some("workers".to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_secs(30),
        ..pull::Config::default()
    };
    let consumer: PullConsumer = jobs.create_consumer(config).await?;
    let mut messages = consumer.messages().await?;
    for number in 0..1000 {
        let message = soon("a message", messages.try_next()).await??.ok_or("the stream ended")?;
        check!(message.payload == number.to_string(), "not message {number}, but {:?}", message.payload);
        soon("an acknowledgement", message.double_ack()).await??;
    }
    let left = jobs.info().await?.state.messages;
    check!(left == 0, "{left} messages are left");
    println!("1000 messages stored, 1000 acknowledged in order");

    context.publish(format!("{name}.jobs"), "again".into()).await?.await?;
    let first = soon("a message", messages.try_next()).await??.ok_or("the stream ended")?;
    first.ack_with(AckKind::Nak(Some(Duration::from_millis(50)))).await?;
    let second = soon("the message again", messages.try_next()).await??.ok_or("the stream ended")?;
    check!(second.payload == first.payload, "another message came");
    let delivered = second.info()?.delivered;
    check!(delivered == 2, "it is delivery number {delivered}");
    second.double_ack().await?;
    println!("a message without its acknowledgement came again");
    context.delete_stream(name).await?;
    Ok(())
}

/// Everything that was ever said, in order, to each who asks.
async fn history(context: &Context, name: &str) -> Result<(), Failure> {
    let config = stream::Config {
        name: format!("{name}-history"),
        subjects: vec![format!("{name}.said.*")],
        storage: stream::StorageType::Memory,
        ..stream::Config::default()
    };
    let said = context.create_stream(config).await?;
    for number in 0..100 {
        context.publish(format!("{name}.said.{}", number % 3), number.to_string().into()).await?.await?;
    }
    let mut readers = JoinSet::new();
    for _ in 0..5 {
        let config = push::OrderedConfig {
            deliver_subject: context.client().new_inbox(),
            ..push::OrderedConfig::default()
        };
        let consumer = said.create_consumer(config).await?;
        readers.spawn(async move {
            let mut messages = consumer.messages().await?;
            for number in 0..100 {
                let message = soon("a message", messages.try_next()).await??.ok_or("the stream ended")?;
                check!(message.payload == number.to_string(), "not {number}, but {:?}", message.payload);
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(end) = soon("a reader", readers.join_next()).await? {
        end??;
    }
    println!("5 readers of a history of 100 messages, each in order");
    context.delete_stream(format!("{name}-history")).await?;
    Ok(())
}
