//! What a crash leaves on a disk: every outcome is one that POSIX allows, and each of those occurs.
#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::thread;
use std::time::Duration;

use heist_sim::{Builder, Disk, host};

const SEEDS: u64 = 150;
const SECTOR: usize = 512;

/// Lets a host run `main` until it waits, crashes it, and looks at the disk, in a world of each
/// seed. Returns what was seen, and how often.
fn after_crashes<R: Ord + Send + 'static>(
    main: fn(),
    look: impl Fn(&Disk) -> R + Clone + Send + 'static,
) -> BTreeMap<R, u32> {
    let mut seen = BTreeMap::new();
    for seed in 0..SEEDS {
        let look = look.clone();
        let root = move || {
            let host = host("disk").start(move || {
                main();
                loop {
                    thread::park();
                }
            });
            thread::sleep(Duration::from_secs(1));
            host.crash();
            look(&host.disk())
        };
        let (outcome, _) = Builder::new().seed(seed).run(root).unwrap();
        *seen.entry(outcome).or_default() += 1;
    }
    seen
}

fn sync_directory(path: &str) {
    File::open(path).unwrap().sync_all().unwrap();
}

/// Makes a durable file.
fn put(path: &str, bytes: &[u8]) {
    let mut file = File::create(path).unwrap();
    file.write_all(bytes).unwrap();
    file.sync_all().unwrap();
    sync_directory("/");
}

/// The sectors of a file, each as its first byte. Fails if a sector is torn.
fn sectors(disk: &Disk) -> Vec<u8> {
    let bytes = disk.read("/file").unwrap();
    let one = |sector: &[u8]| {
        assert!(sector.iter().all(|byte| *byte == sector[0]), "a sector is torn");
        sector[0]
    };
    bytes.chunks(SECTOR).map(one).collect()
}

#[test]
fn what_was_synced_is_there_and_what_was_not_is_lost_torn_or_kept() {
    let main = || {
        put("/file", &[1; 4 * SECTOR]);
        let file = OpenOptions::new().write(true).open("/file").unwrap();
        file.write_all_at(&[2; 2 * SECTOR], 2 * SECTOR as u64).unwrap();
        file.write_all_at(&[3; 2 * SECTOR], 4 * SECTOR as u64).unwrap();
    };
    let seen = after_crashes(main, sectors);
    for outcome in seen.keys() {
        assert!(outcome.len() >= 4 && outcome[..2] == [1, 1], "synced data are lost: {outcome:?}");
        assert!(outcome[2..4].iter().all(|byte| [1, 2].contains(byte)), "{outcome:?}");
        assert!(outcome[4..].iter().all(|byte| [0, 3].contains(byte)), "{outcome:?}");
    }
    for outcome in [
        vec![1, 1, 1, 1],       // lost
        vec![1, 1, 2, 2, 3, 3], // kept
        vec![1, 1, 2, 1],       // torn
        vec![1, 1, 1, 1, 3, 3], // reordered
        vec![1, 1, 1, 1, 0, 3], // torn, with a gap
    ] {
        assert!(seen.contains_key(&outcome), "{outcome:?} never occurs: {seen:?}");
    }
}

#[test]
fn of_one_sector_that_was_written_three_times_each_state_is_left() {
    let main = || {
        put("/file", &[1; SECTOR]);
        let file = OpenOptions::new().write(true).open("/file").unwrap();
        file.write_all_at(&[2; SECTOR / 2], 0).unwrap();
        file.write_all_at(&[3; SECTOR / 2], SECTOR as u64 / 2).unwrap();
    };
    let seen = after_crashes(main, |disk| {
        let bytes = disk.read("/file").unwrap();
        (bytes[0], bytes[SECTOR - 1], bytes.len())
    });
    // The second write is never there without the first: a sector is written as it is in memory.
    let states: Vec<_> = seen.keys().copied().collect();
    assert_eq!(states, [(1, 1, SECTOR), (2, 1, SECTOR), (2, 3, SECTOR)]);
}

#[test]
fn the_name_of_a_synced_file_is_durable_only_when_its_directory_is() {
    let without = after_crashes(
        || {
            let mut file = File::create("/file").unwrap();
            file.write_all(b"synced").unwrap();
            file.sync_all().unwrap();
        },
        |disk| disk.read("/file").ok(),
    );
    let whole = Some(b"synced".to_vec());
    assert_eq!(without.keys().collect::<Vec<_>>(), [&None, &whole], "lost with its name, or whole");
    let with = after_crashes(|| put("/file", b"synced"), |disk| disk.read("/file").ok());
    assert_eq!(with.keys().collect::<Vec<_>>(), [&whole]);
}

#[test]
fn names_are_left_in_their_order_up_to_one() {
    let main = || {
        fs::create_dir("/one").unwrap();
        fs::write("/one/two", "").unwrap();
        fs::hard_link("/one/two", "/three").unwrap();
        fs::remove_file("/one/two").unwrap();
    };
    let seen = after_crashes(main, |disk| {
        let is_there = |path: &str| disk.read(path).is_ok();
        // A directory reads as one.
        let directory = disk.read("/one").unwrap_err().raw_os_error() == Some(libc::EISDIR);
        [directory, is_there("/one/two"), is_there("/three")]
    });
    let states: BTreeSet<[bool; 3]> = seen.into_keys().collect();
    let steps = [[false; 3], [true, false, false], [true, true, false], [true; 3], [true, false, true]];
    assert_eq!(states, BTreeSet::from(steps));
}

