//! A file server that never answers, fails, or moves less than it was asked for: see `file_server.rs`.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures::future::join_all;
use heist::fs::{self, File, OpenOptions};
use heist::runtime::Runtime;
use heist::time::{sleep, timeout};

use crate::file_server::{FILE_BYTES, Mount, SHORT_BYTES};
use crate::support::{
    Counter, PATIENCE, WORKER_COUNT, echo, eventually, on_every_backend, process, with_every_runtime,
};
use crate::{directory, file_with, pattern};

const SHORT: Duration = Duration::from_millis(50);
/// More than there are workers, and more than the kernel has threads for the disk operations of a ring.
const MANY: usize = 20;

async fn open_both(path: PathBuf) -> File {
    OpenOptions::new().read(true).write(true).open(path).await.unwrap()
}

fn is_broken<T: std::fmt::Debug>(result: std::io::Result<T>) {
    assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EIO));
}

/// Tasks, timers, sockets and other files on every worker, one after the other.
fn everybody_else_is_served(runtime: &Runtime) {
    let directory = directory();
    let path = file_with(&directory, &pattern(100_000));
    let (address, server) = echo::start(runtime);
    runtime.block_on(async {
        let beside = (0..WORKER_COUNT * 4).map(|index| {
            let path = path.clone();
            heist::spawn(async move {
                let mut client = heist::net::TcpStream::connect(address).await.unwrap();
                let target = path.with_extension(index.to_string());
                for _ in 0..10 {
                    sleep(Duration::from_millis(1)).await;
                    client.write_all(b"hello").await.unwrap();
                    client.read_exact(&mut [0; 5]).await.unwrap();
                    // Each of these asks the kernel for one of its threads.
                    fs::write(&target, pattern(1000)).await.unwrap();
                    let file = File::open(&target).await.unwrap();
                    file.sync_data().await.unwrap();
                    assert_eq!(fs::metadata(&target).await.unwrap().len(), 1000);
                    assert!(fs::read(&path).await.unwrap() == pattern(100_000));
                }
            })
        });
        for task in join_all(beside).await {
            task.unwrap();
        }
    });
    server.abort();
}

#[test]
fn a_file_server_that_answers_serves_files_as_a_disk_does() {
    let Some(mount) = Mount::of("fuse::a_file_server_that_answers_serves_files_as_a_disk_does") else {
        return;
    };
    on_every_backend(|runtime| {
        let _held = mount.hold();
        runtime.block_on(async {
            assert!(fs::read(mount.path("plain")).await.unwrap() == pattern(FILE_BYTES));
            let mut file = open_both(mount.path("plain")).await;
            file.write_all_at(b"changed", 50).await.unwrap();
            let mut found = [0; 7];
            file.read_exact_at(&mut found, 50).await.unwrap();
            assert_eq!(&found, b"changed");
            file.write_all_at(&pattern(57)[50..], 50).await.unwrap();
            assert_eq!(file.metadata().await.unwrap().len(), FILE_BYTES as u64);
            file.sync_all().await.unwrap();
            // To the end, which comes in the middle of a read.
            let mut whole = Vec::new();
            file.read_to_end(&mut whole).await.unwrap();
            assert!(whole == pattern(FILE_BYTES));
            let (result, whole) = file.read_owned_at(vec![0; 3 * FILE_BYTES], 0).await;
            assert_eq!(result.unwrap(), FILE_BYTES);
            assert!(whole[..FILE_BYTES] == pattern(FILE_BYTES));
            assert_eq!(File::open(mount.path("none")).await.unwrap_err().kind(), ErrorKind::NotFound);
        });
    });
}

