//! Buffers that rings may have registered: the same results as with others, on every back end.
#![cfg(target_os = "linux")]

use std::future::Future;
use std::io::ErrorKind;
use std::path::Path;
use std::task::Poll;

use heist::fs::{Advice, File, OpenOptions};
use heist::io::{AlignedBuf, FixedBuf, FixedBufPool, IoBuf};
use heist::runtime::Runtime;

use crate::direct::open_direct;
use crate::generator::Generator;
use crate::support::wait::soon;
use crate::support::{eventually, on_every_backend, with_every_backend};
use crate::{directory, file_with, pattern};

const LEN: usize = 4096;

/// Of one pool, made on the runtime.
fn pool_on(runtime: &Runtime, count: usize, len: usize) -> FixedBufPool {
    let _guard = runtime.enter();
    FixedBufPool::new(count, len).expect("memory")
}

/// On a worker: only from there an operation goes to a ring at once.
fn on_a_worker<R: Send + 'static>(runtime: &Runtime, test: impl Future<Output = R> + Send + 'static) -> R {
    runtime.block_on(runtime.spawn(test)).unwrap()
}

/// A ring has registered the memory where there are rings, and nowhere else; nobody was refused.
fn expect_registered(runtime: &Runtime, pool: &FixedBufPool) {
    assert_eq!(pool.rings_count() > 0, runtime.driver_name() == "io_uring", "{pool:?}");
    assert!(pool.refusal().is_none(), "{:?}", pool.refusal());
}

/// What comes of it, but for the text of an error, which may tell the address.
fn outcome<B>((result, buf): (std::io::Result<usize>, B)) -> (Result<usize, ErrorKind>, B) {
    (result.map_err(|error| error.kind()), buf)
}

#[test]
fn random_reads_and_writes_are_as_with_any_other_buffer() {
    on_every_backend(|runtime| {
        let directory = directory();
        let paths = ["plain", "fixed"].map(|name| directory.path().join(name));
        let pool = pool_on(runtime, 2, 3 * LEN);
        let pool_there = pool.clone();
        let was_direct = on_a_worker(runtime, async move {
            let mut random = Generator::new(11);
            paths.iter().for_each(|path| std::fs::write(path, pattern(7 * LEN + 1000)).unwrap());
            // Past the page cache: what is cached is copied before it comes to an operation.
            let Some(file) = open_direct(&paths[0]).await else { return false };
            let file_fixed = open_direct(&paths[1]).await.unwrap();
            for round in 0..300_u32 {
                // Now and then what `O_DIRECT` does not take.
                let mut some = |count| random.below(count) as usize * LEN + usize::from(random.chance(3));
                let (begin, len, place) = (some(3), some(4), some(10) as u64);
                let (mut buf, mut buf_fixed) = (AlignedBuf::new(3 * LEN), pool_there.take());
                buf.fill(round as u8);
                buf_fixed.fill(round as u8);
                let (part, part_fixed) = (buf.slice(begin, len), buf_fixed.slice(begin, len));
                let (plain, fixed) = if random.chance(50) {
                    let plain = outcome(file.write_owned_at(part, place).await);
                    (plain, outcome(file_fixed.write_owned_at(part_fixed, place).await))
                } else {
                    let plain = outcome(file.read_owned_at(part, place).await);
                    (plain, outcome(file_fixed.read_owned_at(part_fixed, place).await))
                };
                assert_eq!(plain.0, fixed.0, "round {round}");
                assert!(plain.1.into_inner()[..] == fixed.1.into_inner()[..], "round {round}");
            }
            assert!(std::fs::read(&paths[0]).unwrap() == std::fs::read(&paths[1]).unwrap());
            true
        });
        if was_direct {
            expect_registered(runtime, &pool);
        }
    });
}

