//! The requests for files and paths, as plain data. A request owns the data that the kernel reads
//! and names the memory that it writes.
#![expect(unsafe_code, reason = "addresses cross threads inside of requests")]

use std::mem::MaybeUninit;
use std::slice;
use std::sync::Arc;

use super::descriptor::{Descriptor, TRANSFER_BYTES_MAX};
use crate::buf::{IoBuf, IoBufMut};
use crate::system::describe::describe_file;
use crate::system::file::Advice;
use crate::system::open::{Attempt, OpenHow};
use crate::system::path::SystemPath;
use crate::system::splice::Pipe;

/// The kinds of operations that a ring may perform, for which a kernel is probed: see
/// `opcode_of` in `uring/encode_file.rs`. There is no list of them to be kept beside the matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpKind {
    Open,
    Read,
    Write,
    /// With memory that is registered with the ring.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only rings have such an op-code"))]
    ReadFixed,
    /// With memory that is registered with the ring.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only rings have such an op-code"))]
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
    Splice,
    /// On a socket, without a copy.
    SendZeroCopy,
}

/// Memory that the kernel reads or writes. It belongs to the resources of the same flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub(in crate::driver) start: *mut u8,
    /// In bytes; at most [`TRANSFER_BYTES_MAX`].
    pub(in crate::driver) len: u32,
    /// It lies in memory that the rings of its driver may have registered.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only rings register memory"))]
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

    pub(super) fn stretch(self) -> Vector {
        Vector { start: self.start, len: self.len as usize }
    }
}

fn clamp(len: usize) -> u32 {
    len.min(TRANSFER_BYTES_MAX) as u32
}

/// One of several stretches of memory, laid out as the kernel's `iovec`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vector {
    start: *mut u8,
    len: usize,
}

// SAFETY: as for `Region`.
unsafe impl Send for Vector {}
// SAFETY: as for `Region`.
unsafe impl Sync for Vector {}

impl Vector {
    pub(super) fn len(self) -> usize {
        self.len
    }

    /// Its beginning, of at most `len` bytes.
    pub(super) fn cut(self, len: usize) -> Vector {
        Vector { len: self.len.min(len), ..self }
    }

    /// # Safety
    ///
    /// The memory lives as long as the result, may be read, and is initialised.
    pub(super) unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: as the caller promises.
        unsafe { slice::from_raw_parts(self.start, self.len) }
    }

    /// # Safety
    ///
    /// The memory lives as long as the result, and nobody else uses it meanwhile.
    pub(super) unsafe fn room<'a>(self) -> &'a mut [MaybeUninit<u8>] {
        // SAFETY: as the caller promises.
        unsafe { slice::from_raw_parts_mut(self.start.cast(), self.len) }
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
    Path { path: SystemPath, is_followed: bool },
}

/// A request. An offset of [`AT_CURSOR`](super::AT_CURSOR) means the descriptor's own position.
/// `Splice` moves bytes of a file into a pipe without a copy: the kernel holds the pages until the
/// pipe is read.
///
/// A new kind is complete when these compile: the matches in this file, `uring/encode_file.rs` for
/// the ring, `perform.rs` for the system call, and `door.rs` for the choice between the two.
#[derive(Debug)]
pub(crate) enum Request {
    Open {
        path: SystemPath,
        how: OpenHow,
        attempt: Attempt,
    },
    Read {
        file: Arc<Descriptor>,
        room: Region,
        offset: u64,
        #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only rings have two ways"))]
        way: Way,
    },
    Write {
        file: Arc<Descriptor>,
        bytes: Region,
        offset: u64,
    },
    ReadVectored {
        file: Arc<Descriptor>,
        list: Box<[Vector]>,
        offset: u64,
    },
    WriteVectored {
        file: Arc<Descriptor>,
        list: Box<[Vector]>,
        offset: u64,
    },
    Sync {
        file: Arc<Descriptor>,
        is_data_only: bool,
    },
    Allocate {
        file: Arc<Descriptor>,
        offset: u64,
        len: u64,
    },
    Advise {
        file: Arc<Descriptor>,
        offset: u64,
        len: u64,
        advice: Advice,
    },
    SetLen {
        file: Arc<Descriptor>,
        len: u64,
    },
    Stat {
        target: StatTarget,
        #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only rings write to it"))]
        room: Region,
    },
    Rename {
        from: SystemPath,
        to: SystemPath,
    },
    Remove {
        path: SystemPath,
        is_dir: bool,
    },
    MakeDir {
        path: SystemPath,
    },
    #[cfg_attr(windows, expect(dead_code, reason = "only Unix has links that lead to anything"))]
    Symlink {
        original: SystemPath,
        link: SystemPath,
    },
    HardLink {
        original: SystemPath,
        link: SystemPath,
    },
    Splice {
        file: Arc<Descriptor>,
        offset: u64,
        pipe: Arc<Pipe>,
        len: u32,
    },
}

