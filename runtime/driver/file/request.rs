//! The requests for files and paths, as plain data. A request owns the data that the kernel reads
//! and names the memory that it writes.
#![expect(unsafe_code, reason = "addresses cross threads inside of requests")]

use std::ffi::CString;
use std::sync::Arc;

use super::descriptor::Descriptor;
use crate::buf::{IoBuf, IoBufMut};
use crate::system::file::Advice;
use crate::system::open::{Attempt, KernelHow, OpenHow};

/// The most bytes that the kernel moves in one operation. Longer requests are cut off there,
/// because their length would not fit an entry.
pub(crate) const TRANSFER_BYTES_MAX: usize = 0x7fff_f000;

/// The kinds of requests, for which a kernel is probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpKind {
    Open,
    /// From the kernel's cache.
    OpenCached,
    Read,
    Write,
    /// With memory that is registered with the ring.
    ReadFixed,
    /// With memory that is registered with the ring.
    WriteFixed,
    ReadVectored,
    WriteVectored,
    Sync,
    Allocate,
    Advise,
    SetLen,
    Stat,
    Rename,
    Remove,
    MakeDir,
    Symlink,
    HardLink,
    /// On a socket, without a copy.
    SendZeroCopy,
}

impl OpKind {
    pub(in crate::driver) const ALL: [OpKind; 19] = [
        OpKind::Open,
        OpKind::OpenCached,
        OpKind::Read,
        OpKind::Write,
        OpKind::ReadFixed,
        OpKind::WriteFixed,
        OpKind::ReadVectored,
        OpKind::WriteVectored,
        OpKind::Sync,
        OpKind::Allocate,
        OpKind::Advise,
        OpKind::SetLen,
        OpKind::Stat,
        OpKind::Rename,
        OpKind::Remove,
        OpKind::MakeDir,
        OpKind::Symlink,
        OpKind::HardLink,
        OpKind::SendZeroCopy,
    ];
}

/// The kinds that a back end supports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Supported(u32);

impl Supported {
    pub(in crate::driver) fn add(&mut self, code: OpKind) {
        self.0 |= 1 << code as u32;
    }

    pub(crate) fn has(self, code: OpKind) -> bool {
        self.0 & (1 << code as u32) != 0
    }
}

/// Memory that the kernel reads or writes. It belongs to the resources of the same flight.
#[derive(Clone, Copy, Debug)]
pub(in crate::driver) struct Region {
    pub(in crate::driver) start: *mut u8,
    /// In bytes; at most [`TRANSFER_BYTES_MAX`].
    pub(in crate::driver) len: u32,
    /// It lies in memory that the rings of its driver may have registered.
    pub(in crate::driver) is_fixed: bool,
}

// SAFETY: an address alone is harmless: only the kernel follows it, and only while the flight owns
// the memory.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    pub(super) fn bytes(buf: &impl IoBuf) -> Region {
        Region::bytes_from(buf, 0)
    }

    /// Without the first `begin` bytes.
    pub(in crate::driver) fn bytes_from(buf: &impl IoBuf, begin: usize) -> Region {
        let start = buf.as_ptr().cast_mut().wrapping_add(begin);
        Region { start, len: clamp(buf.bytes_init().saturating_sub(begin)), is_fixed: false }
    }

    pub(super) fn room(buf: &mut impl IoBufMut) -> Region {
        Region { start: buf.as_mut_ptr(), len: clamp(buf.bytes_total()), is_fixed: false }
    }

    pub(super) fn fixed(self, is_fixed: bool) -> Region {
        Region { is_fixed, ..self }
    }
}

fn clamp(len: usize) -> u32 {
    len.min(TRANSFER_BYTES_MAX) as u32
}

/// One of several stretches of memory, laid out as the kernel's `iovec`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(in crate::driver) struct Vector {
    start: *mut u8,
    len: usize,
}

// SAFETY: as for `Region`.
unsafe impl Send for Vector {}
// SAFETY: as for `Region`.
unsafe impl Sync for Vector {}

impl From<Region> for Vector {
    fn from(region: Region) -> Vector {
        Vector { start: region.start, len: region.len as usize }
    }
}

/// How the kernel performs a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// At once if it can.
    Inline,
    /// On one of the kernel's threads from the start (`IOSQE_ASYNC`).
    KernelThread,
}

/// The file whose metadata is asked for.
#[derive(Debug)]
pub(crate) enum StatTarget {
    File(Arc<Descriptor>),
    Path { path: CString, is_followed: bool },
}

/// A request. An offset of [`AT_CURSOR`] means the descriptor's own position.
#[derive(Debug)]
pub(crate) enum Request {
    Open { path: CString, how: OpenHow, attempt: Attempt },
    OpenCached { path: CString, how: OpenHow, kernel_how: KernelHow },
    Read { file: Arc<Descriptor>, room: Region, offset: u64, way: Way },
    Write { file: Arc<Descriptor>, bytes: Region, offset: u64 },
    ReadVectored { file: Arc<Descriptor>, list: Box<[Vector]>, offset: u64 },
    WriteVectored { file: Arc<Descriptor>, list: Box<[Vector]>, offset: u64 },
    Sync { file: Arc<Descriptor>, is_data_only: bool },
    Allocate { file: Arc<Descriptor>, mode: i32, offset: u64, len: u64 },
    Advise { file: Arc<Descriptor>, offset: u64, len: u32, advice: Advice },
    SetLen { file: Arc<Descriptor>, len: u64 },
    Stat { target: StatTarget, room: Region },
    Rename { from: CString, to: CString },
    Remove { path: CString, is_dir: bool },
    MakeDir { path: CString, mode: u32 },
    Symlink { original: CString, link: CString },
    HardLink { original: CString, link: CString },
}

impl Request {
    /// Whether it moves bytes and bypasses the page cache.
    pub(in crate::driver) fn is_direct(&self) -> bool {
        match self {
            Request::Read { file, .. }
            | Request::Write { file, .. }
            | Request::ReadVectored { file, .. }
            | Request::WriteVectored { file, .. } => file.is_direct(),
            _ => false,
        }
    }

    /// Its memory, if that may be registered.
    pub(in crate::driver) fn fixed_region(&self) -> Option<Region> {
        match self {
            Request::Read { room: region, .. } | Request::Write { bytes: region, .. } => {
                region.is_fixed.then_some(*region)
            }
            _ => None,
        }
    }
}

/// The offset that stands for the kernel's own cursor.
pub(crate) const AT_CURSOR: u64 = u64::MAX;
