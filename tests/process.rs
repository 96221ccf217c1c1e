//! Child processes: their ends, their pipes, and that no zombie stays, whoever drops what.
#![cfg(unix)]
#![expect(unsafe_code, reason = "signals, limits and filters are only to be had from libc")]

mod support;

use std::future::Future;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use heist::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use heist::runtime::Runtime;
use heist::time::timeout;
#[cfg(target_os = "linux")]
use support::process;
use support::{PATIENCE, on_every_backend, on_every_runtime, with_every_runtime};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// A child that ends only when it is killed, or when its input ends.
fn patient() -> Command {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    command
}

/// Whether there is a process of this id, alive or a zombie.
fn is_there(id: u32) -> bool {
    // SAFETY: a system call without pointers, and signal 0 is none.
    unsafe { libc::kill(i32::try_from(id).unwrap(), 0) == 0 }
}

fn kill(id: u32) {
    // SAFETY: a system call without pointers.
    assert_eq!(unsafe { libc::kill(i32::try_from(id).unwrap(), libc::SIGKILL) }, 0);
}

async fn is_gone(id: u32) {
    let start = Instant::now();
    while is_there(id) {
        assert!(start.elapsed() < PATIENCE / 2, "the child {id} stays as a zombie");
        heist::time::sleep(Duration::from_millis(1)).await;
    }
}

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll_once<F: Future>(future: F, waker: &Waker) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(waker))
}

#[test]
fn children_are_started_fed_read_and_waited_for() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            assert!(Command::new("true").status().await.unwrap().success());
            let output = shell("echo out; echo err >&2; exit 3").output().await.unwrap();
            assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
            assert_eq!(output.status.code(), Some(3));
            let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut input = child.stdin.take().unwrap();
            let bytes: Vec<u8> = (0..3_000_000_u32).map(|place| place.to_le_bytes()[1]).collect();
            let wanted = bytes.clone();
            let feed = heist::spawn(async move { input.write_all(&bytes).await });
            let output = child.wait_with_output().await.unwrap();
            feed.await.unwrap().unwrap();
            assert!(output.status.success() && output.stdout == wanted, "every byte comes back");
        });
    });
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut command = Command::new("/no/such/program");
            assert_eq!(command.spawn().unwrap_err().kind(), ErrorKind::NotFound);
            assert_eq!(command.status().await.unwrap_err().kind(), ErrorKind::NotFound);
            assert_eq!(command.output().await.unwrap_err().kind(), ErrorKind::NotFound);
        });
    });
}

#[test]
#[should_panic(expected = "there is no heist runtime on this thread")]
fn a_spawn_outside_of_a_runtime_panics_and_starts_nothing() {
    let _ = Command::new("true").spawn();
}

#[test]
fn a_wait_closes_the_input_first_and_its_result_stays() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut child = patient().spawn().unwrap();
            assert!(child.id().is_some() && child.try_wait().unwrap().is_none());
            let status = child.wait().await.unwrap();
            assert!(status.success() && child.stdin.is_none());
            assert_eq!(child.wait().await.unwrap(), status);
            assert_eq!(child.try_wait().unwrap(), Some(status));
            assert_eq!(child.id(), None);
            child.start_kill().unwrap();
            child.kill().await.unwrap();
        });
    });
}

#[test]
fn a_killed_child_has_ended_by_the_signal() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut child = patient().spawn().unwrap();
            let input = child.stdin.take();
            child.kill().await.unwrap();
            assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGKILL));
            drop(input);
        });
    });
}

#[test]
fn a_wait_that_is_given_up_loses_nothing() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut child = patient().spawn().unwrap();
            let input = child.stdin.take();
            for _ in 0..20 {
                assert!(timeout(Duration::from_millis(1), child.wait()).await.is_err());
            }
            drop(input);
            assert!(child.wait().await.unwrap().success());
        });
    });
}

/// As a stream does that polls a new wait each time.
#[test]
fn the_task_of_a_dropped_wait_is_woken_when_the_child_ends() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut child = patient().spawn().unwrap();
            let input = child.stdin.take();
            let ended = std::future::poll_fn(|cx| match poll_once(child.wait(), cx.waker()) {
                Poll::Ready(status) => Poll::Ready(status),
                Poll::Pending => Poll::Pending,
            });
            let task = async {
                heist::task::yield_now().await;
                drop(input);
            };
            let (status, ()) = futures::join!(ended, task);
            assert!(status.unwrap().success());
        });
    });
}

