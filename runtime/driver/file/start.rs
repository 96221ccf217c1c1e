//! Starts operations on files and paths. A request that owns all that it points to is started as it
//! is; one that names memory has a function, which takes the owner of that memory.
#![expect(unsafe_code, reason = "sets the length of a buffer to what the kernel has written")]

use std::sync::Arc;

use super::Stat;
use super::descriptor::{Descriptor, TRANSFER_BYTES_MAX};
use super::flight::FileOp;
use super::request::{Region, Request, StatTarget, Vector, Way};
use crate::buf::{IoBuf, IoBufMut};
use crate::driver::{Driver, context};

/// Starts a request that owns all that it points to.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub(crate) fn start(request: Request) -> FileOp<()> {
    start_holding((), request)
}

/// Like [`start`]. If no future fetches `held`, it is dropped when the operation is over.
#[track_caller]
pub(crate) fn start_holding<H: Send + 'static>(held: H, request: Request) -> FileOp<H> {
    FileOp::new(context::current(), held, |_| request, |_, _| {}, |_| None).begin()
}

/// Reads into the room of `buf`, from its beginning.
#[track_caller]
pub(crate) fn read<B: IoBufMut>(file: &Arc<Descriptor>, buf: B, offset: u64) -> FileOp<B> {
    read_by(file, buf, offset, Way::Inline)
}

/// Like [`read`], on one of the kernel's threads.
#[track_caller]
pub(crate) fn read_on_other_thread<B: IoBufMut>(file: &Arc<Descriptor>, buf: B, offset: u64) -> FileOp<B> {
    read_by(file, buf, offset, Way::KernelThread)
}

#[track_caller]
fn read_by<B: IoBufMut>(file: &Arc<Descriptor>, buf: B, offset: u64, way: Way) -> FileOp<B> {
    let (file, driver) = (file.clone(), context::current());
    let is_fixed = is_fixed(&buf, &driver);
    let request = |buf: &mut B| Request::Read { file, room: Region::room(buf).fixed(is_fixed), offset, way };
    // SAFETY: the kernel has written `count` bytes, which are not more than there is room.
    let conclude = |buf: &mut B, count| unsafe { buf.set_read(count) };
    FileOp::new(driver, buf, request, conclude, B::fixed_memory).begin()
}

/// Writes the initialised bytes of `buf`. If no future fetches `held`, it is dropped when the
/// operation is over.
#[track_caller]
pub(crate) fn write<B: IoBuf, H: Send + 'static>(
    file: &Arc<Descriptor>,
    buf: B,
    held: H,
    offset: u64,
) -> FileOp<(B, H)> {
    let (file, driver) = (file.clone(), context::current());
    let is_fixed = is_fixed(&buf, &driver);
    let request =
        |(buf, _): &mut (B, H)| Request::Write { file, bytes: Region::bytes(buf).fixed(is_fixed), offset };
    FileOp::new(driver, (buf, held), request, |_, _| {}, |(buf, _)| buf.fixed_memory()).begin()
}

/// Reads into one buffer after the other.
#[track_caller]
pub(crate) fn read_vectored<B: IoBufMut>(
    file: &Arc<Descriptor>,
    bufs: Vec<B>,
    offset: u64,
) -> FileOp<Vec<B>> {
    let file = file.clone();
    let request = |bufs: &mut Vec<B>| {
        let list = list(bufs.iter_mut().map(Region::room));
        Request::ReadVectored { file, list, offset }
    };
    FileOp::new(context::current(), bufs, request, set_read_of_all, |_| None).begin()
}

/// Writes one buffer after the other; `held` as for [`write()`].
#[track_caller]
pub(crate) fn write_vectored<B: IoBuf, H: Send + 'static>(
    file: &Arc<Descriptor>,
    bufs: Vec<B>,
    held: H,
    offset: u64,
) -> FileOp<(Vec<B>, H)> {
    let file = file.clone();
    let request = |(bufs, _): &mut (Vec<B>, H)| {
        let list = list(bufs.iter().map(Region::bytes));
        Request::WriteVectored { file, list, offset }
    };
    FileOp::new(context::current(), (bufs, held), request, |_, _| {}, |_| None).begin()
}

/// Asks for metadata, which are in the memory or in what was found.
#[track_caller]
pub(crate) fn stat(target: StatTarget) -> FileOp<Box<Stat>> {
    let request = |stat: &mut Box<Stat>| Request::Stat { target, room: stat.room() };
    FileOp::new(context::current(), Box::default(), request, |_, _| {}, |_| None).begin()
}

/// Whether the buffer belongs to a pool that was made for this driver.
fn is_fixed(buf: &impl IoBuf, driver: &Arc<Driver>) -> bool {
    buf.fixed_memory().is_some_and(|memory| memory.is_of(driver))
}

/// The regions, up to the most bytes that one operation moves: there the kernel would stop as well.
fn list(regions: impl Iterator<Item = Region>) -> Box<[Vector]> {
    let mut left_bytes = TRANSFER_BYTES_MAX;
    let cut = |region: Region| {
        let stretch = region.stretch().cut(left_bytes);
        left_bytes -= stretch.len();
        stretch
    };
    regions.map(cut).collect()
}

fn set_read_of_all<B: IoBufMut>(bufs: &mut Vec<B>, mut count: usize) {
    for buf in bufs {
        let part_count = count.min(buf.bytes_total());
        // SAFETY: the kernel fills one buffer before it begins the next.
        unsafe { buf.set_read(part_count) };
        count -= part_count;
    }
}
