//! Connections that come and go in every way, with numbered messages in both directions.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use futures::future::{Either, join, select};
use heist::net::{ByteStream, Family};
use heist::sync::Notify;
use heist::task::JoinSet;
use heist::time::{sleep, timeout};

use crate::echo;
use crate::ledger::Count;
use crate::messages::{Checker, message, payload_bytes};
use crate::places::{Place, TcpPlace, UnixPlace};
use crate::plant::Plant;
use crate::shift::{Shift, pause};
use crate::violation::{MustWork, Violation};

/// How long an operation is given before it is dropped, in microseconds.
const CANCEL_MICROS_MAX: u64 = 1500;

/// Clients of TCP and of a Unix socket, until the shift is over.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let (tcp, unix) = loop {
        let since = shift.scarcity.epoch();
        let tcp = shift.granted(since, "TcpListener::bind", TcpPlace::new().await)?;
        let unix = shift.granted(since, "UnixListener::bind", UnixPlace::new(shift.path("churn.socket")))?;
        if let (Some(tcp), Some(unix)) = (tcp, unix) {
            break (tcp, unix);
        }
        sleep(Duration::from_millis(20)).await;
    };
    let (tcp, unix) = join(churn(&shift, tcp, 10, 1000), churn(&shift, unix, 6, 2000)).await;
    tcp.and(unix)
}

/// A server and this many clients.
async fn churn<P: Place>(shift: &Shift, place: P, clients_count: u64, salt: u64) -> Result<(), Violation> {
    let (place, stop) = (Arc::new(place), Arc::new(Notify::new()));
    let server = heist::spawn(echo::serve(shift.clone(), place.clone(), stop.clone(), salt));
    let mut clients = JoinSet::new();
    for client in 0..clients_count {
        let (shift, place) = (shift.clone(), place.clone());
        clients.spawn(async move { visit_again(&shift, &*place, salt + 1 + client).await });
    }
    while let Some(ended) = clients.join_next().await {
        ended.map_err(|error| Violation::new(format!("a client: {error}")))??;
    }
    stop.notify_one();
    server.await.map_err(|error| Violation::new(format!("the server: {error}")))?
}

/// One connection after the other.
async fn visit_again<P: Place>(shift: &Shift, place: &P, salt: u64) -> Result<(), Violation> {
    let mut rng = shift.rng(salt);
    while !shift.is_over() {
        let since = shift.scarcity.epoch();
        let connecting = place.connect();
        // A connect is cancelled now and then as well.
        let connected = if rng.u8(0..20) == 0 {
            let Ok(connected) = timeout(pause(&mut rng, 300), connecting).await else {
                shift.count(Count::Cancels);
                continue;
            };
            connected
        } else {
            connecting.await
        };
        let Some(stream) = shift.granted(since, "connect", connected)? else {
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        shift.count(Count::Connections);
        let connection = rng.u64(..);
        visit::<P>(shift, stream, connection, &mut rng).await?;
        if rng.bool() {
            sleep(pause(&mut rng, 3000)).await;
        }
    }
    Ok(())
}

/// One connection, which ends in one of the ways there are.
async fn visit<P: Place>(
    shift: &Shift,
    stream: ByteStream<P::Kind>,
    connection: u64,
    rng: &mut Rng,
) -> Result<(), Violation> {
    let whole = converse(shift.clone(), stream, connection, rng.fork());
    match rng.u8(0..10) {
        0 | 1 => match timeout(pause(rng, 30_000), whole).await {
            Ok(outcome) => outcome,
            Err(_) => {
                shift.count(Count::Cancels);
                Ok(())
            }
        },
        2 | 3 => {
            let task = heist::spawn(whole);
            sleep(pause(rng, 20_000)).await;
            task.abort();
            match task.await {
                Ok(outcome) => outcome,
                Err(error) if error.is_cancelled() => {
                    shift.count(Count::Cancels);
                    Ok(())
                }
                Err(error) => Err(Violation::new(format!("an aborted client: {error}"))),
            }
        }
        4 => {
            drop(whole);
            Ok(())
        }
        _ => whole.await,
    }
}

/// Sends messages and checks what comes back, to the end of both directions or a reset in the middle.
async fn converse<F: Family>(
    shift: Shift,
    stream: ByteStream<F>,
    connection: u64,
    mut rng: Rng,
) -> Result<(), Violation> {
    let messages_count = rng.u64(1..40);
    let outgoing = outgoing(&shift, connection, messages_count, &mut rng);
    let (mut reader, mut writer) = stream.into_split();
    let mut write_rng = rng.fork();
    let writing = async {
        for bytes in &outgoing {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let write = pin!(writer.write(rest));
                let patience = pin!(sleep(pause(&mut write_rng, CANCEL_MICROS_MAX)));
                // A write that is dropped before it is ready has written nothing.
                match select(write, patience).await {
                    Either::Left((count, _)) => rest = &rest[count?..],
                    Either::Right(_) => shift.count(Count::Cancels),
                }
            }
        }
        // Half of the connection ends; the other half goes on.
        writer.shutdown().await
    };
    let mut checker = Checker::new(connection);
    let reading = async {
        let mut buf = vec![0; 64 * 1024];
        loop {
            let length = rng.usize(1..=buf.len());
            let read = reader.read(&mut buf[..length]);
            // A read that is dropped before it is ready has read nothing.
            match timeout(pause(&mut rng, CANCEL_MICROS_MAX), read).await {
                Ok(Ok(0)) => return Ok(()),
                Ok(Ok(count)) => {
                    let before = checker.complete();
                    checker.take(&buf[..count])?;
                    (before..checker.complete()).for_each(|_| shift.count(Count::Messages));
                }
                Ok(Err(error)) => return Err(Violation::of_call("a client's read", &error)),
                Err(_) => shift.count(Count::Cancels),
            }
        }
    };
    let (written, read): (io::Result<()>, Result<(), Violation>) = join(writing, reading).await;
    read?;
    written.must("a client's write")?;
    if checker.complete() != messages_count || checker.is_within() {
        let complete = checker.complete();
        let text = format!("connection {connection}: lost: {complete} of {messages_count} came back");
        return Err(Violation::new(text));
    }
    Ok(())
}

/// The bytes of all messages, with the fault that is planted.
fn outgoing(shift: &Shift, connection: u64, messages_count: u64, rng: &mut Rng) -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> =
        (0..messages_count).map(|number| message(connection, number, payload_bytes(rng))).collect();
    let last = messages.len() - 1;
    if shift.plants(Plant::Lost) {
        messages.remove(last / 2);
    }
    if shift.plants(Plant::Doubled) {
        messages.insert(last / 2, messages[last / 2].clone());
    }
    if shift.plants(Plant::Reordered) {
        messages.swap(0, last);
    }
    if shift.plants(Plant::Altered) {
        *messages[last].last_mut().expect("a message has a payload") ^= 1;
    }
    messages
}
