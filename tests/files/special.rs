//! Named pipes and other files that may never answer: they hold up nobody, and the runtime ends all the same.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use heist::fs::{File, OpenOptions};
use heist::time::{sleep, timeout};

use crate::support::{on_every_backend, process, with_every_backend};
use crate::{file_with, folder, pattern};

const SHORT: Duration = Duration::from_millis(50);

#[test]
fn opening_a_pipe_waits_for_the_peer_and_holds_up_nobody() {
    on_every_backend(|runtime| {
        let folder = folder();
        let path = folder.path().join("pipe");
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
        let folder = folder();
        let path = folder.path().join("pipe");
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
        let folder = folder();
        let path = folder.path().join("pipe");
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
        let folder = folder();
        let (silent, closed) = (folder.path().join("silent"), folder.path().join("closed"));
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
        let folder = folder();
        drop(file_with(&folder, b"x"));
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
        let folder = folder();
        let path = folder.path().join("pipe");
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
        let folder = folder();
        let path = file_with(&folder, &pattern(4 << 20));
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