#[test]
fn reads_that_never_answer_hold_up_nobody_and_can_be_given_up() {
    let Some(mount) = Mount::of("fuse::reads_that_never_answer_hold_up_nobody_and_can_be_given_up") else {
        return;
    };
    on_every_backend(|runtime| {
        let held = mount.hold();
        let read = |path: PathBuf| async move {
            let file = File::open(path).await.unwrap();
            let (result, buf) = file.read_owned_at(vec![0; 10_000], 5).await;
            assert_eq!(result.unwrap(), 10_000);
            buf
        };
        let reads: Vec<_> = (0..MANY).map(|_| runtime.spawn(read(mount.path("silent-read")))).collect();
        mount.wait_for("read silent-read", MANY);
        everybody_else_is_served(runtime);
        runtime.block_on(async {
            let mut file = File::open(mount.path("silent-read")).await.unwrap();
            assert!(timeout(SHORT, file.read(&mut [0; 100])).await.is_err(), "nobody has answered");
            assert!(timeout(SHORT, file.read_at(&mut [0; 100], 7)).await.is_err(), "nobody has answered");
            let given_up = timeout(SHORT, file.read_owned_at(vec![0; 2 << 20], 7)).await;
            assert!(given_up.is_err(), "nobody has answered");
            mount.wait_for("read silent-read", MANY + 3);
            held.release();
            // The cursor is where it was.
            let mut found = [0; 100];
            file.read_exact(&mut found).await.unwrap();
            assert_eq!(found.as_slice(), pattern(100));
            for read in reads {
                assert!(read.await.unwrap() == pattern(10_005)[5..]);
            }
        });
    });
}

#[test]
fn writes_and_syncs_that_never_answer_hold_up_nobody_and_can_be_given_up() {
    let Some(mount) =
        Mount::of("fuse::writes_and_syncs_that_never_answer_hold_up_nobody_and_can_be_given_up")
    else {
        return;
    };
    on_every_backend(|runtime| {
        let held = mount.hold();
        runtime.block_on(async {
            let mut written = open_both(mount.path("silent-write")).await;
            let synced = open_both(mount.path("silent-fsync")).await;
            assert!(timeout(SHORT, written.write(b"given up")).await.is_err(), "nobody has answered");
            assert!(timeout(SHORT, synced.sync_all()).await.is_err(), "nobody has answered");
            // The next one waits for the write before it, and can be given up as well.
            assert!(timeout(SHORT, written.write(b"waits")).await.is_err(), "nobody has answered");
            everybody_is_served_beside(runtime.handle().clone()).await;
            assert_eq!(mount.count_of("write silent-write"), 1, "one write after the other");
            held.release();
            written.write_all(b"at its place").await.unwrap();
            synced.sync_all().await.unwrap();
            let mut found = [0; 12];
            written.read_exact_at(&mut found, 0).await.unwrap();
            assert_eq!(&found, b"at its place");
        });
    });
}

/// From inside of `block_on`.
async fn everybody_is_served_beside(handle: heist::runtime::Handle) {
    let beside = std::thread::spawn(move || {
        handle.block_on(async {
            for _ in 0..20 {
                heist::spawn(sleep(Duration::from_millis(1))).await.unwrap();
            }
        });
    });
    while !beside.is_finished() {
        sleep(Duration::from_millis(1)).await;
    }
    beside.join().unwrap();
}

#[test]
fn an_open_that_never_answers_can_be_given_up_and_leaks_no_descriptor() {
    let Some(mount) = Mount::of("fuse::an_open_that_never_answers_can_be_given_up_and_leaks_no_descriptor")
    else {
        return;
    };
    let directory = directory();
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(mount.path("silent-open"), &link).unwrap();
    on_every_backend(|runtime| {
        runtime.block_on(async { drop(File::open(mount.path("plain")).await.unwrap()) });
        let before_count = process::open_fds_count();
        // The kernel knows the first name, and would try to open the file at once. The text of the last path does not tell
        // what it leads to.
        for path in [mount.path("known-open"), mount.path("silent-open"), link.clone()] {
            assert!(std::fs::metadata(&path).unwrap().is_file());
            let held = mount.hold();
            runtime.block_on(async {
                for _ in 0..4 {
                    assert!(timeout(SHORT, File::open(&path)).await.is_err(), "nobody has answered");
                }
            });
            let name = if path.ends_with("known-open") { "known-open" } else { "silent-open" };
            mount.wait_for(&format!("open {name}"), 1);
            everybody_else_is_served(runtime);
            held.release();
            eventually("what was opened is closed", || process::open_fds_count() <= before_count);
        }
    });
}

