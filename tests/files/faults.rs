//! What fails, as std says it, on every back end.

use std::io::ErrorKind;

use heist::fs::{self, File, OpenOptions};

use crate::support::on_every_backend;
#[cfg(target_os = "linux")]
use crate::support::{loud, process};
use crate::{directory, file_with, pattern};

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_again_and_again() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut file = OpenOptions::new().write(true).open("/dev/full").await.unwrap();
            for _ in 0..3 {
                assert_eq!(file.write(b"x").await.unwrap_err().kind(), ErrorKind::StorageFull);
                assert_eq!(file.write_at(b"x", 5).await.unwrap_err().kind(), ErrorKind::StorageFull);
                assert_eq!(
                    file.write_all(&pattern(3 << 20)).await.unwrap_err().kind(),
                    ErrorKind::StorageFull
                );
                let (result, buf) = file.write_owned_at(pattern(100), 0).await;
                assert_eq!(result.unwrap_err().kind(), ErrorKind::StorageFull);
                assert!(buf == pattern(100), "the buffer comes back with the error");
            }
            let error = fs::write("/dev/full", b"x").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_broken_sector_is_reported_by_every_read_and_write() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            // The first page of a process is never mapped: to the kernel a medium that fails.
            let mut file = OpenOptions::new().read(true).write(true).open("/proc/self/mem").await.unwrap();
            let is_broken = |error: std::io::Error| assert_eq!(error.raw_os_error(), Some(libc::EIO));
            is_broken(file.read(&mut [0; 10]).await.unwrap_err());
            is_broken(file.read_at(&mut [0; 10], 8).await.unwrap_err());
            is_broken(file.write_at(b"x", 8).await.unwrap_err());
            is_broken(file.write(b"x").await.unwrap_err());
            for len in [10, 3 << 20] {
                let (result, buf) = file.read_owned_at(vec![1; len], 0).await;
                is_broken(result.unwrap_err());
                assert!(buf.capacity() >= len, "the buffer comes back with the error");
            }
            let (result, buf) = file.write_owned_at(pattern(100), 0).await;
            is_broken(result.unwrap_err());
            assert!(buf == pattern(100), "the buffer comes back with the error");
            is_broken(file.read_vectored_owned_at(vec![vec![0; 10]; 2], 0).await.0.unwrap_err());
            is_broken(fs::read("/proc/self/mem").await.unwrap_err());
            assert_eq!(file.stream_position().await.unwrap(), 0);
            // The file itself is well.
            let kept = [5_u8; 16];
            let mut found = [0; 16];
            file.read_exact_at(&mut found, kept.as_ptr().addr() as u64).await.unwrap();
            assert_eq!(found, kept);
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_takes_what_fits_first() {
    let Some(directory) = in_a_small_memory("faults::a_disk_that_fills_up_takes_what_fits_first", false)
    else {
        return;
    };
    on_every_backend(|runtime| {
        let path = directory.path().join("file");
        runtime.block_on(async {
            let mut file = File::create(&path).await.unwrap();
            let bytes = pattern(1 << 20);
            let count = file.write(&bytes).await.unwrap();
            assert!(count < bytes.len(), "a disk of 64 KiB took {count} bytes");
            assert_eq!(file.write(&bytes[count..]).await.unwrap_err().kind(), ErrorKind::StorageFull);
            assert_eq!(file.stream_position().await.unwrap(), count as u64);
            assert!(fs::read(&path).await.unwrap() == bytes[..count]);
            let error = file.allocate(0, 1 << 20).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            fs::remove_file(&path).await.unwrap();
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_disk_refuses_every_change() {
    let Some(directory) = in_a_small_memory("faults::a_read_only_disk_refuses_every_change", true) else {
        return;
    };
    on_every_backend(|runtime| {
        let (path, other) = (directory.path().join("file"), directory.path().join("other"));
        runtime.block_on(async {
            let errors = [
                File::create(&path).await.map(drop),
                fs::create_dir(&path).await,
                fs::symlink("x", &path).await,
                fs::write(&path, b"x").await,
                fs::rename(&path, &other).await,
            ];
            for (index, error) in errors.into_iter().enumerate() {
                assert_eq!(error.unwrap_err().raw_os_error(), Some(libc::EROFS), "number {index}");
            }
        });
    });
}

/// In a child process: a file system of 64 KiB. In the parent: none, after the child has done the test.
#[cfg(target_os = "linux")]
fn in_a_small_memory(test: &str, is_read_only: bool) -> Option<process::Mounted<tempfile::TempDir>> {
    if process::role().is_none() {
        if !process::is_root() {
            loud("SKIPPED: mounting a file system needs root");
            return None;
        }
        let text = process::expect_success(&mut process::again(test, "mount"));
        // Said by the child, which nobody sees.
        text.lines().filter(|line| line.contains("SKIPPED")).for_each(loud);
        return None;
    }
    match process::mount(directory(), c"tmpfs", "size=64k", is_read_only) {
        Ok(mounted) => Some(mounted),
        Err(error) => {
            loud(&format!("SKIPPED: a file system cannot be mounted here: {error}"));
            None
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_forbidden_is_refused() {
    if process::role().is_none() {
        if process::is_root() {
            let mut child = process::again("faults::what_is_forbidden_is_refused", "nobody");
            process::expect_success(&mut child);
            return;
        }
    } else {
        process::become_nobody();
    }
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let denied = [
                File::open("/etc/shadow").await.map(drop),
                OpenOptions::new().write(true).open("/etc/passwd").await.map(drop),
                fs::write("/etc/passwd", b"x").await,
                fs::remove_file("/etc/passwd").await,
                fs::rename("/etc/passwd", "/etc/other").await,
                fs::create_dir("/etc/other").await,
                fs::symlink("x", "/etc/other").await,
                fs::read("/etc/shadow").await.map(drop),
            ];
            for (index, result) in denied.into_iter().enumerate() {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied, "number {index}");
            }
        });
    });
}

#[test]
fn a_directory_is_no_file_and_a_file_no_directory() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"x");
        runtime.block_on(async {
            let error = File::create(directory.path()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::IsADirectory);
            let mut opened = File::open(directory.path()).await.unwrap();
            assert_eq!(opened.read(&mut [0; 4]).await.unwrap_err().kind(), ErrorKind::IsADirectory);
            assert_eq!(opened.read_at(&mut [0; 4], 0).await.unwrap_err().kind(), ErrorKind::IsADirectory);
            assert_eq!(fs::read(directory.path()).await.unwrap_err().kind(), ErrorKind::IsADirectory);
            let error = File::open(path.join("below")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotADirectory);
            assert_eq!(fs::read_dir(&path).await.unwrap_err().kind(), ErrorKind::NotADirectory);
            assert_eq!(
                fs::create_dir_all(path.join("below/more")).await.unwrap_err().kind(),
                ErrorKind::NotADirectory
            );
        });
    });
}

