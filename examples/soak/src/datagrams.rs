//! Datagrams with numbers: UDP one at a time, Unix datagrams as many as the queue takes.

use std::time::Duration;

use fastrand::Rng;
use futures::future::{join, try_join};
use heist::net::{UdpSocket, UnixDatagram};
use heist::time::{sleep, timeout};

use crate::ledger::Count;
use crate::messages::{Checker, message};
use crate::plant::Plant;
use crate::shift::{Shift, pause};
use crate::violation::{MustWork, Violation};

/// The longest payload: all of it fits into one datagram of either kind.
const PAYLOAD_BYTES_MAX: usize = 8000;

/// Pairs of sockets, until the shift is over.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let (udp, unix) = join(udp_again(&shift), unix_again(&shift)).await;
    udp.and(unix)
}

async fn udp_again(shift: &Shift) -> Result<(), Violation> {
    let mut rng = shift.rng(4000);
    while !shift.is_over() {
        let since = shift.scarcity.epoch();
        let bound = try_join(UdpSocket::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0")).await;
        match shift.granted(since, "UdpSocket::bind", bound)? {
            Some((left, right)) => udp_pair(shift, &left, &right, &mut rng).await?,
            None => sleep(Duration::from_millis(20)).await,
        }
    }
    Ok(())
}

/// There and back, one datagram at a time: loopback has room for it, so none is lost.
async fn udp_pair(
    shift: &Shift,
    left: &UdpSocket,
    right: &UdpSocket,
    rng: &mut Rng,
) -> Result<(), Violation> {
    let left_address = left.local_addr().must("local_addr")?;
    let right_address = right.local_addr().must("local_addr")?;
    let connection = rng.u64(..);
    let mut checker = Checker::new(connection);
    let mut buf = vec![0; 64 * 1024];
    for number in 0..rng.u64(1..50) {
        let bytes = message(connection, number, rng.usize(1..=PAYLOAD_BYTES_MAX));
        left.send_to(&bytes, right_address).await.must("send_to")?;
        let deadline = std::time::Instant::now() + shift.patience;
        let (count, from) = loop {
            match timeout(pause(rng, 1000), right.recv_from(&mut buf)).await {
                Ok(received) => break received.must("recv_from")?,
                Err(_) => shift.count(Count::Cancels),
            }
            if std::time::Instant::now() > deadline {
                return Err(Violation::new(format!("lost: UDP datagram {number} of {connection}")));
            }
        };
        if from != left_address {
            return Err(Violation::new(format!("a UDP datagram of {left_address} came from {from}")));
        }
        take_whole(&mut checker, &buf[..count], number)?;
        right.send_to(&buf[..count], left_address).await.must("send_to")?;
        let back = timeout(shift.patience, left.recv_from(&mut buf)).await;
        let back =
            back.map_err(|_| Violation::new(format!("lost: UDP datagram {number}, on its way back")))?;
        if buf[..back.must("recv_from")?.0] != bytes {
            return Err(Violation::new(format!("altered: UDP datagram {number}, on its way back")));
        }
        shift.count(Count::Datagrams);
    }
    Ok(())
}

async fn unix_again(shift: &Shift) -> Result<(), Violation> {
    let mut rng = shift.rng(4001);
    while !shift.is_over() {
        let since = shift.scarcity.epoch();
        match shift.granted(since, "UnixDatagram::pair", UnixDatagram::pair())? {
            Some((left, right)) => unix_pair(shift, left, right, &mut rng).await?,
            None => sleep(Duration::from_millis(20)).await,
        }
    }
    Ok(())
}

/// Unix datagrams are never lost and keep their order; who sends too many waits.
async fn unix_pair(
    shift: &Shift,
    left: UnixDatagram,
    right: UnixDatagram,
    rng: &mut Rng,
) -> Result<(), Violation> {
    let (connection, count) = (rng.u64(..), rng.u64(1..100));
    let mut lengths = rng.fork();
    let sending = heist::spawn({
        let is_doubled = shift.plants(Plant::DoubledDatagram);
        async move {
            for number in 0..count {
                let bytes = message(connection, number, lengths.usize(1..=PAYLOAD_BYTES_MAX));
                left.send(&bytes).await?;
                if is_doubled {
                    left.send(&bytes).await?;
                }
            }
            Ok(())
        }
    });
    let mut checker = Checker::new(connection);
    let mut buf = vec![0; 64 * 1024];
    let deadline = std::time::Instant::now() + shift.patience;
    while checker.complete() < count {
        match timeout(pause(rng, 1000), right.recv(&mut buf)).await {
            Ok(received) => {
                let length = received.must("recv")?;
                let number = checker.complete();
                take_whole(&mut checker, &buf[..length], number)?;
                shift.count(Count::Datagrams);
            }
            Err(_) => shift.count(Count::Cancels),
        }
        if std::time::Instant::now() > deadline {
            let complete = checker.complete();
            return Err(Violation::new(format!("lost: {complete} of {count} Unix datagrams came")));
        }
    }
    let sent: std::io::Result<()> =
        sending.await.map_err(|error| Violation::new(format!("the sender of datagrams: {error}")))?;
    sent.must("send")?;
    // The sender has gone, and what it sent has been counted: nothing more may be there.
    match right.try_recv(&mut buf) {
        Ok(length) => Err(Violation::new(format!("doubled: {length} more bytes after {count} datagrams"))),
        Err(_) => Ok(()),
    }
}

/// One datagram is one message.
fn take_whole(checker: &mut Checker, bytes: &[u8], number: u64) -> Result<(), Violation> {
    checker.take(bytes)?;
    if checker.complete() == number + 1 && !checker.is_within() {
        return Ok(());
    }
    Err(Violation::new(format!("altered: datagram {number} has {} bytes", bytes.len())))
}
