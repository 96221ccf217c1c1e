//! Kernels that lack one of the op-codes for files: the blocking pool does what they do, with the same results.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use heist::fs::{self, File};
use heist::io::AlignedBuf;
use heist::net::UnixStream;
use heist::runtime::{DriverKind, Runtime};
use io_uring::{IoUring, Probe, opcode};

use crate::support::process::{again, expect_success, role};
use crate::support::supervisor::hide_opcode;
use crate::support::{Shape, builder, has_uring, loud, watched};
use crate::{directory, file_with, model, pattern};

/// An op-code, as its number, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Open,
    Read,
    Write,
    ReadVectored,
    WriteVectored,
    Sync,
    Allocate,
    Advise,
    SetLen,
    Stat,
    Rename,
    Remove,
    MakeDir,
    Symlink,
    HardLink,
    Splice,
}

const ALL: [(u8, Work); 16] = [
    (opcode::OpenAt::CODE, Work::Open),
    (opcode::Read::CODE, Work::Read),
    (opcode::Write::CODE, Work::Write),
    (opcode::Readv::CODE, Work::ReadVectored),
    (opcode::Writev::CODE, Work::WriteVectored),
    (opcode::Fsync::CODE, Work::Sync),
    (opcode::Fallocate::CODE, Work::Allocate),
    (opcode::Fadvise::CODE, Work::Advise),
    (opcode::Ftruncate::CODE, Work::SetLen),
    (opcode::Statx::CODE, Work::Stat),
    (opcode::RenameAt::CODE, Work::Rename),
    (opcode::UnlinkAt::CODE, Work::Remove),
    (opcode::MkDirAt::CODE, Work::MakeDir),
    (opcode::SymlinkAt::CODE, Work::Symlink),
    (opcode::LinkAt::CODE, Work::HardLink),
    (opcode::Splice::CODE, Work::Splice),
];

const LEN: usize = 8192;

/// Opened by std: the op-code under test is the only one.
fn opened(path: &Path) -> File {
    File::from_std(std::fs::File::options().read(true).write(true).open(path).unwrap())
}

/// Past the page cache, or the bytes would be copied from there.
fn opened_direct(path: &Path) -> File {
    use std::os::unix::fs::OpenOptionsExt;
    File::from_std(std::fs::File::options().read(true).custom_flags(libc::O_DIRECT).open(path).unwrap())
}

/// The page cache forgets the file, or its bytes would be sent from there.
fn forget(path: &Path) {
    let file = std::fs::File::open(path).unwrap();
    file.sync_all().unwrap();
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
}

async fn transfer(work: Work, path: &Path) {
    match work {
        Work::Read => {
            let (result, buf) = opened_direct(path).read_owned_at(AlignedBuf::new(LEN), 0).await;
            assert_eq!(result.unwrap(), LEN);
            assert!(buf[..] == pattern(LEN));
        }
        Work::Write => {
            assert_eq!(opened(path).write_owned_at(b"new".to_vec(), 4).await.0.unwrap(), 3);
            assert_eq!(std::fs::read(path).unwrap()[4..7], *b"new");
        }
        Work::ReadVectored => {
            let (result, bufs) = opened(path).read_vectored_owned_at(vec![vec![0; 5]; 2], 1).await;
            assert_eq!(result.unwrap(), 10);
            assert_eq!(bufs.concat(), pattern(11)[1..]);
        }
        Work::WriteVectored => {
            let (result, _) =
                opened(path).write_vectored_owned_at(vec![b"a".to_vec(), b"bc".to_vec()], 1).await;
            assert_eq!(result.unwrap(), 3);
            assert_eq!(std::fs::read(path).unwrap()[1..4], *b"abc");
        }
        _ => unreachable!("moves no bytes"),
    }
}