#[test]
fn a_rename_is_there_or_not_and_never_half() {
    let replace = || {
        put("/file", b"old");
        let mut file = File::create("/new").unwrap();
        file.write_all(b"new").unwrap();
        file.sync_all().unwrap();
        fs::rename("/new", "/file").unwrap();
    };
    let seen = after_crashes(replace, |disk| (disk.read("/file").ok(), disk.read("/new").ok()));
    let (old, new) = (Some(b"old".to_vec()), Some(b"new".to_vec()));
    let states: BTreeSet<_> = seen.into_keys().collect();
    // The new file has no name, its first, or that of the old one.
    let steps = [(old.clone(), None), (old, new.clone()), (new.clone(), None)];
    assert_eq!(states, BTreeSet::from(steps));

    let durable = after_crashes(
        || {
            put("/file", b"old");
            put("/new", b"new");
            fs::rename("/new", "/file").unwrap();
            sync_directory("/");
        },
        |disk| disk.read("/file").ok(),
    );
    assert_eq!(durable.into_keys().collect::<Vec<_>>(), [new]);
}

#[test]
fn a_file_that_replaces_another_unsynced_may_be_empty() {
    let main = || {
        put("/file", b"old");
        fs::write("/new", "new").unwrap();
        fs::rename("/new", "/file").unwrap();
    };
    let seen = after_crashes(main, |disk| disk.read("/file").unwrap());
    let states: Vec<Vec<u8>> = seen.into_keys().collect();
    assert_eq!(states, [b"".to_vec(), b"new".to_vec(), b"old".to_vec()]);
}

#[test]
fn a_cut_that_was_not_synced_is_there_or_not() {
    let seen = after_crashes(
        || {
            put("/file", b"0123456789");
            OpenOptions::new().write(true).open("/file").unwrap().set_len(4).unwrap();
        },
        |disk| disk.read("/file").unwrap(),
    );
    assert_eq!(seen.into_keys().collect::<Vec<_>>(), [b"0123".to_vec(), b"0123456789".to_vec()]);
    let synced = after_crashes(
        || {
            put("/file", b"0123456789");
            let file = OpenOptions::new().write(true).open("/file").unwrap();
            file.set_len(4).unwrap();
            file.sync_data().unwrap();
            file.write_all_at(b"x", 0).unwrap();
            file.set_len(2).unwrap();
            file.set_len(6).unwrap();
            file.sync_all().unwrap();
        },
        |disk| disk.read("/file").unwrap(),
    );
    assert_eq!(synced.into_keys().collect::<Vec<_>>(), [b"x1\0\0\0\0".to_vec()]);
}

#[test]
fn writes_that_sync_are_there() {
    let all: [fn(); 2] = [|| append_with(libc::O_SYNC), || append_with(libc::O_DSYNC)];
    for main in all {
        let seen = after_crashes(main, |disk| disk.read("/file").unwrap());
        assert_eq!(seen.into_keys().collect::<Vec<_>>(), [b"onetwo".to_vec()]);
    }
}

fn append_with(flags: i32) {
    put("/file", b"");
    let mut file = OpenOptions::new().append(true).custom_flags(flags).open("/file").unwrap();
    file.write_all(b"one").unwrap();
    file.write_all(b"two").unwrap();
}

#[test]
fn a_host_that_ends_by_itself_loses_nothing() {
    for seed in 0..20 {
        let root = || {
            let host = host("tidy").start(|| {
                if fs::exists("/file").unwrap() {
                    assert_eq!(fs::read("/file").unwrap(), b"text");
                    fs::write("/again", "").unwrap();
                } else {
                    fs::write("/file", "text").unwrap();
                }
            });
            host.wait();
            host.restart();
            host.wait();
            host.disk().read("/again").unwrap();
        };
        Builder::new().seed(seed).run(root).unwrap();
    }
}

#[test]
fn a_restarted_host_works_with_what_is_left() {
    for seed in 0..40 {
        let root = || {
            // Counts its starts, durably; a temporary file may be left over.
            let host = host("counter").start(|| {
                let count: u32 = fs::read_to_string("/count").map_or(0, |text| text.parse().unwrap());
                let mut file = File::create("/count.new").unwrap();
                write!(file, "{}", count + 1).unwrap();
                file.sync_all().unwrap();
                fs::rename("/count.new", "/count").unwrap();
                sync_directory("/");
                thread::sleep(Duration::from_secs(3600));
            });
            for starts in 1..5 {
                thread::sleep(Duration::from_secs(1));
                assert_eq!(host.disk().read("/count").unwrap(), starts.to_string().as_bytes());
                host.restart();
            }
        };
        Builder::new().seed(seed).run(root).unwrap();
    }
}

#[test]
fn hosts_have_disks_of_their_own() {
    Builder::new()
        .run(|| {
            fs::write("/file", "of the root").unwrap();
            let other = host("other").start(|| assert!(!fs::exists("/file").unwrap()));
            other.wait();
            other.disk().write("/file", "of the other").unwrap();
            assert_eq!(fs::read("/file").unwrap(), b"of the root");
        })
        .unwrap();
}
