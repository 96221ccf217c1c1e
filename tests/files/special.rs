//! Named pipes and other files that may never answer: they hold up nobody, and the runtime ends all the same.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use heist::fs::{File, OpenOptions};
use heist::time::{sleep, timeout};

#[cfg(target_os = "linux")]
use crate::support::{Shape, backends, builder, watched};
use crate::support::{eventually, on_every_backend, process, with_every_backend};
use crate::{directory, file_with, pattern};

const SHORT: Duration = Duration::from_millis(50);

#[test]
fn opening_a_pipe_waits_for_the_peer_and_holds_up_nobody() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("pipe");
        process::make_fifo(&path);
        runtime.block_on(async {
            let opens: Vec<_> = (0..8).map(|_| heist::spawn(File::open(path.clone()))).collect();
            // More opens than workers, and both workers still serve tasks and timers.
            for _ in 0..20 {
                heist::spawn(sleep(Duration::from_millis(1))).await.unwrap();
            }
            assert!(opens.iter().all(|open| !open.is_finished()), "a pipe was opened without its peer");
            let mut writer = OpenOptions::new().write(true).open(&path).await.unwrap();
            let mut readers = Vec::new();
            for open in opens {
                readers.push(open.await.unwrap().unwrap());
            }
            writer.write_all(b"hello").await.unwrap();
            let mut buf = [0; 5];
            readers[0].read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"hello");
            drop(writer);
            assert_eq!(readers[1].read(&mut buf).await.unwrap(), 0, "the last writer is gone");
        });
    });
}

#[test]
fn opening_a_pipe_to_write_waits_for_a_reader() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("pipe");
        process::make_fifo(&path);
        runtime.block_on(async {
            let open_path = path.clone();
            let open = heist::spawn(async move { OpenOptions::new().write(true).open(open_path).await });
            sleep(SHORT).await;
            assert!(!open.is_finished(), "a pipe was opened without its reader");
            let mut reader = File::open(&path).await.unwrap();
            let mut writer = open.await.unwrap().unwrap();
            writer.write_all(b"x").await.unwrap();
            assert_eq!(reader.read(&mut [0; 4]).await.unwrap(), 1);
        });
    });
}

#[test]
fn a_dropped_read_of_a_pipe_loses_no_byte() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("pipe");
        process::make_fifo(&path);
        let wanted = pattern(20_000);
        let bytes = wanted.clone();
        runtime.block_on(async {
            let writer_path = path.clone();
            let (begin, begun) = std::sync::mpsc::channel();
            let writer = std::thread::spawn(move || {
                let mut file = std::fs::OpenOptions::new().write(true).open(writer_path).unwrap();
                begun.recv().unwrap();
                for part in bytes.chunks(97) {
                    file.write_all(part).unwrap();
                    std::thread::sleep(Duration::from_micros(200));
                }
            });
            let mut file = File::open(&path).await.unwrap();
            // The first is given up for certain: nothing is written yet.
            assert!(timeout(SHORT, file.read(&mut [0; 64])).await.is_err());
            begin.send(()).unwrap();
            let mut read = Vec::new();
            let mut given_up_count = 1;
            loop {
                let mut buf = [0; 64];
                match timeout(Duration::from_micros(300), file.read(&mut buf)).await {
                    Ok(Ok(0)) => break,
                    Ok(Ok(count)) => read.extend_from_slice(&buf[..count]),
                    Ok(Err(error)) => panic!("{error}"),
                    Err(_) => {
                        given_up_count += 1;
                        if given_up_count % 3 == 0 {
                            // Waits for the read that was given up, and keeps what it took.
                            file.flush().await.unwrap();
                        }
                    }
                }
            }
            writer.join().unwrap();
            assert!(
                read == wanted,
                "{} of {} bytes came, after {given_up_count} reads that were given up",
                read.len(),
                wanted.len()
            );
        });
    });
}