#[test]
fn reads_past_the_page_cache_end_where_the_file_does() {
    on_every_backend(|runtime| {
        let directory = directory();
        let bytes = pattern(5 * LEN + 100);
        let path = file_with(&directory, &bytes);
        // Long enough to be read in parts.
        let (small, large) = (pool_on(runtime, 3, 2 * LEN), pool_on(runtime, 1, 3 << 20));
        let (small_slots, large_slots) = (small.clone(), large.clone());
        let was_direct = on_a_worker(runtime, async move {
            let Some(file) = open_direct(&path).await else { return false };
            for (place, wanted_len) in [(0, 2 * LEN), (4 * LEN, LEN + 100), (5 * LEN, 100), (6 * LEN, 0)] {
                let (result, buf) = file.read_owned_at(small_slots.take(), place as u64).await;
                assert_eq!(result.unwrap(), wanted_len);
                assert!(buf[..wanted_len] == bytes[place.min(bytes.len())..][..wanted_len]);
            }
            let (result, buf) = file.read_owned_at(large_slots.take(), 0).await;
            assert_eq!(result.unwrap(), bytes.len());
            assert!(buf[..bytes.len()] == bytes);
            // Written past the page cache as well.
            let (result, _buf) = file.write_owned_at(buf.slice(LEN, LEN), 0).await;
            assert_eq!(result.unwrap(), LEN);
            assert!(std::fs::read(&path).unwrap()[..LEN] == bytes[LEN..2 * LEN]);
            let (result, _buf) = file.read_owned_at(small_slots.take().slice(1, LEN), 0).await;
            let text = result.unwrap_err().to_string();
            assert!(text.contains("O_DIRECT"), "{text}");
            true
        });
        if was_direct {
            expect_registered(runtime, &small);
            expect_registered(runtime, &large);
        }
    });
}

/// Reads and writes there with both kinds of buffers, and expects the same.
async fn compare_at(path: &Path, pool: &FixedBufPool, place: u64) {
    let file = match OpenOptions::new().read(true).write(true).open(path).await {
        Err(_) => File::open(path).await.unwrap(),
        Ok(file) => file,
    };
    let (plain, buf) = outcome(file.read_owned_at(AlignedBuf::new(LEN), place).await);
    let (fixed, buf_fixed) = outcome(file.read_owned_at(zeroed(pool), place).await);
    assert_eq!(plain, fixed, "reading {}", path.display());
    assert!(buf[..] == buf_fixed[..], "reading {}", path.display());
    let (plain, _) = outcome(file.write_owned_at(AlignedBuf::new(LEN), place).await);
    let (fixed, _) = outcome(file.write_owned_at(zeroed(pool), place).await);
    assert_eq!(plain, fixed, "writing {}", path.display());
}

fn zeroed(pool: &FixedBufPool) -> FixedBuf {
    let mut buf = pool.take();
    buf.fill(0);
    buf
}

#[test]
fn what_is_no_common_file_answers_alike() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"short");
        let pool = pool_on(runtime, 2, LEN);
        let pool_there = pool.clone();
        on_a_worker(runtime, async move {
            let special = ["/dev/zero", "/dev/full", "/dev/null", "/proc/self/limits", "/sys/kernel/mm"];
            for path in special.map(Path::new).into_iter().chain([path.as_path()]) {
                for place in [0, 3, 1 << 40, i64::MAX as u64, u64::MAX] {
                    compare_at(path, &pool_there, place).await;
                }
            }
        });
        expect_registered(runtime, &pool);
    });
}

#[test]
fn more_buffers_than_the_pool_has_read_the_same() {
    on_every_backend(|runtime| {
        let directory = directory();
        let bytes = pattern(64 * LEN);
        let path = file_with(&directory, &bytes);
        let pool = pool_on(runtime, 5, LEN);
        runtime.block_on(async {
            let file = std::sync::Arc::new(File::open(&path).await.unwrap());
            file.advise(0, 0, Advice::DontNeed).await.unwrap();
            let mut tasks = heist::task::JoinSet::new();
            for index in 0..64 {
                let (file, buf) = (file.clone(), pool.take());
                let wanted = bytes[index * LEN..][..LEN].to_vec();
                tasks.spawn(async move {
                    let (result, buf) = file.read_owned_at(buf, (index * LEN) as u64).await;
                    assert_eq!(result.unwrap(), LEN);
                    assert!(buf[..] == wanted);
                    buf
                });
            }
            assert!(pool.try_take().is_none(), "all of them are out");
            let mut bufs = Vec::new();
            while let Some(done) = tasks.join_next().await {
                bufs.push(done.unwrap());
            }
            assert_eq!(pool.idle_count(), 0);
            std::thread::spawn(move || drop(bufs)).join().unwrap();
            assert_eq!(pool.idle_count(), 5);
        });
    });
}

