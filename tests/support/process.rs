//! Child processes, resource limits and kernel filters: what a test can only try in a process of
//! its own.
//!
//! A test that needs a child runs itself again: [`again`] starts this very test binary with only
//! that test selected and a role in the environment; the test asks [`role`] first and, when it has
//! one, plays it and returns.
#![expect(unsafe_code, reason = "rlimits, user ids, seccomp and fork are only to be had from libc")]

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use heist::runtime::{DriverKind, Runtime};

#[cfg(target_os = "linux")]
use super::PATIENCE;
use super::{Shape, backends, builder};

const ROLE: &str = "HEIST_TEST_ROLE";

/// The role this process plays, if it is a child started by [`again`].
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// This test binary again, running only `test`, in `role`.
pub(crate) fn again(test: &str, role: &str) -> Command {
    let exe = std::env::current_exe().expect("a test binary knows its own path");
    let mut command = Command::new(exe);
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs `command` to its end and fails with all it printed unless it succeeded and ran exactly one
/// test.
#[track_caller]
pub(crate) fn expect_success(command: &mut Command) -> String {
    succeeded(&command.output().expect("the child starts"))
}

/// Fails with all that a child of [`again`] printed unless it succeeded and ran exactly one test.
#[track_caller]
pub(crate) fn succeeded(output: &Output) -> String {
    let text = everything(output);
    assert!(output.status.success(), "the child failed with {}:\n{text}", output.status);
    assert!(text.contains("1 passed"), "the child ran no test; is its name right?\n{text}");
    text
}

/// Runs the test of this name again in a process of its own, once per back end; there, runs `play`.
pub(crate) fn in_a_child(test: &str, play: impl FnOnce(&Runtime)) {
    match role() {
        Some(kind) => {
            let kind: DriverKind = kind.parse().expect("the role is a back end");
            play(&builder(Shape::MultiThread, kind).build().expect("the parent had it"));
        }
        None => {
            for kind in backends() {
                expect_success(&mut again(test, &kind.to_string()));
            }
        }
    }
}

/// What the child wrote, both streams.
pub(crate) fn everything(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}

/// CPU time this process has used so far, user and system.
pub(crate) fn cpu_time() -> Duration {
    // SAFETY: all-zero bytes are a valid rusage: it is made of integers only.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live rusage that this call may fill.
    let result = unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    assert_eq!(result, 0, "getrusage of oneself cannot fail");
    duration(usage.ru_utime) + duration(usage.ru_stime)
}

/// CPU time this thread has used so far, user and system.
pub(crate) fn thread_cpu_time() -> Duration {
    // SAFETY: all-zero bytes are a valid timespec: it is made of integers only.
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live timespec that this call may fill.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(result, 0, "the clock of this thread is always there");
    let nanos = u32::try_from(time.tv_nsec).expect("less than a second");
    Duration::new(u64::try_from(time.tv_sec).expect("CPU time is positive"), nanos)
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).expect("CPU time is positive");
    let micros = u64::try_from(time.tv_usec).expect("CPU time is positive");
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// How many descriptors this process has open.
#[cfg(target_os = "linux")]
pub(crate) fn open_fds_count() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("procfs is mounted").count()
}

#[cfg(target_os = "linux")]
/// Waits until the process has no more than `count` descriptors: a cancelled one closes a moment
/// later.
pub(crate) async fn fds_fall_to(count: usize) {
    let start = std::time::Instant::now();
    while open_fds_count() > count {
        let now = open_fds_count();
        assert!(start.elapsed() < PATIENCE / 2, "{now} descriptors are open, {count} were before");
        heist::time::sleep(Duration::from_millis(1)).await;
    }
}

/// How many threads this process has.
#[cfg(target_os = "linux")]
pub(crate) fn threads_count() -> usize {
    std::fs::read_dir("/proc/self/task").expect("procfs is mounted").count()
}