#[test]
fn a_runtime_ends_with_operations_that_never_answer() {
    with_every_backend(|runtime| {
        let directory = directory();
        let (silent, closed) = (directory.path().join("silent"), directory.path().join("closed"));
        process::make_fifo(&silent);
        process::make_fifo(&closed);
        // Keeps `silent` open for both, and writes nothing.
        let mut keeper = std::fs::OpenOptions::new().read(true).write(true).open(&silent).unwrap();
        let mut reader = runtime.block_on(File::open(silent.clone())).unwrap();
        runtime.spawn(async move { reader.read(&mut [0; 10]).await });
        runtime.spawn(File::open(closed.clone()));
        runtime.block_on(sleep(SHORT));
        let start = Instant::now();
        runtime.shutdown_timeout(Duration::from_millis(300));
        assert!(start.elapsed() < Duration::from_secs(5), "the end took {:?}", start.elapsed());
        // Threads of the pool that still wait are let go.
        keeper.write_all(&[0; 10]).unwrap();
        let mut peer = std::fs::OpenOptions::new().read(true).write(true).open(&closed).unwrap();
        peer.write_all(b"x").unwrap();
        peer.read_exact(&mut [0]).unwrap();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_only_stream_are_read_at_the_cursor() {
    on_every_backend(|runtime| {
        let directory = directory();
        drop(file_with(&directory, b"x"));
        runtime.block_on(async {
            // Files of procfs say that they are empty.
            let text = heist::fs::read_to_string("/proc/self/status").await.unwrap();
            assert!(text.contains("Name:") && text.len() > 500);
            let mut zeros = File::open("/dev/zero").await.unwrap();
            let mut buf = [1; 5000];
            zeros.read_exact(&mut buf).await.unwrap();
            assert_eq!(buf, [0; 5000]);
            assert_eq!(File::open("/dev/null").await.unwrap().read(&mut buf).await.unwrap(), 0);
        });
    });
}

#[test]
fn a_whole_pipe_is_read_to_its_end() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("pipe");
        process::make_fifo(&path);
        let wanted = pattern(200_000);
        let (bytes, writer_path) = (wanted.clone(), path.clone());
        let writer = std::thread::spawn(move || std::fs::write(writer_path, bytes).unwrap());
        assert!(runtime.block_on(heist::fs::read(&path)).unwrap() == wanted);
        writer.join().unwrap();
    });
}

#[test]
fn a_task_that_only_reads_cached_bytes_starves_nobody() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &pattern(4 << 20));
        runtime.block_on(async {
            let tasks: Vec<_> = (0..4)
                .map(|_| {
                    let path = path.clone();
                    heist::spawn(async move {
                        let file = File::open(path).await.unwrap();
                        let mut buf = vec![0; 4096];
                        for place in 0.. {
                            file.read_exact_at(&mut buf, place % 1000 * 4096).await.unwrap();
                        }
                    })
                })
                .collect();
            let mut times = Vec::new();
            // Other programs may be in the way of some.
            while times.iter().filter(|time| **time < Duration::from_millis(200)).count() < 50 {
                assert!(times.len() < 100, "timers of 2 ms took {times:?} beside readers");
                let start = Instant::now();
                heist::spawn(sleep(Duration::from_millis(2))).await.unwrap();
                times.push(start.elapsed());
            }
            tasks.iter().for_each(|task| task.abort());
        });
    });
}

#[test]
fn a_task_that_only_asks_for_cached_paths_starves_nobody() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"here");
        runtime.block_on(async {
            for asks_for_metadata in [false, true] {
                let path = path.clone();
                let is_over = Arc::new(AtomicBool::new(false));
                let other = is_over.clone();
                let asking = heist::spawn(async move {
                    // Its turn comes only if this task lets it.
                    let ending = heist::spawn(async move { other.store(true, Ordering::SeqCst) });
                    while !is_over.load(Ordering::SeqCst) {
                        if asks_for_metadata {
                            assert_eq!(heist::fs::metadata(&path).await.unwrap().len(), 4);
                        } else {
                            drop(File::open(&path).await.unwrap());
                        }
                    }
                    ending.await.unwrap();
                });
                asking.await.unwrap();
            }
        });
    });
}

#[test]
fn cached_metadata_are_those_of_std_for_files_links_and_what_is_missing() {
    on_every_backend(|runtime| {
        use std::os::unix::fs::MetadataExt;
        let directory = directory();
        let path = file_with(&directory, b"here");
        let (link, dangling) = (directory.path().join("link"), directory.path().join("dangling"));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        std::os::unix::fs::symlink(directory.path().join("nothing"), &dangling).unwrap();
        let below = path.join("below");
        for path in [path.as_path(), &link, &dangling, &below, directory.path()] {
            let seen = |found: std::io::Result<std::fs::Metadata>| {
                found.map(|found| (found.ino(), found.len(), found.mode())).map_err(|error| error.kind())
            };
            // Asking std first brings the path into the cache.
            let wanted = (seen(std::fs::metadata(path)), seen(std::fs::symlink_metadata(path)));
            let own = runtime.block_on(async {
                let seen = |found: std::io::Result<heist::fs::Metadata>| {
                    found.map(|found| (found.ino(), found.len(), found.mode())).map_err(|error| error.kind())
                };
                (seen(heist::fs::metadata(path).await), seen(heist::fs::symlink_metadata(path).await))
            });
            assert_eq!(own, wanted, "{}", path.display());
        }
    });
}

