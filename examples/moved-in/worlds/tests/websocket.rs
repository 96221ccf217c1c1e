//! tokio-tungstenite in worlds: a chat on three hosts, over links that lose packets and are cut. Each
//! client hears the messages in one order, without a gap, until its connection ends.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use heist::sim;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Duration, sleep, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, accept_async, connect_async};
use worlds::{Trouble, draw, draw_len, make_poor, pattern};

/// How long one step of a client may take.
const PATIENCE: Duration = Duration::from_secs(60);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What all clients hear: what they say, with a number before it.
type Room = (Arc<Mutex<u64>>, broadcast::Sender<Message>);

#[tokio::main]
async fn server() {
    let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
    let room: Room = (Arc::default(), broadcast::channel(1024).0);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        // A connection may break off: the client sees it as well.
        tokio::spawn(converse(stream, room.clone()));
    }
}

async fn converse(stream: TcpStream, (numbers, room): Room) -> Result<(), Error> {
    let mut heard = room.subscribe();
    let (mut sender, mut receiver) = accept_async(stream).await?.split();
    loop {
        tokio::select! {
            message = receiver.next() => match message.transpose()? {
                Some(Message::Text(text)) => {
                    // The number and its message are one step, or two could change places.
                    let mut number = numbers.lock().unwrap();
                    let _ = room.send(Message::text(format!("{number} {text}")));
                    *number += 1;
                }
                Some(message @ Message::Binary(_)) => sender.send(message).await?,
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => {}
            },
            message = heard.recv() => match message {
                Ok(message) => sender.send(message).await?,
                Err(RecvError::Lagged(count)) => panic!("{count} messages were lost"),
                Err(RecvError::Closed) => return Ok(()),
            },
        }
    }
}

/// One who talks and listens, over one connection after the other.
struct Guest {
    name: usize,
    /// How many of its own messages it has said and heard.
    said: u64,
    heard: u64,
    /// The number of the last message of this connection.
    last: Option<u64>,
}

impl Guest {
    /// Says something, or has bytes sent back, and hears what comes until that is there.
    async fn step(&mut self, socket: &mut Socket) -> Result<(), Error> {
        let bytes = (draw(3) == 0).then(|| pattern(self.name, draw_len(70_000)));
        match &bytes {
            Some(bytes) => socket.send(Message::binary(bytes.clone())).await?,
            None => {
                let text = format!("{}:{}", self.name, self.said);
                self.said += 1;
                socket.send(Message::text(text)).await?;
            }
        }
        loop {
            match socket.next().await.ok_or(Error::ConnectionClosed)?? {
                Message::Text(text) if self.hear(text.as_str()) && bytes.is_none() => return Ok(()),
                Message::Text(_) | Message::Ping(_) | Message::Pong(_) => {}
                Message::Binary(back) => {
                    assert!(Some(&back[..]) == bytes.as_deref(), "{} bytes came back", back.len());
                    return Ok(());
                }
                other => return Err(Error::Io(std::io::Error::other(format!("{other:?}")))),
            }
        }
    }

    /// The next message. Returns whether it is the last that this guest said.
    fn hear(&mut self, text: &str) -> bool {
        let (number, message) = text.split_once(' ').expect("a number stands before it");
        let number = number.parse().unwrap();
        assert!(self.last.is_none_or(|last| number == last + 1), "{number} follows {:?}", self.last);
        self.last = Some(number);
        let (name, count) = message.split_once(':').expect("its sender stands before it");
        if name.parse() != Ok(self.name) {
            return false;
        }
        let count: u64 = count.parse().unwrap();
        assert!(count >= self.heard && count < self.said, "{count} was heard already, or never said");
        self.heard = count + 1;
        self.heard == self.said
    }
}

/// A guest who says so much, with a new connection after each break.
async fn visit(name: usize, steps_count: u32, may_fail: bool) {
    let mut guest = Guest { name, said: 0, heard: 0, last: None };
    let mut socket = None;
    for _ in 0..steps_count {
        let step = async {
            let mut open: Socket = match socket.take() {
                Some(open) => open,
                None => connect_async("ws://chat:80/").await?.0,
            };
            guest.step(&mut open).await?;
            Ok::<Socket, Error>(open)
        };
        match timeout(PATIENCE, step).await {
            Ok(Ok(open)) => socket = Some(open),
            outcome => {
                assert!(may_fail, "a step of guest {name} has failed: {outcome:?}");
                guest.last = None;
                sleep(Duration::from_millis(draw(500))).await;
            }
        }
    }
    if let Some(mut socket) = socket {
        let closed = timeout(PATIENCE, socket.close(None)).await;
        assert!(may_fail || matches!(closed, Ok(Ok(()))), "{closed:?}");
    }
}

/// Guests on hosts of their own.
fn guests(names: &[&'static str], steps_count: u32, may_fail: bool) -> Vec<sim::Host> {
    let start = |(number, name): (usize, &&'static str)| {
        sim::host(*name).start(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(visit(number, steps_count, may_fail));
        })
    };
    names.iter().enumerate().map(start).collect()
}

/// They leave in the end.
async fn wait_for(hosts: &[sim::Host]) {
    while hosts.iter().any(sim::Host::is_running) {
        sleep(Duration::from_millis(100)).await;
        assert!(sim::elapsed() < Duration::from_secs(2 * 3600), "a guest hangs");
    }
}

#[heist::sim::test(seeds = 20, twice = true)]
async fn everybody_hears_all_in_one_order() {
    sim::host("chat").start(server);
    sleep(Duration::from_secs(1)).await;
    wait_for(&guests(&["ann", "ben", "cleo"], 8, false)).await;
}

#[heist::sim::test(seeds = 30, twice = true)]
async fn order_and_bytes_survive_links_and_servers_that_fail() {
    let chat = sim::host("chat").start(server);
    sleep(Duration::from_secs(1)).await;
    let names = ["ann", "ben", "cleo"];
    let guests = guests(&names, 8, true);
    for name in names {
        make_poor(name, "chat");
    }
    let trouble = Trouble::begin(&chat, &names, true);
    wait_for(&guests).await;
    trouble.end().await;
}
