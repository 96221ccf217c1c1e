//! A small key-value server with the protocol of Redis: GET, SET, INCR, DEL, PING, PUBLISH, SUBSCRIBE. Prints its port.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc};

#[derive(Default)]
struct Store {
    values: Mutex<HashMap<Bytes, Bytes>>,
    channels: Mutex<HashMap<Bytes, broadcast::Sender<Bytes>>>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let store = Arc::new(Store::default());
    loop {
        let (stream, _peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let store = Arc::clone(&store);
        // An error is the end of the connection, and nothing else.
        tokio::spawn(async move { _ = connection(stream, store).await });
    }
}

async fn connection(mut stream: TcpStream, store: Arc<Store>) -> io::Result<()> {
    let (mut input, mut output) = (BytesMut::with_capacity(16 * 1024), BytesMut::new());
    // What is published to the channels of this connection.
    let (published, mut messages) = mpsc::channel::<Bytes>(1024);
    loop {
        while let Some(command) = next_command(&mut input)? {
            store.answer(&command, &mut output, &published);
        }
        if !output.is_empty() {
            stream.write_all(&output).await?;
            output.clear();
        }
        tokio::select! {
            read = stream.read_buf(&mut input) => if read? == 0 { return Ok(()) },
            Some(message) = messages.recv() => {
                output.extend_from_slice(&message);
                while let Ok(message) = messages.try_recv() {
                    output.extend_from_slice(&message);
                }
            }
        }
    }
}

impl Store {
    fn answer(&self, command: &[Bytes], output: &mut BytesMut, published: &mpsc::Sender<Bytes>) {
        let name = command.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
        match (name.as_slice(), &command[1.min(command.len())..]) {
            (b"PING", _) => output.extend_from_slice(b"+PONG\r\n"),
            (b"GET", [key]) => match self.values.lock().unwrap().get(key) {
                Some(value) => bulk(output, value),
                None => output.extend_from_slice(b"$-1\r\n"),
            },
            (b"SET", [key, value, ..]) => {
                self.values.lock().unwrap().insert(key.clone(), value.clone());
                output.extend_from_slice(b"+OK\r\n");
            }
            (b"INCR", [key]) => {
                let mut values = self.values.lock().unwrap();
                let value = values.get(key).and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
                let value = value.unwrap_or(0_i64) + 1;
                values.insert(key.clone(), value.to_string().into());
                number(output, value);
            }
            (b"DEL", keys) => {
                let mut values = self.values.lock().unwrap();
                number(output, keys.iter().filter(|key| values.remove(*key).is_some()).count() as i64);
            }
            (b"PUBLISH", [channel, message]) => {
                let sender = self.channels.lock().unwrap().get(channel).cloned();
                let mut framed = BytesMut::new();
                framed.extend_from_slice(b"*3\r\n$7\r\nmessage\r\n");
                bulk(&mut framed, channel);
                bulk(&mut framed, message);
                let heard_count = sender.and_then(|sender| sender.send(framed.freeze()).ok()).unwrap_or(0);
                number(output, heard_count as i64);
            }
            (b"SUBSCRIBE", channels) => channels.iter().for_each(|channel| {
                self.subscribe(channel, published.clone());
                output.extend_from_slice(b"*3\r\n$9\r\nsubscribe\r\n");
                bulk(output, channel);
                number(output, 1);
            }),
            _ => output.extend_from_slice(b"-ERR unknown command\r\n"),
        }
    }

    fn subscribe(&self, channel: &Bytes, published: mpsc::Sender<Bytes>) {
        let mut channels = self.channels.lock().unwrap();
        let sender = channels.entry(channel.clone()).or_insert_with(|| broadcast::channel(1024).0);
        let mut receiver = sender.subscribe();
        tokio::spawn(async move {
            loop {
                match receiver.recv().await {
                    Ok(message) => {
                        if published.send(message).await.is_err() {
                            return;
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
    }
}

fn bulk(output: &mut BytesMut, value: &[u8]) {
    output.extend_from_slice(format!("${}\r\n", value.len()).as_bytes());
    output.extend_from_slice(value);
    output.extend_from_slice(b"\r\n");
}

fn number(output: &mut BytesMut, number: i64) {
    output.extend_from_slice(format!(":{number}\r\n").as_bytes());
}

/// Takes one command out of the input, if all of it is there.
fn next_command(input: &mut BytesMut) -> io::Result<Option<Vec<Bytes>>> {
    let Some((count, mut position)) = header(input, 0, b'*')? else { return Ok(None) };
    let mut ranges = Vec::with_capacity(count);
    for _ in 0..count {
        let Some((length, start)) = header(input, position, b'$')? else { return Ok(None) };
        position = start + length + 2;
        if input.len() < position {
            return Ok(None);
        }
        ranges.push(start..start + length);
    }
    let whole = input.copy_to_bytes(position);
    Ok(Some(ranges.into_iter().map(|range| whole.slice(range)).collect()))
}

/// The number after the mark, and where the line ends.
fn header(input: &[u8], start: usize, mark: u8) -> io::Result<Option<(usize, usize)>> {
    let Some(line) = input.get(start..) else { return Ok(None) };
    let Some(end) = line.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let number = std::str::from_utf8(&line[..end])
        .ok()
        .and_then(|line| line.strip_prefix(mark as char)?.trim_end().parse().ok());
    match number {
        Some(number) if number < 1 << 20 => Ok(Some((number, start + end + 1))),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