/// For what comes as soon as it can. A machine that is slow, or busy with other things, needs more than an idle one.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn opens_that_wait_stop_no_other_operation_and_no_end_of_a_runtime() {
    with_every_backend(|runtime| {
        let directory = directory();
        let paths: Vec<_> = (0..70).map(|place| directory.path().join(format!("pipe{place}"))).collect();
        paths.iter().for_each(|path| process::make_fifo(path));
        for (place, path) in paths.iter().cloned().enumerate() {
            // To read, to write, and to write as if it were to be made.
            match place % 3 {
                0 => drop(runtime.spawn(File::open(path))),
                1 => drop(runtime.spawn(async move { OpenOptions::new().write(true).open(path).await })),
                _ => drop(runtime.spawn(heist::fs::write(path, b"x"))),
            }
        }
        runtime.block_on(async {
            sleep(SHORT).await;
            let other = directory.path().join("other");
            timeout(LONG, heist::fs::write(&other, b"y")).await.expect("a write goes on").unwrap();
            timeout(LONG, heist::fs::metadata(&other)).await.expect("metadata come").unwrap();
            assert_eq!(timeout(LONG, heist::fs::read(&other)).await.expect("a read goes on").unwrap(), b"y");
        });
        // The watchdog bounds it.
        drop(runtime);
    });
}

#[test]
fn copies_that_wait_for_a_fifo_keep_no_thread_of_the_pool() {
    with_every_backend(|runtime| {
        let directory = directory();
        let path = |name: String| directory.path().join(name);
        std::fs::write(path("source".into()), b"twelve bytes").unwrap();
        // More than the pool has threads.
        for place in 0..600 {
            let (source, target) = (path("source".into()), path(format!("pipe{place}")));
            process::make_fifo(&target);
            drop(runtime.spawn(heist::fs::copy(source, target)));
        }
        runtime.block_on(async {
            let copied = heist::fs::copy(path("source".into()), path("other".into()));
            assert_eq!(timeout(LONG, copied).await.expect("a copy of files goes on").unwrap(), 12);
            let refused = heist::fs::copy(path("pipe1".into()), path("other".into()));
            let error = timeout(LONG, refused).await.expect("nobody is waited for").unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
            // One that is met gets all.
            let read = timeout(LONG, heist::fs::read(path("pipe0".into()))).await.expect("somebody writes");
            assert_eq!(read.unwrap(), b"twelve bytes");
        });
        drop(runtime);
    });
}

#[test]
fn an_open_that_was_given_up_meets_nobody() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("pipe");
        process::make_fifo(&path);
        let nonblocking =
            |options: &mut std::fs::OpenOptions| options.custom_flags(libc::O_NONBLOCK).open(&path);
        runtime.block_on(async { assert!(timeout(SHORT, File::open(&path)).await.is_err()) });
        eventually("nobody reads the pipe", || {
            let refused = nonblocking(std::fs::OpenOptions::new().write(true));
            refused.is_err_and(|error| error.raw_os_error() == Some(libc::ENXIO))
        });
        runtime.block_on(async { assert!(timeout(SHORT, File::create(&path)).await.is_err()) });
        let mut reader = nonblocking(std::fs::OpenOptions::new().read(true)).unwrap();
        // Time for whoever waited on to come.
        std::thread::sleep(3 * SHORT);
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0, "nobody writes to the pipe");
    });
}

#[test]
fn a_writer_that_says_nothing_is_met() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("pipe");
        process::make_fifo(&path);
        let open_path = path.clone();
        let open = runtime.spawn(async move { File::open(open_path).await });
        runtime.block_on(sleep(SHORT));
        assert!(!open.is_finished());
        let mut writer = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let mut reader = runtime.block_on(timeout(LONG, open)).expect("it is met").unwrap().unwrap();
        writer.write_all(b"late").unwrap();
        let mut buf = [0; 4];
        runtime.block_on(reader.read_exact(&mut buf)).unwrap();
        assert_eq!(&buf, b"late");
    });
}