impl Request {
    pub(super) fn code(&self) -> OpKind {
        match self {
            Request::Open { .. } => OpKind::Open,
            Request::Read { .. } => OpKind::Read,
            Request::Write { .. } => OpKind::Write,
            Request::ReadVectored { .. } => OpKind::ReadVectored,
            Request::WriteVectored { .. } => OpKind::WriteVectored,
            Request::Sync { .. } => OpKind::Sync,
            Request::Allocate { .. } => OpKind::Allocate,
            Request::Advise { .. } => OpKind::Advise,
            Request::SetLen { .. } => OpKind::SetLen,
            Request::Stat { .. } => OpKind::Stat,
            Request::Rename { .. } => OpKind::Rename,
            Request::Remove { .. } => OpKind::Remove,
            Request::MakeDir { .. } => OpKind::MakeDir,
            Request::Symlink { .. } => OpKind::Symlink,
            Request::HardLink { .. } => OpKind::HardLink,
            Request::Splice { .. } => OpKind::Splice,
        }
    }

    /// What it is called, in a dump and a trace.
    pub(in crate::driver) fn name(&self) -> &'static str {
        match self {
            Request::Open { .. } => "open",
            Request::Read { .. } | Request::ReadVectored { .. } => "read",
            Request::Write { .. } | Request::WriteVectored { .. } => "write",
            Request::Sync { .. } => "sync",
            Request::Allocate { .. } => "allocate",
            Request::Advise { .. } => "advise",
            Request::SetLen { .. } => "set_len",
            Request::Stat { .. } => "metadata",
            Request::Rename { .. } => "rename",
            Request::Remove { .. } => "remove",
            Request::MakeDir { .. } => "create_dir",
            Request::Symlink { .. } => "symlink",
            Request::HardLink { .. } => "hard_link",
            Request::Splice { .. } => "splice",
        }
    }

    /// The file or the path, in a dump.
    pub(super) fn object(&self) -> String {
        match self {
            Request::Open { path, .. }
            | Request::Stat { target: StatTarget::Path { path, .. }, .. }
            | Request::Rename { from: path, .. }
            | Request::Remove { path, .. }
            | Request::MakeDir { path }
            | Request::Symlink { link: path, .. }
            | Request::HardLink { link: path, .. } => path.as_path().display().to_string(),
            Request::Read { file, .. }
            | Request::Write { file, .. }
            | Request::ReadVectored { file, .. }
            | Request::WriteVectored { file, .. }
            | Request::Sync { file, .. }
            | Request::Allocate { file, .. }
            | Request::Advise { file, .. }
            | Request::SetLen { file, .. }
            | Request::Stat { target: StatTarget::File(file), .. }
            | Request::Splice { file, .. } => describe_file(file.file()),
        }
    }

    /// Whether an error of its file comes again if it is performed again. A stream may report one
    /// only once, as a timerfd that its clock was set, with ECANCELED.
    pub(super) fn repeats_errors(&self) -> bool {
        self.moves().is_none_or(|(file, _)| file.has_offsets())
    }

    /// The file whose bytes it moves.
    pub(super) fn moves(&self) -> Option<(&Descriptor, u64)> {
        match self {
            Request::Read { file, offset, .. }
            | Request::Write { file, offset, .. }
            | Request::ReadVectored { file, offset, .. }
            | Request::WriteVectored { file, offset, .. }
            | Request::Splice { file, offset, .. } => Some((file, *offset)),
            Request::Open { .. }
            | Request::Sync { .. }
            | Request::Allocate { .. }
            | Request::Advise { .. }
            | Request::SetLen { .. }
            | Request::Stat { .. }
            | Request::Rename { .. }
            | Request::Remove { .. }
            | Request::MakeDir { .. }
            | Request::Symlink { .. }
            | Request::HardLink { .. } => None,
        }
    }
}
