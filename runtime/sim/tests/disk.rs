//! Files: what a simulated disk does is what a real one does.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "calls functions of the C library")]

use std::ffi::CString;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use heist_sim::Builder;

/// Runs the body in a directory of the real disk, and in worlds of several seeds: it must find the
/// same. What it returns must not depend on where the directory is.
fn on_both_disks<R: Debug + PartialEq + Send + 'static>(body: fn(&Path) -> R) -> R {
    let directory = tempfile::tempdir().unwrap();
    let real = body(directory.path());
    for seed in 0..10 {
        let root = move || {
            let directory = Path::new("/tmp/directory");
            fs::create_dir(directory).unwrap();
            body(directory)
        };
        let (simulated, _) = Builder::new().seed(seed).run(root).unwrap();
        assert_eq!(simulated, real, "seed {seed}: the simulated disk (left) differs from the real one");
    }
    real
}

/// What an operation came to, as far as it is the same everywhere.
fn told<T: Debug>(result: io::Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("error {}", error.raw_os_error().unwrap_or(-1)),
    }
}

/// The names in a directory, sorted.
fn names(directory: impl AsRef<Path>) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let mark = if kind.is_dir() {
                "/"
            } else if kind.is_symlink() {
                "@"
            } else {
                ""
            };
            format!("{}{mark}", entry.file_name().into_string().unwrap())
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_has_what_was_written() {
    let read = on_both_disks(|directory| {
        let path = directory.join("file");
        fs::write(&path, "first").unwrap();
        fs::write(&path, "second one").unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b", appended").unwrap();
        (fs::read_to_string(&path).unwrap(), told(fs::read(directory.join("none"))))
    });
    assert_eq!(read, ("second one, appended".to_owned(), "error 2".to_owned()));
}

#[test]
fn positions_lengths_and_gaps_are_as_on_linux() {
    on_both_disks(|directory| {
        let path = directory.join("file");
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
        let mut log = vec![told(file.write(b"0123456789"))];
        log.push(told(file.seek(SeekFrom::Start(3))));
        let mut four = [0; 4];
        log.push(format!("{} {four:?}", told(file.read(&mut four))));
        log.push(told(file.seek(SeekFrom::Current(-100))));
        log.push(told(file.stream_position()));
        log.push(told(file.write_at(b"xyz", 10_000)));
        log.push(told(file.seek(SeekFrom::End(-4))));
        let mut rest = Vec::new();
        log.push(format!("{} {rest:?}", told(file.read_to_end(&mut rest))));
        log.push(format!("{} {four:?}", told(file.read_at(&mut four, 9))));
        log.push(told(file.set_len(5)));
        log.push(told(file.set_len(8)));
        log.push(format!("{:?} {:?}", fs::read(&path).unwrap(), file.metadata().unwrap().len()));
        // The position is beyond the end.
        log.push(told(file.write(b"!")));
        log.push(format!("{:?}", file.metadata().unwrap().len()));
        log
    });
}

#[test]
fn open_fails_as_on_linux() {
    on_both_disks(|directory| {
        let path = |name: &str| directory.join(name);
        fs::write(path("file"), "text").unwrap();
        fs::create_dir(path("sub")).unwrap();
        symlink("nowhere", path("dangling")).unwrap();
        symlink("file", path("link")).unwrap();
        symlink("loop", path("loop")).unwrap();
        let create_new = |name: &str| OpenOptions::new().write(true).create_new(true).open(path(name));
        let with =
            |name: &str, flags: i32| OpenOptions::new().read(true).custom_flags(flags).open(path(name));
        let long = "n".repeat(256);
        let results = [
            told(create_new("file").map(drop)),
            told(create_new("link").map(drop)),
            told(create_new("dangling").map(drop)),
            told(File::open(path("dangling")).map(drop)),
            told(File::open(path("loop")).map(drop)),
            told(File::open(path("file/below")).map(drop)),
            told(File::open(path("file/")).map(drop)),
            told(File::open(path("none/below")).map(drop)),
            told(File::open(path(&long)).map(drop)),
            told(File::open("").map(drop)),
            told(File::create(path("sub")).map(drop)),
            told(File::create(path("new/")).map(drop)),
            told(File::create(path("dangling")).map(drop)),
            told(with("link", libc::O_NOFOLLOW).map(drop)),
            told(with("file", libc::O_DIRECTORY).map(drop)),
            told(with("sub", libc::O_DIRECTORY).map(drop)),
            told(with("sub", 0).and_then(|mut file| file.read(&mut [0; 4]))),
            told(with("file", 0).and_then(|mut file| file.write(b"no"))),
            told(
                OpenOptions::new().write(true).open(path("file")).and_then(|mut file| file.read(&mut [0; 4])),
            ),
        ];
        (results, names(directory))
    });
}