#[test]
fn closing_a_file_whose_server_does_not_answer_holds_up_no_worker() {
    let Some(mount) = Mount::of("fuse::closing_a_file_whose_server_does_not_answer_holds_up_no_worker")
    else {
        return;
    };
    on_every_backend(|runtime| {
        let held = mount.hold();
        runtime.block_on(async {
            let closing = (0..WORKER_COUNT * 2).map(|_| {
                let path = mount.path("silent-flush");
                heist::spawn(async move {
                    let mut file = open_both(path).await;
                    file.write_all(b"x").await.unwrap();
                    drop(file);
                })
            });
            for task in join_all(closing).await {
                task.unwrap();
            }
            // Opened for nobody, and closed again.
            drop(timeout(Duration::ZERO, File::open(mount.path("silent-flush"))).await);
        });
        mount.wait_for("flush silent-flush", WORKER_COUNT * 2);
        everybody_else_is_served(runtime);
        held.release();
    });
}

#[test]
fn errors_of_reads_writes_and_syncs_are_reported_once_and_nothing_is_done_again() {
    let Some(mount) =
        Mount::of("fuse::errors_of_reads_writes_and_syncs_are_reported_once_and_nothing_is_done_again")
    else {
        return;
    };
    on_every_backend(|runtime| {
        let _held = mount.hold();
        runtime.block_on(async {
            is_broken(File::open(mount.path("broken-open")).await);
            drop(File::open(mount.path("broken-open")).await.unwrap());
            let mut read = open_both(mount.path("broken-read")).await;
            is_broken(read.read(&mut [0; 10]).await);
            assert_eq!(read.stream_position().await.unwrap(), 0);
            let mut found = [0; 10];
            assert_eq!(read.read(&mut found).await.unwrap(), 10);
            assert_eq!(found.as_slice(), pattern(10));
            let mut written = open_both(mount.path("broken-write")).await;
            is_broken(written.write(b"lost").await);
            assert_eq!(written.write(b"kept").await.unwrap(), 4);
            let synced = open_both(mount.path("broken-fsync")).await;
            is_broken(synced.sync_all().await);
            synced.sync_all().await.unwrap();
            for (call, count) in [("open", 2), ("read", 2), ("write", 2), ("fsync", 2)] {
                let call = format!("{call} broken-{call}");
                assert_eq!(mount.count_of(&call), count, "{call}: no more than the program asked for");
            }
        });
    });
}

#[test]
fn bytes_lost_after_the_write_are_reported_by_the_next_sync_and_by_no_other() {
    let Some(mount) =
        Mount::of("fuse::bytes_lost_after_the_write_are_reported_by_the_next_sync_and_by_no_other")
    else {
        return;
    };
    on_every_backend(|runtime| {
        let _held = mount.hold();
        runtime.block_on(async {
            let file = open_both(mount.path("late")).await;
            // The page cache has it.
            file.write_all_at(&pattern(4096), 0).await.unwrap();
            is_broken(file.sync_data().await);
            assert!(mount.count_of("write late") >= 1);
            // Fsync says it once: a success after it proves nothing.
            file.sync_all().await.unwrap();
            file.write_all_at(&pattern(4096), 4096).await.unwrap();
            is_broken(file.sync_all().await);
        });
    });
}

#[test]
fn short_reads_and_writes_are_neither_the_end_nor_lost() {
    let Some(mount) = Mount::of("fuse::short_reads_and_writes_are_neither_the_end_nor_lost") else { return };
    const BYTES: usize = 2000;
    on_every_backend(|runtime| {
        let _held = mount.hold();
        runtime.block_on(async {
            let mut file = open_both(mount.path("short")).await;
            let bytes = pattern(BYTES + 100)[100..].to_vec();
            assert_eq!(file.write(&bytes).await.unwrap(), SHORT_BYTES);
            assert_eq!(file.write_owned_at(bytes.clone(), 0).await.0.unwrap(), SHORT_BYTES);
            file.write_all(&bytes[SHORT_BYTES..]).await.unwrap();
            assert_eq!(file.stream_position().await.unwrap(), BYTES as u64);
            let mut found = vec![0; BYTES];
            assert_eq!(file.read_at(&mut found, 3).await.unwrap(), SHORT_BYTES);
            assert_eq!(file.read_owned_at(vec![0; BYTES], 3).await.0.unwrap(), SHORT_BYTES);
            file.read_exact_at(&mut found, 0).await.unwrap();
            assert!(found == bytes);
            let bufs = vec![vec![0; 5], vec![0; 5]];
            let (result, bufs) = file.read_vectored_owned_at(bufs, 0).await;
            let count = result.unwrap();
            assert!((1..=10).contains(&count), "{count} bytes");
            assert_eq!(bufs.concat()[..count], bytes[..count]);
            file.rewind().await.unwrap();
            file.read_exact(&mut found).await.unwrap();
            assert!(found == bytes);
            let whole = fs::read(mount.path("short")).await.unwrap();
            assert!(whole.len() == FILE_BYTES && whole.starts_with(&bytes), "{} bytes", whole.len());
        });
    });
}

