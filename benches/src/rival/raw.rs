//! The floor: one thread, one ring, no runtime. It serves echo in the four ways in which a runtime could.
//!
//! `unsafe`: requests name sockets and memory by number. Sockets are closed only by the loop that uses them, which has
//! then no request for them in flight but the one whose end it waits for; the memory lives as long as the process.

#![allow(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::types::{BufRingEntry, Fd};
use io_uring::{IoUring, cqueue, opcode, squeue};

use super::contender::Contender;
use crate::child;
use crate::echo::buffer_size;

/// How the loop learns of bytes. All of them answer by `send(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receive {
    /// One request per wait for readiness, then `recv(2)`.
    OneShotPoll,
    /// One request per wait, which receives as well; the kernel chooses the buffer, of so many, once there are bytes.
    OneShotRecv(u16),
    /// One request per connection for all waits, then `recv(2)`.
    MultishotPoll,
    /// One request per connection; the kernel chooses the buffers.
    MultishotRecv,
}

/// The four loops, one of them twice.
pub(super) const CONTENDERS: [Contender; 5] = [
    contender("raw-oneshot", "a ring and no runtime, 1 thread: one-shot poll, recv(2), send(2)", |size| {
        serve(Receive::OneShotPoll, size)
    }),
    contender(
        "raw-select",
        "a ring and no runtime, 1 thread: one-shot recv, buffer by the kernel, send(2)",
        |size| serve(Receive::OneShotRecv(BUFFER_COUNT), size),
    ),
    contender("raw-select-few", "the same with few buffers", |size| serve(Receive::OneShotRecv(FEW), size)),
    contender("raw-poll", "a ring and no runtime, 1 thread: multishot poll, recv(2), send(2)", |size| {
        serve(Receive::MultishotPoll, size)
    }),
    contender("raw-recv", "a ring and no runtime, 1 thread: multishot recv, send(2)", |size| {
        serve(Receive::MultishotRecv, size)
    }),
];

const fn contender(
    name: &'static str,
    explanation: &'static str,
    serve_echo: fn(usize) -> ExitCode,
) -> Contender {
    Contender { serve_echo: Some(serve_echo), ..Contender::new(name, explanation) }
}

/// Entries of the submission queue; completions have room for four times as many.
const ENTRY_COUNT: u32 = 2_048;

/// Entries of the ring of buffers.
const BUFFER_COUNT: u16 = 1_024;

/// So few that they stay in the cache, for loads of no more connections.
const FEW: u16 = 64;

/// The kernel looks whether there are bytes only when it is told that some have come (`IORING_RECVSEND_POLL_FIRST`).
const POLL_FIRST: u16 = 1;

/// The only group of buffers.
const GROUP: u16 = 0;

/// Completions of the listener carry this; those of connections carry their descriptor.
const ACCEPTED: u64 = u64::MAX;

/// Completions of cancellations carry this; nothing depends on them.
const CANCELLED: u64 = u64::MAX - 1;

fn serve(receive: Receive, message_size: usize) -> ExitCode {
    let (listener, address) = super::ports::listener();
    println!("{address}");
    std::thread::spawn(move || Server::new(receive, message_size).run(&listener));
    child::report_usage()
}

struct Server {
    ring: IoUring,
    receive: Receive,
    /// By descriptor.
    connections: Vec<Option<TcpStream>>,
    buffers: Buffers,
    scratch: Vec<u8>,
}

impl Server {
    fn new(receive: Receive, message_size: usize) -> Self {
        let mut settings = IoUring::builder();
        settings.setup_single_issuer().setup_coop_taskrun().setup_taskrun_flag();
        settings.setup_cqsize(4 * ENTRY_COUNT);
        let ring = settings.build(ENTRY_COUNT).expect("io_uring is allowed here");
        let given_count = match receive {
            Receive::OneShotRecv(count) => count,
            _ => BUFFER_COUNT,
        };
        let buffers = Buffers::new(&ring, buffer_size(message_size) / 2, given_count);
        Server {
            ring,
            receive,
            connections: Vec::new(),
            buffers,
            scratch: vec![0; buffer_size(message_size)],
        }
    }

    fn run(mut self, listener: &TcpListener) {
        self.push(opcode::AcceptMulti::new(Fd(listener.as_raw_fd())).build().user_data(ACCEPTED));
        let mut completions: Vec<cqueue::Entry> = Vec::new();
        loop {
            match self.ring.submit_and_wait(1) {
                Err(error) if error.kind() != ErrorKind::Interrupted => panic!("cannot wait: {error}"),
                _ => completions.extend(self.ring.completion()),
            }
            for completion in completions.drain(..) {
                match completion.user_data() {
                    ACCEPTED => self.accept(completion.result()),
                    CANCELLED => {}
                    _ => self.advance(&completion),
                }
            }
        }
    }

    fn push(&mut self, request: squeue::Entry) {
        // SAFETY: as the head of this file says.
        while unsafe { self.ring.submission().push(&request) }.is_err() {
            self.ring.submit().expect("the kernel takes requests");
        }
    }

