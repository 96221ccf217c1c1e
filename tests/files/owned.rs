//! Owned buffers: what comes back, how much, and in which buffer.

#[cfg(target_os = "linux")]
use std::io::ErrorKind;

#[cfg(target_os = "linux")]
use heist::fs::Advice;
use heist::fs::{File, OpenOptions};
use heist::io::{AlignedBuf, IoBuf};

use crate::support::{on_every_backend, with_every_runtime};
use crate::{directory, file_with, pattern};

#[test]
fn a_vector_is_as_long_as_what_was_read() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"0123456789");
        runtime.block_on(async {
            let file = File::open(&path).await.unwrap();
            let (result, buf) = file.read_owned_at(Vec::with_capacity(100), 4).await;
            assert_eq!((result.unwrap(), buf.as_slice()), (6, &b"456789"[..]));
            let (result, buf) = file.read_owned_at(buf, 10).await;
            assert_eq!((result.unwrap(), buf.as_slice()), (0, &b""[..]));
            let (result, buf) = file.read_owned_at(b"keep me".to_vec().slice(5, 2), 0).await;
            assert_eq!((result.unwrap(), buf.into_inner().as_slice()), (2, &b"keep 01"[..]));
            let (result, buf) = file.read_owned_at(Vec::new(), 0).await;
            assert_eq!((result.unwrap(), buf.len()), (0, 0));
        });
    });
}

#[test]
fn a_large_read_in_parts_is_one_read() {
    on_every_backend(|runtime| {
        let directory = directory();
        let bytes = pattern((5 << 20) + 12_345);
        let path = file_with(&directory, &bytes);
        runtime.block_on(async {
            let file = File::open(&path).await.unwrap();
            for (room, begin) in [(5 << 20, 0), (6 << 20, 1), (3 << 20, 4 << 20), (40 << 20, 777)] {
                let (result, buf) = file.read_owned_at(Vec::with_capacity(room), begin as u64).await;
                let wanted = &bytes[begin..bytes.len().min(begin + room)];
                assert_eq!(result.unwrap(), wanted.len());
                assert!(buf == wanted, "{room} bytes from {begin} on are not what the file has");
            }
            let (result, _) = file.read_owned_at(Vec::with_capacity(2 << 20), bytes.len() as u64).await;
            assert_eq!(result.unwrap(), 0);
        });
    });
}

#[test]
fn several_buffers_are_filled_and_written_in_order() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("file");
        runtime.block_on(async {
            let file = OpenOptions::new().read(true).write(true).create(true).open(&path).await.unwrap();
            let parts = vec![b"one ".to_vec(), Vec::new(), b"two ".to_vec(), b"three".to_vec()];
            let (result, parts) = file.write_vectored_owned_at(parts, 3).await;
            assert_eq!((result.unwrap(), parts.len()), (13, 4));
            let rooms = vec![vec![0; 5].into_boxed_slice(), vec![0; 5].into_boxed_slice()];
            let (result, rooms) = file.read_vectored_owned_at(rooms, 3).await;
            assert_eq!(result.unwrap(), 10);
            assert_eq!([&*rooms[0], &*rooms[1]], [b"one t", b"wo th"]);
            let rooms = vec![Vec::with_capacity(8), Vec::with_capacity(100), vec![1; 9]];
            let (result, rooms) = file.read_vectored_owned_at(rooms, 0).await;
            let total: Vec<u8> = rooms.concat();
            assert_eq!((result.unwrap(), total.as_slice()), (16, &b"\0\0\0one two three"[..]));
            assert!(rooms[2].is_empty(), "nothing was left for the last buffer");
            let (result, _) = file.read_vectored_owned_at(vec![vec![0; 1]; 1025], 0).await;
            assert_eq!(result.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
        });
    });
}