/// A buffer whose end is counted.
struct Counted(Vec<u8>, #[expect(dead_code, reason = "for its drop")] crate::support::CountedDrop);

#[expect(unsafe_code, reason = "a buffer of the test's own")]
mod counted {
    use super::Counted;
    use heist::io::{IoBuf, IoBufMut};

    // SAFETY: the bytes are those of the vector, on the heap.
    unsafe impl IoBuf for Counted {
        fn as_ptr(&self) -> *const u8 {
            self.0.as_ptr()
        }

        fn bytes_init(&self) -> usize {
            self.0.len()
        }
    }

    // SAFETY: as above.
    unsafe impl IoBufMut for Counted {
        fn as_mut_ptr(&mut self) -> *mut u8 {
            self.0.as_mut_ptr()
        }

        fn bytes_total(&self) -> usize {
            self.0.len()
        }

        unsafe fn set_read(&mut self, _count: usize) {}
    }
}

#[test]
fn a_runtime_keeps_its_deadline_while_nothing_answers_and_frees_nothing_that_is_written_to() {
    let name =
        "fuse::a_runtime_keeps_its_deadline_while_nothing_answers_and_frees_nothing_that_is_written_to";
    let Some(mount) = Mount::of(name) else { return };
    with_every_runtime(|runtime| {
        let held = mount.hold();
        let drops = Counter::default();
        let buf = Counted(vec![0; 10_000], drops.on_drop());
        let (read, opened) = (mount.path("silent-read"), mount.path("silent-open"));
        runtime.block_on(async {
            heist::spawn(async move {
                let file = File::open(read).await.unwrap();
                file.read_owned_at(buf, 0).await.0.unwrap();
            });
            heist::spawn(File::open(opened));
            while mount.count_of("read silent-read") + mount.count_of("open silent-open") < 2 {
                sleep(Duration::from_millis(1)).await;
            }
        });
        let start = Instant::now();
        runtime.shutdown_timeout(Duration::from_millis(300));
        assert!(start.elapsed() < PATIENCE / 2, "the end took {:?}", start.elapsed());
        assert_eq!(drops.get(), 0, "the server may still answer, and the kernel write the answer");
        held.release();
        eventually("the buffer is freed when it is answered", || drops.get() == 1);
    });
}

/// The text of a path does not tell that a link leads to such a server: there the open is with the ring, and cannot be
/// cancelled.
#[test]
fn a_runtime_ends_with_an_operation_that_its_ring_does_not_release() {
    let Some(mount) = Mount::of("fuse::a_runtime_ends_with_an_operation_that_its_ring_does_not_release")
    else {
        return;
    };
    let directory = directory();
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(mount.path("silent-open"), &link).unwrap();
    for patience in [Some(Duration::from_millis(300)), None] {
        with_every_runtime(|runtime| {
            let held = mount.hold();
            let metrics = runtime.handle().metrics();
            let is_ring = runtime.driver_name() == "io_uring";
            if patience.is_none() && !is_ring {
                // It waits for its pool, as it says.
                return;
            }
            let path = link.clone();
            runtime.block_on(async {
                heist::spawn(File::open(path));
                while mount.count_of("open silent-open") < 1 {
                    sleep(Duration::from_millis(1)).await;
                }
            });
            let start = Instant::now();
            match patience {
                Some(patience) => runtime.shutdown_timeout(patience),
                None => drop(runtime),
            }
            assert!(start.elapsed() < PATIENCE / 2, "the end took {:?}", start.elapsed());
            if is_ring {
                eventually("the open is given up as leaked", || metrics.num_leaked_operations() == 1);
            }
            held.release();
        });
    }
}
