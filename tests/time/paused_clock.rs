//! A paused clock: what holds it, what moves it, and how far.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use heist::runtime::{Builder, Runtime};
use heist::task::{spawn_blocking, yield_now};
use heist::time::{Instant, advance, pause, resume, sleep, sleep_until, timeout};

use crate::support::{Gate, Shape, backends, builder, watched};

/// Far beyond what any work of a test takes, in time that does not pass by itself.
const FAR: Duration = Duration::from_secs(100);

/// Real time that an operation takes on purpose. Nothing depends on its length: a clock that is not held jumps at once.
const A_WHILE: Duration = Duration::from_millis(100);

fn on_paused_loops<F: Future<Output = ()>>(body: impl Fn() -> F) {
    for kind in backends() {
        watched(|| {
            let runtime = builder(Shape::CurrentThread, kind).start_paused(true).build().unwrap();
            runtime.block_on(body());
        });
    }
}

#[test]
fn time_stands_still_while_a_blocking_closure_runs() {
    on_paused_loops(|| async {
        let start = Instant::now();
        let closure = spawn_blocking(|| std::thread::sleep(A_WHILE));
        assert!(timeout(FAR, closure).await.is_ok(), "the clock ran past a closure");
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn time_stands_still_while_closures_wait_for_a_thread() {
    for kind in backends() {
        watched(|| {
            let mut builder = builder(Shape::CurrentThread, kind);
            let runtime = builder.start_paused(true).max_blocking_threads(1).build().unwrap();
            runtime.block_on(async {
                let gate = Gate::default();
                let (first, opener) = (gate.clone(), gate);
                let blocked = spawn_blocking(move || first.wait());
                let queued = spawn_blocking(|| 7);
                std::thread::spawn(move || {
                    std::thread::sleep(A_WHILE);
                    opener.open();
                });
                assert_eq!(timeout(FAR, queued).await.expect("the clock ran past the queue").unwrap(), 7);
                blocked.await.unwrap();
            });
        });
    }
}

#[test]
fn a_closure_that_nobody_awaits_holds_time_until_it_ends() {
    on_paused_loops(|| async {
        let gate = Gate::default();
        let (waits, seen) = (gate.clone(), gate.clone());
        drop(spawn_blocking(move || waits.wait()));
        std::thread::spawn(move || {
            std::thread::sleep(A_WHILE);
            gate.open();
        });
        sleep(FAR).await;
        assert!(seen.is_open(), "the sleep ended before the closure");
    });
}

#[test]
fn time_stands_still_while_files_are_worked_on() {
    let directory = tempfile::tempdir().unwrap();
    on_paused_loops(|| async {
        let (start, path) = (Instant::now(), directory.path().join("file"));
        let work = async {
            heist::fs::write(&path, vec![7; 100_000]).await?;
            let file = heist::fs::File::options().read(true).write(true).open(&path).await?;
            for round in 0..20_u64 {
                file.write_all_at(&[8; 4096], round * 4096).await?;
                file.sync_data().await?;
            }
            assert_eq!(heist::fs::metadata(&path).await?.len(), 100_000);
            let mut entries = heist::fs::read_dir(directory.path()).await?;
            assert!(entries.next_entry().await?.is_some());
            heist::fs::remove_file(&path).await
        };
        timeout(FAR, work).await.expect("the clock ran past a file").unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

/// Only the peer can end it.
#[cfg(target_os = "linux")]
#[test]
fn an_open_that_waits_for_the_other_end_does_not_hold_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    on_paused_loops(|| async {
        assert!(timeout(FAR, heist::fs::File::open(&path)).await.is_err());
    });
}

#[test]
fn time_stands_still_while_a_name_is_looked_up() {
    on_paused_loops(|| async {
        let start = Instant::now();
        let found = timeout(FAR, heist::net::lookup_host("localhost:80")).await;
        assert!(found.expect("the clock ran past a lookup").unwrap().next().is_some());
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn sockets_within_one_runtime_need_no_time() {
    on_paused_loops(|| async {
        let start = Instant::now();
        let listener = heist::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = heist::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut byte = [0];
            while stream.read(&mut byte).await.unwrap() == 1 {
                stream.write_all(&byte).await.unwrap();
            }
        });
        let talk = async {
            let mut stream = heist::net::TcpStream::connect(address).await.unwrap();
            for round in 0..100 {
                stream.write_all(&[round]).await.unwrap();
                let mut byte = [0];
                assert_eq!(stream.read(&mut byte).await.unwrap(), 1);
                assert_eq!(byte, [round]);
            }
        };
        timeout(FAR, talk).await.expect("the clock ran past bytes that were there");
        server.await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn a_wait_for_a_peer_does_not_hold_time() {
    on_paused_loops(|| async {
        #[cfg(unix)]
        {
            let (mut reader, _writer) = heist::io::pipe().unwrap();
            assert!(timeout(FAR, reader.read(&mut [0; 1])).await.is_err());
        }
        let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        assert!(timeout(FAR, socket.recv_from(&mut [0; 1])).await.is_err());
    });
}

#[test]
fn sleepers_beside_work_are_woken_when_it_has_ended() {
    on_paused_loops(|| async {
        let start = Instant::now();
        let sleeper = heist::spawn(async move {
            sleep(Duration::from_secs(5)).await;
            start.elapsed()
        });
        for _ in 0..10 {
            spawn_blocking(|| std::thread::sleep(Duration::from_millis(3))).await.unwrap();
        }
        assert!(!sleeper.is_finished());
        assert_eq!(sleeper.await.unwrap(), Duration::from_secs(5));
    });
}

#[test]
fn an_advance_reaches_a_sleep_of_the_same_length() {
    for kind in backends() {
        watched(|| {
            let runtime = builder(Shape::CurrentThread, kind).build().unwrap();
            runtime.block_on(async {
                for millis in [1, 2, 10, 30_000, 86_400_000] {
                    let length = Duration::from_millis(millis);
                    // Begun while the clock runs, at any part of a millisecond.
                    let mut early = pin!(sleep(length));
                    assert!(futures::poll!(early.as_mut()).is_pending());
                    pause();
                    let (mut own, mut until) =
                        (pin!(sleep(length)), pin!(sleep_until(Instant::now() + length)));
                    assert!(futures::poll!(own.as_mut()).is_pending());
                    assert!(futures::poll!(until.as_mut()).is_pending());
                    let task = heist::spawn(sleep(length));
                    yield_now().await;
                    advance(length).await;
                    assert!(futures::poll!(early.as_mut()).is_ready(), "begun before: {length:?}");
                    assert!(futures::poll!(own.as_mut()).is_ready(), "begun at the pause: {length:?}");
                    assert!(futures::poll!(until.as_mut()).is_ready(), "until then: {length:?}");
                    assert!(task.is_finished(), "a task's: {length:?}");
                    resume();
                }
            });
        });
    }
}

#[test]
fn an_advance_reaches_no_sleep_that_is_longer() {
    on_paused_loops(|| async {
        let mut longer = pin!(sleep(Duration::from_millis(30_001)));
        assert!(futures::poll!(longer.as_mut()).is_pending());
        advance(Duration::from_secs(30)).await;
        assert!(futures::poll!(longer.as_mut()).is_pending());
        advance(Duration::from_millis(1)).await;
        assert!(futures::poll!(longer.as_mut()).is_ready());
    });
}

#[heist::test(start_paused = true)]
async fn a_test_may_start_with_a_paused_clock() {
    let (start, real_start) = (Instant::now(), std::time::Instant::now());
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(3600));
    assert!(real_start.elapsed() < Duration::from_secs(1800));
}

#[heist::test(start_paused = false)]
async fn a_test_may_say_that_its_clock_runs() {
    pause();
}

#[test]
fn only_a_current_thread_runtime_can_start_paused() {
    let error = Builder::new_multi_thread().worker_threads(1).start_paused(true).build().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("new_current_thread"), "{error}");
}

/// One worker is not one thread: the caller of `block_on` polls beside it, and the worker does not know when it waits.
#[test]
fn a_runtime_with_a_thread_for_its_worker_refuses_to_pause() {
    fn text(runtime: &Runtime, call: impl Fn()) -> String {
        let caught =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(async { call() })));
        *caught.unwrap_err().downcast::<String>().unwrap()
    }
    let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    assert!(text(&runtime, pause).contains("needs a current-thread runtime"));
    assert!(text(&runtime, resume).contains("needs a current-thread runtime"));
}
