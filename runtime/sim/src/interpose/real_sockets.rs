//! The real functions below the interposed ones of sockets.
#![expect(unsafe_code, reason = "gives functions of the C library their type")]

use std::ffi::{c_char, c_int, c_uint, c_void};

use super::real::Real;

/// The types of calls that share them.
pub(super) type TakesAddress = unsafe extern "C" fn(c_int, *const libc::sockaddr, libc::socklen_t) -> c_int;
pub(super) type GivesAddress =
    unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> c_int;
type TakesMessages = unsafe extern "C" fn(c_int, *mut libc::mmsghdr, c_uint, c_int) -> c_int;

// SAFETY: the types of all that follows are those of the headers of the C library.
pub(super) static SOCKET: Real<unsafe extern "C" fn(c_int, c_int, c_int) -> c_int> =
    unsafe { Real::new(c"socket") };
// SAFETY: as above.
pub(super) static BIND: Real<TakesAddress> = unsafe { Real::new(c"bind") };
// SAFETY: as above.
pub(super) static CONNECT: Real<TakesAddress> = unsafe { Real::new(c"connect") };
pub(super) static LISTEN: Real<unsafe extern "C" fn(c_int, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"listen") };
// SAFETY: as above.
pub(super) static ACCEPT: Real<GivesAddress> = unsafe { Real::new(c"accept") };
pub(super) static ACCEPT4: Real<
    unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut libc::socklen_t, c_int) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"accept4") };
pub(super) static SHUTDOWN: Real<unsafe extern "C" fn(c_int, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"shutdown") };
// SAFETY: as above.
pub(super) static GETSOCKNAME: Real<GivesAddress> = unsafe { Real::new(c"getsockname") };
// SAFETY: as above.
pub(super) static GETPEERNAME: Real<GivesAddress> = unsafe { Real::new(c"getpeername") };
pub(super) static GETSOCKOPT: Real<
    unsafe extern "C" fn(c_int, c_int, c_int, *mut c_void, *mut libc::socklen_t) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"getsockopt") };
pub(super) static SETSOCKOPT: Real<
    unsafe extern "C" fn(c_int, c_int, c_int, *const c_void, libc::socklen_t) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"setsockopt") };
pub(super) static SEND: Real<unsafe extern "C" fn(c_int, *const c_void, usize, c_int) -> isize> =
    // SAFETY: as above.
    unsafe { Real::new(c"send") };
pub(super) static SENDTO: Real<
    unsafe extern "C" fn(c_int, *const c_void, usize, c_int, *const libc::sockaddr, libc::socklen_t) -> isize,
    // SAFETY: as above.
> = unsafe { Real::new(c"sendto") };
pub(super) static SENDMSG: Real<unsafe extern "C" fn(c_int, *const libc::msghdr, c_int) -> isize> =
    // SAFETY: as above.
    unsafe { Real::new(c"sendmsg") };
// SAFETY: as above.
pub(super) static SENDMMSG: Real<TakesMessages> = unsafe { Real::new(c"sendmmsg") };
pub(super) static RECV: Real<unsafe extern "C" fn(c_int, *mut c_void, usize, c_int) -> isize> =
    // SAFETY: as above.
    unsafe { Real::new(c"recv") };
pub(super) static RECVFROM: Real<
    unsafe extern "C" fn(
        c_int,
        *mut c_void,
        usize,
        c_int,
        *mut libc::sockaddr,
        *mut libc::socklen_t,
    ) -> isize,
    // SAFETY: as above.
> = unsafe { Real::new(c"recvfrom") };
pub(super) static RECVMSG: Real<unsafe extern "C" fn(c_int, *mut libc::msghdr, c_int) -> isize> =
    // SAFETY: as above.
    unsafe { Real::new(c"recvmsg") };
pub(super) static RECVMMSG: Real<
    unsafe extern "C" fn(c_int, *mut libc::mmsghdr, c_uint, c_int, *mut libc::timespec) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"recvmmsg") };
pub(super) static GETADDRINFO: Real<
    unsafe extern "C" fn(
        *const c_char,
        *const c_char,
        *const libc::addrinfo,
        *mut *mut libc::addrinfo,
    ) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"getaddrinfo") };
pub(super) static FREEADDRINFO: Real<unsafe extern "C" fn(*mut libc::addrinfo)> =
    // SAFETY: as above.
    unsafe { Real::new(c"freeaddrinfo") };
pub(super) static GETNAMEINFO: Real<
    unsafe extern "C" fn(
        *const libc::sockaddr,
        libc::socklen_t,
        *mut c_char,
        libc::socklen_t,
        *mut c_char,
        libc::socklen_t,
        c_int,
    ) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"getnameinfo") };
pub(super) static GETHOSTNAME: Real<unsafe extern "C" fn(*mut c_char, usize) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"gethostname") };
pub(super) static SENDFILE: Real<unsafe extern "C" fn(c_int, c_int, *mut i64, usize) -> isize> =
    // SAFETY: as above. On Linux of 64 bits `off_t` has them.
    unsafe { Real::new(c"sendfile") };
pub(super) static SPLICE: Real<
    unsafe extern "C" fn(c_int, *mut i64, c_int, *mut i64, usize, c_uint) -> isize,
    // SAFETY: as above.
> = unsafe { Real::new(c"splice") };
