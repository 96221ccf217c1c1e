//! What a test makes a disk do, and which files are the real system's.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "calls functions of the C library")]

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use heist_sim::{Builder, Disk, Host, host};

const SECOND: Duration = Duration::from_secs(1);

/// Runs `main` on a host whose disk was prepared, and waits for its end.
fn on_a_disk(seed: u64, prepare: fn(&Disk), main: fn()) {
    let root = move || {
        let host = host("disk").start(move || {
            thread::sleep(SECOND);
            main();
        });
        prepare(&host.disk());
        host.wait();
    };
    Builder::new().seed(seed).run(root).unwrap();
}

#[test]
fn a_full_disk_takes_what_fits_and_then_nothing() {
    on_a_disk(
        0,
        |disk| disk.set_capacity(3 * 4096),
        || {
            let mut file = File::create("/file").unwrap();
            assert_eq!(file.write(&[1; 4000]).unwrap(), 4000);
            // The rest of the first page, and two more.
            assert_eq!(file.write(&[2; 10_000]).unwrap(), 3 * 4096 - 4000);
            assert_eq!(file.write(&[3; 1]).unwrap_err().kind(), ErrorKind::StorageFull);
            // What has room already can be written again.
            file.write_all_at(&[4; 12_000], 0).unwrap();
            assert_eq!(fs::write("/other", "x").unwrap_err().kind(), ErrorKind::StorageFull);
            fs::remove_file("/file").unwrap();
            // It is open: its bytes are still there.
            assert_eq!(fs::write("/other", "x").unwrap_err().kind(), ErrorKind::StorageFull);
            drop(file);
            fs::write("/other", "x").unwrap();
        },
    );
}

#[test]
fn a_read_only_disk_is_read() {
    on_a_disk(
        0,
        |disk| {
            disk.write("/etc/file", "text").unwrap();
            disk.set_read_only(true);
        },
        || {
            assert_eq!(fs::read("/etc/file").unwrap(), b"text");
            let refused = [
                fs::write("/etc/file", "other"),
                fs::write("/new", "other"),
                fs::remove_file("/etc/file"),
                fs::rename("/etc/file", "/new"),
                fs::create_dir("/new"),
                fs::hard_link("/etc/file", "/new"),
            ];
            for result in refused {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
            }
            assert_eq!(fs::read("/etc/file").unwrap(), b"text");
        },
    );
}

#[test]
fn reads_and_writes_fail_where_a_test_wants_it() {
    on_a_disk(
        0,
        |disk| {
            disk.write("/data/a", "text").unwrap();
            disk.write("/data2", "text").unwrap();
            disk.fail_reads("/data");
            disk.fail_writes("/data2");
        },
        || {
            let eio = |result: std::io::Result<usize>| result.unwrap_err().raw_os_error() == Some(libc::EIO);
            let mut bytes = [0; 4];
            let mut file = File::options().read(true).write(true).open("/data/a").unwrap();
            assert!(eio(file.read(&mut bytes)) && eio(file.read_at(&mut bytes, 0)));
            file.write_all(b"more").unwrap();
            let mut file = File::options().read(true).write(true).open("/data2").unwrap();
            assert_eq!(file.read(&mut bytes).unwrap(), 4);
            assert!(eio(file.write(b"more")) && eio(file.write_at(b"more", 0)));
        },
    );
}

#[test]
fn what_a_failed_sync_lost_no_later_one_writes() {
    for seed in 0..50 {
        let root = || {
            let host = host("disk").start(|| {
                let mut file = File::create("/file").unwrap();
                file.write_all(b"first").unwrap();
                file.sync_all().unwrap();
                File::open("/").unwrap().sync_all().unwrap();
                thread::sleep(2 * SECOND);
                file.write_all(b"second").unwrap();
                file.sync_data().unwrap_err();
                thread::sleep(2 * SECOND);
                // It counts as written, and programs still see it.
                file.sync_all().unwrap();
                assert_eq!(fs::read("/file").unwrap(), b"firstsecond");
                thread::sleep(1000 * SECOND);
            });
            thread::sleep(SECOND);
            host.disk().fail_syncs("/file");
            thread::sleep(2 * SECOND);
            host.disk().repair();
            thread::sleep(2 * SECOND);
            host.crash();
            assert_eq!(host.disk().read("/file").unwrap(), b"first");
        };
        Builder::new().seed(seed).run(root).unwrap();
    }
}

