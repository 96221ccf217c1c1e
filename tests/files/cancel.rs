//! Futures that are dropped: buffers outlive the kernel's use of them, descriptors do not leak, the cursor stays.

use std::future::Future;
use std::io::SeekFrom;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::{Pin, pin};
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::StreamExt as _;
use futures::task::noop_waker;
use heist::fs::{Advice, File, OpenOptions};
use heist::generator::async_generator;
use heist::io::AlignedBuf;
use heist::runtime::Runtime;

use crate::generator::Generator;
#[cfg(target_os = "linux")]
use crate::support::process;
use crate::support::{Counter, on_every_backend, with_every_runtime};
use crate::{directory, file_with, pattern};

/// What it is, if it is ready at once.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(&noop_waker())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// The same, and drops it: at once, or when the kernel has it.
async fn poll_once_and_drop<F: Future>(future: F, is_begun: bool) -> Option<F::Output> {
    let mut future = pin!(future);
    let output = poll_once(future.as_mut());
    if output.is_none() && is_begun {
        heist::task::yield_now().await;
    }
    output
}

/// Only a worker's own operations go to its ring at once: from elsewhere they are letters, which can be taken back.
fn on_a_worker(runtime: &Runtime, test: impl Future<Output = ()> + Send + 'static) {
    runtime.block_on(runtime.spawn(test)).unwrap();
}

#[test]
fn a_dropped_write_is_as_if_it_had_not_been() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("file");
        on_a_worker(runtime, async move {
            let mut random = Generator::new(7);
            let mut file = OpenOptions::new().read(true).write(true).create(true).open(&path).await.unwrap();
            let mut wanted = Vec::new();
            let mut dropped_count = 0;
            let mut round = 0_u32;
            // How many are ready at once is the machine's business: go on until enough were not.
            while round < 300 || dropped_count < 50 {
                round += 1;
                let bytes = vec![round as u8; 1 + random.below(2000) as usize];
                if random.chance(50) {
                    // Never longer than what is written next to the same place.
                    let given_up = vec![0xee; bytes.len()];
                    match poll_once_and_drop(file.write(&given_up), random.chance(50)).await {
                        Some(count) => wanted.extend_from_slice(&given_up[..count.unwrap()]),
                        None => dropped_count += 1,
                    }
                }
                file.write_all(&bytes).await.unwrap();
                wanted.extend_from_slice(&bytes);
                assert_eq!(file.stream_position().await.unwrap(), wanted.len() as u64);
            }
            file.rewind().await.unwrap();
            let mut read = Vec::new();
            file.read_to_end(&mut read).await.unwrap();
            assert!(
                read == wanted,
                "a write that was given up is in the file, or one that was not is missing"
            );
        });
    });
}

#[test]
fn a_dropped_read_takes_nothing() {
    on_every_backend(|runtime| {
        let directory = directory();
        let bytes = pattern(2 << 20);
        let path = file_with(&directory, &bytes);
        on_a_worker(runtime, async move {
            let mut file = File::open(&path).await.unwrap();
            file.sync_all().await.unwrap();
            // Out of the page cache, so that reads have to wait.
            file.advise(0, 0, Advice::DontNeed).await.unwrap();
            file.advise(0, 0, Advice::Random).await.unwrap();
            let mut read = Vec::new();
            let mut dropped_count = 0;
            while read.len() < bytes.len() {
                let mut buf = vec![0; 16 * 1024];
                match poll_once_and_drop(file.read(&mut buf), true).await {
                    Some(count) => {
                        read.extend_from_slice(&buf[..count.unwrap()]);
                        continue;
                    }
                    None => dropped_count += 1,
                }
                let mut small = vec![0; 5000];
                let count = file.read(&mut small).await.unwrap();
                read.extend_from_slice(&small[..count]);
            }
            eprintln!("{dropped_count} reads were given up");
            assert!(read == bytes, "a read that was given up took bytes along");
            assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), bytes.len() as u64);
        });
    });
}

/// Memory of buffers that were dropped: it is never used again, so whoever writes to it is found out.
static DROPPED: Mutex<Vec<usize>> = Mutex::new(Vec::new());
const CANARY: u8 = 0xdd;
const BUFFER_BYTES: usize = 256 * 1024;

/// A buffer that tells whether somebody writes to it after its end.
struct Tombstone(AlignedBuf);

#[expect(unsafe_code, reason = "a buffer of the test's own")]
mod tombstone {
    use super::{BUFFER_BYTES, Bomb, CANARY, DROPPED, Restless, Tombstone};
    use heist::io::{AlignedBuf, IoBuf, IoBufMut};

