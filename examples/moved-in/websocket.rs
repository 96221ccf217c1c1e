//! tokio-tungstenite on both ends of a chat: every client hears every message, once and in the order of the server;
//! messages of 8 MiB; pings; a client that vanishes without a close.
//!
//! ```text
//! $ cargo run --bin websocket
//! driver: io_uring
//! 20 clients, 50 messages from each: every one heard 1000, in one order
//! 8 MiB in one message
//! one vanished, and the others go on
//! ```

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use moved_in::{Failure, check, soon};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{Barrier, mpsc};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, accept_async, connect_async_with_config};

const CLIENTS: usize = 20;
const MESSAGES: usize = 50;
const LARGE: usize = 8 << 20;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connection(
    stream: TcpStream,
    room: broadcast::Sender<Message>,
    left: mpsc::Sender<()>,
) -> Result<(), Failure> {
    let mut heard = room.subscribe();
    let (mut sender, mut receiver) = accept_async(stream).await?.split();
    loop {
        tokio::select! {
            message = receiver.next() => match message {
                Some(Ok(message)) if message.is_text() => _ = room.send(message),
                Some(Ok(message)) if message.is_binary() => sender.send(message).await?,
                Some(Ok(message)) if !message.is_close() => {}
                // A close, or the end of the connection without one.
                _ => {
                    _ = left.send(()).await;
                    return Ok(());
                }
            },
            message = heard.recv() => match message {
                Ok(message) => sender.send(message).await?,
                Err(RecvError::Lagged(count)) => return Err(format!("{count} messages were lost").into()),
                Err(RecvError::Closed) => return Ok(()),
            },
        }
    }
}

async fn join(address: SocketAddr) -> Result<Socket, Failure> {
    let config = WebSocketConfig::default().max_frame_size(Some(2 * LARGE)).max_message_size(Some(2 * LARGE));
    let joining = connect_async_with_config(format!("ws://{address}/"), Some(config), true);
    let (mut socket, _) = soon("a connection", joining).await??;
    // The answer comes when the server's half listens to the room.
    socket.send(Message::Ping("here".into())).await?;
    let answer = soon("a pong", socket.next()).await?.ok_or("the server left")??;
    check!(answer == Message::Pong("here".into()), "a ping is answered by {answer}");
    Ok(socket)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (room, _) = broadcast::channel(4096);
    let (left, mut leaving) = mpsc::channel(CLIENTS);
    let serving = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _peer) = accepted?;
                    connections.spawn(connection(stream, room.clone(), left.clone()));
                }
                Some(end) = connections.join_next() => end??,
            }
        }
        #[expect(unreachable_code, reason = "the type of the task's output")]
        Ok::<(), Failure>(())
    });

    tokio::select! {
        all = clients(address, &mut leaving) => all?,
        end = serving => return Err(format!("the server ended: {end:?}").into()),
    }
    Ok(())
}

async fn clients(address: SocketAddr, leaving: &mut mpsc::Receiver<()>) -> Result<(), Failure> {
    chat(address).await?;
    for _ in 0..CLIENTS {
        soon("the end of a connection", leaving.recv()).await?;
    }
    large(address).await?;
    soon("the end of a connection", leaving.recv()).await?;
    vanish(address, leaving).await
}

async fn chat(address: SocketAddr) -> Result<(), Failure> {
    let barrier = std::sync::Arc::new(Barrier::new(CLIENTS));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let barrier = barrier.clone();
        clients.spawn(async move {
            let (mut sender, receiver) = join(address).await?.split();
            soon("the others", barrier.wait()).await?;
            let sending = async {
                for number in 0..MESSAGES {
                    sender.send(Message::text(format!("{client}:{number}"))).await?;
                }
                Ok::<_, Failure>(())
            };
            let hearing = soon("all messages", receiver.take(CLIENTS * MESSAGES).collect::<Vec<_>>());
            let ((), heard) = tokio::try_join!(sending, hearing)?;
            let heard = heard.into_iter().collect::<Result<Vec<_>, _>>()?;
            sender.close().await?;
            Ok::<_, Failure>(heard)
        });
    }
    let mut order: Option<Vec<Message>> = None;
    while let Some(heard) = soon("a client", clients.join_next()).await? {
        let heard = heard??;
        let first = order.get_or_insert_with(|| heard.clone());
        check!(heard == *first, "two clients heard different orders");
    }
    let heard = order.ok_or("nobody heard anything")?;
    for client in 0..CLIENTS {
        let prefix = format!("{client}:");
        let of_client = heard.iter().filter_map(|message| message.to_text().ok()?.strip_prefix(&prefix));
        let expected = (0..MESSAGES).map(|number| number.to_string());
        check!(of_client.eq(expected), "the messages of client {client} are not in order");
    }
    println!(
        "{CLIENTS} clients, {MESSAGES} messages from each: every one heard {}, in one order",
        heard.len()
    );
    Ok(())
}

async fn large(address: SocketAddr) -> Result<(), Failure> {
    let mut socket = join(address).await?;
    let bytes: Vec<u8> = (0..LARGE).map(|index| (index / 251) as u8).collect();
    let sent = Message::binary(bytes);
    socket.send(sent.clone()).await?;
    let received = soon("a large message", socket.next()).await?.ok_or("the server left")??;
    check!(received == sent, "a large message came back as another one");
    socket.close(None).await?;
    println!("8 MiB in one message");
    Ok(())
}

async fn vanish(address: SocketAddr, leaving: &mut mpsc::Receiver<()>) -> Result<(), Failure> {
    let (vanishing, mut staying) = (join(address).await?, join(address).await?);
    drop(vanishing);
    soon("the end of a connection", leaving.recv()).await?;
    staying.send(Message::text("still here")).await?;
    let heard = soon("a message", staying.next()).await?.ok_or("the server left")??;
    check!(heard == Message::text("still here"), "heard {heard}");
    println!("one vanished, and the others go on");
    Ok(())
}