#[test]
fn paths_that_lead_nowhere_are_refused_as_std_refuses_them() {
    on_every_backend(|runtime| {
        let directory = directory();
        let long = "x/".repeat(500_000);
        let name = "x".repeat(300);
        std::os::unix::fs::symlink("loop", directory.path().join("loop")).unwrap();
        runtime.block_on(async {
            for wrong in ["", "nul\0inside", &long, &name, "loop", "loop/x"] {
                let path = if wrong.is_empty() { "".into() } else { directory.path().join(wrong) };
                let below = if wrong.is_empty() { path.clone() } else { path.join("y") };
                let pairs = [
                    (File::open(&path).await.map(drop), std::fs::File::open(&path).map(drop)),
                    (fs::create_dir(&below).await, std::fs::create_dir(&below)),
                    (fs::remove_file(&below).await, std::fs::remove_file(&below)),
                    (fs::metadata(&path).await.map(drop), std::fs::metadata(&path).map(drop)),
                ];
                for (index, (own, std)) in pairs.into_iter().enumerate() {
                    let (own, std) = (own.map_err(|error| error.kind()), std.map_err(|error| error.kind()));
                    assert_eq!(own, std, "number {index} with a path of {} bytes", wrong.len());
                }
            }
        });
    });
}

#[test]
fn a_file_cut_off_under_its_reader_ends_early() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &pattern(300_000));
        runtime.block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let mut buf = vec![0; 100_000];
            file.read_exact(&mut buf).await.unwrap();
            std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(150_000).unwrap();
            let error = file.read_exact(&mut buf).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
            assert!(error.to_string().contains("50000 of 100000"), "{error}");
            std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
            assert_eq!(file.read(&mut buf).await.unwrap(), 0);
            assert_eq!(file.read_at(&mut buf, 10).await.unwrap(), 0);
            assert_eq!(file.read_owned_at(vec![0; 2 << 20], 10).await.0.unwrap(), 0);
        });
    });
}

