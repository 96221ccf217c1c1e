//! The real functions of files, below the interposed ones.
#![expect(unsafe_code, reason = "gives functions their type by their name")]

use std::ffi::{c_char, c_int, c_long, c_uint, c_void};

use super::real::Real;

type OfPath = unsafe extern "C" fn(*const c_char) -> c_int;
type OfPaths = unsafe extern "C" fn(*const c_char, *const c_char) -> c_int;
type WithMode = unsafe extern "C" fn(*const c_char, libc::mode_t) -> c_int;
type OfDescriptor = unsafe extern "C" fn(c_int) -> c_int;
type Open = unsafe extern "C" fn(*const c_char, c_int, ...) -> c_int;
type OpenAt = unsafe extern "C" fn(c_int, *const c_char, c_int, ...) -> c_int;
type Status = unsafe extern "C" fn(*const c_char, *mut libc::stat64) -> c_int;
type ReadAt = unsafe extern "C" fn(c_int, *mut c_void, usize, i64) -> isize;
type WriteAt = unsafe extern "C" fn(c_int, *const c_void, usize, i64) -> isize;
type VectoredAt = unsafe extern "C" fn(c_int, *const libc::iovec, c_int, i64) -> isize;
type VectoredWith = unsafe extern "C" fn(c_int, *const libc::iovec, c_int, i64, c_int) -> isize;
type Copy = unsafe extern "C" fn(c_int, *mut i64, c_int, *mut i64, usize, c_uint) -> isize;
type MapMemory = unsafe extern "C" fn(*mut c_void, usize, c_int, c_int, c_int, i64) -> *mut c_void;
type Stream = *mut libc::DIR;

// SAFETY: the types of all that follows are those of the headers of the C library. On 64-bit Linux
// the functions with `64` in their names are those without it.
pub(super) static OPEN: Real<Open> = unsafe { Real::new(c"open64") };
// SAFETY: as above.
pub(super) static OPENAT: Real<OpenAt> = unsafe { Real::new(c"openat64") };
// SAFETY: as above.
pub(super) static CREAT: Real<WithMode> = unsafe { Real::new(c"creat64") };
// SAFETY: as above.
pub(super) static PREAD: Real<ReadAt> = unsafe { Real::new(c"pread64") };
// SAFETY: as above.
pub(super) static PWRITE: Real<WriteAt> = unsafe { Real::new(c"pwrite64") };
// SAFETY: as above.
pub(super) static PREADV: Real<VectoredAt> = unsafe { Real::new(c"preadv64") };
// SAFETY: as above.
pub(super) static PWRITEV: Real<VectoredAt> = unsafe { Real::new(c"pwritev64") };
// SAFETY: as above.
pub(super) static PREADV2: Real<VectoredWith> = unsafe { Real::new(c"preadv64v2") };
// SAFETY: as above.
pub(super) static PWRITEV2: Real<VectoredWith> = unsafe { Real::new(c"pwritev64v2") };
pub(super) static LSEEK: Real<unsafe extern "C" fn(c_int, i64, c_int) -> i64> =
    // SAFETY: as above.
    unsafe { Real::new(c"lseek64") };
// SAFETY: as above.
pub(super) static FSYNC: Real<OfDescriptor> = unsafe { Real::new(c"fsync") };
// SAFETY: as above.
pub(super) static FDATASYNC: Real<OfDescriptor> = unsafe { Real::new(c"fdatasync") };
// SAFETY: as above.
pub(super) static SYNCFS: Real<OfDescriptor> = unsafe { Real::new(c"syncfs") };
// SAFETY: as above.
pub(super) static SYNC: Real<unsafe extern "C" fn()> = unsafe { Real::new(c"sync") };
pub(super) static FTRUNCATE: Real<unsafe extern "C" fn(c_int, i64) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"ftruncate64") };
pub(super) static TRUNCATE: Real<unsafe extern "C" fn(*const c_char, i64) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"truncate64") };
pub(super) static FALLOCATE: Real<unsafe extern "C" fn(c_int, c_int, i64, i64) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"fallocate64") };
pub(super) static POSIX_FALLOCATE: Real<unsafe extern "C" fn(c_int, i64, i64) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"posix_fallocate64") };
pub(super) static POSIX_FADVISE: Real<unsafe extern "C" fn(c_int, i64, i64, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"posix_fadvise64") };
pub(super) static SYNC_FILE_RANGE: Real<unsafe extern "C" fn(c_int, i64, i64, c_uint) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"sync_file_range") };
// SAFETY: as above.
pub(super) static FLOCK: Real<unsafe extern "C" fn(c_int, c_int) -> c_int> = unsafe { Real::new(c"flock") };
// SAFETY: as above.
pub(super) static MMAP: Real<MapMemory> = unsafe { Real::new(c"mmap64") };
// SAFETY: as above.
pub(super) static COPY_FILE_RANGE: Real<Copy> = unsafe { Real::new(c"copy_file_range") };
// SAFETY: as above.

pub(super) static STATFS: Real<unsafe extern "C" fn(*const c_char, *mut libc::statfs) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"statfs64") };
pub(super) static FSTATFS: Real<unsafe extern "C" fn(c_int, *mut libc::statfs) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"fstatfs64") };
// SAFETY: as above.
pub(super) static STAT: Real<Status> = unsafe { Real::new(c"stat64") };
// SAFETY: as above.
pub(super) static LSTAT: Real<Status> = unsafe { Real::new(c"lstat64") };
pub(super) static FSTAT: Real<unsafe extern "C" fn(c_int, *mut libc::stat64) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"fstat64") };
pub(super) static FSTATAT: Real<
    unsafe extern "C" fn(c_int, *const c_char, *mut libc::stat64, c_int) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"fstatat64") };
