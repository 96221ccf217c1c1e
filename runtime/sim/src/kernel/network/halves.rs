//! The two halves of one end of a connection: the bytes that it sends, and those that came.

use std::collections::VecDeque;

use fastrand::Rng;

use super::segment::Segment;

/// The most bytes of a segment.
pub(super) const SEGMENT_BYTES_MAX: usize = 16 * 1024;

/// What is sent, and what of it the peer has.
#[derive(Debug)]
pub(super) struct Sending {
    /// From the first byte that was not acknowledged.
    buffer: VecDeque<u8>,
    pub(super) limit: usize,
    /// All before this place was acknowledged.
    pub(super) acknowledged: u64,
    /// The next place to be sent: below `highest` while it sends again.
    pub(super) sent: u64,
    /// All before this place was sent once.
    pub(super) highest: u64,
    /// The peer takes bytes up to here.
    window_end: u64,
    pub(super) is_shut: bool,
    pub(super) is_end_acknowledged: bool,
    /// Whether the program waits for room, so that it has to hear of it.
    pub(super) wants_room: bool,
}

/// What an acknowledgement says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Acknowledged {
    /// It answers what was sent last: the peer is alive.
    pub(super) is_answer: bool,
    /// The peer has more than before, or takes more.
    pub(super) is_progress: bool,
    /// A program that waits for room has some.
    pub(super) has_room: bool,
}

/// A part of the stream: its place, its bytes, and whether the stream ends after them.
pub(super) type StreamPart = (u64, Vec<u8>, bool);

impl Sending {
    pub(super) fn new(limit: usize) -> Sending {
        Sending {
            buffer: VecDeque::new(),
            limit,
            acknowledged: 1,
            sent: 1,
            highest: 1,
            window_end: 1,
            is_shut: false,
            is_end_acknowledged: false,
            wants_room: false,
        }
    }

    /// The place of the end of the stream, as far as it is known.
    fn end(&self) -> u64 {
        if self.is_end_acknowledged {
            self.acknowledged - 1
        } else {
            self.acknowledged + self.buffer.len() as u64
        }
    }

    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.buffer.len())
    }

    /// Whether a program is told that it can send: a third is free.
    pub(super) fn is_roomy(&self) -> bool {
        self.room() >= self.limit / 3
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend(bytes);
    }

    pub(super) fn clear(&mut self) {
        self.buffer.clear();
    }

    /// Whether bytes or the end were sent, and the peer may not have them.
    pub(super) fn is_unacknowledged(&self) -> bool {
        self.sent > self.acknowledged
    }

    /// Whether there is something that the peer does not have.
    pub(super) fn is_unfinished(&self) -> bool {
        self.is_unacknowledged() || !self.buffer.is_empty()
    }

    /// The peer has said how far it has come, and what it takes.
    pub(super) fn acknowledge(&mut self, segment: &Segment) -> Acknowledged {
        let place = segment.acknowledged;
        if place < self.acknowledged || place > self.highest {
            return Acknowledged::default();
        }
        let is_wider = self.widen(segment);
        let is_further = place > self.acknowledged;
        let is_answer = is_further || !self.is_unacknowledged();
        let end = self.end();
        let count = place.min(end) - self.acknowledged.min(end);
        self.buffer.drain(..count as usize);
        self.is_end_acknowledged |= place > end;
        self.acknowledged = place;
        self.sent = self.sent.max(place);
        let has_room = self.wants_room && self.is_roomy();
        self.wants_room &= !has_room;
        Acknowledged { is_answer, is_progress: is_further || is_wider, has_room }
    }

    /// The peer takes this much. It never takes that back. Returns whether it is more than before.
    pub(super) fn widen(&mut self, segment: &Segment) -> bool {
        let end = segment.acknowledged + segment.window;
        let is_wider = end > self.window_end;
        self.window_end = self.window_end.max(end);
        is_wider
    }

    /// The next part that the window allows, which counts as sent.
    pub(super) fn next_part(&mut self, random: &mut Rng) -> Option<StreamPart> {
        let (place, end) = (self.sent, self.end());
        let count = self.window_end.min(end).saturating_sub(place) as usize;
        let mut bytes = Vec::new();
        if count > 0 {
            let start = (place - self.acknowledged) as usize;
            let count = cut_segment(count, random);
            bytes.extend(self.buffer.range(start..start + count));
        } else if !self.is_shut || place != end || self.is_end_acknowledged {
            return None;
        }
        let is_end = bytes.is_empty();
        self.sent += bytes.len() as u64 + u64::from(is_end);
        self.highest = self.highest.max(self.sent);
        Some((place, bytes, is_end))
    }
}

/// The length of a segment: mostly as long as it may be. What was written at once comes in parts,
/// so that reads are short.
fn cut_segment(count: usize, random: &mut Rng) -> usize {
    let count = count.min(SEGMENT_BYTES_MAX);
    if count > 1 && random.u8(0..8) == 0 { random.usize(1..count) } else { count }
}

/// What came.
#[derive(Debug)]
pub(super) struct Receiving {
    pub(super) buffer: VecDeque<u8>,
    pub(super) limit: usize,
    /// All before this place has come.
    pub(super) next: u64,
    /// The peer may send up to here.
    announced: u64,
    pub(super) has_ended: bool,
    pub(super) is_shut: bool,
}

impl Receiving {
    pub(super) fn new(limit: usize) -> Receiving {
        let buffer = VecDeque::new();
        Receiving { buffer, limit, next: 1, announced: 1, has_ended: false, is_shut: false }
    }

    fn window_end(&self) -> u64 {
        self.next + self.limit.saturating_sub(self.buffer.len()) as u64
    }

    /// How many bytes the peer may send from the next place on. This is a promise.
    pub(super) fn announce(&mut self) -> u64 {
        self.announced = self.announced.max(self.window_end());
        self.announced - self.next
    }

    /// Whether the peer may send so much more than it knows that it is worth a segment.
    pub(super) fn has_more_to_announce(&self) -> bool {
        let gained = self.window_end().saturating_sub(self.announced);
        gained >= SEGMENT_BYTES_MAX.min(self.limit / 2).max(1) as u64
    }

    /// Whether a segment has bytes that have not come.
    pub(super) fn is_new(&self, segment: &Segment) -> bool {
        let last = segment.place + segment.bytes.len() as u64;
        segment.place <= self.next && self.next < last
    }

    /// Takes what is new in a segment. What comes out of order is dropped. Returns whether anything
    /// was new.
    pub(super) fn take(&mut self, segment: &Segment) -> bool {
        let old = self.next;
        if self.is_new(segment) {
            let bytes = &segment.bytes[(self.next - segment.place) as usize..];
            let count = bytes.len().min((self.announced - self.next) as usize);
            self.buffer.extend(&bytes[..count]);
            self.next += count as u64;
        }
        if segment.is_end && self.next == segment.place + segment.bytes.len() as u64 && !self.has_ended {
            self.has_ended = true;
            self.next += 1;
        }
        self.next > old
    }
}