    // SAFETY: the bytes are those of the aligned buffer, on the heap.
    unsafe impl IoBuf for Tombstone {
        fn as_ptr(&self) -> *const u8 {
            IoBuf::as_ptr(&self.0)
        }

        fn bytes_init(&self) -> usize {
            self.0.bytes_init()
        }
    }

    // SAFETY: as above.
    unsafe impl IoBufMut for Tombstone {
        fn as_mut_ptr(&mut self) -> *mut u8 {
            IoBufMut::as_mut_ptr(&mut self.0)
        }

        fn bytes_total(&self) -> usize {
            self.0.bytes_total()
        }

        unsafe fn set_read(&mut self, _count: usize) {}
    }

    // SAFETY: as what it holds.
    unsafe impl IoBuf for Bomb {
        fn as_ptr(&self) -> *const u8 {
            IoBuf::as_ptr(&self.0)
        }

        fn bytes_init(&self) -> usize {
            self.0.bytes_init()
        }
    }

    // SAFETY: as above.
    unsafe impl IoBufMut for Bomb {
        fn as_mut_ptr(&mut self) -> *mut u8 {
            IoBufMut::as_mut_ptr(&mut self.0)
        }

        fn bytes_total(&self) -> usize {
            self.0.bytes_total()
        }

        unsafe fn set_read(&mut self, _count: usize) {}
    }

    // SAFETY: as what it holds.
    unsafe impl IoBuf for Restless {
        fn as_ptr(&self) -> *const u8 {
            IoBuf::as_ptr(&self.buffer)
        }

        fn bytes_init(&self) -> usize {
            self.buffer.bytes_init()
        }
    }

    // SAFETY: as above.
    unsafe impl IoBufMut for Restless {
        fn as_mut_ptr(&mut self) -> *mut u8 {
            IoBufMut::as_mut_ptr(&mut self.buffer)
        }

        fn bytes_total(&self) -> usize {
            self.buffer.bytes_total()
        }

        unsafe fn set_read(&mut self, _count: usize) {}
    }

    impl Drop for Tombstone {
        fn drop(&mut self) {
            self.0.fill(CANARY);
            let memory = std::mem::replace(&mut self.0, AlignedBuf::new(0));
            DROPPED.lock().unwrap().push(IoBuf::as_ptr(&memory).addr());
            // Never freed, and reachable only by the check.
            std::mem::forget(memory);
        }
    }

    pub(super) fn is_untouched(address: usize) -> bool {
        const WORD_BYTES: usize = size_of::<u64>();
        let start = std::ptr::with_exposed_provenance::<u64>(address);
        let canary = u64::from_ne_bytes([CANARY; WORD_BYTES]);
        // SAFETY: forgotten in `drop`, so still allocated, at an aligned place; volatile, for it is the kernel who might have
        // written.
        (0..BUFFER_BYTES / WORD_BYTES).all(|place| unsafe { start.add(place).read_volatile() } == canary)
    }
}

/// For reads that take a while, where the file system can do it.
async fn open_past_the_cache(path: &Path) -> File {
    #[cfg(target_os = "linux")]
    match OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(path).await {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            crate::support::loud("SKIPPED: this file system has no O_DIRECT: the reads are of cached bytes");
        }
        opened => return opened.unwrap(),
    }
    File::open(path).await.unwrap()
}

#[test]
fn a_buffer_outlives_the_reads_that_were_dropped() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &vec![0x11; 8 << 20]);
        on_a_worker(runtime, async move {
            let file = open_past_the_cache(&path).await;
            let before_count = DROPPED.lock().unwrap().len();
            const BATCH_COUNT: u64 = 8;
            let (mut round, mut dropped_count) = (0, 0);
            // How many are ready at once is the machine's business: go on until some were not.
            while round < 40 || dropped_count < 8 {
                round += 1;
                let mut reads: Vec<_> = (0..BATCH_COUNT)
                    .map(|index| {
                        let place = (round * 3 + index) % 30 * BUFFER_BYTES as u64;
                        Box::pin(file.read_owned_at(Tombstone(AlignedBuf::new(BUFFER_BYTES)), place))
                    })
                    .collect();
                let polled = reads.iter_mut().map(|read| poll_once(read.as_mut()));
                dropped_count += polled.filter(Option::is_none).count();
                // Handed to the kernel, and under way when they are dropped.
                heist::task::yield_now().await;
                heist::task::yield_now().await;
                drop(reads);
            }
            // Every buffer comes to its end, and only then.
            while DROPPED.lock().unwrap().len() < before_count + (round * BATCH_COUNT) as usize {
                heist::time::sleep(Duration::from_millis(1)).await;
            }
            let (_, last) = file.read_owned_at(AlignedBuf::new(4096), 0).await;
            assert_eq!(last[0], 0x11);
        });
        let dropped = DROPPED.lock().unwrap();
        let touched = dropped.iter().filter(|&&address| !tombstone::is_untouched(address)).count();
        assert_eq!(touched, 0, "of {} buffers so many were written to after their end", dropped.len());
    });
}