/// What a filtered system call answers.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// It fails with this errno.
    Errno(i32),
    /// The whole process is killed.
    Kill,
}

/// From here on, io_uring's three system calls give `answer` to every thread this thread starts,
/// and to itself.
#[cfg(target_os = "linux")]
pub(crate) fn refuse_io_uring(answer: Answer) {
    let verdict = match answer {
        Answer::Errno(errno) => {
            libc::SECCOMP_RET_ERRNO
                | (u32::try_from(errno).expect("errno is positive") & libc::SECCOMP_RET_DATA)
        }
        Answer::Kill => libc::SECCOMP_RET_KILL_PROCESS,
    };
    refuse(&[libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register], verdict);
}

/// From here on, the kernel of every thread this thread starts, and of itself, has no descriptors
/// of processes.
#[cfg(target_os = "linux")]
pub(crate) fn refuse_pidfds() {
    let errno = u32::try_from(libc::ENOSYS).expect("errno is positive");
    refuse(&[libc::SYS_pidfd_open], libc::SECCOMP_RET_ERRNO | errno);
}

#[cfg(target_os = "linux")]
fn refuse(calls: &[libc::c_long], verdict: u32) {
    let mut program = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
    for (index, &call) in calls.iter().enumerate() {
        let to_verdict = u8::try_from(calls.len() - index).expect("a few calls");
        program.push(equal_or_next(u32::try_from(call).expect("call numbers are small"), to_verdict));
    }
    program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
    program.push(statement(libc::BPF_RET | libc::BPF_K, verdict));
    install(&mut program);
}

#[cfg(target_os = "linux")]
fn statement(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: u16::try_from(code).expect("BPF codes are 16 bits"), jt: 0, jf: 0, k }
}

/// Skips `to_verdict` instructions when the loaded call number is `call`, else goes on with the
/// next one.
#[cfg(target_os = "linux")]
fn equal_or_next(call: u32, to_verdict: u8) -> libc::sock_filter {
    libc::sock_filter { jt: to_verdict, ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call) }
}

#[cfg(target_os = "linux")]
fn install(program: &mut [libc::sock_filter]) {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).expect("a short program"),
        filter: program.as_mut_ptr(),
    };
    // SAFETY: takes integers only; it takes a right away from this process and changes nothing
    // else.
    let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(result, 0, "no_new_privs: {}", std::io::Error::last_os_error());
    // SAFETY: `program` and the filter it points to live until the call is back; the kernel copies
    // both.
    let result = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) };
    assert_eq!(result, 0, "seccomp: {}", std::io::Error::last_os_error());
}

/// Becomes a user without privileges who may have no more than `count` processes and threads.
///
/// Root is exempt from the limit, hence the change of user; it holds for the whole process.
#[cfg(target_os = "linux")]
pub(crate) fn limit_threads(count: usize) {
    const NOBODY: libc::uid_t = 65_534;
    let limit = u64::try_from(count).expect("a small number");
    // SAFETY: takes an integer only; glibc sets the user of every thread.
    let result = unsafe { libc::setuid(NOBODY) };
    assert_eq!(result, 0, "setuid: {}", std::io::Error::last_os_error());
    let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    // SAFETY: the pointer is to a live rlimit.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &limit) };
    assert_eq!(result, 0, "setrlimit: {}", std::io::Error::last_os_error());
}

/// Becomes a user without privileges, for the whole process.
#[cfg(target_os = "linux")]
pub(crate) fn become_nobody() {
    // SAFETY: takes an integer only; glibc sets the user of every thread.
    let result = unsafe { libc::setuid(65_534) };
    assert_eq!(result, 0, "setuid: {}", std::io::Error::last_os_error());
}

/// Becomes a user without privileges who may lock no more than so many bytes of memory.
///
/// Root is exempt from the limit, hence the change of user; it holds for the whole process.
#[cfg(target_os = "linux")]
pub(crate) fn limit_locked_memory(bytes: usize) {
    become_nobody();
    let bytes = libc::rlim_t::try_from(bytes).expect("a small number");
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: the pointer is to a live rlimit.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &limit) };
    assert_eq!(result, 0, "setrlimit: {}", std::io::Error::last_os_error());
}

