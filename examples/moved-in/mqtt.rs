//! rumqttc against mosquitto: each quality of service, a retained message, a will that the broker publishes when a
//! client vanishes, a connection that is made anew. `MQTT_ADDRESS` says where the broker is.
//!
//! ```text
//! $ MQTT_ADDRESS=127.0.0.1:1883 cargo run --bin mqtt
//! driver: io_uring
//! 100 messages of each quality, in order
//! a retained message
//! the will of a client that vanished
//! ```

use std::sync::Arc;

use moved_in::{Failure, PATIENCE, check, server, soon};
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Packet, Publish, QoS, SubscribeFilter};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

/// A client whose event loop runs in a task, and what that hears.
struct Client {
    client: AsyncClient,
    heard: mpsc::UnboundedReceiver<Packet>,
    running: JoinHandle<()>,
}

async fn run(mut events: EventLoop, heard: mpsc::UnboundedSender<Packet>) {
    while let Ok(event) = events.poll().await {
        if let Event::Incoming(packet) = event {
            if heard.send(packet).is_err() {
                return;
            }
        }
    }
}

impl Client {
    fn connect(name: &str, will: Option<LastWill>) -> Result<Self, Failure> {
        let address = server("MQTT_ADDRESS")?;
        let (host, port) = address.rsplit_once(':').ok_or("MQTT_ADDRESS has no port")?;
        let mut options = MqttOptions::new(format!("{name}-{}", std::process::id()), host, port.parse()?);
        options.set_keep_alive(PATIENCE);
        if let Some(will) = will {
            options.set_last_will(will);
        }
        let (client, events) = AsyncClient::new(options, 16);
        let (sender, heard) = mpsc::unbounded_channel();
        Ok(Self { client, heard, running: tokio::spawn(run(events, sender)) })
    }

    /// Waits for the packet that `wanted` makes something of.
    async fn hear<T>(&mut self, what: &str, wanted: impl Fn(Packet) -> Option<T>) -> Result<T, Failure> {
        loop {
            let packet = soon(what, self.heard.recv()).await?.ok_or("the connection ended")?;
            if let Some(found) = wanted(packet) {
                return Ok(found);
            }
        }
    }

    async fn message(&mut self) -> Result<Publish, Failure> {
        self.hear("a message", |packet| match packet {
            Packet::Publish(message) => Some(message),
            _ => None,
        })
        .await
    }

    async fn subscribe(&mut self, topics: &[&str]) -> Result<(), Failure> {
        let filters = topics.iter().map(|topic| SubscribeFilter::new((*topic).to_owned(), QoS::ExactlyOnce));
        self.client.subscribe_many(filters).await?;
        self.hear("the subscription", |packet| matches!(packet, Packet::SubAck(_)).then_some(())).await
    }
}

const QUALITIES: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let base = format!("moved/{}", std::process::id());
    qualities(&base).await?;
    retained(&base).await?;
    will(&base).await
}

async fn qualities(base: &str) -> Result<(), Failure> {
    let mut subscriber = Client::connect("subscriber", None)?;
    let topics: Vec<String> = (0..3).map(|quality| format!("{base}/{quality}")).collect();
    subscriber.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    let publisher = Client::connect("publisher", None)?;
    let (client, sent_topics) = (publisher.client.clone(), topics.clone());
    // The broker has 20 messages under way to a client; those beyond may overtake each other.
    let window = Arc::new(Semaphore::new(15));
    let sent_window = Arc::clone(&window);
    let sending = tokio::spawn(async move {
        for number in 0..100_u32 {
            for (topic, quality) in sent_topics.iter().zip(QUALITIES) {
                sent_window.acquire().await?.forget();
                client.publish(topic, quality, false, number.to_string()).await?;
            }
        }
        Ok::<(), Failure>(())
    });
    let mut next = [0_u32; 3];
    while next != [100; 3] {
        let message = subscriber.message().await?;
        window.add_permits(1);
        let quality = topics.iter().position(|topic| *topic == message.topic).ok_or("an unknown topic")?;
        let number: u32 = std::str::from_utf8(&message.payload)?.parse()?;
        check!(number == next[quality], "quality {quality}: not {}, but {number}", next[quality]);
        check!(message.qos == QUALITIES[quality], "quality {quality} came as {:?}", message.qos);
        next[quality] += 1;
    }
    sending.await??;
    println!("100 messages of each quality, in order");
    publisher.client.disconnect().await?;
    subscriber.client.disconnect().await?;
    soon("the end of the publisher", publisher.running).await??;
    soon("the end of the subscriber", subscriber.running).await??;
    Ok(())
}

async fn retained(base: &str) -> Result<(), Failure> {
    let topic = format!("{base}/retained");
    let mut publisher = Client::connect("publisher", None)?;
    publisher.client.publish(&topic, QoS::AtLeastOnce, true, "kept").await?;
    publisher.hear("the receipt", |packet| matches!(packet, Packet::PubAck(_)).then_some(())).await?;
    let mut late = Client::connect("late", None)?;
    late.subscribe(&[&topic]).await?;
    let message = late.message().await?;
    check!(message.retain && message.payload == "kept", "not the retained message, but {message:?}");
    // An empty one takes it back.
    publisher.client.publish(&topic, QoS::AtLeastOnce, true, "").await?;
    publisher.hear("the receipt", |packet| matches!(packet, Packet::PubAck(_)).then_some(())).await?;
    println!("a retained message");
    Ok(())
}

async fn will(base: &str) -> Result<(), Failure> {
    let topic = format!("{base}/will");
    let mut heir = Client::connect("heir", None)?;
    heir.subscribe(&[&topic]).await?;
    let will = LastWill::new(&topic, "gone", QoS::AtLeastOnce, false);
    let mut vanishing = Client::connect("vanishing", Some(will))?;
    vanishing.hear("the connection", |packet| matches!(packet, Packet::ConnAck(_)).then_some(())).await?;
    // The task's end drops the socket, without a word to the broker.
    vanishing.running.abort();
    let message = heir.message().await?;
    check!(message.payload == "gone", "the will says {:?}", message.payload);
    println!("the will of a client that vanished");
    Ok(())
}