/// One that finds a reader must not lose it again.
#[test]
fn a_writer_that_waits_meets_the_reader_that_stays() {
    on_every_backend(|runtime| {
        let directory = directory();
        for round in 0..100 {
            let path = directory.path().join(format!("pipe{round}"));
            process::make_fifo(&path);
            let writer_path = path.clone();
            let writer = std::thread::spawn(move || std::fs::write(writer_path, [round; 3]));
            let read = runtime.block_on(timeout(LONG, heist::fs::read(&path))).expect("it comes to its end");
            assert_eq!(read.unwrap(), [round; 3]);
            writer.join().unwrap().expect("its reader is there");
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn an_open_waits_for_the_end_of_a_lease_and_holds_up_nobody() {
    use std::os::fd::AsRawFd;
    #[expect(unsafe_code, reason = "leases, which std has no name for")]
    fn lease(file: &std::fs::File, kind: libc::c_int) -> libc::c_int {
        // SAFETY: takes integers only, and the descriptor is open. A signal that nobody wants is ignored.
        unsafe {
            libc::signal(libc::SIGIO, libc::SIG_IGN);
            libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind)
        }
    }
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"leased");
        let holder = std::fs::File::options().read(true).write(true).open(&path).unwrap();
        if lease(&holder, libc::F_WRLCK) != 0 {
            crate::support::loud("SKIPPED: this file system has no leases");
            return;
        }
        let opens: Vec<_> = (0..20).map(|_| runtime.spawn(File::open(path.clone()))).collect();
        runtime.block_on(async {
            sleep(SHORT).await;
            timeout(LONG, heist::fs::metadata(directory.path())).await.expect("metadata come").unwrap();
            assert!(opens.iter().all(|open| !open.is_finished()), "the lease was not waited for");
        });
        assert_eq!(lease(&holder, libc::F_UNLCK), 0);
        for open in opens {
            let mut file = runtime.block_on(timeout(LONG, open)).expect("it is opened").unwrap().unwrap();
            let mut buf = [0; 6];
            runtime.block_on(file.read_exact(&mut buf)).unwrap();
            assert_eq!(&buf, b"leased");
        }
    });
}

/// [undone-begins-anew]: what the first thread has asked for is broken off by the kernel when that thread has ended.
#[cfg(target_os = "linux")]
#[test]
fn a_loop_that_goes_to_another_thread_goes_on_with_its_operations() {
    for kind in backends() {
        watched(|| {
            let runtime = builder(Shape::CurrentThread, kind).build().unwrap();
            let directory = directory();
            let path = directory.path().join("pipe");
            process::make_fifo(&path);
            let mut peer = std::fs::File::options().read(true).write(true).open(&path).unwrap();
            let silent = directory.path().join("silent");
            process::make_fifo(&silent);
            let tasks = std::thread::scope(|scope| {
                let first = || {
                    runtime.block_on(async {
                        let mut file = File::open(&path).await.unwrap();
                        let open = heist::spawn(File::open(silent.clone()));
                        let read = heist::spawn(async move {
                            let mut buf = [0; 3];
                            file.read_exact(&mut buf).await.map(|_| buf)
                        });
                        sleep(SHORT).await;
                        (read, open)
                    })
                };
                scope.spawn(first).join().unwrap()
            });
            peer.write_all(b"abc").unwrap();
            let _silent = std::fs::File::options().read(true).write(true).open(&silent).unwrap();
            let (read, open) = tasks;
            assert_eq!(runtime.block_on(timeout(LONG, read)).unwrap().unwrap().unwrap(), *b"abc");
            runtime.block_on(timeout(LONG, open)).unwrap().unwrap().unwrap();
        });
    }
}

#[test]
fn the_end_of_a_runtime_does_not_wait_for_a_read_of_a_silent_pipe() {
    with_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("pipe");
        process::make_fifo(&path);
        let _peer = std::fs::File::options().read(true).write(true).open(&path).unwrap();
        runtime.block_on(async {
            let mut file = File::open(&path).await.unwrap();
            assert!(timeout(SHORT, file.read(&mut [0; 4])).await.is_err());
        });
        // The watchdog bounds it.
        drop(runtime);
    });
}