/// A directory on which a file system is mounted, seen by this process only. Both go with it.
#[cfg(target_os = "linux")]
pub(crate) struct Mounted<F: AsRef<std::path::Path>>(F);

#[cfg(target_os = "linux")]
impl<F: AsRef<std::path::Path>> Mounted<F> {
    pub(crate) fn path(&self) -> &std::path::Path {
        self.0.as_ref()
    }
}

#[cfg(target_os = "linux")]
impl<F: AsRef<std::path::Path>> Drop for Mounted<F> {
    fn drop(&mut self) {
        let directory = c_path(self.path());
        // SAFETY: the string lives through the call. An error stays: the mount ends with the
        // process at the latest.
        unsafe { libc::umount2(directory.as_ptr(), libc::MNT_DETACH) };
    }
}

#[cfg(unix)]
fn c_path(path: &std::path::Path) -> std::ffi::CString {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::CString::new(path.as_os_str().as_bytes()).expect("a path without NUL")
}

/// Mounts a file system of that kind on `directory`.
#[cfg(target_os = "linux")]
pub(crate) fn mount<F: AsRef<std::path::Path>>(
    directory: F,
    kind: &std::ffi::CStr,
    options: &str,
    is_read_only: bool,
) -> std::io::Result<Mounted<F>> {
    let point = c_path(directory.as_ref());
    let options = std::ffi::CString::new(options).expect("options without NUL");
    // SAFETY: takes integers only.
    let unshared = unsafe { libc::unshare(libc::CLONE_NEWNS) };
    if unshared != 0 {
        return Err(std::io::Error::last_os_error());
    }
    let flags = if is_read_only { libc::MS_RDONLY } else { 0 };
    let private = libc::MS_REC | libc::MS_PRIVATE;
    // SAFETY: every pointer is to a string that lives through the calls, or null where the call
    // ignores it.
    let result = unsafe {
        libc::mount(std::ptr::null(), c"/".as_ptr(), std::ptr::null(), private, std::ptr::null());
        libc::mount(c"heist".as_ptr(), point.as_ptr(), kind.as_ptr(), flags, options.as_ptr().cast())
    };
    if result == 0 { Ok(Mounted(directory)) } else { Err(std::io::Error::last_os_error()) }
}

/// Makes a named pipe.
pub(crate) fn make_fifo(path: &std::path::Path) {
    let path = c_path(path);
    // SAFETY: the string lives through the call.
    let result = unsafe { libc::mkfifo(path.as_ptr(), 0o600) };
    assert_eq!(result, 0, "mkfifo: {}", std::io::Error::last_os_error());
}

/// Is this process root?
pub(crate) fn is_root() -> bool {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// Forks, runs `child` in the child and ends it there; returns the child's exit code.
///
/// Only for tests of what heist does after a fork: the child has one thread and whatever locks the
/// others held.
pub(crate) fn fork_and_wait(child: impl FnOnce() -> i32) -> i32 {
    // SAFETY: the child runs `child` and leaves by `_exit`. It allocates, which glibc allows after
    // a fork.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
    if pid == 0 {
        let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child)).unwrap_or(101);
        // SAFETY: ends this process; nothing of the parent's is cleaned up twice.
        unsafe { libc::_exit(code) }
    }
    let mut status = 0;
    loop {
        // SAFETY: `status` is live; `pid` is our own child, not yet waited for.
        let waited = unsafe { libc::waitpid(pid, &mut status, 0) };
        if waited == pid {
            break;
        }
        let error = std::io::Error::last_os_error();
        assert_eq!(error.kind(), std::io::ErrorKind::Interrupted, "waitpid: {error}");
    }
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) }
}