#[test]
fn offsets_beyond_four_gigabytes_are_kept_whole() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("sparse");
        runtime.block_on(async {
            let mut file = OpenOptions::new().read(true).write(true).create(true).open(&path).await.unwrap();
            let far = (5 << 30) + 17;
            file.set_len(6 << 30).await.unwrap();
            file.write_all_at(b"far", far).await.unwrap();
            file.seek(std::io::SeekFrom::Start(far + 3)).await.unwrap();
            file.write_all(b" away").await.unwrap();
            let (result, buf) = file.read_owned_at(vec![1; 10], far - 1).await;
            assert_eq!((result.unwrap(), buf.as_slice()), (10, &b"\0far away\0"[..]));
            // 32 bits of the place lead elsewhere.
            let mut near = [1; 8];
            file.read_exact_at(&mut near, 1 << 30 | 17).await.unwrap();
            assert_eq!(near, [0; 8]);
            let (result, buf) = file.read_owned_at(Vec::with_capacity(2 << 20), far - (1 << 20)).await;
            assert_eq!(result.unwrap(), buf.len());
            assert_eq!(&buf[1 << 20..(1 << 20) + 8], b"far away");
            assert_eq!(file.metadata().await.unwrap().len(), 6 << 30);
            for offset in [u64::MAX, i64::MAX as u64 + 1] {
                let error = file.read_at(&mut near, offset).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert_eq!(file.write_at(&near, offset).await.unwrap_err().kind(), ErrorKind::InvalidInput);
                assert_eq!(
                    file.read_owned_at(vec![0; 8], offset).await.0.unwrap_err().kind(),
                    ErrorKind::InvalidInput
                );
            }
        });
    });
}

#[test]
fn nothing_at_all_is_done_at_once() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"x");
        runtime.block_on(async {
            let mut file = OpenOptions::new().read(true).write(true).open(&path).await.unwrap();
            assert_eq!(file.read(&mut []).await.unwrap(), 0);
            assert_eq!(file.write(&[]).await.unwrap(), 0);
            assert_eq!(file.read_at(&mut [], 0).await.unwrap(), 0);
            assert_eq!(file.write_at(&[], 0).await.unwrap(), 0);
            assert_eq!(file.read_owned_at(Vec::new(), 0).await.0.unwrap(), 0);
            assert_eq!(file.write_owned_at(Vec::new(), 0).await.0.unwrap(), 0);
            assert_eq!(file.read_vectored_owned_at(Vec::<Vec<u8>>::new(), 0).await.0.unwrap(), 0);
            assert_eq!(fs::read(&path).await.unwrap(), b"x");
        });
    });
}

#[test]
fn metadata_has_the_times_of_std_and_the_time_of_birth() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"hello");
        std::os::unix::fs::symlink("file", directory.path().join("link")).unwrap();
        runtime.block_on(async {
            let std = std::fs::metadata(&path).unwrap();
            let by_file = File::open(&path).await.unwrap().metadata().await.unwrap();
            for own in [by_file, fs::metadata(&path).await.unwrap()] {
                use std::os::unix::fs::MetadataExt;
                assert_eq!(own.modified().unwrap(), std.modified().unwrap());
                assert_eq!(own.accessed().unwrap(), std.accessed().unwrap());
                assert_eq!(own.created().ok(), std.created().ok());
                assert_eq!(own.permissions(), std.permissions());
                assert_eq!((own.dev(), own.ino(), own.nlink()), (std.dev(), std.ino(), std.nlink()));
                assert_eq!((own.mode(), own.uid(), own.gid()), (std.mode(), std.uid(), std.gid()));
                assert_eq!((own.blocks(), own.blksize()), (std.blocks(), std.blksize()));
                assert_eq!((own.ctime(), own.ctime_nsec()), (std.ctime(), std.ctime_nsec()));
                assert!(own.is_file() && !own.is_dir() && own.len() == 5);
            }
            assert!(fs::symlink_metadata(directory.path().join("link")).await.unwrap().is_symlink());
            assert!(fs::metadata(directory.path()).await.unwrap().is_dir());
            #[cfg(target_os = "linux")]
            {
                use std::os::unix::fs::MetadataExt;
                let null = fs::metadata("/dev/null").await.unwrap();
                assert!(null.file_type().is_char_device());
                assert_eq!(null.rdev(), std::fs::metadata("/dev/null").unwrap().rdev());
            }
        });
    });
}
