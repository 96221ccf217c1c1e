//! Pipes, the standard streams, and copies from one end to another.
#![cfg(unix)]

mod support;

use std::future::Future;
use std::io::{ErrorKind, Write};
use std::pin::pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use heist::io::{copy, copy_with, pipe, stderr, stdin, stdout};
use heist::time::timeout;
use support::wait::is_pending_once;
use support::{on_every_backend, process};

#[test]
fn what_is_written_to_a_pipe_is_read_from_it_in_order() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (mut reader, mut writer) = pipe().unwrap();
            let wanted: Vec<u8> = (0..1_000_000_u32).map(|place| place.to_le_bytes()[1]).collect();
            let bytes = wanted.clone();
            let task = heist::spawn(async move { writer.write_all(&bytes).await });
            let mut read = Vec::new();
            let mut told = Vec::new();
            let count = copy_with(&mut reader, &mut read, |total| told.push(total)).await.unwrap();
            assert_eq!(count, wanted.len() as u64);
            assert!(read == wanted);
            assert!(told.is_sorted() && told.last() == Some(&count), "progress is told in order, to the end");
            task.await.unwrap().unwrap();
        });
    });
}

#[test]
fn a_read_of_a_pipe_that_times_out_loses_nothing() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (mut reader, mut writer) = pipe().unwrap();
            let mut buf = [0; 8];
            for round in 0..20_u8 {
                let read = timeout(Duration::from_millis(1), reader.read(&mut buf)).await;
                assert!(read.is_err(), "there was nothing to read");
                writer.write_all(&[round]).await.unwrap();
                assert_eq!(reader.read(&mut buf).await.unwrap(), 1);
                assert_eq!(buf[0], round);
            }
        });
    });
}

#[test]
fn a_pipe_without_a_reader_is_broken_and_one_without_a_writer_at_its_end() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (reader, mut writer) = pipe().unwrap();
            let task = heist::spawn(async move { writer.write_all(&[0; 1 << 20]).await });
            heist::time::sleep(Duration::from_millis(5)).await;
            drop(reader);
            assert_eq!(task.await.unwrap().unwrap_err().kind(), ErrorKind::BrokenPipe);
            let (mut reader, writer) = pipe().unwrap();
            let task = heist::spawn(async move { reader.read(&mut [0; 4]).await });
            heist::time::sleep(Duration::from_millis(5)).await;
            drop(writer);
            assert_eq!(task.await.unwrap().unwrap(), 0);
        });
    });
}

#[test]
fn the_standard_streams_carry_every_byte() {
    if process::role().is_some() {
        on_every_backend(|runtime| {
            runtime.block_on(async {
                let mut line = Vec::new();
                while !line.ends_with(b"\n") {
                    let mut byte = [0; 1];
                    // A read that is given up takes nothing along.
                    if let Ok(read) = timeout(Duration::ZERO, stdin().read(&mut byte)).await {
                        assert_eq!(read.unwrap(), 1);
                        line.push(byte[0]);
                    }
                }
                stdout().write_all(&line).await.unwrap();
                stderr().write_all(b"all told\n").await.unwrap();
            });
        });
        return;
    }
    let mut child = process::again("the_standard_streams_carry_every_byte", "echo");
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for _ in support::backends() {
        input.write_all(b"hello, streams\n").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = process::everything(&output);
    assert!(output.status.success(), "{text}");
    assert_eq!(text.matches("hello, streams\n").count(), support::backends().len(), "{text}");
    assert_eq!(text.matches("all told\n").count(), support::backends().len(), "{text}");
}

/// Beside something else that is busy, as an arm of a `select!`.
#[test]
fn asking_the_silent_standard_input_again_and_again_keeps_one_waker() {
    let name = "asking_the_silent_standard_input_again_and_again_keeps_one_waker";
    if process::role().is_some() {
        struct Waiter;
        impl Wake for Waiter {
            fn wake(self: Arc<Self>) {}
        }
        let waiter = Arc::new(Waiter);
        let waker = Waker::from(waiter.clone());
        for _ in 0..1000 {
            let mut buf = [0; 4];
            let mut input = stdin();
            let mut read = pin!(input.read(&mut buf));
            assert!(read.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        assert!(Arc::strong_count(&waiter) < 10, "{} wakers are kept", Arc::strong_count(&waiter));
        return;
    }
    let mut child = process::again(name, "wait");
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    // Held open, never written.
    let input = child.stdin.take();
    let status = child.wait().unwrap();
    drop(input);
    assert!(status.success());
}

#[test]
fn a_runtime_ends_while_the_standard_input_is_silent() {
    if process::role().is_some() {
        on_every_backend(|runtime| {
            let read = runtime
                .block_on(timeout(Duration::from_millis(5), async { stdin().read(&mut [0; 4]).await }));
            assert!(read.is_err());
        });
        return;
    }
    let mut child = process::again("a_runtime_ends_while_the_standard_input_is_silent", "wait");
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    // Held open, never written.
    let input = child.stdin.take();
    let status = child.wait().unwrap();
    drop(input);
    assert!(status.success());
}

/// For what comes as soon as it can, also on a busy machine.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_copy_flushes_when_its_reader_has_nothing_and_not_before() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (mut questions, mut asker) = pipe().unwrap();
            let (mut answers, sink) = pipe().unwrap();
            let copying = heist::spawn(async move {
                let mut sink = futures::io::BufWriter::with_capacity(1 << 20, sink);
                copy(&mut questions, &mut sink).await
            });
            for round in 0..20_u8 {
                asker.write_all(&[round; 5]).await.unwrap();
                let mut answer = [0; 5];
                let count = timeout(LONG, answers.read(&mut answer)).await.expect("it is flushed").unwrap();
                assert_eq!(answer[..count], [round; 5][..count]);
                assert_eq!(count, 5, "flushed in one piece");
            }
            drop(asker);
            assert_eq!(copying.await.unwrap().unwrap(), 100);
        });
    });
}

