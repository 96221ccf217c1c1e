//! One operation, on a ring or on the blocking pool: the callers see no difference.

use std::future::Future;
use std::io::{self, Seek, SeekFrom};
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::blocking::{Limits, Pool};
use crate::buf::{IoBuf, IoBufMut};
use crate::driver::file::{AT_CURSOR, Code, Descriptor, Landed, Submission, ring_for_file};
pub(super) use crate::driver::file::{c_path, pool};
use crate::driver::of_pool;
use crate::primitive::sync::Mutex;
use crate::task::{AbortOnDropHandle, Id, JoinHandle, blocking, spawn_blocking};

/// Dropping it cancels what has not begun; what has keeps its resources until it is over.
#[derive(Debug)]
pub(super) enum Work<R> {
    Ring(Submission<R>),
    Pool {
        handle: AbortOnDropHandle<(io::Result<usize>, R)>,
        /// What the call takes with it when it begins. If it never does, for the runtime has ended, it is still here.
        resources: Arc<Mutex<Option<R>>>,
    },
}

type Answer<R> = (io::Result<usize>, R);
type Call<R> = Box<dyn FnOnce() -> Answer<R> + Send>;

/// Runs what may wait for a peer without an end, where no runtime waits for it at its own end.
#[track_caller]
fn patient<T: Send + 'static>(call: Box<dyn FnOnce() -> T + Send>) -> JoinHandle<T> {
    static PATIENT: OnceLock<Pool> = OnceLock::new();
    let pool = PATIENT.get_or_init(|| {
        Pool::new(Limits {
            threads_count_max: 512,
            keep_alive: Duration::from_secs(1),
            thread_name: "heist-stream".to_owned(),
            stack_size: None,
        })
    });
    let (runnable, join) = blocking(call, Id::next(), Location::caller());
    pool.run(Box::new(move || runnable.run()));
    join
}

impl<R: Send + 'static> Work<R> {
    fn on_pool(resources: R, call: impl FnOnce(&mut R) -> io::Result<usize> + Send + 'static) -> Work<R> {
        Work::on(spawn_blocking, resources, call)
    }

    /// At the descriptor's own position, which streams have.
    fn on_pool_for(
        file: &Arc<Descriptor>,
        offset: u64,
        resources: R,
        call: impl FnOnce(&mut R) -> io::Result<usize> + Send + 'static,
    ) -> Work<R> {
        if offset == AT_CURSOR && file.may_wait_for_ever() {
            Work::on(patient, resources, call)
        } else {
            Work::on_pool(resources, call)
        }
    }

    fn on(
        pool: fn(Call<R>) -> JoinHandle<Answer<R>>,
        resources: R,
        call: impl FnOnce(&mut R) -> io::Result<usize> + Send + 'static,
    ) -> Work<R> {
        let resources = Arc::new(Mutex::new(Some(resources)));
        let place = resources.clone();
        let handle = AbortOnDropHandle::new(pool(Box::new(move || {
            let mut resources = place.lock().take().expect("nobody else takes them before this has ended");
            let result = call(&mut resources);
            (result, resources)
        })));
        Work::Pool { handle, resources }
    }
}

impl<R: Send + 'static> Future for Work<R> {
    type Output = Landed<R>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Landed<R>> {
        match self.get_mut() {
            Work::Ring(submission) => Pin::new(submission).poll(cx),
            Work::Pool { handle, resources } => Poll::Ready(match ready!(Pin::new(handle).poll(cx)) {
                Ok((result, resources)) => Landed { result, resources: Some(resources), opened: None },
                Err(error) => {
                    let resources = resources.lock().take();
                    Landed { result: Err(of_pool(error)), resources, opened: None }
                }
            }),
        }
    }
}

/// Reads into the room of `buf`.
pub(super) fn read<B: IoBufMut>(file: &Arc<Descriptor>, buf: B, offset: u64) -> Work<B> {
    let file = file.clone();
    match ring_for_file(Code::Read, &file) {
        Some(ring) => Work::Ring(ring.read(file, buf, offset)),
        None => Work::on_pool_for(&file.clone(), offset, buf, move |buf| file.read(buf, offset)),
    }
}

/// The same, on a thread of the kernel's from the start.
pub(super) fn read_aside<B: IoBufMut>(file: &Arc<Descriptor>, buf: B, offset: u64) -> Work<B> {
    match ring_for_file(Code::Read, file) {
        Some(ring) => Work::Ring(ring.read_aside(file.clone(), buf, offset)),
        None => read(file, buf, offset),
    }
}

/// Writes the bytes of `buf`.
pub(super) fn write<B: IoBuf>(file: &Arc<Descriptor>, buf: B, offset: u64) -> Work<B> {
    let file = file.clone();
    match ring_for_file(Code::Write, &file) {
        Some(ring) => Work::Ring(ring.write(file, buf, offset)),
        None => Work::on_pool_for(&file.clone(), offset, buf, move |buf| file.write(buf, offset)),
    }
}

/// Moves the kernel's cursor; the resources are where it is then.
pub(super) fn seek(file: &Arc<Descriptor>, to: SeekFrom) -> Work<u64> {
    let file = file.clone();
    Work::on_pool(0, move |place| {
        *place = file.file().seek(to)?;
        Ok(0)
    })
}

/// Reads into one buffer after the other.
pub(super) fn read_vectored<B: IoBufMut>(file: &Arc<Descriptor>, bufs: Vec<B>, offset: u64) -> Work<Vec<B>> {
    let file = file.clone();
    match ring_for_file(Code::ReadVectored, &file) {
        Some(ring) => Work::Ring(ring.read_vectored(file, bufs, offset)),
        None => Work::on_pool(bufs, move |bufs| file.read_vectored(bufs, offset)),
    }
}

/// Writes one buffer after the other.
pub(super) fn write_vectored<B: IoBuf>(file: &Arc<Descriptor>, bufs: Vec<B>, offset: u64) -> Work<Vec<B>> {
    let file = file.clone();
    match ring_for_file(Code::WriteVectored, &file) {
        Some(ring) => Work::Ring(ring.write_vectored(file, bufs, offset)),
        None => Work::on_pool(bufs, move |bufs| {
            let mut total_count = 0;
            for buf in bufs {
                match file.write(buf, offset + total_count as u64) {
                    Ok(count) => total_count += count,
                    Err(error) if total_count == 0 => return Err(error),
                    Err(_) => break,
                }
            }
            Ok(total_count)
        }),
    }
}

/// Gives a buffer back to its owner.
///
/// # Panics
/// If the kernel still has it though the runtime is gone: then it can be given to nobody.
pub(super) fn given_back<R>(resources: Option<R>) -> R {
    resources.expect(
        "the heist runtime has ended before this operation, and the kernel or a thread of the pool still uses its buffer",
    )
}