#[test]
fn only_the_last_waker_is_called() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut child = patient().spawn().unwrap();
            let input = child.stdin.take();
            let count = Arc::new(Count(AtomicUsize::new(0)));
            assert!(poll_once(child.wait(), &Waker::from(count.clone())).is_pending());
            let task = heist::spawn(async move { child.wait().await });
            heist::task::yield_now().await;
            drop(input);
            assert!(task.await.unwrap().unwrap().success());
            assert!(count.0.load(Ordering::SeqCst) <= 1);
        });
    });
}

fn leave_no_zombie(runtime: &Runtime) {
    runtime.block_on(async {
        // It ends by itself, later.
        let mut child = patient().spawn().unwrap();
        let (id, input) = (child.id().unwrap(), child.stdin.take());
        drop(child);
        assert!(is_there(id), "it was not killed");
        drop(input);
        is_gone(id).await;
        // After a wait that was given up.
        let mut child = patient().spawn().unwrap();
        let (id, input) = (child.id().unwrap(), child.stdin.take());
        assert!(timeout(Duration::from_millis(1), child.wait()).await.is_err());
        drop((child, input));
        is_gone(id).await;
        // It has ended, and nobody has looked.
        let mut child = Command::new("echo").stdout(Stdio::piped()).spawn().unwrap();
        let id = child.id().unwrap();
        child.stdout.take().unwrap().read_to_end(&mut Vec::new()).await.unwrap();
        drop(child);
        is_gone(id).await;
        // It is killed.
        let mut child = patient().kill_on_drop(true).spawn().unwrap();
        let (id, input) = (child.id().unwrap(), child.stdin.take());
        drop(child);
        is_gone(id).await;
        drop(input);
        // The drop is outside of the runtime.
        let mut child = patient().spawn().unwrap();
        let (id, input) = (child.id().unwrap(), child.stdin.take());
        std::thread::spawn(move || drop(child)).join().unwrap();
        drop(input);
        is_gone(id).await;
    });
}

#[test]
fn no_zombie_stays_of_a_child_that_is_dropped() {
    on_every_runtime(leave_no_zombie);
}

#[test]
fn a_dropped_future_kills_its_child_if_that_is_set_and_leaves_no_zombie() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            for is_output in [false, true] {
                let path = directory.path().join(format!("id{is_output}"));
                let mut command = shell("echo $$ > $IDS.new; mv $IDS.new $IDS; exec sleep 1000");
                command.env("IDS", &path).kill_on_drop(true);
                let future = async {
                    if is_output {
                        command.output().await.map(drop)
                    } else {
                        command.status().await.map(drop)
                    }
                };
                let id = {
                    let mut future = pin!(future);
                    let started = async {
                        loop {
                            match std::fs::read_to_string(&path) {
                                Ok(id) => return id.trim().parse::<u32>().unwrap(),
                                Err(_) => heist::time::sleep(Duration::from_millis(1)).await,
                            }
                        }
                    };
                    let mut started = pin!(started);
                    std::future::poll_fn(|cx| {
                        assert!(future.as_mut().poll(cx).is_pending());
                        started.as_mut().poll(cx)
                    })
                    .await
                };
                is_gone(id).await;
            }
        });
    });
}

#[test]
fn a_child_that_outlives_its_runtime_is_reaped_by_the_next_spawn() {
    with_every_runtime(|runtime| {
        let (id, input) = runtime.block_on(async {
            let mut child = patient().spawn().unwrap();
            let parts = (child.id().unwrap(), child.stdin.take().unwrap().into_owned_fd().unwrap());
            // The task holds it until the runtime ends.
            drop(heist::spawn(async move { child.wait().await }));
            heist::task::yield_now().await;
            parts
        });
        drop(runtime);
        assert!(is_there(id));
        for kind in support::backends() {
            let next = support::builder(support::Shape::MultiThread, kind).build().unwrap();
            next.block_on(async { assert!(Command::new("true").status().await.unwrap().success()) });
            assert!(is_there(id), "it is alive and belongs to the next runtime");
        }
        let next = support::two_workers();
        next.block_on(async {
            assert!(Command::new("true").status().await.unwrap().success());
            drop(input);
            is_gone(id).await;
        });
    });
}

