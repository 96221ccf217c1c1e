//! Encodes requests for files and paths as submission entries. The entries hold addresses of memory
//! that the flight owns; `ring.rs` documents why they stay valid.

use std::ffi::CStr;
use std::os::fd::AsRawFd;

use io_uring::opcode;
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{Fd, FsyncFlags};

use crate::driver::file::{Descriptor, MASK_BASIC, MASK_BIRTH, OpKind, Request, StatTarget, Way};
use crate::system::path::SystemPath;
use crate::system::splice::Pipe;

/// Paths are relative to the current directory.
const HERE: Fd = Fd(libc::AT_FDCWD);
/// The empty path, which names the descriptor itself.
const ITSELF: &CStr = c"";

/// The permissions of a new directory, before the umask: those of std.
const DIRECTORY_MODE: libc::mode_t = 0o777;

/// The kernel's number of the operation. This is the only list of them: what the probe found is
/// stored by these numbers, so a kind cannot be forgotten there.
pub(super) fn opcode_of(code: OpKind) -> u8 {
    match code {
        OpKind::Open => opcode::OpenAt::CODE,
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
        OpKind::Splice => opcode::Splice::CODE,
        OpKind::SendZeroCopy => opcode::SendZc::CODE,
    }
}

pub(super) fn request(request: &Request, buffer_index: Option<u16>) -> Entry {
    match request {
        Request::Open { path, how, attempt } => {
            let flags = how.flags_for(*attempt);
            opcode::OpenAt::new(HERE, start(path)).flags(flags).mode(how.mode).build()
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
        Request::Allocate { file, offset, len } => {
            opcode::Fallocate::new(fd(file), *len).offset(*offset).build()
        }
        Request::Advise { file, offset, len, advice } => {
            opcode::Fadvise::new(fd(file), *len as libc::off_t, advice.number()).offset(*offset).build()
        }
        Request::SetLen { file, len } => opcode::Ftruncate::new(fd(file), *len).build(),
        Request::Stat { target, room } => stat(target, room.start),
        Request::Rename { from, to } => opcode::RenameAt::new(HERE, start(from), HERE, start(to)).build(),
        Request::Remove { path, is_dir } => {
            let flags = if *is_dir { libc::AT_REMOVEDIR } else { 0 };
            opcode::UnlinkAt::new(HERE, start(path)).flags(flags).build()
        }
        Request::MakeDir { path } => opcode::MkDirAt::new(HERE, start(path)).mode(DIRECTORY_MODE).build(),
        Request::Symlink { original, link } => {
            opcode::SymlinkAt::new(HERE, start(original), start(link)).build()
        }
        Request::HardLink { original, link } => {
            opcode::LinkAt::new(HERE, start(original), HERE, start(link)).build()
        }
        // The offset of a pipe is -1. The kernel takes a thread of its own for each.
        Request::Splice { file, offset, pipe, len } => {
            opcode::Splice::new(fd(file), *offset as i64, into(pipe), -1, *len)
                .flags(libc::SPLICE_F_NONBLOCK)
                .build()
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
        StatTarget::Path { path, is_followed: true } => (HERE, start(path), 0),
        StatTarget::Path { path, is_followed: false } => (HERE, start(path), libc::AT_SYMLINK_NOFOLLOW),
    };
    opcode::Statx::new(dir, path, room.cast()).flags(flags).mask(MASK_BASIC | MASK_BIRTH).build()
}

fn start(path: &SystemPath) -> *const libc::c_char {
    path.as_c_str().as_ptr()
}

fn fd(file: &Descriptor) -> Fd {
    Fd(file.file().as_raw_fd())
}

fn into(pipe: &Pipe) -> Fd {
    Fd(pipe.writer().as_raw_fd())
}
