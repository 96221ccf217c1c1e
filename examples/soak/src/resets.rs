//! Connections that end with a reset, while the peer writes and while it reads.

use std::time::Duration;

use futures::future::join;
use heist::net::{ByteStream, Family};
use heist::time::{sleep, timeout};

use crate::ledger::Count;
use crate::places::{Place, TcpPlace, UnixPlace};
use crate::shift::{Shift, pause};
use crate::violation::{MustWork, Violation};

/// One reset after the other, until the shift is over.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let mut rng = shift.rng(3000);
    while !shift.is_over() {
        let since = shift.scarcity.epoch();
        let tcp = shift.granted(since, "TcpListener::bind", TcpPlace::new().await)?;
        let unix = shift.granted(since, "UnixListener::bind", UnixPlace::new(shift.path("reset.socket")))?;
        let micros = rng.u64(0..5000);
        if let (Some(tcp), Some(unix)) = (tcp, unix) {
            end_roughly(&shift, &tcp, micros).await?;
            end_roughly(&shift, &unix, micros).await?;
        }
        sleep(pause(&mut rng, 30_000)).await;
    }
    Ok(())
}

/// The peer learns of the end, whatever it waits for.
async fn end_roughly<P: Place>(shift: &Shift, place: &P, micros: u64) -> Result<(), Violation> {
    let since = shift.scarcity.epoch();
    // The kernel completes a connect before anybody accepts.
    let Some(mut client) = shift.granted(since, "connect", place.connect().await)? else { return Ok(()) };
    let accepted = timeout(shift.patience, place.accept()).await;
    let accepted =
        accepted.map_err(|_| Violation::new("a connection is there, and accept does not return"))?;
    let Some(server) = shift.granted(since, "accept", accepted)? else { return Ok(()) };
    let flood = heist::spawn(flood(server));
    let mut buf = [0; 100];
    client.read(&mut buf).await.must("a read before the reset")?;
    sleep(Duration::from_micros(micros)).await;
    P::reset(client).must("a reset")?;
    let ended = timeout(shift.patience, flood).await;
    let ended = ended.map_err(|_| Violation::new("a reset reached no reader and no writer"))?;
    ended.map_err(|error| Violation::new(format!("the peer of a reset: {error}")))?;
    shift.count(Count::Resets);
    Ok(())
}

/// Writes and reads until both fail.
async fn flood<F: Family>(stream: ByteStream<F>) {
    let (mut reader, mut writer) = stream.into_split();
    let writing = async { while writer.write_all(&[1; 4096]).await.is_ok() {} };
    let reading = async {
        let mut buf = [0; 4096];
        while !matches!(reader.read(&mut buf).await, Ok(0) | Err(_)) {}
    };
    join(writing, reading).await;
}