/// As reads and writes of one buffer without bytes: nobody asks the system, and what it would say differs.
#[test]
fn buffers_without_bytes_move_none_whatever_the_file_was_opened_for() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"0123456789");
        runtime.block_on(async {
            let (reader, writer) = (File::open(&path).await.unwrap(), File::options());
            let writer = writer.clone().write(true).open(&path).await.unwrap();
            for count in [0, 1, 3] {
                let empty = || vec![Vec::new(); count];
                let (result, bufs) = reader.write_vectored_owned_at(empty(), 4).await;
                assert_eq!((result.unwrap(), bufs.len()), (0, count));
                let (result, bufs) = writer.read_vectored_owned_at(empty(), 4).await;
                assert_eq!((result.unwrap(), bufs.len()), (0, count));
            }
            assert_eq!(reader.write_owned_at(Vec::new(), 4).await.0.unwrap(), 0);
            assert_eq!(writer.read_owned_at(Vec::new(), 4).await.0.unwrap(), 0);
        });
    });
}

/// A file outlives its runtime, and a handle to that is entered: nothing is begun any more, and nothing is lost.
#[test]
fn buffers_come_back_from_a_runtime_that_has_ended() {
    with_every_runtime(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"0123456789");
        let file = OpenOptions::new().read(true).write(true).clone();
        let file = runtime.block_on(async { file.open(&path).await.unwrap() });
        let handle = runtime.handle().clone();
        drop(runtime);
        handle.block_on(async {
            let (result, buf) = file.write_owned_at(b"abc".to_vec(), 0).await;
            assert_eq!((result.is_err(), buf), (true, b"abc".to_vec()));
            let (result, bufs) = file.write_vectored_owned_at(vec!["d", "ef"], 0).await;
            assert_eq!((result.is_err(), bufs), (true, vec!["d", "ef"]));
            let (result, bufs) = file.read_vectored_owned_at(vec![Vec::with_capacity(5)], 0).await;
            assert_eq!((result.is_err(), bufs), (true, vec![Vec::new()]));
            let error = file.write_at(b"abc", 0).await.unwrap_err();
            assert!(error.to_string().contains("has shut down"), "{error}");
            let error = file.sync_all().await.unwrap_err();
            assert!(error.to_string().contains("has shut down"), "{error}");
        });
        assert_eq!(std::fs::read(&path).unwrap(), b"0123456789");
    });
}

/// Every call with a place, where no file has one, has one answer.
#[cfg(target_os = "linux")]
#[test]
fn offsets_that_no_file_has_are_refused() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"0123456789");
        runtime.block_on(async {
            let file = OpenOptions::new().read(true).write(true).open(&path).await.unwrap();
            for place in [1 << 63, u64::MAX - 1, u64::MAX] {
                let kinds = [
                    file.read_at(&mut [0; 4], place).await.map(drop),
                    file.write_at(b"x", place).await.map(drop),
                    file.read_exact_at(&mut [0; 4], place).await,
                    file.write_all_at(b"x", place).await,
                    file.read_owned_at(Vec::with_capacity(4), place).await.0.map(drop),
                    file.write_owned_at(b"x".to_vec(), place).await.0.map(drop),
                    file.read_vectored_owned_at(vec![Vec::with_capacity(4)], place).await.0.map(drop),
                    file.write_vectored_owned_at(vec![b"x".to_vec()], place).await.0.map(drop),
                    file.allocate(place, 1).await,
                    file.allocate(0, place).await,
                    file.advise(place, 0, Advice::Normal).await,
                    file.advise(0, place, Advice::Normal).await,
                    file.set_len(place).await,
                ]
                .map(|result| result.map_err(|error| error.kind()));
                assert_eq!(kinds, [Err(ErrorKind::InvalidInput); 13], "at {place}");
            }
            assert_eq!(file.metadata().await.unwrap().len(), 10);
        });
    });
}

#[test]
fn many_reads_are_in_flight_at_once() {
    on_every_backend(|runtime| {
        let directory = directory();
        let bytes = pattern(4 << 20);
        let path = file_with(&directory, &bytes);
        runtime.block_on(async {
            let file = File::open(&path).await.unwrap();
            file.advise(0, 0, heist::fs::Advice::DontNeed).await.unwrap();
            let reads = (0..1000_usize).map(|index| {
                let place = index * 7919 % (bytes.len() - 4096);
                let (file, bytes) = (&file, &bytes);
                async move {
                    let (result, buf) = file.read_owned_at(AlignedBuf::new(4096), place as u64).await;
                    let count = result.unwrap();
                    assert!(count > 0 && buf[..count] == bytes[place..place + count]);
                }
            });
            futures::future::join_all(reads).await;
        });
    });
}

