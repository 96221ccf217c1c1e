//! Every operation on files and paths that a ring can perform, as a function that starts it.
#![expect(unsafe_code, reason = "sets the length of a buffer to what the kernel has written")]

use std::ffi::CString;
use std::path::Path;
use std::sync::Arc;

use super::descriptor::Descriptor;
use super::flight::FileOp;
use super::request::{OpKind, Region, Request, StatTarget, Vector, Way};
use super::stat::Stat;
use crate::buf::{IoBuf, IoBufMut};
use crate::driver::{Driver, context};
use crate::system::file::Advice;
#[cfg(target_os = "linux")]
use crate::system::open::{Attempt, KernelHow, OpenHow};
use crate::system::remote;

/// A driver that supports the op-code that was asked for.
#[derive(Debug)]
pub(crate) struct RingFor(Arc<Driver>);

/// The current thread's driver, if it performs this on a ring.
///
/// # Panics
///
/// Panics if called outside of a runtime.
#[track_caller]
fn ring_for(code: OpKind) -> Option<RingFor> {
    let driver = context::current();
    driver.supports(code).then_some(RingFor(driver))
}

/// Like `ring_for`, for an open file. None if a server may delay the operation.
#[track_caller]
pub(crate) fn ring_for_file(code: OpKind, file: &Descriptor) -> Option<RingFor> {
    ring_for(code).filter(|_| !file.is_remote())
}

/// Like `ring_for`, for the file at a path.
#[track_caller]
pub(crate) fn ring_for_path(code: OpKind, path: &Path) -> Option<RingFor> {
    ring_for(code).filter(|_| !remote::holds_path(path))
}

impl RingFor {
    #[cfg(all(test, target_os = "linux"))]
    pub(in crate::driver) fn on(driver: &Arc<Driver>) -> RingFor {
        RingFor(driver.clone())
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn open(self, path: CString, how: OpenHow, attempt: Attempt) -> FileOp<()> {
        self.simple(match attempt {
            Attempt::Cached => {
                let kernel_how = KernelHow::cached(how.flags_for(attempt));
                Request::OpenCached { path, how, kernel_how }
            }
            Attempt::Plain | Attempt::NonBlocking => Request::Open { path, how, attempt },
        })
    }

    /// Reads into the room of `buf`, from its beginning.
    pub(crate) fn read<B: IoBufMut>(self, file: Arc<Descriptor>, buf: B, offset: u64) -> FileOp<B> {
        self.read_by(file, buf, offset, Way::Inline)
    }

    /// Like `read`, on one of the kernel's threads.
    pub(crate) fn read_on_other_thread<B: IoBufMut>(
        self,
        file: Arc<Descriptor>,
        buf: B,
        offset: u64,
    ) -> FileOp<B> {
        self.read_by(file, buf, offset, Way::KernelThread)
    }

    fn read_by<B: IoBufMut>(self, file: Arc<Descriptor>, buf: B, offset: u64, way: Way) -> FileOp<B> {
        let is_fixed = self.is_fixed(&buf);
        let request =
            |buf: &mut B| Request::Read { file, room: Region::room(buf).fixed(is_fixed), offset, way };
        // SAFETY: the kernel has written `count` bytes, which are not more than there is room.
        let conclude = |buf: &mut B, count| unsafe { buf.set_read(count) };
        FileOp::start_with(self.0, buf, request, conclude, B::fixed_memory)
    }

    /// Writes the initialised bytes of `buf`. If no future fetches `held`, it is dropped when the
    /// operation is over.
    pub(crate) fn write<B: IoBuf, H: Send + 'static>(
        self,
        file: Arc<Descriptor>,
        buf: B,
        held: H,
        offset: u64,
    ) -> FileOp<(B, H)> {
        let is_fixed = self.is_fixed(&buf);
        let request = |(buf, _): &mut (B, H)| Request::Write {
            file,
            bytes: Region::bytes(buf).fixed(is_fixed),
            offset,
        };
        FileOp::start_with(self.0, (buf, held), request, |_, _| {}, |(buf, _)| buf.fixed_memory())
    }