/// A buffer that ends with a panic.
struct Bomb(Tombstone);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the buffer's drop");
    }
}

/// Fault B20: the last share of such a buffer is dropped by the worker that reaps, beside other tasks.
#[test]
fn a_buffer_that_panics_when_dropped_harms_no_worker() {
    with_every_runtime(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &vec![0x11; 8 << 20]);
        on_a_worker(&runtime, async move {
            let file = open_past_the_cache(&path).await;
            let before_count = DROPPED.lock().unwrap().len();
            let (mut round, mut dropped_count) = (0, 0);
            while round < 8 || dropped_count < 4 {
                let bomb = Bomb(Tombstone(AlignedBuf::new(BUFFER_BYTES)));
                let mut read = Box::pin(file.read_owned_at(bomb, round % 30 * BUFFER_BYTES as u64));
                round += 1;
                match poll_once(read.as_mut()) {
                    Some((_, bomb)) => drop(catch_unwind(AssertUnwindSafe(|| drop(bomb)))),
                    None => dropped_count += 1,
                }
                heist::task::yield_now().await;
                drop(catch_unwind(AssertUnwindSafe(|| drop(read))));
            }
            while DROPPED.lock().unwrap().len() < before_count + round as usize {
                heist::time::sleep(Duration::from_millis(1)).await;
            }
            // On every worker, as many as there are.
            let sleeps = (0..4).map(|_| heist::spawn(heist::time::sleep(Duration::from_millis(1))));
            for sleep in sleeps.collect::<Vec<_>>() {
                sleep.await.unwrap();
            }
        });
        drop(runtime);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn an_open_that_was_dropped_leaks_no_descriptor() {
    if process::role().is_none() {
        // Other tests open files as well: count where there are none.
        process::expect_success(&mut process::again(
            "cancel::an_open_that_was_dropped_leaks_no_descriptor",
            "count",
        ));
        return;
    }
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"x");
        on_a_worker(runtime, async move {
            drop(File::open(&path).await.unwrap());
            let before_count = process::open_fds_count();
            let mut dropped_count = 0;
            let mut round = 0_u32;
            // How many are ready at once is the machine's business: go on until enough were not.
            while round < 500 || dropped_count < 50 {
                round += 1;
                dropped_count +=
                    u32::from(poll_once_and_drop(File::open(&path), round % 2 == 0).await.is_none());
            }
            drop(File::open(&path).await.unwrap());
            while process::open_fds_count() > before_count {
                heist::time::sleep(Duration::from_millis(1)).await;
            }
        });
    });
}

#[test]
fn a_file_dropped_with_operations_in_flight_is_closed_and_the_rest_goes_on() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &pattern(1 << 20));
        on_a_worker(runtime, async move {
            for _ in 0..50 {
                let mut file = OpenOptions::new().read(true).write(true).open(&path).await.unwrap();
                let written = poll_once_and_drop(file.write(&pattern(1000)), true).await;
                assert!(written.is_none_or(|result| result.is_ok()));
                let clone = file.try_clone().await.unwrap();
                drop(file);
                let (result, buf) = clone.read_owned_at(Vec::with_capacity(5000), 1000).await;
                assert_eq!(result.unwrap(), buf.len());
                assert!(buf == pattern(6000)[1000..1000 + buf.len()]);
            }
        });
    });
}

/// Whether it was woken.
#[cfg(target_os = "linux")]
#[derive(Default)]
struct Woken(AtomicBool);