#[test]
fn names_are_made_moved_and_removed_as_on_linux() {
    on_both_disks(|directory| {
        let path = |name: &str| directory.join(name);
        fs::create_dir_all(path("a/b/c")).unwrap();
        fs::write(path("a/file"), "1").unwrap();
        fs::write(path("other"), "2").unwrap();
        let mut log = vec![
            told(fs::create_dir(path("a"))),
            told(fs::create_dir(path("none/a"))),
            told(fs::remove_dir(path("a"))),
            told(fs::remove_dir(path("other"))),
            told(fs::remove_file(path("a"))),
            told(fs::remove_file(path("none"))),
            told(fs::rename(path("a"), path("a/b/d"))),
            told(fs::rename(path("other"), path("a"))),
            told(fs::rename(path("a"), path("other"))),
            told(fs::rename(path("none"), path("a"))),
            told(fs::rename(path("a/b/c"), path("a/b"))),
            told(fs::rename(path("a/b/c"), path("moved"))),
            told(fs::rename(path("a/b"), path("moved"))),
            told(fs::rename(path("a/file"), path("other"))),
            told(fs::rename(path("other"), path("other"))),
            told(fs::read_to_string(path("other"))),
            told(fs::remove_dir(path("moved/."))),
            told(fs::create_dir(path("moved/."))),
            told(fs::create_dir(path("slash/"))),
            told(fs::rename(path("other"), path("new/"))),
            told(fs::rename(path("slash/"), path("new/"))),
        ];
        log.push(format!("{:?} {:?}", names(directory), names(path("a"))));
        fs::remove_dir_all(path("a")).unwrap();
        log.push(format!("{:?}", names(directory)));
        log
    });
}

#[test]
fn links_of_both_kinds_lead_to_their_files() {
    on_both_disks(|directory| {
        let path = |name: &str| directory.join(name);
        fs::write(path("file"), "text").unwrap();
        fs::create_dir(path("sub")).unwrap();
        symlink("../file", path("sub/up")).unwrap();
        symlink(directory, path("sub/absolute")).unwrap();
        let mut log = vec![
            told(fs::read_to_string(path("sub/up"))),
            told(fs::read_to_string(path("sub/absolute/sub/absolute/file"))),
            told(fs::read_link(path("sub/up"))),
            told(fs::read_link(path("file"))),
            told(symlink("x", path("file"))),
            told(fs::hard_link(path("file"), path("second"))),
            told(fs::hard_link(path("file"), path("second"))),
            told(fs::hard_link(path("sub"), path("third"))),
            told(fs::hard_link(path("none"), path("third"))),
        ];
        let [one, two] = ["file", "second"].map(|name| fs::metadata(path(name)).unwrap());
        log.push(format!("{} {}", one.ino() == two.ino(), one.nlink()));
        fs::write(path("second"), "changed").unwrap();
        fs::remove_file(path("file")).unwrap();
        log.push(told(fs::read_to_string(path("second"))));
        log.push(format!("{} {:?}", fs::metadata(path("second")).unwrap().nlink(), path("file").exists()));
        // A rename onto another name of the same file leaves both.
        fs::hard_link(path("second"), path("third")).unwrap();
        fs::rename(path("second"), path("third")).unwrap();
        let link = fs::symlink_metadata(path("sub/up")).unwrap();
        log.push(format!("{} {} {:?}", link.is_symlink(), link.len(), names(directory)));
        let real = fs::canonicalize(path("sub/absolute/sub/../third")).unwrap();
        log.push(format!("{}", real == fs::canonicalize(directory).unwrap().join("third")));
        log
    });
}

