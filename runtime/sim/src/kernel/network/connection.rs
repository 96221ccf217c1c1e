//! One end of a TCP connection: pure data. It takes segments, calls and timers, and returns
//! segments.
//!
//! The protocol is TCP's in what programs can see: a handshake, a stream with places, a window,
//! acknowledgements, retransmission with a doubling time-out, two half-closes, resets. It sends all
//! again from the first byte that was not acknowledged (go-back-n), and has no congestion window.

use std::net::SocketAddr;

use fastrand::Rng;

use super::halves::{Receiving, Sending};
use super::names::{CHANGED_ANY, CHANGED_IN, CHANGED_OUT, Errno};
use super::segment::{Segment, SegmentKind};
use super::timeouts::{ACCEPT_RETRIES_MAX, LINGERS, OPEN_RETRIES_MAX, RETRIES_MAX, retransmit_after};
use crate::kernel::Room;

/// What a connection is given for a step, and what the step came to.
pub(super) struct Work<'a> {
    pub(super) now: u64,
    pub(super) random: &'a mut Rng,
    pub(super) segments: Vec<Segment>,
    /// For what it may be ready now that it was not: events as those of epoll.
    pub(super) changed: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Has asked for the connection.
    Asking,
    /// Was asked, and has accepted.
    Accepting,
    Open,
    /// Reset, timed out, or closed at both ends.
    Dead,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) number: u64,
    pub(super) remote: SocketAddr,
    pub(super) phase: Phase,
    /// No descriptor has it any more.
    pub(super) is_orphan: bool,
    /// When the last segment that was sent arrives: none overtakes another.
    pub(super) arrives_at: u64,
    pub(super) error: Option<Errno>,
    sending: Sending,
    receiving: Receiving,
    deadline: Option<u64>,
    /// Time-outs since the peer answered last.
    retries: u32,
    /// How often the time-out has doubled.
    backoff: u32,
}

impl Connection {
    /// Asks for a connection.
    pub(super) fn ask(
        number: u64,
        remote: SocketAddr,
        (send_limit, receive_limit): (usize, usize),
        work: &mut Work<'_>,
    ) -> Connection {
        let mut connection = Connection {
            number,
            remote,
            phase: Phase::Asking,
            is_orphan: false,
            arrives_at: 0,
            error: None,
            sending: Sending::new(send_limit),
            receiving: Receiving::new(receive_limit),
            deadline: None,
            retries: 0,
            backoff: 0,
        };
        connection.say(SegmentKind::Open, work);
        connection.set_timer(work.now);
        connection
    }

    /// Accepts a connection that `asked` asks for.
    pub(super) fn accept(
        asked: &Segment,
        remote: SocketAddr,
        limits: (usize, usize),
        work: &mut Work<'_>,
    ) -> Connection {
        let mut connection = Connection::ask(asked.connection, remote, limits, work);
        work.segments.clear();
        connection.phase = Phase::Accepting;
        connection.sending.widen(asked);
        connection.say(SegmentKind::Accept, work);
        connection
    }