#[test]
fn a_wait_on_a_runtime_that_has_ended_returns_an_error_or_the_end() {
    with_every_runtime(|runtime| {
        let mut child = runtime.block_on(async { patient().spawn().unwrap() });
        let input = child.stdin.take().unwrap().into_owned_fd().unwrap();
        drop(runtime);
        let id = child.id().unwrap();
        let next = support::two_workers();
        next.block_on(async {
            // Where SIGCHLD tells of the end, the wait goes on here.
            match timeout(Duration::from_millis(20), child.wait()).await {
                Ok(result) => assert!(result.is_err()),
                Err(_) => assert!(child.try_wait().unwrap().is_none()),
            }
            drop(input);
            let start = Instant::now();
            while child.try_wait().unwrap().is_none() {
                assert!(start.elapsed() < PATIENCE / 2);
                heist::time::sleep(Duration::from_millis(1)).await;
            }
            assert!(child.wait().await.unwrap().success());
            is_gone(id).await;
        });
    });
}

fn start_a_thousand(runtime: &Runtime) {
    const COUNT: usize = 1000;
    runtime.block_on(async {
        let before = threads_count();
        let gate = UnixStream::pair().unwrap();
        let mut tasks = Vec::new();
        for place in 0..COUNT {
            // Each ends when the gate closes, and tells its place by its code.
            let mut command = shell("read line; exit $0");
            command.arg((place % 200).to_string()).stdin(OwnedFd::from(gate.0.try_clone().unwrap()));
            let mut child = command.spawn().unwrap();
            tasks.push(heist::spawn(async move { child.wait().await }));
        }
        assert!(threads_count() < before + 50, "no thread per child: {before}, {}", threads_count());
        drop(gate);
        for (place, task) in tasks.into_iter().enumerate() {
            let status = task.await.unwrap().unwrap();
            assert_eq!(status.code(), Some(i32::try_from(place % 200).unwrap()));
        }
    });
}

#[cfg(target_os = "linux")]
use process::threads_count;
#[cfg(not(target_os = "linux"))]
fn threads_count() -> usize {
    0
}

/// As many descriptors as the system allows.
fn raise_the_limit_of_descriptors() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointers are to a live limit.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit), 0);
        limit.rlim_cur = limit.rlim_max.min(8192);
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit), 0);
    }
}

#[test]
fn a_thousand_children_at_once_need_no_thread_each_and_none_is_lost() {
    raise_the_limit_of_descriptors();
    on_every_backend(start_a_thousand);
}

/// `play` in a process of its own, on every back end, on a kernel without descriptors of processes.
#[cfg(target_os = "linux")]
fn without_pidfds(test: &str, play: impl Fn(&Runtime)) {
    if process::role().is_none() {
        process::expect_success(&mut process::again(test, "old"));
        return;
    }
    process::refuse_pidfds();
    on_every_runtime(play);
}

#[cfg(target_os = "linux")]
#[test]
fn without_pidfds_every_end_is_learnt_by_sigchld() {
    without_pidfds("without_pidfds_every_end_is_learnt_by_sigchld", |runtime| {
        leave_no_zombie(runtime);
        runtime.block_on(async {
            let mut child = patient().spawn().unwrap();
            let input = child.stdin.take();
            for _ in 0..20 {
                assert!(timeout(Duration::from_millis(1), child.wait()).await.is_err());
            }
            drop(input);
            assert!(child.wait().await.unwrap().success());
            let tasks: Vec<_> =
                (0..50).map(|place| heist::spawn(shell(&format!("exit {place}")).status())).collect();
            for (place, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.unwrap().unwrap().code(), Some(i32::try_from(place).unwrap()));
            }
        });
    });
}