#[cfg(target_os = "linux")]
impl std::task::Wake for Woken {
    fn wake(self: Arc<Self>) {
        // Ordering: SeqCst: a test.
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Fault F6: the operation has ended and its task was woken, and the future is dropped without another poll. The descriptor
/// that it opened is closed, and its buffer is dropped.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_nobody_fetches_is_dropped_with_its_future() {
    const NAME: &str = "cancel::a_result_that_nobody_fetches_is_dropped_with_its_future";
    if process::role().is_none() {
        // Other tests open files as well: count where there are none.
        process::expect_success(&mut process::again(NAME, "count"));
        return;
    }
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &vec![0x11; 8 << 20]);
        on_a_worker(runtime, async move {
            let file = open_past_the_cache(&path).await;
            let (fds_count, buffers_count) = (process::open_fds_count(), DROPPED.lock().unwrap().len());
            let (mut round, mut unfetched_count) = (0, 0);
            while round < 100 || unfetched_count < 20 {
                let buffer = Tombstone(AlignedBuf::new(BUFFER_BYTES));
                let mut read = Box::pin(file.read_owned_at(buffer, round % 30 * BUFFER_BYTES as u64));
                let mut open = Box::pin(File::open(&path));
                unfetched_count += ended_and_not_fetched(read.as_mut()).await;
                unfetched_count += ended_and_not_fetched(open.as_mut()).await;
                drop((read, open));
                round += 1;
            }
            while process::open_fds_count() > fds_count
                || DROPPED.lock().unwrap().len() < buffers_count + round as usize
            {
                heist::time::sleep(Duration::from_millis(1)).await;
            }
        });
    });
}

/// Polls once and waits until the end wakes the task. Returns how many results are left in the future: 0 if it was ready at
/// once.
#[cfg(target_os = "linux")]
async fn ended_and_not_fetched<F: Future>(future: Pin<&mut F>) -> u32 {
    let woken = Arc::new(Woken::default());
    if future.poll(&mut Context::from_waker(&woken.clone().into())).is_ready() {
        return 0;
    }
    // Ordering: SeqCst: a test.
    while !woken.0.load(Ordering::SeqCst) {
        heist::task::yield_now().await;
    }
    1
}

/// Fault K9: a stream is dropped while its body reads: the buffer outlives the read.
#[test]
fn a_generator_that_is_dropped_in_a_read_leaves_its_buffer_to_the_kernel() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &vec![0x11; 8 << 20]);
        on_a_worker(runtime, async move {
            let file = Arc::new(open_past_the_cache(&path).await);
            let before_count = DROPPED.lock().unwrap().len();
            let (mut round, mut dropped_count) = (0, 0);
            while round < 40 || dropped_count < 8 {
                let file = file.clone();
                let mut lengths = Box::pin(async_generator! {
                    for place in round.. {
                        let buffer = Tombstone(AlignedBuf::new(BUFFER_BYTES));
                        let offset = place % 30 * BUFFER_BYTES as u64;
                        yield file.read_owned_at(buffer, offset).await.0.unwrap();
                    }
                });
                let is_pending = poll_once(pin!(lengths.next())).is_none();
                dropped_count += u32::from(is_pending);
                heist::task::yield_now().await;
                drop(lengths);
                round += 1;
            }
            while DROPPED.lock().unwrap().len() < before_count + round as usize {
                heist::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let dropped = DROPPED.lock().unwrap();
        assert!(dropped.iter().all(|&address| tombstone::is_untouched(address)), "written to after its end");
    });
}

/// A buffer whose destructor begins another operation, and gives it up.
struct Restless {
    buffer: AlignedBuf,
    file: Arc<File>,
    drops: Counter,
}

impl Drop for Restless {
    fn drop(&mut self) {
        drop(poll_once(pin!(self.file.read_owned_at(AlignedBuf::new(4096), 0))));
        self.drops.bump();
    }
}

/// Fault F14: a buffer that was given up is dropped by the worker that reaps it. Its destructor may use the runtime, because
/// nothing of the driver is locked or borrowed by then.
#[test]
fn a_buffer_may_begin_an_operation_when_it_is_dropped() {
    with_every_runtime(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &vec![0x11; 8 << 20]);
        on_a_worker(&runtime, async move {
            let file = Arc::new(open_past_the_cache(&path).await);
            let drops = Counter::default();
            let (mut round, mut dropped_count) = (0, 0);
            while round < 40 || dropped_count < 8 {
                let buffer = AlignedBuf::new(BUFFER_BYTES);
                let buffer = Restless { buffer, file: file.clone(), drops: drops.clone() };
                let offset = round % 30 * BUFFER_BYTES as u64;
                let read = poll_once_and_drop(file.read_owned_at(buffer, offset), true).await;
                dropped_count += u32::from(read.is_none());
                round += 1;
            }
            while drops.get() < round as usize {
                heist::time::sleep(Duration::from_millis(1)).await;
            }
        });
    });
}
