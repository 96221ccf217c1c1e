//! A thread that decides, call by call, what the system answers: refusals that come late, or pass.
#![expect(unsafe_code, reason = "the kernel's filter and its questions are only to be had from libc")]

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, mpsc};

/// From here on, each of these system calls, made by this thread or one that it starts from now on, is put to `answer`
/// with its number and how many came before it: an errno that it fails with, or none, and the kernel does it.
///
/// It holds until the process ends.
pub(crate) fn supervise(
    calls: &[libc::c_long],
    mut answer: impl FnMut(i32, usize) -> Option<i32> + Send + 'static,
) {
    start(calls, move |call, count| answer(call.nr, count));
}

/// From here on, rings made by this thread, or one that it starts from now on, say that their kernel lacks this op-code.
///
/// It holds until the process ends; which op-code it is may be changed.
pub(crate) fn hide_opcode(hidden: Arc<AtomicU8>) {
    const REGISTER_PROBE: u64 = 8;
    start(&[libc::SYS_io_uring_register], move |call, _| {
        if call.args[1] != REGISTER_PROBE {
            return None;
        }
        Some(probe_without(hidden.load(Ordering::SeqCst), call.args))
    });
}

/// Makes the call of the thread that waits for the answer, and takes one op-code out of what the kernel wrote: the errno, or
/// 0 for a success.
fn probe_without(hidden: u8, [ring, call, list, count, ..]: [u64; 6]) -> i32 {
    /// The list is an array of 8 bytes for each op-code, behind 16 bytes that tell its length.
    const HEAD_BYTES: usize = 16;
    const ENTRY_BYTES: usize = 8;
    const FLAGS_PLACE: usize = 2;
    let list_bytes = HEAD_BYTES + ENTRY_BYTES * usize::try_from(count).expect("a short list");
    let memory = std::ptr::with_exposed_provenance_mut::<u8>(usize::try_from(list).expect("an address"));
    // The kernel wants zeros. A call that a signal interrupted is made again with what was written the first time.
    // SAFETY: within the list, which the thread that waits has lent to the kernel, hence to nobody else.
    unsafe { memory.write_bytes(0, list_bytes) };
    // SAFETY: the arguments of a call that another thread of this process makes, and that has not returned.
    let result = unsafe { libc::syscall(libc::SYS_io_uring_register, ring, call, list, count) };
    if result != 0 {
        return std::io::Error::last_os_error().raw_os_error().expect("the kernel's error");
    }
    assert!(u64::from(hidden) < count, "op-code {hidden} is not asked about");
    let place = HEAD_BYTES + ENTRY_BYTES * usize::from(hidden) + FLAGS_PLACE;
    // SAFETY: as above.
    unsafe { memory.add(place).cast::<u16>().write_unaligned(0) };
    0
}

fn start(
    calls: &[libc::c_long],
    answer: impl FnMut(&libc::seccomp_data, usize) -> Option<i32> + Send + 'static,
) {
    let (listener, listeners) = mpsc::channel::<OwnedFd>();
    // Started before there is a filter: what it does itself is not asked about.
    std::thread::spawn(move || decide(&listeners.recv().expect("the filter was installed"), answer));
    listener.send(install(calls)).expect("the supervisor waits");
}

fn decide(listener: &OwnedFd, mut answer: impl FnMut(&libc::seccomp_data, usize) -> Option<i32>) {
    let mut count = 0;
    loop {
        // SAFETY: all-zero bytes are a valid question: it is made of integers only.
        let mut question: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a live question that this call may fill.
        let result =
            unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut question) };
        if result != 0 {
            expect_withdrawn();
            continue;
        }
        let errno = answer(&question.data, count);
        // SAFETY: as above.
        let mut reply: libc::seccomp_notif_resp = unsafe { std::mem::zeroed() };
        reply.id = question.id;
        match errno {
            Some(errno) => reply.error = -errno,
            None => {
                reply.flags = u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).expect("a small flag");
            }
        }
        // SAFETY: the pointer is to a live answer that this call reads.
        let result =
            unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut reply) };
        if result != 0 {
            expect_withdrawn();
            continue;
        }
        count += 1;
    }
}

/// A call that a signal interrupts, such as the kernel's own when a ring was closed, is not counted: it is made again, and
/// asked about again.
fn expect_withdrawn() {
    let error = std::io::Error::last_os_error();
    assert!(matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINTR)), "{error}");
}

/// The descriptor that the questions are read from.
fn install(calls: &[libc::c_long]) -> OwnedFd {
    let jump = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let mut program = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
    for (index, &call) in calls.iter().enumerate() {
        let to_question = u8::try_from(calls.len() - index).expect("few calls");
        let call = u32::try_from(call).expect("call numbers are small");
        program.push(libc::sock_filter { jt: to_question, ..statement(jump, call) });
    }
    program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
    program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_USER_NOTIF));
    let program =
        libc::sock_fprog { len: u16::try_from(program.len()).expect("short"), filter: program.as_mut_ptr() };
    // SAFETY: takes integers only; it takes a right away from this thread and changes nothing else.
    let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(result, 0, "no_new_privs: {}", std::io::Error::last_os_error());
    let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
    // SAFETY: `program` and the filter it points to live until the call is back; the kernel copies both.
    let fd = unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) };
    assert!(fd >= 0, "seccomp: {}", std::io::Error::last_os_error());
    // SAFETY: the descriptor is new and nobody else's.
    unsafe { OwnedFd::from_raw_fd(i32::try_from(fd).expect("a descriptor")) }
}

fn statement(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: u16::try_from(code).expect("BPF codes are 16 bits"), jt: 0, jf: 0, k }
}

/// From here on this process may have descriptors below `count` only. Those that are open stay.
pub(crate) fn limit_descriptors(count: usize) {
    let count = libc::rlim_t::try_from(count).expect("a small number");
    let limit = libc::rlimit { rlim_cur: count, rlim_max: count };
    // SAFETY: the pointer is to a live rlimit.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(result, 0, "setrlimit: {}", std::io::Error::last_os_error());
}

/// From here on this process may have `count` descriptors. Fails if the machine's hard limit is lower.
pub(crate) fn raise_descriptor_limit(count: usize) {
    let count = libc::rlim_t::try_from(count).expect("a small number");
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live rlimit that this call may fill.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    assert_eq!(result, 0, "getrlimit: {}", std::io::Error::last_os_error());
    assert!(
        limit.rlim_max >= count,
        "{count} descriptors are needed: raise the hard limit, {}",
        limit.rlim_max
    );
    limit.rlim_cur = limit.rlim_cur.max(count);
    // SAFETY: the pointer is to a live rlimit.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(result, 0, "setrlimit: {}", std::io::Error::last_os_error());
}