#[test]
fn each_operation_of_a_slow_disk_takes_its_time() {
    for seed in 0..10 {
        on_a_disk(
            seed,
            |disk| disk.set_delay(Duration::from_millis(100)..=Duration::from_millis(200)),
            || {
                let start = Instant::now();
                let mut file = File::create("/file").unwrap();
                file.write_all(b"text").unwrap();
                file.sync_all().unwrap();
                fs::rename("/file", "/other").unwrap();
                let lasted = start.elapsed();
                let range = Duration::from_millis(400)..Duration::from_millis(801);
                assert!(range.contains(&lasted), "{lasted:?}");
            },
        );
    }
}

#[test]
fn random_devices_have_bytes_of_the_seed() {
    let draw = |seed| {
        let read = || {
            let mut bytes = [[0; 16]; 2];
            File::open("/dev/urandom").unwrap().read_exact(&mut bytes[0]).unwrap();
            File::open("/dev/random").unwrap().read_exact(&mut bytes[1]).unwrap();
            bytes
        };
        Builder::new().seed(seed).run(read).unwrap().0
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert_ne!(draw(1)[0], draw(1)[1]);
}

#[test]
fn null_takes_everything_and_zero_has_zeros() {
    let body = || {
        let mut null = File::options().read(true).write(true).open("/dev/null").unwrap();
        let mut bytes = [1; 3];
        let counts = [null.write(&bytes).unwrap(), null.read(&mut bytes).unwrap()];
        File::open("/dev/zero").unwrap().read_exact(&mut bytes).unwrap();
        (counts, bytes)
    };
    assert_eq!(body(), Builder::new().run(body).unwrap().0);
}

#[test]
fn the_real_system_is_read_below_its_directories_only() {
    let real = fs::read("/proc/sys/kernel/ostype").unwrap();
    let program = std::env::current_exe().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let outside = directory.path().join("file");
    fs::write(&outside, "of the real disk").unwrap();
    let (seen, len) = (outside.clone(), fs::metadata(&program).unwrap().len());
    Builder::new()
        .run(move || {
            assert_eq!(fs::read("/proc/sys/kernel/ostype").unwrap(), real);
            assert!(fs::read_dir("/proc/self/task").unwrap().count() > 0);
            assert!(fs::read_link("/proc/self/exe").unwrap() == std::env::current_exe().unwrap());
            assert_eq!(fs::metadata(&program).unwrap().len(), len);
            assert!(File::open(&program).unwrap().read(&mut [0; 4]).unwrap() == 4);
            assert!(!fs::exists(&seen).unwrap());
            assert_eq!(fs::write("/usr/file", "x").unwrap_err().kind(), ErrorKind::NotFound);
            // What the disk has is the disk's.
            fs::create_dir("/usr").unwrap();
            fs::write("/usr/file", "x").unwrap();
            assert_eq!(fs::read("/usr/file").unwrap(), b"x");
        })
        .unwrap();
    assert!(!fs::exists("/usr/file").unwrap());
}

#[test]
fn the_order_of_a_directory_is_one_of_the_seed() {
    let order = |seed| {
        let body = || {
            fs::create_dir("/names").unwrap();
            (0..8).for_each(|number| fs::write(format!("/names/{number}"), "").unwrap());
            let names = fs::read_dir("/names").unwrap().map(|entry| entry.unwrap().file_name());
            names.map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
        };
        Builder::new().seed(seed).run(body).unwrap()
    };
    assert_eq!(order(1), order(1));
    assert!((2..6).any(|seed| order(seed).0 != order(1).0));
    let mut sorted = order(1).0;
    sorted.sort();
    assert_eq!(sorted, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[test]
fn a_file_is_in_no_epoll_and_in_no_memory() {
    let body = || {
        let file = File::create("/tmp/heist-sim-file-in-no-epoll").unwrap();
        file.set_len(4096).unwrap();
        // SAFETY: numbers, and an event that is there.
        let refused = unsafe {
            let epoll = libc::epoll_create1(libc::EPOLL_CLOEXEC);
            let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 0 };
            let refused = libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, file.as_raw_fd(), &raw mut event);
            let error = std::io::Error::last_os_error().raw_os_error();
            libc::close(epoll);
            (refused, error)
        };
        let mut polled =
            libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN | libc::POLLOUT, revents: 0 };
        // SAFETY: it is there.
        let count = unsafe { libc::poll(&raw mut polled, 1, -1) };
        fs::remove_file("/tmp/heist-sim-file-in-no-epoll").unwrap();
        (refused, count, polled.revents)
    };
    assert_eq!(body(), Builder::new().run(body).unwrap().0);
    let map = || {
        let file = File::create("/file").unwrap();
        let (access, fd) = (libc::PROT_READ, file.as_raw_fd());
        // SAFETY: no memory is given, and none is used.
        let memory = unsafe { libc::mmap(ptr::null_mut(), 4096, access, libc::MAP_PRIVATE, fd, 0) };
        (memory == libc::MAP_FAILED, std::io::Error::last_os_error().raw_os_error())
    };
    assert_eq!(Builder::new().run(map).unwrap().0, (true, Some(libc::ENODEV)));
}