/// Does what needs this op-code and no other, and looks whether it is done.
async fn perform(work: Work, directory: &Path, path: &Path) {
    let other = directory.join("other");
    match work {
        // What is in the cache is opened by a system call; what is created never is in the cache.
        Work::Open => drop(File::create(&other).await.unwrap()),
        Work::Read | Work::Write | Work::ReadVectored | Work::WriteVectored => transfer(work, path).await,
        Work::Sync => opened(path).sync_all().await.unwrap(),
        Work::Allocate => {
            opened(path).allocate(0, 3 * LEN as u64).await.unwrap();
            assert_eq!(std::fs::metadata(path).unwrap().len(), 3 * LEN as u64);
        }
        Work::Advise => opened(path).advise(0, 0, fs::Advice::Sequential).await.unwrap(),
        Work::SetLen => {
            opened(path).set_len(5).await.unwrap();
            assert_eq!(std::fs::read(path).unwrap(), pattern(5));
        }
        Work::Stat => {
            assert_eq!(opened(path).metadata().await.unwrap().len(), LEN as u64);
            assert_eq!(fs::metadata(path).await.unwrap().len(), LEN as u64);
        }
        Work::Rename => {
            fs::rename(path, &other).await.unwrap();
            assert!(!path.exists() && other.exists());
        }
        Work::Remove => {
            std::fs::create_dir(&other).unwrap();
            fs::remove_file(path).await.unwrap();
            fs::remove_dir(&other).await.unwrap();
            assert_eq!(std::fs::read_dir(directory).unwrap().count(), 0);
        }
        Work::MakeDir => {
            fs::create_dir(&other).await.unwrap();
            assert!(other.is_dir());
        }
        Work::Symlink => {
            fs::symlink("file", &other).await.unwrap();
            assert_eq!(std::fs::read_link(&other).unwrap(), Path::new("file"));
        }
        Work::HardLink => {
            fs::hard_link(path, &other).await.unwrap();
            assert_eq!(std::fs::read(&other).unwrap(), pattern(LEN));
        }
        Work::Splice => {
            forget(path);
            let (mut stream, mut peer) = UnixStream::pair().unwrap();
            assert_eq!(stream.send_file(&opened(path), 1, 100).await.unwrap(), 100);
            let mut received = [0; 100];
            peer.read_exact(&mut received).await.unwrap();
            assert_eq!(received[..], pattern(LEN)[1..101]);
        }
    }
}

fn runtime(shape: Shape) -> Runtime {
    builder(shape, DriverKind::Uring).build().expect("no op-code for files is needed")
}

/// How many threads of the pool it took.
fn threads_count_for(work: Work) -> usize {
    let runtime = runtime(Shape::CurrentThread);
    let directory = directory();
    let path = file_with(&directory, &pattern(LEN));
    runtime.block_on(perform(work, directory.path(), &path));
    runtime.handle().metrics().num_blocking_threads()
}

#[test]
fn an_opcode_that_the_kernel_lacks_is_done_by_the_pool_with_the_same_results() {
    if role().is_none() {
        if has_uring() {
            let name = "missing::an_opcode_that_the_kernel_lacks_is_done_by_the_pool_with_the_same_results";
            let text = expect_success(&mut again(name, "supervised"));
            // Said by the child, which nobody sees.
            text.lines().filter(|line| line.contains("SKIPPED")).for_each(loud);
        }
        return;
    }
    let hidden = Arc::new(AtomicU8::new(opcode::Nop::CODE));
    hide_opcode(hidden.clone());
    let mut probe = Probe::new();
    IoUring::new(2).unwrap().submitter().register_probe(&mut probe).unwrap();
    assert!(!probe.is_supported(opcode::Nop::CODE), "the supervisor hides what it shall");
    for (code, work) in ALL {
        watched(|| {
            eprintln!("without {work:?}");
            hidden.store(opcode::Nop::CODE, Ordering::SeqCst);
            if probe.is_supported(code) {
                assert_eq!(threads_count_for(work), 0, "{work:?} is done by the ring");
            } else {
                loud(&format!(
                    "SKIPPED: this kernel's io_uring has no {work:?} to be hidden: it needs a newer Linux"
                ));
            }
            hidden.store(code, Ordering::SeqCst);
            // A second job may come before the thread of the first is idle again.
            let is_by_pool = threads_count_for(work) != 0;
            assert!(is_by_pool, "{work:?} without its op-code");
            for shape in [Shape::MultiThread, Shape::CurrentThread] {
                runtime(shape).block_on(model::compare(u64::from(code), 200));
            }
        });
    }
}