pub(super) static STATX: Real<
    unsafe extern "C" fn(c_int, *const c_char, c_int, c_uint, *mut libc::statx) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"statx") };
pub(super) static ACCESS: Real<unsafe extern "C" fn(*const c_char, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"access") };
pub(super) static FACCESSAT: Real<unsafe extern "C" fn(c_int, *const c_char, c_int, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"faccessat") };
// SAFETY: as above.
pub(super) static CHMOD: Real<WithMode> = unsafe { Real::new(c"chmod") };
pub(super) static FCHMOD: Real<unsafe extern "C" fn(c_int, libc::mode_t) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"fchmod") };
pub(super) static FCHMODAT: Real<unsafe extern "C" fn(c_int, *const c_char, libc::mode_t, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"fchmodat") };
pub(super) static FUTIMENS: Real<unsafe extern "C" fn(c_int, *const libc::timespec) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"futimens") };
pub(super) static UTIMENSAT: Real<
    unsafe extern "C" fn(c_int, *const c_char, *const libc::timespec, c_int) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"utimensat") };

// SAFETY: as above.
pub(super) static RENAME: Real<OfPaths> = unsafe { Real::new(c"rename") };
pub(super) static RENAMEAT: Real<
    unsafe extern "C" fn(c_int, *const c_char, c_int, *const c_char) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"renameat") };
pub(super) static RENAMEAT2: Real<
    unsafe extern "C" fn(c_int, *const c_char, c_int, *const c_char, c_uint) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"renameat2") };
// SAFETY: as above.
pub(super) static UNLINK: Real<OfPath> = unsafe { Real::new(c"unlink") };
pub(super) static UNLINKAT: Real<unsafe extern "C" fn(c_int, *const c_char, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"unlinkat") };
// SAFETY: as above.
pub(super) static MKDIR: Real<WithMode> = unsafe { Real::new(c"mkdir") };
pub(super) static MKDIRAT: Real<unsafe extern "C" fn(c_int, *const c_char, libc::mode_t) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"mkdirat") };
// SAFETY: as above.
pub(super) static RMDIR: Real<OfPath> = unsafe { Real::new(c"rmdir") };
// SAFETY: as above.
pub(super) static LINK: Real<OfPaths> = unsafe { Real::new(c"link") };
pub(super) static LINKAT: Real<
    unsafe extern "C" fn(c_int, *const c_char, c_int, *const c_char, c_int) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"linkat") };
// SAFETY: as above.
pub(super) static SYMLINK: Real<OfPaths> = unsafe { Real::new(c"symlink") };
pub(super) static SYMLINKAT: Real<unsafe extern "C" fn(*const c_char, c_int, *const c_char) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"symlinkat") };
pub(super) static READLINK: Real<unsafe extern "C" fn(*const c_char, *mut c_char, usize) -> isize> =
    // SAFETY: as above.
    unsafe { Real::new(c"readlink") };
pub(super) static READLINKAT: Real<unsafe extern "C" fn(c_int, *const c_char, *mut c_char, usize) -> isize> =
    // SAFETY: as above.
    unsafe { Real::new(c"readlinkat") };
pub(super) static REALPATH: Real<unsafe extern "C" fn(*const c_char, *mut c_char) -> *mut c_char> =
    // SAFETY: as above.
    unsafe { Real::new(c"realpath") };
pub(super) static GETCWD: Real<unsafe extern "C" fn(*mut c_char, usize) -> *mut c_char> =
    // SAFETY: as above.
    unsafe { Real::new(c"getcwd") };
// SAFETY: as above.
pub(super) static CHDIR: Real<OfPath> = unsafe { Real::new(c"chdir") };
// SAFETY: as above.
pub(super) static FCHDIR: Real<OfDescriptor> = unsafe { Real::new(c"fchdir") };

pub(super) static OPENDIR: Real<unsafe extern "C" fn(*const c_char) -> Stream> =
    // SAFETY: as above.
    unsafe { Real::new(c"opendir") };
// SAFETY: as above.
pub(super) static FDOPENDIR: Real<unsafe extern "C" fn(c_int) -> Stream> = unsafe { Real::new(c"fdopendir") };
pub(super) static READDIR: Real<unsafe extern "C" fn(Stream) -> *mut libc::dirent64> =
    // SAFETY: as above.
    unsafe { Real::new(c"readdir64") };
pub(super) static READDIR_R: Real<
    unsafe extern "C" fn(Stream, *mut libc::dirent64, *mut *mut libc::dirent64) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"readdir64_r") };
// SAFETY: as above.
pub(super) static CLOSEDIR: Real<unsafe extern "C" fn(Stream) -> c_int> = unsafe { Real::new(c"closedir") };
// SAFETY: as above.
pub(super) static DIRFD: Real<unsafe extern "C" fn(Stream) -> c_int> = unsafe { Real::new(c"dirfd") };
// SAFETY: as above.
pub(super) static REWINDDIR: Real<unsafe extern "C" fn(Stream)> = unsafe { Real::new(c"rewinddir") };
pub(super) static SEEKDIR: Real<unsafe extern "C" fn(Stream, c_long)> =
    // SAFETY: as above.
    unsafe { Real::new(c"seekdir") };
// SAFETY: as above.
pub(super) static TELLDIR: Real<unsafe extern "C" fn(Stream) -> c_long> = unsafe { Real::new(c"telldir") };