#[test]
fn buffers_of_reads_that_were_given_up_come_back_when_the_kernel_is_done_with_them() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &pattern(64 * LEN));
        let pool = pool_on(runtime, 8, LEN);
        let pool_there = pool.clone();
        on_a_worker(runtime, async move {
            let Some(file) = open_direct(&path).await else { return };
            let (mut round, mut given_up_count) = (0, 0);
            // How many are ready at once is the machine's business: go on until enough were not.
            while round < 100 || given_up_count < 50 {
                round += 1;
                let reads = (0..8).map(|index| file.read_owned_at(pool_there.take(), index * LEN as u64));
                let mut reads = futures::future::join_all(reads);
                if futures::poll!(&mut reads).is_pending() {
                    given_up_count += 1;
                    assert_eq!(pool_there.idle_count(), 0, "they are with the operations");
                }
                // Dropped before the ring has them, or after it.
                if round % 2 == 0 {
                    heist::task::yield_now().await;
                }
                drop(reads);
                let (result, buf) = file.read_owned_at(pool_there.take(), 9 * LEN as u64).await;
                assert_eq!(result.unwrap(), LEN);
                assert!(buf[..] == pattern(64 * LEN)[9 * LEN..10 * LEN]);
                soon("all have come back", async {
                    drop(buf);
                    while pool_there.idle_count() < 8 {
                        heist::task::yield_now().await;
                    }
                })
                .await;
            }
        });
        assert_eq!(pool.idle_count(), 8);
    });
}

#[test]
fn a_pool_may_be_dropped_with_its_operations_in_flight() {
    on_every_backend(|runtime| {
        let directory = directory();
        let bytes = pattern(64 * LEN);
        let path = file_with(&directory, &bytes);
        on_a_worker(runtime, async move {
            let Some(file) = open_direct(&path).await else { return };
            let (mut round, mut in_flight_count) = (0, 0);
            while round < 50 || in_flight_count < 20 {
                round += 1;
                let pool = FixedBufPool::new(8, LEN).unwrap();
                let reads = (0..8).map(|index| file.read_owned_at(pool.take(), index * LEN as u64));
                let mut reads = futures::future::join_all(reads);
                let first_look = futures::poll!(&mut reads);
                drop(pool);
                let done = match first_look {
                    Poll::Ready(done) => done,
                    Poll::Pending => {
                        in_flight_count += 1;
                        reads.await
                    }
                };
                for (index, (result, buf)) in done.into_iter().enumerate() {
                    assert_eq!(result.unwrap(), LEN);
                    assert!(buf[..] == bytes[index * LEN..][..LEN]);
                }
            }
        });
    });
}

#[test]
fn buffers_and_pools_outlive_their_runtime_and_serve_another() {
    with_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &pattern(2 * LEN));
        let pool = pool_on(&runtime, 2, LEN);
        let buf = pool.take();
        let read = |runtime: &Runtime, buf: FixedBuf| {
            let path = path.clone();
            on_a_worker(runtime, async move {
                let file = File::open(&path).await.unwrap();
                file.advise(0, 0, Advice::DontNeed).await.unwrap();
                let (result, buf) = file.read_owned_at(buf, 1).await;
                assert_eq!(result.unwrap(), LEN);
                assert!(buf[..] == pattern(2 * LEN)[1..=LEN]);
                buf
            })
        };
        let buf = read(&runtime, buf);
        let other = heist::runtime::Runtime::new().unwrap();
        let buf = read(&other, buf);
        drop(runtime);
        assert_eq!(pool.rings_count(), 0, "its rings are gone");
        let mut buf = read(&other, buf);
        buf.fill(7);
        drop(other);
        assert!(pool.take().len() == LEN && buf[..] == [7; LEN]);
        drop(pool);
        buf.fill(8);
    });
}

/// So that a test of registered memory sees only its own.
mod alone {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU8;

