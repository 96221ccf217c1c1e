//! The real functions below the interposed ones.
#![expect(unsafe_code, reason = "looks functions up by their name and gives them their type")]

use std::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use std::marker::PhantomData;
use std::mem::{size_of, transmute_copy};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A function of the C library, of the type `F`.
pub(crate) struct Real<F> {
    name: &'static CStr,
    /// 0 until it was looked up. No lock stands here: whoever waits for one calls `syscall`, which
    /// is looked up here.
    address: AtomicUsize,
    kind: PhantomData<F>,
}

impl<F: Copy> Real<F> {
    /// # Safety
    ///
    /// The function of this name has the type `F`, which is a function pointer.
    pub(super) const unsafe fn new(name: &'static CStr) -> Real<F> {
        Real { name, address: AtomicUsize::new(0), kind: PhantomData }
    }

    #[inline]
    pub(crate) fn get(&self) -> F {
        // Ordering: Relaxed: the address is all that there is, and every thread finds the same.
        let mut address = self.address.load(Ordering::Relaxed);
        if address == 0 {
            address = self.find();
        }
        const { assert!(size_of::<F>() == size_of::<usize>()) };
        // SAFETY: `new` promises the type.
        unsafe { transmute_copy::<usize, F>(&address) }
    }

    #[cold]
    fn find(&self) -> usize {
        // SAFETY: the name ends with a NUL.
        let address = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
        if address.is_null() {
            // Nothing of this process works without it, not even a panic.
            std::process::abort();
        }
        let address = address.expose_provenance();
        // Ordering: Relaxed, as above.
        self.address.store(address, Ordering::Relaxed);
        address
    }
}

pub(crate) type StartRoutine = extern "C" fn(*mut c_void) -> *mut c_void;

// SAFETY: the types of all that follows are those of the headers of the C library.
pub(crate) static SYSCALL: Real<unsafe extern "C" fn(c_long, ...) -> c_long> =
    unsafe { Real::new(c"syscall") };
pub(super) static CLOCK_GETTIME: Real<unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"clock_gettime") };
pub(super) static GETTIMEOFDAY: Real<unsafe extern "C" fn(*mut libc::timeval, *mut c_void) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"gettimeofday") };
pub(super) static TIME: Real<unsafe extern "C" fn(*mut libc::time_t) -> libc::time_t> =
    // SAFETY: as above.
    unsafe { Real::new(c"time") };
pub(super) static NANOSLEEP: Real<unsafe extern "C" fn(*const libc::timespec, *mut libc::timespec) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"nanosleep") };
pub(super) static CLOCK_NANOSLEEP: Real<
    unsafe extern "C" fn(libc::clockid_t, c_int, *const libc::timespec, *mut libc::timespec) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"clock_nanosleep") };
pub(super) static SCHED_YIELD: Real<unsafe extern "C" fn() -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"sched_yield") };
pub(super) static SCHED_GETAFFINITY: Real<
    unsafe extern "C" fn(libc::pid_t, usize, *mut libc::cpu_set_t) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"sched_getaffinity") };
pub(super) static GETRANDOM: Real<unsafe extern "C" fn(*mut c_void, usize, c_uint) -> isize> =
    // SAFETY: as above.
    unsafe { Real::new(c"getrandom") };
pub(super) static GETENTROPY: Real<unsafe extern "C" fn(*mut c_void, usize) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"getentropy") };
pub(super) static PTHREAD_CREATE: Real<
    unsafe extern "C" fn(
        *mut libc::pthread_t,
        *const libc::pthread_attr_t,
        StartRoutine,
        *mut c_void,
    ) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"pthread_create") };
pub(super) static PTHREAD_JOIN: Real<unsafe extern "C" fn(libc::pthread_t, *mut *mut c_void) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"pthread_join") };
pub(super) static PTHREAD_SETNAME_NP: Real<unsafe extern "C" fn(libc::pthread_t, *const c_char) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"pthread_setname_np") };
pub(super) static READ: Real<unsafe extern "C" fn(c_int, *mut c_void, usize) -> isize> =
    // SAFETY: as above.
    unsafe { Real::new(c"read") };
pub(super) static WRITE: Real<unsafe extern "C" fn(c_int, *const c_void, usize) -> isize> =
    // SAFETY: as above.
    unsafe { Real::new(c"write") };
type Vectored = unsafe extern "C" fn(c_int, *const libc::iovec, c_int) -> isize;
// SAFETY: as above.
pub(super) static READV: Real<Vectored> = unsafe { Real::new(c"readv") };
// SAFETY: as above.
pub(super) static WRITEV: Real<Vectored> = unsafe { Real::new(c"writev") };
// SAFETY: as above.
pub(super) static CLOSE: Real<unsafe extern "C" fn(c_int) -> c_int> = unsafe { Real::new(c"close") };
// SAFETY: as above.
pub(super) static DUP: Real<unsafe extern "C" fn(c_int) -> c_int> = unsafe { Real::new(c"dup") };
// SAFETY: as above.
pub(super) static DUP2: Real<unsafe extern "C" fn(c_int, c_int) -> c_int> = unsafe { Real::new(c"dup2") };
pub(super) static DUP3: Real<unsafe extern "C" fn(c_int, c_int, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"dup3") };
pub(super) static FCNTL: Real<unsafe extern "C" fn(c_int, c_int, ...) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"fcntl") };
pub(super) static IOCTL: Real<unsafe extern "C" fn(c_int, libc::Ioctl, ...) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"ioctl") };
pub(super) static EVENTFD: Real<unsafe extern "C" fn(c_uint, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"eventfd") };
pub(super) static PIPE2: Real<unsafe extern "C" fn(*mut c_int, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"pipe2") };
pub(super) static SOCKETPAIR: Real<unsafe extern "C" fn(c_int, c_int, c_int, *mut c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"socketpair") };
// SAFETY: as above.
pub(super) static EPOLL_CREATE: Real<unsafe extern "C" fn(c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"epoll_create") };
pub(super) static EPOLL_CREATE1: Real<unsafe extern "C" fn(c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"epoll_create1") };
pub(super) static EPOLL_CTL: Real<
    unsafe extern "C" fn(c_int, c_int, c_int, *mut libc::epoll_event) -> c_int,
> =
    // SAFETY: as above.
    unsafe { Real::new(c"epoll_ctl") };
pub(super) static EPOLL_WAIT: Real<
    unsafe extern "C" fn(c_int, *mut libc::epoll_event, c_int, c_int) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"epoll_wait") };
pub(super) static EPOLL_PWAIT: Real<
    unsafe extern "C" fn(c_int, *mut libc::epoll_event, c_int, c_int, *const libc::sigset_t) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"epoll_pwait") };
pub(super) static EPOLL_PWAIT2: Real<
    unsafe extern "C" fn(
        c_int,
        *mut libc::epoll_event,
        c_int,
        *const libc::timespec,
        *const libc::sigset_t,
    ) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"epoll_pwait2") };
pub(super) static POLL: Real<unsafe extern "C" fn(*mut libc::pollfd, libc::nfds_t, c_int) -> c_int> =
    // SAFETY: as above.
    unsafe { Real::new(c"poll") };
pub(super) static PPOLL: Real<
    unsafe extern "C" fn(
        *mut libc::pollfd,
        libc::nfds_t,
        *const libc::timespec,
        *const libc::sigset_t,
    ) -> c_int,
    // SAFETY: as above.
> = unsafe { Real::new(c"ppoll") };