/// So many reads of one byte, and none has to wait.
struct Pieces(usize);

impl futures::AsyncRead for Pieces {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut [u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        self.0 = self.0.saturating_sub(1);
        std::task::Poll::Ready(Ok(self.0.min(1)))
    }
}

/// Fault J6.
#[test]
fn a_copy_of_what_never_has_to_be_waited_for_lets_others_run() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut pieces = Pieces(100_000);
            assert!(is_pending_once(copy(&mut pieces, &mut futures::io::sink())).await);
        });
    });
}

/// Fault J6: what a call costs is its bytes.
#[test]
fn a_poll_moves_about_a_mebibyte_through_a_pipe() {
    const CALL_BYTES: usize = 32 * 1024;
    const POLL_BYTES: usize = 1024 * 1024;
    on_every_backend(|runtime| {
        let moves = runtime.spawn(async {
            let (mut reader, mut writer) = pipe().unwrap();
            let mut bytes = vec![7; CALL_BYTES];
            writer.write_all(&bytes).await.unwrap();
            reader.read(&mut bytes).await.unwrap();
            heist::task::yield_now().await;
            let mut moved_bytes = 0;
            while heist::task::coop::has_budget_remaining() {
                writer.write_all(&bytes).await.unwrap();
                assert_eq!(reader.read(&mut bytes).await.unwrap(), CALL_BYTES);
                moved_bytes += 2 * CALL_BYTES;
            }
            assert!((POLL_BYTES / 2..=POLL_BYTES).contains(&moved_bytes), "{moved_bytes}");
        });
        runtime.block_on(moves).unwrap();
    });
}

#[test]
fn a_copy_of_what_is_there_is_flushed_once_and_reports_what_fails() {
    /// Counts flushes, and fails the first if it shall.
    struct Sink(usize, bool);
    impl futures::AsyncWrite for Sink {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            std::task::Poll::Ready(Ok(buf.len()))
        }
        fn poll_flush(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.0 += 1;
            std::task::Poll::Ready(if self.1 { Err(ErrorKind::StorageFull.into()) } else { Ok(()) })
        }
        fn poll_close(
            self: std::pin::Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.poll_flush(cx)
        }
    }
    let bytes = vec![1; 1 << 20];
    let mut sink = Sink(0, false);
    let count = futures::executor::block_on(copy(&mut &bytes[..], &mut sink)).unwrap();
    assert_eq!((count, sink.0), (1 << 20, 1));
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (mut reader, mut writer) = pipe().unwrap();
            writer.write_all(b"x").await.unwrap();
            // The writer stays, so that the reader has nothing, and no end.
            let copied = timeout(LONG, copy(&mut reader, &mut Sink(0, true))).await.expect("it fails");
            assert_eq!(copied.unwrap_err().kind(), ErrorKind::StorageFull);
        });
    });
}

/// A byte that the test harness does not print.
#[cfg(target_os = "linux")]
const MARK: u8 = 0xfe;

