//! One operation, on a ring or on the blocking pool. Callers see no difference.

use std::fs::Permissions;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::blocking::{Limits, Pool, spawn_blocking};
use crate::buf::{IoBuf, IoBufMut};
use crate::driver::file::{AT_CURSOR, Descriptor, FileOp, Landed, OpKind, RingFor, ring_for_file};
pub(super) use crate::driver::file::{c_path, pool};
use crate::driver::of_pool;
use crate::primitive::sync::Mutex;
use crate::task::{AbortOnDropHandle, Id, JoinHandle, blocking};

/// Dropping it cancels an operation that has not started. One that has keeps its resources until it
/// is over.
#[derive(Debug)]
pub(super) enum Work<R> {
    Ring(FileOp<R>),
    Pool {
        handle: AbortOnDropHandle<(io::Result<usize>, R)>,
        /// The call takes them when it starts. If it never starts, because the runtime has ended,
        /// they are still here.
        resources: Arc<Mutex<Option<R>>>,
    },
}

type Answer<R> = (io::Result<usize>, R);
type Call<R> = Box<dyn FnOnce() -> Answer<R> + Send>;

/// Runs a call that may wait for a peer for ever. Its pool belongs to no runtime, so no runtime
/// waits for it at its end.
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

    /// Takes the patient pool for a call at the descriptor's own position that may wait for ever,
    /// as calls on streams may.
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

/// The driver's ring for a transfer at `offset`. A stream does not go to a ring with an offset: a
/// ring would ignore the offset, and on the pool the kernel refuses it.
fn ring_at(code: OpKind, file: &Descriptor, offset: u64) -> Option<RingFor> {
    ring_for_file(code, file).filter(|_| offset == AT_CURSOR || file.has_offsets())
}

/// Reads into the room of `buf`.
pub(super) fn read<B: IoBufMut>(file: &Arc<Descriptor>, buf: B, offset: u64) -> Work<B> {
    let file = file.clone();
    match ring_at(OpKind::Read, &file, offset) {
        Some(ring) => Work::Ring(ring.read(file, buf, offset)),
        None => Work::on_pool_for(&file.clone(), offset, buf, move |buf| file.read(buf, offset)),
    }
}

/// The same, on a thread of the kernel from the start.
pub(super) fn read_on_other_thread<B: IoBufMut>(file: &Arc<Descriptor>, buf: B, offset: u64) -> Work<B> {
    match ring_at(OpKind::Read, file, offset) {
        Some(ring) => Work::Ring(ring.read_on_other_thread(file.clone(), buf, offset)),
        None => read(file, buf, offset),
    }
}

/// Writes the bytes of `buf`. `held` is dropped when the operation is over, if nobody fetches it.
pub(super) fn write<B: IoBuf, H: Send + 'static>(
    file: &Arc<Descriptor>,
    buf: B,
    held: H,
    offset: u64,
) -> Work<(B, H)> {
    let file = file.clone();
    match ring_at(OpKind::Write, &file, offset) {
        Some(ring) => Work::Ring(ring.write(file, buf, held, offset)),
        None => {
            Work::on_pool_for(&file.clone(), offset, (buf, held), move |(buf, _)| file.write(buf, offset))
        }
    }
}

/// Asks for the end of the file, in bytes; the resources are the answer.
pub(super) fn end(file: &Arc<Descriptor>) -> Work<u64> {
    let file = file.clone();
    Work::on_pool(0, move |end| {
        *end = file.file().metadata()?.len();
        Ok(0)
    })
}

/// Reads into one buffer after the other.
pub(super) fn read_vectored<B: IoBufMut>(file: &Arc<Descriptor>, bufs: Vec<B>, offset: u64) -> Work<Vec<B>> {
    let file = file.clone();
    match ring_at(OpKind::ReadVectored, &file, offset) {
        Some(ring) => Work::Ring(ring.read_vectored(file, bufs, offset)),
        None => Work::on_pool(bufs, move |bufs| file.read_vectored(bufs, offset)),
    }
}

/// Writes one buffer after the other; `held` as for [`write()`].
pub(super) fn write_vectored<B: IoBuf, H: Send + 'static>(
    file: &Arc<Descriptor>,
    bufs: Vec<B>,
    held: H,
    offset: u64,
) -> Work<(Vec<B>, H)> {
    let file = file.clone();
    match ring_at(OpKind::WriteVectored, &file, offset) {
        Some(ring) => Work::Ring(ring.write_vectored(file, bufs, held, offset)),
        None => Work::on_pool((bufs, held), move |(bufs, _)| file.write_vectored(bufs, offset)),
    }
}

/// Sets the length in bytes; `held` as for [`write()`].
pub(super) fn set_len<H: Send + 'static>(file: &Arc<Descriptor>, held: H, len: u64) -> Work<H> {
    let file = file.clone();
    match ring_for_file(OpKind::SetLen, &file).filter(|_| i64::try_from(len).is_ok()) {
        Some(ring) => Work::Ring(ring.set_len(file, held, len)),
        None => Work::on_pool(held, move |_| file.file().set_len(len).map(|()| 0)),
    }
}

/// Reserves space on the disk; `held` as for [`write()`].
pub(super) fn allocate<H: Send + 'static>(file: &Arc<Descriptor>, held: H, offset: u64, len: u64) -> Work<H> {
    let file = file.clone();
    match ring_for_file(OpKind::Allocate, &file) {
        Some(ring) => Work::Ring(ring.allocate(file, held, offset, len)),
        None => Work::on_pool(held, move |_| file.allocate(offset, len).map(|()| 0)),
    }
}

/// Changes the permissions; `held` as for [`write()`].
pub(super) fn set_permissions<H: Send + 'static>(
    file: &Arc<Descriptor>,
    held: H,
    permissions: Permissions,
) -> Work<H> {
    let file = file.clone();
    Work::on_pool(held, move |_| file.file().set_permissions(permissions).map(|()| 0))
}

/// Returns a buffer to its owner.
///
/// # Panics
/// Panics if the runtime is gone and the kernel still has the buffer: then nobody can have it.
pub(super) fn given_back<R>(resources: Option<R>) -> R {
    resources.expect(
        "the heist runtime has ended before this operation, and the kernel or a thread of the pool still uses its buffer",
    )
}
