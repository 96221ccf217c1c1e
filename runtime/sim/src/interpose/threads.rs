//! Threads: how they begin, end, and wait for each other.
#![expect(unsafe_code, reason = "defines functions of the C library, and passes their arguments on")]

use std::collections::BTreeMap;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use super::real::{self, StartRoutine};
use crate::world::{Admission, ThreadId, WaitKey, enter};

/// The threads of a world by their handles.
#[derive(Default)]
pub(crate) struct ThreadHandles(BTreeMap<libc::pthread_t, ThreadId>);

impl ThreadHandles {
    fn of(&self, handle: libc::pthread_t) -> Option<ThreadId> {
        self.0.get(&handle).copied()
    }
}

/// What a thread of a world does.
struct Birth {
    start: Admission,
    routine: StartRoutine,
    argument: *mut c_void,
}

/// How often the end of a thread is put off, so that all others that want to do something at its
/// end come first: the system makes four rounds at most.
const ROUNDS_PUT_OFF: usize = 2;

/// The key whose destructor is the end of a thread in its world: it runs after the destructors of
/// thread-locals.
fn end_key() -> libc::pthread_key_t {
    static KEY: OnceLock<libc::pthread_key_t> = OnceLock::new();
    *KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the place is there, and the destructor takes what the key is set to.
        let outcome = unsafe { libc::pthread_key_create(&raw mut key, Some(end)) };
        assert_eq!(outcome, 0, "the process has a key left for the ends of threads");
        key
    })
}

/// Sets how many rounds are put off yet, as the value of the key.
fn put_end_off(rounds: usize) {
    // SAFETY: the value is a number, which is never followed.
    unsafe { libc::pthread_setspecific(end_key(), ptr::without_provenance(rounds)) };
}

/// The end of this thread is one in its world.
pub(crate) fn end_with_thread() {
    put_end_off(1 + ROUNDS_PUT_OFF);
}

unsafe extern "C" fn end(rounds: *mut c_void) {
    if rounds.addr() > 1 {
        return put_end_off(rounds.addr() - 1);
    }
    if let Some(here) = enter() {
        here.end_thread();
    }
}

extern "C" fn live(birth: *mut c_void) -> *mut c_void {
    // SAFETY: `pthread_create` below has made it for this thread alone.
    let Birth { start, routine, argument } = *unsafe { Box::from_raw(birth.cast::<Birth>()) };
    end_with_thread();
    start.take_part();
    routine(argument)
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pthread_create(
    handle: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    routine: StartRoutine,
    argument: *mut c_void,
) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::PTHREAD_CREATE.get()(handle, attributes, routine, argument) };
    };
    let (id, start) = here.begin_thread(here.host(), String::new());
    let birth = Box::into_raw(Box::new(Birth { start, routine, argument }));
    // SAFETY: as the caller promises; the thread takes the box.
    let outcome = unsafe { real::PTHREAD_CREATE.get()(handle, attributes, live, birth.cast()) };
    if outcome == 0 {
        // SAFETY: the call has written it.
        let handle = unsafe { handle.read() };
        here.look(|world| world.handles.0.insert(handle, id));
    } else {
        // SAFETY: no thread has it.
        drop(unsafe { Box::from_raw(birth) });
        here.forget_thread(id);
    }
    outcome
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pthread_join(handle: libc::pthread_t, result: *mut *mut c_void) -> c_int {
    if let Some(here) = enter() {
        let other = here.look(|world| world.handles.of(handle));
        if let Some(other) = other {
            here.wait_once("join", u64::from(other.0), None, |world| {
                world.threads.is_alive(other).then_some(WaitKey::Thread(other))
            });
            here.look(|world| world.handles.0.remove(&handle));
        }
    }
    // SAFETY: as the caller promises. The thread has ended in its world, and ends really now.
    unsafe { real::PTHREAD_JOIN.get()(handle, result) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pthread_setname_np(handle: libc::pthread_t, name: *const c_char) -> c_int {
    if let Some(here) = enter() {
        // SAFETY: as the caller promises.
        let text = unsafe { std::ffi::CStr::from_ptr(name) }.to_string_lossy().into_owned();
        // SAFETY: it asks for nothing.
        let is_own = handle == unsafe { libc::pthread_self() };
        here.look(|world| {
            let other = if is_own { Some(here.thread()) } else { world.handles.of(handle) };
            if let Some(other) = other {
                world.threads.get_mut(other).name = text;
            }
        });
    }
    // SAFETY: as the caller promises.
    unsafe { real::PTHREAD_SETNAME_NP.get()(handle, name) }
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn sched_yield() -> c_int {
    match enter() {
        Some(here) => here.yield_now(),
        // SAFETY: it takes nothing.
        None => return unsafe { real::SCHED_YIELD.get()() },
    }
    0
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn sched_getaffinity(
    pid: libc::pid_t,
    bytes: usize,
    set: *mut libc::cpu_set_t,
) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::SCHED_GETAFFINITY.get()(pid, bytes, set) };
    };
    let host = here.host();
    let cpus = here.look(|world| world.kernel.hosts.get(host).cpus).min(bytes * 8);
    // SAFETY: the caller has so many bytes there, and `cpus` bits fit.
    unsafe {
        ptr::write_bytes(set.cast::<u8>(), 0, bytes);
        (0..cpus).for_each(|cpu| libc::CPU_SET(cpu, &mut *set));
    }
    0
}
