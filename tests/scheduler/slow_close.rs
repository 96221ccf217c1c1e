//! A close that waits for its peer, or a destructor that takes long, costs the worker that does it at most: the others go on,
//! with what that worker had to do as well.

use std::future::pending;
use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use heist::net::TcpStream;
use heist::runtime::Runtime;
use heist::time::{sleep, timeout};
use socket2::SockRef;

#[cfg(target_os = "linux")]
use crate::support;
use crate::support::{on_every_backend, on_every_runtime};

/// How long a close waits for a peer that does not read.
const LINGER: Duration = Duration::from_secs(3);
/// How long the ticker looks on.
const WATCHED: Duration = Duration::from_millis(1500);
/// No worker of a busy machine is late by this; a close that stops all is later.
const GAP_MAX: Duration = Duration::from_millis(750);

/// A stream whose close lingers, and its peer that does not read. The option is set behind the runtime's back.
fn lingering() -> (std::net::TcpStream, std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    SockRef::from(&listener).set_recv_buffer_size(4096).expect("a small buffer");
    let mut ours = std::net::TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
    let (theirs, _) = listener.accept().expect("accept");
    SockRef::from(&ours).set_linger(Some(LINGER)).expect("linger");
    ours.set_nonblocking(true).expect("non-blocking");
    loop {
        match ours.write(&[0; 65536]) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return (ours, theirs),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The longest time between two turns of a task that sleeps 5 ms at a time, while `close` gets rid of a stream.
fn worst_gap(runtime: &Runtime, close: impl FnOnce(&Runtime, std::net::TcpStream)) -> Duration {
    let ticker = runtime.spawn(async {
        let (mut last, mut worst, end) = (Instant::now(), Duration::ZERO, Instant::now() + WATCHED);
        while Instant::now() < end {
            sleep(Duration::from_millis(5)).await;
            worst = worst.max(last.elapsed());
            last = Instant::now();
        }
        worst
    });
    let (ours, theirs) = lingering();
    close(runtime, ours);
    let worst = runtime.block_on(ticker).expect("the ticker ends");
    // Whoever lingers need not any more.
    drop(theirs);
    worst
}

#[track_caller]
fn others_go_on(runtime: &Runtime, close: impl FnOnce(&Runtime, std::net::TcpStream)) {
    let worst = worst_gap(runtime, close);
    assert!(worst < GAP_MAX, "{}: nothing ran for {worst:?}", runtime.driver_name());
}

/// A task that reads what never comes, and has begun to.
fn reading(runtime: &Runtime, ours: std::net::TcpStream) -> heist::task::JoinHandle<()> {
    let (begun, has_begun) = std::sync::mpsc::channel();
    let task = runtime.spawn(async move {
        let mut stream = TcpStream::from_std(ours).expect("register");
        let _ = timeout(Duration::from_millis(20), stream.read(&mut [0])).await;
        begun.send(()).expect("the test waits");
        let _ = stream.read(&mut [0]).await;
    });
    has_begun.recv().expect("the task lives");
    task
}

#[test]
fn a_task_that_gives_a_write_up_and_drops_its_socket_stops_nobody_else() {
    on_every_backend(|runtime| {
        others_go_on(runtime, |runtime, ours| {
            drop(runtime.spawn(async move {
                let mut stream = TcpStream::from_std(ours).expect("register");
                let _ = timeout(Duration::from_millis(50), stream.write_all(&[0; 4096])).await;
            }));
        });
    });
}

#[test]
fn a_task_that_is_aborted_in_a_read_stops_nobody_else() {
    on_every_backend(|runtime| {
        others_go_on(runtime, |runtime, ours| reading(runtime, ours).abort());
    });
}

#[test]
fn halves_that_go_with_their_tasks_stop_nobody_else() {
    on_every_backend(|runtime| {
        others_go_on(runtime, |runtime, ours| {
            let (mut reader, mut writer) =
                runtime.block_on(async { TcpStream::from_std(ours) }).expect("register").into_split();
            let tasks = [
                runtime.spawn(async move { drop(reader.read(&mut [0]).await) }),
                runtime.spawn(async move { drop(writer.write_all(&[0; 4096]).await) }),
            ];
            thread::sleep(Duration::from_millis(50));
            tasks.iter().for_each(heist::task::JoinHandle::abort);
        });
    });
}

#[test]
fn a_socket_that_is_dropped_on_a_thread_outside_stops_no_worker() {
    on_every_runtime(|runtime| {
        others_go_on(runtime, |runtime, ours| {
            let stream = runtime.block_on(async {
                let mut stream = TcpStream::from_std(ours).expect("register");
                let _ = timeout(Duration::from_millis(20), stream.read(&mut [0])).await;
                stream
            });
            drop(thread::spawn(move || drop(stream)));
        });
    });
}

/// With a wait in flight the ring closes the socket when it is confirmed to be over: that is nobody's drop, so nobody waits.
#[test]
fn waits_of_more_sockets_than_there_are_workers_stop_nobody_on_a_ring() {
    on_every_runtime(|runtime| {
        if runtime.driver_name() != "io_uring" {
            return;
        }
        let pairs: Vec<_> = (0..4).map(|_| lingering()).collect();
        let (ours, _theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        others_go_on(runtime, |runtime, one| {
            drop(runtime.spawn(async move {
                for ours in ours.into_iter().chain([one]) {
                    let mut stream = TcpStream::from_std(ours).expect("register");
                    let _ = timeout(Duration::from_millis(20), stream.read(&mut [0])).await;
                }
            }));
        });
    });
}

#[test]
fn a_lingering_close_gives_the_peer_all_that_was_written_and_the_end() {
    use std::io::Read;
    on_every_runtime(|runtime| {
        let (ours, mut theirs) = lingering();
        let stream = runtime.block_on(async {
            let mut stream = TcpStream::from_std(ours).expect("register");
            let _ = timeout(Duration::from_millis(20), stream.read(&mut [0])).await;
            stream
        });
        let reader = thread::spawn(move || {
            let mut bytes = Vec::new();
            theirs.read_to_end(&mut bytes).map(|count| count > 0)
        });
        drop(stream);
        runtime
            .block_on(async { timeout(Duration::from_millis(50), pending::<()>()).await })
            .expect_err("never");
        assert!(reader.join().expect("the reader ends").expect("no reset"), "bytes were lost");
    });
}

#[cfg(target_os = "linux")]
mod destructors {
    #![expect(unsafe_code, reason = "a buffer of one's own with a destructor that takes long")]

    use super::*;
    use heist::fs::File;
    use heist::io::IoBuf;

    /// Takes as long to drop as a close that lingers, once.
    struct Slow(Box<[u8; 16]>);

    impl Drop for Slow {
        fn drop(&mut self) {
            thread::sleep(LINGER);
        }
    }

    // SAFETY: the bytes are on the heap.
    unsafe impl IoBuf for Slow {
        fn as_ptr(&self) -> *const u8 {
            self.0.as_ptr()
        }

        fn bytes_init(&self) -> usize {
            self.0.len()
        }
    }

    /// Given up before the driver has begun with it: nobody but the driver has the buffer.
    #[test]
    fn a_buffer_that_takes_long_to_drop_stops_nobody_else() {
        on_every_backend(|runtime| {
            let directory = tempfile::tempdir().expect("a directory");
            let path = directory.path().join("file");
            let task = runtime.spawn(async move {
                let file = File::create(path).await.expect("create");
                let write = file.write_owned_at(Slow(Box::new([0; 16])), 0);
                let _ = support::wait::is_pending_once(write).await;
                // This timer is the same worker's.
                let before = Instant::now();
                sleep(Duration::from_millis(5)).await;
                before.elapsed()
            });
            let late = runtime.block_on(task).expect("it ends");
            assert!(late < GAP_MAX, "{}: 5 ms took {late:?}", runtime.driver_name());
        });
    }
}