#[cfg(target_os = "linux")]
fn marks_of(output: &[u8]) -> usize {
    output.iter().filter(|&&byte| byte == MARK).count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_standard_output_that_does_not_block_is_waited_for() {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    const BYTES: usize = 300_000;
    if process::role().is_some() {
        let output = std::io::stdout();
        fcntl_setfl(&output, fcntl_getfl(&output).unwrap() | OFlags::NONBLOCK).unwrap();
        on_every_backend(|runtime| {
            runtime.block_on(async { stdout().write_all(&vec![MARK; BYTES]).await }).unwrap();
        });
        fcntl_setfl(&output, fcntl_getfl(&output).unwrap() - OFlags::NONBLOCK).unwrap();
        return;
    }
    let mut child = process::again("a_standard_output_that_does_not_block_is_waited_for", "write");
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Nobody reads for a while, so that the pipe is full.
    std::thread::sleep(Duration::from_millis(100));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(marks_of(&output.stdout), BYTES * support::backends().len());
}

/// The one that was given up has begun, and ends; the new one comes after it, though it has the
/// same bytes.
#[cfg(target_os = "linux")]
#[test]
fn a_write_to_the_standard_output_is_not_answered_with_one_that_was_given_up() {
    const PART: usize = 64 * 1024;
    if process::role().is_some() {
        support::two_workers().block_on(async {
            let mut output = stdout();
            output.write_all(b"!").await.unwrap();
            let part = vec![MARK; PART];
            assert!(timeout(Duration::from_millis(50), output.write_all(&part)).await.is_err());
            eprintln!("given up");
            output.write_all(&part).await.unwrap();
            output.flush().await.unwrap();
        });
        return;
    }
    let name = "a_write_to_the_standard_output_is_not_answered_with_one_that_was_given_up";
    let mut child = process::again(name, "write");
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    while !text.contains("given up") {
        assert!(std::io::BufRead::read_line(&mut lines, &mut text).unwrap() > 0, "{text}");
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(marks_of(&output.stdout), 2 * PART);
}

/// Every descriptor of a runtime, its sockets, its pipes and its files.
#[cfg(target_os = "linux")]
#[test]
fn no_descriptor_is_inherited_by_a_child() {
    use std::collections::BTreeSet;
    fn descriptors() -> BTreeSet<String> {
        let entries = std::fs::read_dir("/proc/self/fd").unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
    let name = "no_descriptor_is_inherited_by_a_child";
    if process::role().is_none() {
        process::expect_success(&mut process::again(name, "alone"));
        return;
    }
    on_every_backend(|runtime| {
        runtime.block_on(async {
            use heist::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixStream};
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let accepted = listener.accept().await.unwrap();
            let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let pairs = (UnixStream::pair().unwrap(), UnixDatagram::pair().unwrap(), pipe().unwrap());
            let path = std::env::temp_dir().join(format!("heist_inherited_{}", std::process::id()));
            let made = heist::fs::File::create(&path).await.unwrap();
            let opened = heist::fs::File::open(&path).await.unwrap();
            let clone = opened.try_clone().await.unwrap();
            let signal =
                heist::signal::unix::signal(heist::signal::unix::SignalKind::user_defined1()).unwrap();
            let now = descriptors();
            let mut seen_count = 0;
            for fd in now.iter().filter(|fd| fd.parse::<i32>().unwrap() > 2) {
                // The list itself is closed by now.
                let Ok(info) = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}")) else { continue };
                let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
                let is_closed = u32::from_str_radix(flags, 8).unwrap() & 0o2_000_000 != 0;
                let target = std::fs::read_link(format!("/proc/self/fd/{fd}"));
                seen_count += usize::from(is_closed);
                assert!(is_closed || is_of_harness(fd), "descriptor {fd} ({target:?}) is inherited");
            }
            assert!(seen_count > 15, "{seen_count} descriptors");
            drop((listener, client, accepted, udp, pairs, made, opened, clone, signal));
            heist::fs::remove_file(path).await.unwrap();
        });
    });
}

/// Came to this process from its parent, so it was there before `main`.
#[cfg(target_os = "linux")]
fn is_of_harness(fd: &str) -> bool {
    let parent = format!("/proc/{}/fd/{fd}", std::os::unix::process::parent_id());
    let own = std::fs::read_link(format!("/proc/self/fd/{fd}"));
    own.is_ok_and(|own| std::fs::read_link(parent).is_ok_and(|theirs| theirs == own))
}

#[test]
fn the_standard_streams_have_their_descriptors() {
    use std::os::fd::{AsFd, AsRawFd};
    assert_eq!([stdin().as_raw_fd(), stdout().as_raw_fd(), stderr().as_raw_fd()], [0, 1, 2]);
    assert!(stdin().as_fd().try_clone_to_owned().is_ok());
}