/// The listener belongs to the runtime that ends.
#[cfg(target_os = "linux")]
#[test]
fn without_pidfds_a_child_of_another_runtime_is_waited_for_when_the_listeners_has_ended() {
    let name = "without_pidfds_a_child_of_another_runtime_is_waited_for_when_the_listeners_has_ended";
    without_pidfds(name, |first| {
        let second = support::two_workers();
        let third = support::two_workers();
        let (input, one) = third.block_on(async {
            let mut child = patient().spawn().unwrap();
            let input = child.stdin.take();
            assert!(timeout(Duration::from_millis(1), child.wait()).await.is_err());
            (input, child)
        });
        let mut other = second.block_on(async { patient().spawn().unwrap() });
        let other_input = other.stdin.take();
        let waits = second.spawn(async move { other.wait().await });
        second.block_on(async { heist::task::yield_now().await });
        drop((third, input));
        drop(other_input);
        assert!(second.block_on(waits).unwrap().unwrap().success());
        let mut one = one;
        assert!(first.block_on(one.wait()).unwrap().success());
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_wait_for_which_there_is_no_descriptor_may_be_made_again() {
    process::in_a_child("a_wait_for_which_there_is_no_descriptor_may_be_made_again", |runtime| {
        runtime.block_on(async {
            let (reader, writer) = UnixStream::pair().unwrap();
            let mut taken = Vec::new();
            while let Ok(file) = std::fs::File::open("/dev/null") {
                taken.push(file);
            }
            let mut command = Command::new("cat");
            command.stdin(OwnedFd::from(reader));
            let mut child = command.spawn().unwrap();
            let mut orphan = command.spawn().unwrap();
            drop(command);
            let orphan_id = orphan.id().unwrap();
            assert_eq!(child.wait().await.unwrap_err().raw_os_error(), Some(libc::EMFILE));
            assert_eq!(orphan.wait().await.unwrap_err().raw_os_error(), Some(libc::EMFILE));
            drop(orphan);
            drop((taken, writer));
            assert!(child.wait().await.unwrap().success());
            assert!(Command::new("true").status().await.unwrap().success());
            is_gone(orphan_id).await;
        });
    });
}

#[test]
fn a_pipe_connects_two_children() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut first = shell("echo hello; echo oh >&2");
            let mut first = first.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let out: Stdio = first.stdout.take().unwrap().try_into().unwrap();
            let err: Stdio = first.stderr.take().unwrap().try_into().unwrap();
            let upper = Command::new("tr").args(["a-z", "A-Z"]).stdin(out).output().await.unwrap();
            assert_eq!(upper.stdout, b"HELLO\n");
            let upper = Command::new("tr").args(["a-z", "A-Z"]).stdin(err).output().await.unwrap();
            assert_eq!(upper.stdout, b"OH\n");
            assert!(first.wait().await.unwrap().success());
            let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let input: Stdio = cat.stdin.take().unwrap().try_into().unwrap();
            assert!(Command::new("echo").arg("to cat").stdout(input).status().await.unwrap().success());
            assert_eq!(cat.wait_with_output().await.unwrap().stdout, b"to cat\n");
        });
    });
}

#[test]
fn a_read_of_a_child_that_is_given_up_loses_nothing() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
            let mut buf = [0; 8];
            for round in 0..20_u8 {
                assert!(timeout(Duration::from_millis(1), output.read(&mut buf)).await.is_err());
                input.write_all(&[round]).await.unwrap();
                assert_eq!(output.read(&mut buf).await.unwrap(), 1);
                assert_eq!(buf[0], round);
            }
            drop(input);
            assert_eq!(output.read(&mut buf).await.unwrap(), 0);
            assert!(child.wait().await.unwrap().success());
        });
    });
}

#[test]
fn a_write_to_a_child_that_has_ended_is_broken() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
            let mut input = child.stdin.take().unwrap();
            assert!(child.wait().await.unwrap().success());
            // A child of another test may have the other end, until it calls `exec`.
            let error = loop {
                match input.write(b"hello").await {
                    Ok(_) => heist::time::sleep(Duration::from_millis(1)).await,
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
    });
}

#[test]
fn the_traits_of_other_crates_read_and_write() {
    use futures::io::{AsyncReadExt, AsyncWriteExt};
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut input = child.stdin.take().unwrap();
            AsyncWriteExt::write_all(&mut input, b"hello").await.unwrap();
            AsyncWriteExt::close(&mut input).await.unwrap();
            drop(input);
            let mut text = String::new();
            AsyncReadExt::read_to_string(&mut child.stdout.take().unwrap(), &mut text).await.unwrap();
            assert_eq!(text, "hello");
            assert!(child.wait().await.unwrap().success());
        });
    });
}

