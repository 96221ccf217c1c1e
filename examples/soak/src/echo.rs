//! The server side of the churn: every byte goes back, by each of the ways to read and write.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use futures::future::{Either, select};
use heist::net::{ByteStream, Family};
use heist::sync::Notify;
use heist::task::JoinSet;

use crate::ledger::Count;
use crate::places::Place;
use crate::shift::Shift;
use crate::violation::Violation;

/// Serves every connection until `stop`, and returns when all of them have ended.
pub(crate) async fn serve<P: Place>(
    shift: Shift,
    place: Arc<P>,
    stop: Arc<Notify>,
    salt: u64,
) -> Result<(), Violation> {
    let mut rng = shift.rng(salt);
    let mut serving = JoinSet::new();
    let mut stopped = pin!(stop.notified());
    loop {
        let since = shift.scarcity.epoch();
        let accepted = match select(pin!(place.accept()), stopped.as_mut()).await {
            Either::Left((accepted, _)) => accepted,
            Either::Right(_) => break,
        };
        match shift.granted(since, "accept", accepted)? {
            Some(stream) => {
                let (shift, rng) = (shift.clone(), rng.fork());
                serving.spawn(async move { echo(&shift, stream, rng).await });
            }
            None => heist::time::sleep(Duration::from_millis(20)).await,
        }
        while let Some(ended) = serving.try_join_next() {
            ended.map_err(|error| Violation::new(format!("the echo of a connection: {error}")))??;
        }
    }
    // All clients have gone, so every connection ends by itself.
    while let Some(ended) = serving.join_next().await {
        ended.map_err(|error| Violation::new(format!("the echo of a connection: {error}")))??;
    }
    Ok(())
}

/// Echoes one connection. A client may go at any time, but in no other way.
async fn echo<F: Family>(shift: &Shift, mut stream: ByteStream<F>, mut rng: Rng) -> Result<(), Violation> {
    let mut buf = vec![0; 32 * 1024];
    let outcome = loop {
        match echo_once(&mut stream, &mut buf, &mut rng).await {
            Ok(0) => break stream.shutdown().await,
            Ok(_) => {}
            Err(error) => break Err(error),
        }
    };
    match outcome {
        Ok(()) => Ok(()),
        Err(error) if is_end_of_client(&error) => {
            shift.count(Count::Resets);
            Ok(())
        }
        Err(error) => Err(Violation::of_call("the echo of a connection", &error)),
    }
}

/// Echoes the bytes of one read, and returns how many.
async fn echo_once<F: Family>(
    stream: &mut ByteStream<F>,
    buf: &mut [u8],
    rng: &mut Rng,
) -> io::Result<usize> {
    match rng.u8(0..4) {
        0 => {
            let (count, read) = stream.read_owned(Vec::with_capacity(rng.usize(1..=16 * 1024))).await;
            let count = count?;
            stream.write_all_owned(read).await.0?;
            Ok(count)
        }
        1 => {
            let pooled = stream.recv_pooled().await?;
            stream.write_all(&pooled).await?;
            Ok(pooled.len())
        }
        _ => {
            let length = rng.usize(1..=buf.len());
            let count = stream.read(&mut buf[..length]).await?;
            stream.write_all(&buf[..count]).await?;
            Ok(count)
        }
    }
}

fn is_end_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | NotConnected)
}
