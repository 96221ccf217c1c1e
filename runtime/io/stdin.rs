//! The standard input.
//!
//! Some systems cannot wait for it, and a read of a terminal may never end. So one thread of the
//! process reads it. The first read starts that thread, and no runtime waits for it at its end.
//! Bytes that were read and not fetched are kept for the next caller.

use std::future::poll_fn;
use std::io;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker, ready};

use super::standard;
use crate::primitive::sync::{Condvar, Mutex, wait};
use crate::task::{WaitReason, coop, wake_all};

/// The most bytes of one read.
const READ_BYTES_MAX: usize = 64 * 1024;

struct StdinReader {
    state: Mutex<StdinState>,
    is_asked: Condvar,
}

struct StdinState {
    phase: StdinPhase,
    /// The wakers of all who wait for bytes.
    waiting: Vec<Waker>,
    has_thread: bool,
}

enum StdinPhase {
    Idle,
    /// The thread reads, or is about to.
    Asked,
    /// Bytes that were read. No bytes mean the end.
    Here(Vec<u8>),
    Failed(io::Error),
}

static READER: OnceLock<StdinReader> = OnceLock::new();

/// The standard input of this process. All handles read from the same stream. The end of a runtime
/// does not wait for a read.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut buffer = [0; 1024];
/// let count = heist::io::stdin().read(&mut buffer).await?;
/// println!("{count} bytes");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Stdin(());

/// A handle to the standard input.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut first = heist::io::stdin();
/// let mut second = heist::io::stdin();
/// // Both read from one stream: the second continues where the first has ended.
/// let mut buffer = [0; 1024];
/// let count = first.read(&mut buffer).await?;
/// let next = second.read(&mut buffer[count..]).await?;
/// # Ok(())
/// # }
/// ```
pub fn stdin() -> Stdin {
    Stdin(())
}

impl Stdin {
    /// Reads some bytes, at most 64 KiB per call. Returns 0 at the end of the input or for an empty
    /// slice.
    ///
    /// # Errors
    /// Those of the system; also if no thread can be started.
    ///
    /// # Cancel safety
    /// Cancel safe: bytes that a dropped read took are kept for the next read of any handle.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut buffer = [0; 1024];
    /// loop {
    ///     match heist::io::stdin().read(&mut buffer).await? {
    ///         0 => break,
    ///         count => println!("{count} bytes"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read_slice(cx, buf)).await
    }

    pub(super) fn poll_read_slice(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let reason = move || WaitReason::Operation { operation: "read", object: String::from("stdin") };
        let charge = ready!(coop::poll_proceed_for(cx, reason));
        let shared = READER.get_or_init(StdinReader::new);
        // Cloned without the lock, because a clone is user code.
        let waker = cx.waker().clone();
        let mut state = shared.state.lock();
        match std::mem::replace(&mut state.phase, StdinPhase::Idle) {
            StdinPhase::Here(mut bytes) => {
                let count = bytes.len().min(buf.len());
                buf[..count].copy_from_slice(&bytes[..count]);
                bytes.drain(..count);
                if !bytes.is_empty() {
                    state.phase = StdinPhase::Here(bytes);
                }
                charge.made_progress();
                return Poll::Ready(Ok(count));
            }
            StdinPhase::Failed(error) => return Poll::Ready(Err(error)),
            StdinPhase::Idle => {
                if !state.has_thread {
                    std::thread::Builder::new().name("heist-stdin".to_owned()).spawn(|| shared.serve())?;
                    state.has_thread = true;
                }
                shared.is_asked.notify_one();
            }
            StdinPhase::Asked => {}
        }
        state.phase = StdinPhase::Asked;
        // A caller that polls again and again, beside something else that is busy, is listed once.
        if !state.waiting.iter().any(|waiting| waiting.will_wake(&waker)) {
            state.waiting.push(waker);
        }
        Poll::Pending
    }
}

impl StdinReader {
    fn new() -> StdinReader {
        let state = StdinState { phase: StdinPhase::Idle, waiting: Vec::new(), has_thread: false };
        StdinReader { state: Mutex::new(state), is_asked: Condvar::new() }
    }

    /// The thread's loop. It runs as long as the process.
    fn serve(&self) {
        let mut buffer = vec![0; READ_BYTES_MAX];
        loop {
            let mut state = self.state.lock();
            while !matches!(state.phase, StdinPhase::Asked) {
                state = wait(&self.is_asked, state);
            }
            drop(state);
            let result = standard::read(io::stdin().lock(), &mut buffer);
            let mut state = self.state.lock();
            state.phase = match result {
                Ok(count) => StdinPhase::Here(buffer[..count].to_vec()),
                Err(error) => StdinPhase::Failed(error),
            };
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            wake_all(waiting);
        }
    }
}