#[test]
fn the_settings_of_std_are_passed_on() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut command = Command::from(std::process::Command::new("sh"));
            command
                .arg0("zero")
                .args(["-c", "echo $0 $A $B; pwd"])
                .env("A", "1")
                .envs([("B", "2")])
                .current_dir("/");
            assert_eq!(command.output().await.unwrap().stdout, b"zero 1 2\n/\n");
            command.env_remove("A");
            assert_eq!(command.output().await.unwrap().stdout, b"zero 2\n/\n");
            assert_eq!(command.as_std().get_program(), "sh");
            assert_eq!(command.into_std().get_program(), "sh");
            let mut command = Command::new("true");
            // SAFETY: the closure makes one system call.
            unsafe { command.pre_exec(|| Err(std::io::Error::from_raw_os_error(libc::EXDEV))) };
            assert_eq!(command.spawn().unwrap_err().raw_os_error(), Some(libc::EXDEV));
            let mut child = patient().process_group(0).spawn().unwrap();
            let input = child.stdin.take();
            let id = i32::try_from(child.id().unwrap()).unwrap();
            // SAFETY: system calls without pointers.
            assert_eq!(unsafe { libc::getpgid(id) }, id);
            kill(child.id().unwrap());
            assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGKILL));
            drop(input);
        });
    });
}

#[test]
fn children_may_be_sent_and_shared() {
    fn is_free<T: Send + Sync + Unpin + 'static>() {}
    is_free::<Command>();
    is_free::<Child>();
    is_free::<ChildStdin>();
    is_free::<ChildStdout>();
    is_free::<ChildStderr>();
    // The futures borrow nothing of the command.
    fn is_static<F: Send + 'static>(_: impl FnOnce(&mut Command) -> F) {}
    is_static(|command| command.status());
    is_static(|command| command.output());
}

#[test]
fn an_output_larger_than_the_pipes_is_collected_from_both() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut command =
                shell("head -c 20000000 /dev/zero & head -c 30000000 /dev/zero >&2; wait; exit 3");
            let output = command.output().await.unwrap();
            assert_eq!((output.stdout.len(), output.stderr.len()), (20_000_000, 30_000_000));
            assert_eq!(output.status.code(), Some(3));
        });
    });
}

/// Fault L4.
#[test]
fn a_drop_a_kill_and_the_end_of_a_child_race_and_no_zombie_stays() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            for round in 0..100 {
                let mut child = Command::new("true").kill_on_drop(round % 2 == 0).spawn().unwrap();
                let id = child.id().unwrap();
                let _ = timeout(Duration::from_micros(round * 30), child.wait()).await;
                if round % 3 == 0 {
                    child.start_kill().unwrap();
                }
                drop(child);
                is_gone(id).await;
            }
        });
    });
}

#[test]
fn a_task_that_panics_with_a_child_leaves_no_zombie() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let child = patient().kill_on_drop(true).spawn().unwrap();
            let id = child.id().unwrap();
            let panics = heist::spawn(async move {
                let _child = child;
                panic!("on purpose");
            });
            assert!(panics.await.is_err());
            is_gone(id).await;
        });
    });
}

#[test]
fn a_child_that_cannot_be_started_leaves_nothing_behind() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut command = Command::new("true");
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
            // SAFETY: it makes an error, and no call.
            unsafe { command.pre_exec(|| Err(std::io::Error::from_raw_os_error(libc::EDOM))) };
            for _ in 0..3 {
                assert_eq!(command.spawn().unwrap_err().raw_os_error(), Some(libc::EDOM));
            }
        });
    });
}

/// Fault D8: RLIMIT_NPROC.
#[cfg(target_os = "linux")]
#[test]
fn a_child_for_which_there_is_no_process_is_refused_and_leaves_nothing_behind() {
    let name = "a_child_for_which_there_is_no_process_is_refused_and_leaves_nothing_behind";
    process::in_a_child(name, |runtime| {
        process::limit_threads(0);
        runtime.block_on(async {
            let before = process::open_fds_count();
            for _ in 0..20 {
                let error = Command::new("true").output().await.unwrap_err();
                assert_eq!(error.raw_os_error(), Some(libc::EAGAIN), "{error}");
            }
            process::fds_fall_to(before).await;
        });
    });
}