#[test]
fn a_file_is_sent_from_the_disk() {
    let body = || {
        let path = "/tmp/heist-sim-file-that-is-sent";
        fs::write(path, "0123456789").unwrap();
        let mut file = File::open(path).unwrap();
        fs::remove_file(path).unwrap();
        file.seek(SeekFrom::Start(2)).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let sender = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut receiver, _) = listener.accept().unwrap();
        let mut offset = 3;
        // SAFETY: the offset is there.
        let at = unsafe { libc::sendfile(sender.as_raw_fd(), file.as_raw_fd(), &raw mut offset, 4) };
        // SAFETY: it takes numbers.
        let on = unsafe { libc::sendfile(sender.as_raw_fd(), file.as_raw_fd(), ptr::null_mut(), 100) };
        drop(sender);
        let mut bytes = Vec::new();
        receiver.read_to_end(&mut bytes).unwrap();
        (at, offset, on, file.stream_position().unwrap(), bytes)
    };
    let seen = body();
    assert_eq!(seen.4, b"345623456789");
    assert_eq!(Builder::new().run(body).unwrap().0, seen);
}

#[test]
fn temporary_files_have_a_directory() {
    let make = || fs::write(std::env::temp_dir().join("file"), "text").is_ok();
    assert!(Builder::new().run(make).unwrap().0);
}

#[test]
fn a_seed_makes_the_same_files_again() {
    let run = |seed| {
        let main = || {
            for number in 0..20 {
                fs::write(format!("/tmp/{number}"), vec![number; 3000]).unwrap();
                let file = File::options().write(true).open(format!("/tmp/{number}")).unwrap();
                file.write_all_at(&[7; 1000], 500).unwrap();
                if number % 3 == 0 {
                    file.sync_all().unwrap();
                }
            }
            thread::sleep(100 * SECOND);
        };
        let body = move || {
            let host: Host = host("disk").start(main);
            thread::sleep(SECOND);
            host.crash();
            (0..20).map(|number| host.disk().read(format!("/tmp/{number}")).ok()).collect::<Vec<_>>()
        };
        Builder::new().seed(seed).run(body).unwrap()
    };
    for seed in 0..10 {
        assert_eq!(run(seed), run(seed));
    }
    assert!((1..10).any(|seed| run(seed).0 != run(0).0));
}