    /// When its timer is due, in nanoseconds of the world.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    pub(super) fn set_limits(&mut self, (send_limit, receive_limit): (usize, usize)) {
        self.sending.limit = send_limit;
        self.receiving.limit = receive_limit;
    }

    /// Takes bytes to be sent, as many as there is room for. With `may_be_short` it may take fewer.
    pub(super) fn send(
        &mut self,
        bytes: &[u8],
        may_be_short: bool,
        work: &mut Work<'_>,
    ) -> Result<usize, Errno> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.phase == Phase::Dead || self.sending.is_shut {
            return Err(libc::EPIPE);
        }
        let room = self.sending.room();
        if self.phase != Phase::Open || room == 0 && !bytes.is_empty() {
            self.sending.wants_room = true;
            return Err(libc::EAGAIN);
        }
        let mut count = room.min(bytes.len());
        if may_be_short && count > 1 && work.random.u8(0..16) == 0 {
            count = work.random.usize(1..count);
            // As if room had come at once: a program may wait for the next edge.
            work.changed |= CHANGED_OUT;
        }
        self.sending.wants_room |= count < bytes.len();
        self.sending.push(&bytes[..count]);
        self.transmit(work);
        Ok(count)
    }

    /// Reads bytes that have come. `Ok(0)`: the stream has ended.
    pub(super) fn receive(
        &mut self,
        room: &mut Room<'_>,
        is_peek: bool,
        work: &mut Work<'_>,
    ) -> Result<usize, Errno> {
        let receiving = &mut self.receiving;
        if receiving.buffer.is_empty() && room.left() > 0 {
            return self.receive_nothing();
        }
        let (first, second) = receiving.buffer.as_slices();
        let count = room.put(first) + room.put(second);
        if !is_peek {
            receiving.buffer.drain(..count);
            let may_more_come = self.phase == Phase::Open && !receiving.has_ended;
            if may_more_come && receiving.has_more_to_announce() {
                self.say(SegmentKind::Data, work);
            }
        }
        Ok(count)
    }

    fn receive_nothing(&mut self) -> Result<usize, Errno> {
        if self.receiving.has_ended {
            return Ok(0);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None if self.receiving.is_shut || self.phase == Phase::Dead => Ok(0),
            None => Err(libc::EAGAIN),
        }
    }

    /// How many bytes can be read.
    pub(super) fn readable_count(&self) -> usize {
        self.receiving.buffer.len()
    }

    /// Whether bytes, or the end, can be sent and received: the connection is there.
    pub(super) fn is_connected(&self) -> bool {
        self.phase == Phase::Open
    }

    pub(super) fn shut(&mut self, reading: bool, writing: bool, work: &mut Work<'_>) {
        self.receiving.is_shut |= reading;
        self.sending.is_shut |= writing;
        work.changed = CHANGED_ANY;
        self.transmit(work);
    }

    /// The last descriptor is closed. With `is_abrupt`, or if there are bytes that nobody reads,
    /// the peer gets a reset.
    pub(super) fn close(&mut self, is_abrupt: bool, work: &mut Work<'_>) {
        self.is_orphan = true;
        match self.phase {
            Phase::Asking | Phase::Dead => self.die(None),
            _ if is_abrupt || !self.receiving.buffer.is_empty() => self.abort(work),
            Phase::Accepting | Phase::Open => {
                self.receiving.is_shut = true;
                self.sending.is_shut = true;
                self.transmit(work);
            }
        }
    }

    /// Resets the connection.
    pub(super) fn abort(&mut self, work: &mut Work<'_>) {
        self.say(SegmentKind::Reset, work);
        self.die(None);
    }

    /// Ends it at once, with an error for the program.
    pub(super) fn fail(&mut self, error: Errno, work: &mut Work<'_>) {
        self.die(Some(error));
        work.changed = CHANGED_ANY;
    }

    fn die(&mut self, error: Option<Errno>) {
        self.phase = Phase::Dead;
        self.error = error.or(self.error);
        self.sending.clear();
        self.deadline = None;
    }

    /// What an epoll instance would report.
    pub(super) fn readiness(&self) -> u32 {
        let mut mask = 0;
        let is_dead = self.phase == Phase::Dead;
        let is_receiving_over = self.receiving.has_ended || self.receiving.is_shut || is_dead;
        let is_sending_over = self.sending.is_shut || is_dead;
        if is_receiving_over && is_sending_over {
            mask |= libc::EPOLLHUP;
        }
        if is_receiving_over {
            mask |= libc::EPOLLIN | libc::EPOLLRDNORM | libc::EPOLLRDHUP;
        }
        if !self.receiving.buffer.is_empty() {
            mask |= libc::EPOLLIN | libc::EPOLLRDNORM;
        }
        if is_sending_over || self.phase == Phase::Open && self.sending.is_roomy() {
            mask |= libc::EPOLLOUT | libc::EPOLLWRNORM;
        }
        if self.error.is_some() {
            mask |= libc::EPOLLERR;
        }
        mask as u32
    }

    /// Takes a segment of this connection.
    pub(super) fn take(&mut self, segment: &Segment, work: &mut Work<'_>) {
        match (segment.kind, self.phase) {
            (_, Phase::Dead) => {}
            (SegmentKind::Reset, phase) => {
                let is_half_closed = self.receiving.has_ended && !self.sending.is_shut;
                let error = match phase {
                    Phase::Asking => libc::ECONNREFUSED,
                    _ if is_half_closed => libc::EPIPE,
                    _ => libc::ECONNRESET,
                };
                self.fail(error, work);
            }
            (SegmentKind::Open, Phase::Accepting) => self.say(SegmentKind::Accept, work),
            (SegmentKind::Open, _) | (SegmentKind::Data, Phase::Asking) => {}
            (SegmentKind::Accept, Phase::Asking) => {
                self.begin(segment, work);
                self.say(SegmentKind::Data, work);
                self.transmit(work);
            }
            (SegmentKind::Accept, _) => self.say(SegmentKind::Data, work),
            (SegmentKind::Data, phase) => {
                if phase == Phase::Accepting {
                    self.begin(segment, work);
                }
                self.take_acknowledgement(segment, work);
                self.take_bytes(segment, work);
                self.transmit(work);
            }
        }
    }

    /// The handshake is over.
    fn begin(&mut self, segment: &Segment, work: &mut Work<'_>) {
        self.phase = Phase::Open;
        (self.retries, self.backoff) = (0, 0);
        self.deadline = None;
        self.sending.widen(segment);
        work.changed = CHANGED_ANY;
    }

    fn take_acknowledgement(&mut self, segment: &Segment, work: &mut Work<'_>) {
        let acknowledged = self.sending.acknowledge(segment);
        if acknowledged.is_answer {
            self.retries = 0;
            self.deadline = None;
        }
        if acknowledged.is_progress {
            self.backoff = 0;
        }
        if acknowledged.has_room {
            work.changed |= CHANGED_OUT;
        }
    }

    fn take_bytes(&mut self, segment: &Segment, work: &mut Work<'_>) {
        let is_empty = segment.bytes.is_empty() && !segment.is_end;
        if is_empty && segment.place >= self.receiving.next {
            return;
        }
        if self.is_orphan && self.receiving.is_new(segment) {
            return self.abort(work);
        }
        if self.receiving.take(segment) {
            work.changed |= if self.receiving.has_ended { CHANGED_ANY } else { CHANGED_IN };
        }
        self.say(SegmentKind::Data, work);
    }

    /// The timer is due.
    pub(super) fn time_out(&mut self, work: &mut Work<'_>) {
        self.deadline = None;
        let retries_max = match self.phase {
            Phase::Asking => OPEN_RETRIES_MAX,
            Phase::Accepting => ACCEPT_RETRIES_MAX,
            Phase::Open if self.is_waiting() => RETRIES_MAX,
            Phase::Open | Phase::Dead => return self.die(None),
        };
        if self.retries >= retries_max {
            return self.fail(libc::ETIMEDOUT, work);
        }
        self.retries += 1;
        self.backoff += 1;
        match self.phase {
            Phase::Asking => self.say(SegmentKind::Open, work),
            Phase::Accepting => self.say(SegmentKind::Accept, work),
            Phase::Open if self.sending.is_unacknowledged() => {
                self.sending.sent = self.sending.acknowledged;
                return self.transmit(work);
            }
            // The window is closed. A segment before the window gets an answer with the window.
            Phase::Open | Phase::Dead => {
                let mut probe = self.segment(SegmentKind::Data);
                probe.place = self.sending.acknowledged - 1;
                work.segments.push(probe);
            }
        }
        self.set_timer(work.now);
    }

    /// Sends what the window allows.
    fn transmit(&mut self, work: &mut Work<'_>) {
        while self.phase == Phase::Open {
            let Some((place, bytes, is_end)) = self.sending.next_part(work.random) else { break };
            let mut segment = self.segment(SegmentKind::Data);
            (segment.place, segment.bytes, segment.is_end) = (place, bytes, is_end);
            work.segments.push(segment);
        }
        self.set_timer(work.now);
    }

    /// Whether an answer of the peer is missing.
    fn is_waiting(&self) -> bool {
        let is_opening = matches!(self.phase, Phase::Asking | Phase::Accepting);
        is_opening || self.sending.is_unfinished()
    }

    fn set_timer(&mut self, now: u64) {
        let is_over = self.is_orphan && self.sending.is_end_acknowledged;
        if self.phase == Phase::Dead || !self.is_waiting() && !is_over {
            self.deadline = None;
        } else if self.deadline.is_none() {
            let delay = retransmit_after(self.phase == Phase::Open, self.backoff);
            self.deadline = Some(now + if self.is_waiting() { delay } else { LINGERS });
        }
    }

    fn say(&mut self, kind: SegmentKind, work: &mut Work<'_>) {
        let segment = self.segment(kind);
        work.segments.push(segment);
    }

    /// A segment without bytes, with what was received so far.
    fn segment(&mut self, kind: SegmentKind) -> Segment {
        Segment {
            connection: self.number,
            kind,
            place: self.sending.highest,
            bytes: Vec::new(),
            is_end: false,
            acknowledged: self.receiving.next,
            window: self.receiving.announce(),
        }
    }
}
