//! # What
//! Files and folders for async code, with the names, the results and the errors of `std::fs`.
//!
//! # Algorithm
//! 1. What the page cache has of a small read is copied at once, by a call that does not wait.
//! 2. Else the operation goes to the worker's ring, with all that the kernel touches; its future waits for the completion.
//!    Operations past the page cache are begun as soon as there are four of them, not with the worker's next turn: a disk
//!    that is told late stands still meanwhile. Measured 2026-11-21, 64 reads of 4 KiB in flight: 0.97 of fio's speed, 0.90
//!    when they were begun with the turn, as a bare ring that submits once per round has it.
//! 3. Where the driver has no ring, or its kernel no such op-code, std does it on the blocking pool. Links, `canonicalize`,
//!    permissions, folders' lists, `copy` and `remove_dir_all` always go there: no op-code does them.
//!
//! 4. Files that another program or machine serves (FUSE, NFS and their like) always go to the blocking pool, and are closed by
//!    a thread: any call on them may wait for an answer that never comes. `driver/file/remote/` knows them by the table of
//!    mounts.
//!
//! 5. An open that may wait for a peer, of a FIFO or of a leased file, waits in no thread of the pool's or the kernel's
//!    (`driver/file/opening/`), and a call on a stream in none for which the end of a runtime waits.
//!
//! Each is decided in `work.rs`, or in the function itself. A borrowed slice never reaches the kernel beyond a call:
//! bytes are copied through a buffer of the runtime's own. Owned buffers are handed over and come back.
//! A copy out of the page cache takes of the task's budget by its length, and large reads are made of parts (`parts.rs`):
//! a worker copies about one MiB, some 100 µs, before it lets other tasks run.
//!
//! Which buffer when:
//!
//! | you have | take | what the operation costs |
//! |---|---|---|
//! | a slice, any length | [`read_at`](File::read_at), [`write_at`](File::write_at), the cursor | what is cached is copied at once; else one copy more, by way of a buffer of the runtime's |
//! | a `Vec` with capacity, any [`IoBuf`](crate::io::IoBuf) | [`read_owned_at`](File::read_owned_at), [`write_owned_at`](File::write_owned_at) | no copy of ours |
//! | `O_DIRECT`, or large reads of what is cached | the same with an [`AlignedBuf`](crate::io::AlignedBuf) | the same; the address is what a disk wants, and where processors copy fast |
//! | many small operations past the page cache, buffers that are used again and again, memory that may be locked | the same with a [`FixedBuf`](crate::io::FixedBuf) | the same, and the kernel does not look for the pages each time |
//! | several buffers at once | [`read_vectored_owned_at`](File::read_vectored_owned_at) and its like | one operation; registered memory changes nothing |
//!
//! What registered memory saves, 64 reads of 4 KiB in flight past the page cache, medians of 12 interleaved rounds
//! (2026-11-21): 3.46 µs of CPU instead of 3.83 on one worker, 3.78 instead of 4.09 on two, 2.68 instead of 2.98 on a bare
//! ring; the disk is as fast. From the page cache the bare ring saves 7 %; here such reads are mostly no operations (1), and
//! gain nothing.
//!
//! # Invariants
//! - `[cursor-moves-last]` The cursor of a file that can seek moves when a result is fetched, never else: a read or write
//!   that was given up is done again at the same place.
//! - `[one-at-a-time]` A write or a seek at the cursor is over before the next operation at the cursor begins.
//! - `[done-is-done]` A write that is ready is the kernel's: nothing is kept back that could be lost or fail later.
//!
//! # Rejected
//! - The kernel's cursor for files that can seek: an operation that was given up may have moved it, and nobody knows.
//! - Files of FUSE on the ring. The kernel takes them for files that can be polled, and asks their server inside of
//!   `io_uring_enter`. Seen 2026-11-21 on Linux 6.18: two reads that were not answered stopped both workers; and a read across
//!   the end of a file came back with its last bytes several times over. With `IOSQE_ASYNC` eight such reads fill the threads that
//!   a ring has for disks, cannot be cancelled, and keep the worker's thread from ending.
//! - `CLOSE` on the ring: an operation that is cancelled before it runs would leave the file open, and a plain close of a
//!   local file costs less than the entry.
//! - Writing behind, as tokio's files do: an error then belongs to a write that succeeded long ago.
//! - `STATX` before reading a small file whole: it always costs a thread of the kernel's; one more read that finds the end
//!   does not.
//! - Large cached reads in parts on the kernel's threads (`Way::Aside`), all of them or half of them beside copies here, and
//!   on threads of the blocking pool. Measured 2026-11-21, reads of 1 and 4 MiB, medians in GiB/s: parts copied here 17.6
//!   and 17.2; all aside 14.8 and 12.8; half aside 11 to 12 and 12 to 16, also when they were submitted before the copies
//!   here; the pool 11 to 15. Waking a thread costs as much as it copies meanwhile, and 10 to 50 % more CPU. Bare threads
//!   that run already copy 38 GiB/s on two cores where one copies 19: two tasks that read have that here too. The 7 GiB/s
//!   that were measured before, at idle priority, were not seen again at normal priority.
//! - An operation on the ring for every cached read. Measured 2026-11-21, CPU of a random 4 KiB read: 1.24 µs one at a time
//!   and 1.22 with 64 in flight; a bare loop of the same call 1.15; a bare ring 1.57 and 1.03. With many in flight a ring
//!   saves the system calls, and would spend it again on a slot, a buffer's owner and a second poll of the task.
//! - Reading into a `Vec` that begins 16 bytes into a page by way of an aligned buffer: 104 µs for a MiB, 118 without; 52
//!   into an aligned buffer, which is what the docs of `AlignedBuf` advise.
//!
//! # Verified by
//! `tests/files/`: random operations against `std::fs` on every back end; `[cursor-moves-last]`, `[one-at-a-time]` and
//! `[done-is-done]` by name; the faults of catalogue H; a file server that never answers, fails or falls short;
//! the same operations with each op-code hidden in turn.

mod cursor;
mod file;
mod file_bytes;
mod metadata;
#[cfg(unix)]
mod metadata_unix;
mod open_options;
mod parts;
mod paths;
mod read_dir;
#[cfg(feature = "futures-io")]
mod traits_futures;
#[cfg(feature = "tokio-io")]
mod traits_tokio;
mod whole;
mod work;

pub use crate::driver::file::Advice;
pub use file::File;
pub use metadata::{FileType, Metadata};
pub use open_options::OpenOptions;
#[cfg(unix)]
pub use paths::symlink;
pub use paths::{
    canonicalize, create_dir, create_dir_all, hard_link, metadata, read_link, remove_dir, remove_dir_all,
    remove_file, rename, set_permissions, symlink_metadata, try_exists,
};
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use whole::{copy, read, read_to_string, write};
