//! Numbered messages: how they are written, and what proves that each has arrived once, in order and unaltered.

use fastrand::Rng;

use crate::violation::Violation;

/// Connection and number, eight bytes each, and the length of the payload in four.
const HEADER_BYTES: usize = 20;

/// The longest payload.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// The bytes of a message. Its payload follows from the two numbers, and has at least one byte.
pub(crate) fn message(connection: u64, number: u64, payload_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload_bytes);
    bytes.extend(connection.to_le_bytes());
    bytes.extend(number.to_le_bytes());
    bytes.extend((payload_bytes as u32).to_le_bytes());
    bytes.resize(HEADER_BYTES + payload_bytes, 0);
    fill(connection, number, &mut bytes[HEADER_BYTES..]);
    bytes
}

fn fill(connection: u64, number: u64, payload: &mut [u8]) {
    Rng::with_seed(connection.rotate_left(32) ^ number).fill(payload);
}

/// Mostly short, sometimes longer than the buffers of a socket.
pub(crate) fn payload_bytes(rng: &mut Rng) -> usize {
    match rng.u8(0..100) {
        0..60 => rng.usize(1..=200),
        60..97 => rng.usize(1..=16 * 1024),
        _ => rng.usize(1..=PAYLOAD_BYTES_MAX),
    }
}

/// Takes the bytes of one connection as they come, in pieces of any size.
#[derive(Debug)]
pub(crate) struct Checker {
    connection: u64,
    next: u64,
    rest: Vec<u8>,
}

impl Checker {
    /// Expects the messages of this connection from number 0.
    pub(crate) fn new(connection: u64) -> Checker {
        Checker { connection, next: 0, rest: Vec::new() }
    }

    /// The number of messages that are complete.
    pub(crate) fn complete(&self) -> u64 {
        self.next
    }

    /// Whether a message has begun and not ended.
    pub(crate) fn is_within(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Checks every message that these bytes complete.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), Violation> {
        self.rest.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(length) = self.check(&self.rest[start..])? {
            start += length;
            self.next += 1;
        }
        self.rest.drain(..start);
        Ok(())
    }

    /// The length of the message at the start, if it is complete.
    fn check(&self, bytes: &[u8]) -> Result<Option<usize>, Violation> {
        let Some((header, rest)) = bytes.split_at_checked(HEADER_BYTES) else { return Ok(None) };
        let word = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("eight bytes"));
        let length = u32::from_le_bytes(header[16..].try_into().expect("four bytes")) as usize;
        let (connection, number, expected) = (word(0), word(8), self.next);
        let complain = |what: &str| {
            let place = format!("connection {}, message {expected}", self.connection);
            Err(Violation::new(format!("{place}: {what}")))
        };
        if connection != self.connection || !(1..=PAYLOAD_BYTES_MAX).contains(&length) {
            return complain(&format!("altered: a header of connection {connection}, {length} bytes"));
        }
        if number < expected {
            return complain(&format!("doubled: number {number} came again"));
        }
        if number > expected {
            return complain(&format!("lost or reordered: number {number} came instead"));
        }
        let Some(payload) = rest.get(..length) else { return Ok(None) };
        let mut right = vec![0; length];
        fill(connection, number, &mut right);
        match payload.iter().zip(&right).position(|(found, right)| found != right) {
            None => Ok(Some(HEADER_BYTES + length)),
            Some(at) => complain(&format!("altered: byte {at} of {length} is another one")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Checker, message};

    fn verdict(messages: &[Vec<u8>]) -> String {
        let mut checker = Checker::new(7);
        // One byte at a time: a message may end anywhere.
        for byte in messages.concat() {
            if let Err(violation) = checker.take(&[byte]) {
                return violation.to_string();
            }
        }
        format!("{} complete", checker.complete())
    }

    #[test]
    fn messages_in_order_are_counted() {
        assert_eq!(verdict(&[message(7, 0, 1), message(7, 1, 5000)]), "2 complete");
    }

    #[test]
    fn each_fault_has_its_name() {
        let (first, second) = (message(7, 0, 10), message(7, 1, 10));
        assert!(verdict(std::slice::from_ref(&second)).contains("lost or reordered"));
        assert!(verdict(&[first.clone(), first.clone()]).contains("doubled"));
        assert!(verdict(&[message(8, 0, 10)]).contains("altered"));
        let mut altered = first;
        altered[25] ^= 1;
        assert!(verdict(&[altered]).contains("byte 5 of 10"));
    }
}