#[test]
fn reads_may_be_awaited_on_another_worker_than_the_one_they_began_on() {
    on_every_backend(|runtime| {
        let directory = directory();
        let bytes = pattern(1 << 20);
        let path = file_with(&directory, &bytes);
        runtime.block_on(async {
            let file = std::sync::Arc::new(File::open(&path).await.unwrap());
            let mut tasks = heist::task::JoinSet::new();
            for index in 0..200_usize {
                let (file, bytes) = (file.clone(), bytes.clone());
                tasks.spawn(async move {
                    let place = index * 5000;
                    let mut read =
                        Box::pin(async move { file.read_owned_at(vec![0; 4000], place as u64).await });
                    let first = futures::poll!(&mut read);
                    let (result, buf) = match first {
                        std::task::Poll::Ready(done) => done,
                        std::task::Poll::Pending => heist::spawn(read_on(read)).await.unwrap(),
                    };
                    assert_eq!(result.unwrap(), 4000);
                    assert!(buf == bytes[place..place + 4000]);
                });
            }
            while let Some(done) = tasks.join_next().await {
                done.unwrap();
            }
        });
    });
}

async fn read_on<F: Future>(future: F) -> F::Output {
    future.await
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "five gigabytes of memory that are never used")]
mod huge {
    use super::{File, IoBuf, OpenOptions, on_every_backend};

    struct Huge {
        start: *mut libc::c_void,
    }

    const LEN: usize = 5 << 30;

    // SAFETY: nobody else has the address.
    unsafe impl Send for Huge {}

    // SAFETY: the mapping stays where it is until it is dropped, and reads as zeros.
    unsafe impl IoBuf for Huge {
        fn as_ptr(&self) -> *const u8 {
            self.start.cast()
        }

        fn bytes_init(&self) -> usize {
            LEN
        }
    }

    impl Huge {
        fn new() -> Huge {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
            // SAFETY: a new mapping, wherever there is room.
            let start = unsafe { libc::mmap(std::ptr::null_mut(), LEN, libc::PROT_READ, flags, -1, 0) };
            assert_ne!(start, libc::MAP_FAILED, "mmap: {}", std::io::Error::last_os_error());
            Huge { start }
        }
    }

    impl Drop for Huge {
        fn drop(&mut self) {
            // SAFETY: mapped in `new` with this length.
            unsafe { libc::munmap(self.start, LEN) };
        }
    }

    #[test]
    fn a_length_beyond_32_bits_is_cut_to_what_one_operation_moves() {
        on_every_backend(|runtime| {
            runtime.block_on(async {
                let file = OpenOptions::new().write(true).open("/dev/null").await.unwrap();
                let (result, _huge) = file.write_owned_at(Huge::new(), 0).await;
                assert_eq!(result.unwrap(), 0x7fff_f000, "the most that the kernel moves at once");
                // 4 GiB exactly is 0 in 32 bits.
                let (result, _huge) = file.write_owned_at(Huge::new().slice(0, 1 << 32), 0).await;
                assert_eq!(result.unwrap(), 0x7fff_f000);
                let file = File::open("/dev/null").await.unwrap();
                let (result, _) = file.read_owned_at(Vec::with_capacity(1 << 32), 0).await;
                assert_eq!(result.unwrap(), 0);
            });
        });
    }
}

/// One operation moves at most 0x7ffff000 bytes, in however many buffers they are: `/dev/null` looks at none of them.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn several_buffers_of_more_than_one_operation_moves_are_cut_off() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            const MOST_BYTES: usize = 0x7fff_f000;
            let file = OpenOptions::new().write(true).open("/dev/null").await.unwrap();
            for lens in [[MOST_BYTES, 100], [3 << 29, 3 << 29], [3 << 30, 100]] {
                let bufs = Vec::from(lens.map(|len| vec![0; len]));
                let (result, bufs) = file.write_vectored_owned_at(bufs, 0).await;
                assert_eq!(result.unwrap(), MOST_BYTES, "{lens:?}");
                assert!(bufs.iter().map(Vec::len).eq(lens), "the buffers come back");
            }
        });
    });
}
