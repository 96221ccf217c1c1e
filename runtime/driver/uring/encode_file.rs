//! Encodes requests for files and paths as submission entries. The entries hold addresses of memory
//! that the flight owns; `ring.rs` documents why they stay valid.

use std::ffi::CStr;
use std::os::fd::AsRawFd;
use std::ptr;

use io_uring::opcode;
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{Fd, FsyncFlags};

use crate::driver::file::{Descriptor, MASK_BASIC, MASK_BIRTH, OpKind, Request, StatTarget, Way};

/// Paths are relative to the current directory.
const HERE: Fd = Fd(libc::AT_FDCWD);
/// The empty path, which names the descriptor itself.
const ITSELF: &CStr = c"";

/// The op-code that the probe looks for.
pub(super) fn opcode_of(code: OpKind) -> u8 {
    match code {
        OpKind::Open => opcode::OpenAt::CODE,
        OpKind::OpenCached => opcode::OpenAt2::CODE,
        OpKind::Read => opcode::Read::CODE,
        OpKind::Write => opcode::Write::CODE,
        OpKind::ReadFixed => opcode::ReadFixed::CODE,
        OpKind::WriteFixed => opcode::WriteFixed::CODE,
        OpKind::ReadVectored => opcode::Readv::CODE,
        OpKind::WriteVectored => opcode::Writev::CODE,
        OpKind::Sync => opcode::Fsync::CODE,
        OpKind::Allocate => opcode::Fallocate::CODE,
        OpKind::Advise => opcode::Fadvise::CODE,
        OpKind::SetLen => opcode::Ftruncate::CODE,
        OpKind::Stat => opcode::Statx::CODE,
        OpKind::Rename => opcode::RenameAt::CODE,
        OpKind::Remove => opcode::UnlinkAt::CODE,
        OpKind::MakeDir => opcode::MkDirAt::CODE,
        OpKind::Symlink => opcode::SymlinkAt::CODE,
        OpKind::HardLink => opcode::LinkAt::CODE,
        OpKind::SendZeroCopy => opcode::SendZc::CODE,
    }
}

pub(super) fn request(request: &Request, buffer_index: Option<u16>) -> Entry {
    match request {
        Request::Open { path, how, attempt } => {
            let flags = how.flags_for(*attempt);
            opcode::OpenAt::new(HERE, path.as_ptr()).flags(flags).mode(how.mode).build()
        }
        Request::OpenCached { path, kernel_how, .. } => {
            opcode::OpenAt2::new(HERE, path.as_ptr(), ptr::from_ref(kernel_how).cast()).build()
        }
        Request::Read { file, room, offset, way } => {
            let (fd, start, len) = (fd(file), room.start, room.len);
            let entry = match buffer_index {
                Some(buffer_index) => {
                    opcode::ReadFixed::new(fd, start, len, buffer_index).offset(*offset).build()
                }
                None => opcode::Read::new(fd, start, len).offset(*offset).build(),
            };
            by(*way, entry)
        }
        Request::Write { file, bytes, offset } => {
            let (fd, start, len) = (fd(file), bytes.start, bytes.len);
            match buffer_index {
                Some(buffer_index) => {
                    opcode::WriteFixed::new(fd, start, len, buffer_index).offset(*offset).build()
                }
                None => opcode::Write::new(fd, start, len).offset(*offset).build(),
            }
        }
        Request::ReadVectored { file, list, offset } => {
            opcode::Readv::new(fd(file), list.as_ptr().cast(), list.len() as u32).offset(*offset).build()
        }
        Request::WriteVectored { file, list, offset } => {
            opcode::Writev::new(fd(file), list.as_ptr().cast(), list.len() as u32).offset(*offset).build()
        }
        Request::Sync { file, is_data_only } => {
            let flags = if *is_data_only { FsyncFlags::DATASYNC } else { FsyncFlags::empty() };
            opcode::Fsync::new(fd(file)).flags(flags).build()
        }
        Request::Allocate { file, mode, offset, len } => {
            opcode::Fallocate::new(fd(file), *len).offset(*offset).mode(*mode).build()
        }
        Request::Advise { file, offset, len, advice } => {
            opcode::Fadvise::new(fd(file), libc::off_t::from(*len), advice.number()).offset(*offset).build()
        }
        Request::SetLen { file, len } => opcode::Ftruncate::new(fd(file), *len).build(),
        Request::Stat { target, room } => stat(target, room.start),
        Request::Rename { from, to } => opcode::RenameAt::new(HERE, from.as_ptr(), HERE, to.as_ptr()).build(),
        Request::Remove { path, is_dir } => {
            let flags = if *is_dir { libc::AT_REMOVEDIR } else { 0 };
            opcode::UnlinkAt::new(HERE, path.as_ptr()).flags(flags).build()
        }
        Request::MakeDir { path, mode } => opcode::MkDirAt::new(HERE, path.as_ptr()).mode(*mode).build(),
        Request::Symlink { original, link } => {
            opcode::SymlinkAt::new(HERE, original.as_ptr(), link.as_ptr()).build()
        }
        Request::HardLink { original, link } => {
            opcode::LinkAt::new(HERE, original.as_ptr(), HERE, link.as_ptr()).build()
        }
    }
}

fn by(way: Way, entry: Entry) -> Entry {
    match way {
        Way::Inline => entry,
        Way::KernelThread => entry.flags(Flags::ASYNC),
    }
}

fn stat(target: &StatTarget, room: *mut u8) -> Entry {
    let (dir, path, flags) = match target {
        StatTarget::File(file) => (fd(file), ITSELF.as_ptr(), libc::AT_EMPTY_PATH),
        StatTarget::Path { path, is_followed: true } => (HERE, path.as_ptr(), 0),
        StatTarget::Path { path, is_followed: false } => (HERE, path.as_ptr(), libc::AT_SYMLINK_NOFOLLOW),
    };
    opcode::Statx::new(dir, path, room.cast()).flags(flags).mask(MASK_BASIC | MASK_BIRTH).build()
}

fn fd(file: &Descriptor) -> Fd {
    Fd(file.file().as_raw_fd())
}