    /// Reads into one buffer after the other.
    pub(crate) fn read_vectored<B: IoBufMut>(
        self,
        file: Arc<Descriptor>,
        bufs: Vec<B>,
        offset: u64,
    ) -> FileOp<Vec<B>> {
        let request = |bufs: &mut Vec<B>| {
            let list = bufs.iter_mut().map(|buf| Vector::from(Region::room(buf))).collect();
            Request::ReadVectored { file, list, offset }
        };
        FileOp::start(self.0, bufs, request, set_read_of_all)
    }

    /// Writes one buffer after the other; `held` as for [`write`](RingFor::write).
    pub(crate) fn write_vectored<B: IoBuf, H: Send + 'static>(
        self,
        file: Arc<Descriptor>,
        bufs: Vec<B>,
        held: H,
        offset: u64,
    ) -> FileOp<(Vec<B>, H)> {
        let request = |(bufs, _): &mut (Vec<B>, H)| {
            let list = bufs.iter().map(|buf| Vector::from(Region::bytes(buf))).collect();
            Request::WriteVectored { file, list, offset }
        };
        FileOp::start(self.0, (bufs, held), request, |_, _| {})
    }

    pub(crate) fn sync(self, file: Arc<Descriptor>, is_data_only: bool) -> FileOp<()> {
        self.simple(Request::Sync { file, is_data_only })
    }

    pub(crate) fn allocate<H: Send + 'static>(
        self,
        file: Arc<Descriptor>,
        held: H,
        offset: u64,
        len: u64,
    ) -> FileOp<H> {
        FileOp::start(self.0, held, |_| Request::Allocate { file, mode: 0, offset, len }, |_, _| {})
    }

    pub(crate) fn advise(self, file: Arc<Descriptor>, offset: u64, len: u32, advice: Advice) -> FileOp<()> {
        self.simple(Request::Advise { file, offset, len, advice })
    }

    pub(crate) fn set_len<H: Send + 'static>(self, file: Arc<Descriptor>, held: H, len: u64) -> FileOp<H> {
        FileOp::start(self.0, held, |_| Request::SetLen { file, len }, |_, _| {})
    }

    pub(crate) fn stat_file(self, file: Arc<Descriptor>) -> FileOp<Box<Stat>> {
        self.stat(StatTarget::File(file))
    }

    pub(crate) fn stat_path(self, path: CString, is_followed: bool) -> FileOp<Box<Stat>> {
        self.stat(StatTarget::Path { path, is_followed })
    }

    fn stat(self, target: StatTarget) -> FileOp<Box<Stat>> {
        let request = |stat: &mut Box<Stat>| Request::Stat { target, room: stat.room() };
        FileOp::start(self.0, Box::default(), request, |_, _| {})
    }

    pub(crate) fn rename(self, from: CString, to: CString) -> FileOp<()> {
        self.simple(Request::Rename { from, to })
    }

    pub(crate) fn remove(self, path: CString, is_dir: bool) -> FileOp<()> {
        self.simple(Request::Remove { path, is_dir })
    }

    pub(crate) fn make_dir(self, path: CString, mode: u32) -> FileOp<()> {
        self.simple(Request::MakeDir { path, mode })
    }

    pub(crate) fn symlink(self, original: CString, link: CString) -> FileOp<()> {
        self.simple(Request::Symlink { original, link })
    }

    pub(crate) fn hard_link(self, original: CString, link: CString) -> FileOp<()> {
        self.simple(Request::HardLink { original, link })
    }

    /// Whether the buffer belongs to a pool that was made for this driver.
    fn is_fixed(&self, buf: &impl IoBuf) -> bool {
        buf.fixed_memory().is_some_and(|memory| memory.is_of(&self.0))
    }

    /// Starts a request that owns all that it points to.
    fn simple(self, request: Request) -> FileOp<()> {
        FileOp::start(self.0, (), |()| request, |(), _| {})
    }
}

fn set_read_of_all<B: IoBufMut>(bufs: &mut Vec<B>, mut count: usize) {
    for buf in bufs {
        let part_count = count.min(buf.bytes_total());
        // SAFETY: the kernel fills one buffer before it begins the next.
        unsafe { buf.set_read(part_count) };
        count -= part_count;
    }
}