    fn accept(&mut self, result: i32) {
        assert!(result >= 0, "accept: {}", io::Error::from_raw_os_error(-result));
        // SAFETY: a fresh descriptor that is nobody else's.
        let stream = unsafe { TcpStream::from_raw_fd(result) };
        stream.set_nodelay(true).expect("a TCP socket");
        stream.set_nonblocking(true).expect("a socket can be made non-blocking");
        let index = usize::try_from(result).expect("not negative");
        if self.connections.len() <= index {
            self.connections.resize_with(index + 1, || None);
        }
        self.connections[index] = Some(stream);
        self.arm(result);
    }

    fn arm(&mut self, descriptor: RawFd) {
        const READABLE: u32 = 1;
        let request = match self.receive {
            Receive::OneShotPoll => opcode::PollAdd::new(Fd(descriptor), READABLE).build(),
            // Answered just now: nothing will have come.
            Receive::OneShotRecv(_) => opcode::Recv::new(Fd(descriptor), std::ptr::null_mut(), 0)
                .buf_group(GROUP)
                .ioprio(POLL_FIRST)
                .build()
                .flags(squeue::Flags::BUFFER_SELECT),
            Receive::MultishotPoll => opcode::PollAdd::new(Fd(descriptor), READABLE).multi(true).build(),
            Receive::MultishotRecv => opcode::RecvMulti::new(Fd(descriptor), GROUP).build(),
        };
        self.push(request.user_data(u64::try_from(descriptor).expect("not negative")));
    }

    /// Something happened on a connection: answers what has come, and waits for more.
    fn advance(&mut self, completion: &cqueue::Entry) {
        let descriptor = RawFd::try_from(completion.user_data()).expect("a descriptor");
        let index = usize::try_from(descriptor).expect("not negative");
        let stream = self.connections[index].as_mut().expect("a request ends before its socket is closed");
        let is_open = match self.receive {
            Receive::OneShotRecv(_) | Receive::MultishotRecv => self.buffers.answer(completion, stream),
            _ => answer_all(stream, &mut self.scratch),
        };
        match (is_open, cqueue::more(completion.flags())) {
            (true, true) => {}
            (true, false) => self.arm(descriptor),
            (false, false) => self.connections[index] = None,
            // Closed with the last that its request reports of: another connection may then have its number.
            (false, true) => {
                let cancel = opcode::AsyncCancel::new(completion.user_data()).build();
                self.push(cancel.user_data(CANCELLED));
            }
        }
    }
}

/// Answers what there is; whether more may come. Less than the buffer holds was all there is.
fn answer_all(stream: &mut TcpStream, scratch: &mut [u8]) -> bool {
    loop {
        match stream.read(scratch) {
            Ok(count @ 1..) => match stream.write_all(&scratch[..count]) {
                Ok(()) if count == scratch.len() => {}
                result => return result.is_ok(),
            },
            Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
            _ => return false,
        }
    }
}

/// Buffers that the kernel chooses from, and the ring in which they are handed to it.
struct Buffers {
    entries: *mut BufRingEntry,
    memory: Vec<u8>,
    size: usize,
    tail: u16,
}

#[repr(C, align(4096))]
struct Page([u8; 4_096]);

impl Buffers {
    fn new(ring: &IoUring, size: usize, given_count: u16) -> Self {
        let page_count = usize::from(BUFFER_COUNT) * size_of::<BufRingEntry>() / size_of::<Page>();
        let pages: Vec<Page> = (0..page_count).map(|_| Page([0; 4_096])).collect();
        let entries = Box::leak(pages.into_boxed_slice()).as_mut_ptr().cast::<BufRingEntry>();
        // SAFETY: page-aligned, large enough, zeroed, and never freed.
        unsafe { ring.submitter().register_buf_ring_with_flags(entries as u64, BUFFER_COUNT, GROUP, 0) }
            .expect("the kernel knows buffer rings");
        let mut buffers =
            Buffers { entries, memory: vec![0; usize::from(BUFFER_COUNT) * size], size, tail: 0 };
        for index in 0..given_count {
            buffers.hand_over(index);
        }
        buffers
    }

    /// Answers what came with `completion`; whether more may come.
    fn answer(&mut self, completion: &cqueue::Entry, stream: &mut TcpStream) -> bool {
        const NO_BUFFER_LEFT: i32 = 105;
        let Some(index) = cqueue::buffer_select(completion.flags()) else {
            return completion.result() == -NO_BUFFER_LEFT;
        };
        let start = usize::from(index) * self.size;
        let count = usize::try_from(completion.result()).expect("a buffer comes with bytes in it");
        let result = stream.write_all(&self.memory[start..start + count]);
        self.hand_over(index);
        result.is_ok() && count > 0
    }

    fn hand_over(&mut self, index: u16) {
        let place = usize::from(self.tail % BUFFER_COUNT);
        // SAFETY: within the ring; the kernel reads an entry only after the tail has passed it, and `memory` never moves.
        unsafe {
            let entry = &mut *self.entries.add(place);
            entry.set_addr(self.memory.as_mut_ptr().add(usize::from(index) * self.size) as u64);
            entry.set_len(u32::try_from(self.size).expect("a small buffer"));
            entry.set_bid(index);
        }
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the tail lies within the first entry, in a field that `set_*` leave alone.
        let tail = unsafe { &*BufRingEntry::tail(self.entries).cast::<AtomicU16>() };
        // Ordering: the kernel must see the entry before the tail that covers it.
        tail.store(self.tail, Ordering::Release);
    }
}