#[test]
fn a_removed_file_lives_until_it_is_closed() {
    let read = on_both_disks(|directory| {
        let path = directory.join("file");
        let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        file.write_all(b"still here").unwrap();
        fs::remove_file(&path).unwrap();
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        (text, file.metadata().unwrap().nlink(), path.exists())
    });
    assert_eq!(read, ("still here".to_owned(), 0, false));
}

#[test]
fn what_is_known_of_files_is_as_on_linux() {
    on_both_disks(|directory| {
        let path = |name: &str| directory.join(name);
        let before = SystemTime::now() - Duration::from_millis(50);
        fs::write(path("file"), [1; 5000]).unwrap();
        fs::create_dir_all(path("sub/below")).unwrap();
        let of = |name: &str| {
            let all = fs::metadata(path(name)).unwrap();
            let len = if all.is_dir() { 0 } else { all.len() };
            (len, all.is_dir(), all.nlink(), all.permissions().mode() & 0o777)
        };
        let mut log = vec![format!("{:?} {:?} {:?}", of("file"), of("sub"), of("sub/below"))];
        let all = fs::metadata(path("file")).unwrap();
        let is_now = |time: SystemTime| time >= before && time <= SystemTime::now();
        log.push(format!("{} {}", is_now(all.modified().unwrap()), is_now(all.created().unwrap())));
        fs::set_permissions(path("file"), fs::Permissions::from_mode(0o640)).unwrap();
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let file = File::options().write(true).open(path("file")).unwrap();
        file.set_modified(then).unwrap();
        log.push(format!("{:?} {}", of("file"), file.metadata().unwrap().modified().unwrap() == then));
        file.set_len(1).unwrap();
        log.push(format!("{:?} {}", of("file"), is_now(file.metadata().unwrap().modified().unwrap())));
        log
    });
}

#[test]
fn a_copy_has_the_bytes_and_the_permissions() {
    on_both_disks(|directory| {
        let path = |name: &str| directory.join(name);
        let bytes: Vec<u8> = (0..3_000_000).map(|number| (number % 253) as u8).collect();
        fs::write(path("file"), &bytes).unwrap();
        fs::set_permissions(path("file"), fs::Permissions::from_mode(0o600)).unwrap();
        let count = told(fs::copy(path("file"), path("copy")));
        assert!(fs::read(path("copy")).unwrap() == bytes);
        (count, fs::metadata(path("copy")).unwrap().permissions().mode())
    });
}

/// Locks or unlocks an open file. Returns whether that succeeded.
fn lock(file: &File, operation: i32) -> bool {
    // SAFETY: it takes numbers.
    unsafe { libc::flock(file.as_raw_fd(), operation) == 0 }
}

#[test]
fn locks_of_open_files_exclude_each_other() {
    on_both_disks(|directory| {
        let path = directory.join("lock");
        let [one, two] = [(); 2].map(|()| File::create(&path).unwrap());
        let mut log = vec![lock(&one, libc::LOCK_EX), lock(&two, libc::LOCK_EX | libc::LOCK_NB)];
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                assert!(lock(&two, libc::LOCK_EX));
                SystemTime::now()
            });
            thread::sleep(Duration::from_millis(30));
            let unlocked_at = SystemTime::now();
            assert!(lock(&one, libc::LOCK_UN));
            assert!(waiting.join().unwrap() >= unlocked_at, "a lock was had by two");
        });
        log.push(lock(&two, libc::LOCK_UN));
        log.push(lock(&one, libc::LOCK_SH));
        log.push(lock(&two, libc::LOCK_SH | libc::LOCK_NB));
        log.push(lock(&one, libc::LOCK_EX | libc::LOCK_NB));
        // The last close unlocks.
        drop(two);
        log.push(lock(&one, libc::LOCK_EX | libc::LOCK_NB));
        log
    });
}