    use io_uring::opcode;

    use super::{File, FixedBufPool, LEN, Path, Runtime, directory, eventually, on_a_worker, pattern};
    use crate::file_with;
    use crate::support::process::{again, expect_success, in_a_child, limit_locked_memory, role};
    use crate::support::supervisor::hide_opcode;
    use crate::support::{Shape, builder, has_uring, watched};
    use heist::runtime::DriverKind;

    /// Memory that rings hold, of this process.
    fn pinned_kib() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").expect("procfs is mounted");
        let line = status.lines().find(|line| line.starts_with("VmPin:")).expect("it is told");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }

    async fn write_and_read(file: File, pool: FixedBufPool) {
        let mut buf = pool.take();
        buf.copy_from_slice(&pattern(LEN));
        let (result, _buf) = file.write_owned_at(buf, 0).await;
        assert_eq!(result.unwrap(), LEN);
        let (result, buf) = file.read_owned_at(pool.take(), 0).await;
        assert_eq!(result.unwrap(), LEN);
        assert!(buf[..] == pattern(LEN));
    }

    fn writable(path: &Path) -> File {
        File::from_std(std::fs::File::options().read(true).write(true).open(path).expect("open"))
    }

    #[test]
    fn memory_is_locked_at_the_first_use_and_unlocked_when_the_pool_is_gone() {
        in_a_child(
            "fixed::alone::memory_is_locked_at_the_first_use_and_unlocked_when_the_pool_is_gone",
            |runtime| {
                watched(|| {
                    let directory = directory();
                    let path = file_with(&directory, b"");
                    let pool = super::pool_on(runtime, 256, LEN);
                    assert_eq!(pinned_kib(), 0);
                    let file = writable(&path);
                    on_a_worker(runtime, write_and_read(file, pool.clone()));
                    super::expect_registered(runtime, &pool);
                    assert_eq!(pinned_kib(), pool.rings_count() * 1024);
                    drop(pool);
                    // The workers sleep by now, and are woken for it.
                    eventually("the rings have let go", || pinned_kib() == 0);
                });
            },
        );
    }

    /// A runtime on rings, made in a child, and a pool of one MiB of which no ring keeps anything.
    fn do_without(runtime: &Runtime, file: File, kind: std::io::ErrorKind, word: &str) {
        let pool = super::pool_on(runtime, 256, LEN);
        for _ in 0..2 {
            let file = runtime.block_on(file.try_clone()).unwrap();
            on_a_worker(runtime, write_and_read(file, pool.clone()));
        }
        assert_eq!(pool.rings_count(), 0);
        let error = pool.refusal().expect("it was refused");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }

    #[test]
    fn too_little_lockable_memory_is_done_without() {
        let name = "fixed::alone::too_little_lockable_memory_is_done_without";
        if role().is_none() {
            if has_uring() {
                expect_success(&mut again(name, "limited"));
            }
            return;
        }
        watched(|| {
            let directory = directory();
            let file = writable(&file_with(&directory, b""));
            limit_locked_memory(256 * 1024);
            let runtime = builder(Shape::MultiThread, DriverKind::Uring).build().expect("rings lock nothing");
            do_without(&runtime, file, std::io::ErrorKind::OutOfMemory, "ulimit -l");
        });
    }

    #[test]
    fn a_kernel_that_hides_an_op_code_is_done_without() {
        let name = "fixed::alone::a_kernel_that_hides_an_op_code_is_done_without";
        let codes = [opcode::ReadFixed::CODE, opcode::WriteFixed::CODE];
        match role() {
            None if has_uring() => {
                for code in codes {
                    expect_success(&mut again(name, &code.to_string()));
                }
            }
            None => {}
            Some(code) => watched(|| {
                let hidden = Arc::new(AtomicU8::new(code.parse().expect("an op-code")));
                hide_opcode(hidden);
                let directory = directory();
                let file = writable(&file_with(&directory, b""));
                let runtime = builder(Shape::MultiThread, DriverKind::Uring).build().expect("rings");
                do_without(&runtime, file, std::io::ErrorKind::Unsupported, "policy");
            }),
        }
    }
}