#[test]
fn a_program_is_in_a_directory() {
    // In a world only: the real one is that of all threads of the process.
    Builder::new()
        .run(|| {
            let start = std::env::current_dir().unwrap();
            fs::write("relative", "text").unwrap();
            assert_eq!(fs::read(start.join("relative")).unwrap(), b"text");
            fs::create_dir("below").unwrap();
            std::env::set_current_dir("below").unwrap();
            assert_eq!(std::env::current_dir().unwrap(), start.join("below"));
            assert_eq!(fs::read("../relative").unwrap(), b"text");
            fs::remove_dir(start.join("below")).unwrap();
            assert_eq!(std::env::current_dir().unwrap_err().kind(), ErrorKind::NotFound);
            assert_eq!(fs::write("lost", "text").unwrap_err().kind(), ErrorKind::NotFound);
        })
        .unwrap();
}

/// Opens a path as `openat2` is asked to walk it.
fn open_walked(path: &Path, flags: i32, resolve: u64) -> io::Result<File> {
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: all of its fields are numbers, for which zero is one.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    (how.flags, how.resolve) = ((flags | libc::O_CLOEXEC) as u64, resolve);
    let size = size_of::<libc::open_how>();
    // SAFETY: the path and the structure are there.
    let number =
        unsafe { libc::syscall(libc::SYS_openat2, libc::AT_FDCWD, path.as_ptr(), &raw const how, size) };
    if number < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has opened it.
    Ok(unsafe { File::from_raw_fd(number as i32) })
}

#[test]
fn a_path_is_walked_without_links_if_that_is_asked() {
    let told = on_both_disks(|directory| {
        fs::create_dir(directory.join("a")).unwrap();
        fs::write(directory.join("a/file"), "text").unwrap();
        symlink("a", directory.join("link")).unwrap();
        symlink("a/file", directory.join("to-file")).unwrap();
        let open = |path: &str, flags, resolve| {
            told(
                open_walked(&directory.join(path), flags, resolve)
                    .and_then(|file| Ok(file.metadata()?.len())),
            )
        };
        let (plain, none) = (0, libc::RESOLVE_NO_SYMLINKS);
        let link_itself = libc::O_PATH | libc::O_NOFOLLOW;
        vec![
            open("a/file", libc::O_RDONLY, none),
            open("link/file", libc::O_RDONLY, plain),
            open("link/file", libc::O_RDONLY, none),
            open("to-file", libc::O_RDONLY, plain),
            open("to-file", libc::O_RDONLY, none),
            open("to-file", link_itself, none),
            open("a/missing", libc::O_RDONLY, none),
            open("a/file/below", libc::O_RDONLY, none),
            open("a/file", libc::O_RDONLY, 1 << 40),
        ]
    });
    assert_eq!(told[2], format!("error {}", libc::ELOOP));
    assert_eq!(told[0], "4");
}

#[test]
fn a_name_is_in_memory_or_not() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let root = || {
            fs::write("/tmp/a", "text").unwrap();
            let cached = open_walked(Path::new("/tmp/a"), libc::O_RDONLY, libc::RESOLVE_CACHED);
            let made = open_walked(Path::new("/tmp/b"), libc::O_WRONLY | libc::O_CREAT, libc::RESOLVE_CACHED);
            (told(cached.map(drop)), told(made.map(drop)))
        };
        seen.insert(Builder::new().seed(seed).run(root).unwrap().0);
    }
    let again = format!("error {}", libc::EAGAIN);
    let expected = [("()".to_owned(), again.clone()), (again.clone(), again)];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_file_system_says_what_room_it_has() {
    let root = || {
        let host = heist_sim::host("small").start(|| {
            thread::sleep(Duration::from_secs(1));
            let file = File::create("/tmp/a").unwrap();
            (&file).write_all(&[1; 5000]).unwrap();
            // SAFETY: all of its fields are numbers, for which zero is one.
            let mut status: libc::statfs = unsafe { std::mem::zeroed() };
            // SAFETY: there is place.
            assert_eq!(unsafe { libc::fstatfs(file.as_raw_fd(), &raw mut status) }, 0);
            assert_eq!((status.f_blocks, status.f_bfree, status.f_bavail), (10, 8, 8));
            assert_eq!((status.f_bsize, status.f_type), (4096, libc::EXT4_SUPER_MAGIC));
        });
        host.disk().set_capacity(40_960);
        host.wait();
    };
    Builder::new().run(root).unwrap();
}
