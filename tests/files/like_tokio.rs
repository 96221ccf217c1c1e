//! What a file, its options and its directory have in common with tokio's.

use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use futures::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use heist::fs::{self, DirBuilder, File, FileTimes, OpenOptions};

use crate::support::on_every_backend;

#[test]
fn a_directory_is_made_with_its_parents_and_permissions() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("a/b");
            assert_eq!(DirBuilder::new().create(&path).await.unwrap_err().kind(), ErrorKind::NotFound);
            DirBuilder::new().recursive(true).create(&path).await.unwrap();
            DirBuilder::new().recursive(true).create(&path).await.unwrap();
            assert_eq!(DirBuilder::new().create(&path).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
            #[cfg(unix)]
            {
                use std::os::unix::fs::{MetadataExt, PermissionsExt};
                let private = directory.path().join("private");
                DirBuilder::new().mode(0o700).create(&private).await.unwrap();
                assert_eq!(private.metadata().unwrap().permissions().mode() & 0o777, 0o700);
                let mut entries = fs::read_dir(directory.path()).await.unwrap();
                let mut count = 0;
                while let Some(entry) = std::future::poll_fn(|cx| entries.poll_next_entry(cx)).await.unwrap()
                {
                    assert_eq!(entry.ino(), entry.path().metadata().unwrap().ino());
                    count += 1;
                }
                assert_eq!(count, 2);
            }
        });
    });
}

#[test]
fn times_are_set_after_writes_that_came_before() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut file = File::from_std(tempfile::tempfile().unwrap());
            let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
            AsyncWriteExt::write(&mut file, b"hello").await.unwrap();
            file.set_times(FileTimes::new().set_accessed(then)).await.unwrap();
            assert_eq!(file.metadata().await.unwrap().accessed().unwrap(), then);
            file.set_modified(then).await.unwrap();
            assert_eq!(file.metadata().await.unwrap().modified().unwrap(), then);
        });
    });
}

#[test]
fn a_call_through_a_trait_moves_no_more_than_the_limit() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            const MIB: usize = 1024 * 1024;
            let mut file = File::from_std(tempfile::tempfile().unwrap());
            let bytes = vec![7; 3 * MIB];
            assert_eq!(AsyncWriteExt::write(&mut file, &bytes).await.unwrap(), 2 * MIB);
            file.set_max_buf_size(1000);
            assert_eq!(AsyncWriteExt::write(&mut file, &bytes).await.unwrap(), 1000);
            let mut clone = file.try_clone().await.unwrap();
            assert_eq!(clone.max_buf_size(), 1000);
            AsyncSeekExt::seek(&mut clone, std::io::SeekFrom::Start(0)).await.unwrap();
            let mut buf = vec![0; 3 * MIB];
            assert_eq!(AsyncReadExt::read(&mut clone, &mut buf).await.unwrap(), 1000);
            clone.set_max_buf_size(4 * MIB);
            assert_eq!(AsyncReadExt::read(&mut clone, &mut buf).await.unwrap(), 2 * MIB);
            let parts = [std::io::IoSlice::new(&bytes), std::io::IoSlice::new(&bytes)];
            assert_eq!(AsyncWriteExt::write_vectored(&mut clone, &parts).await.unwrap(), 4 * MIB);
        });
    });
}

#[test]
#[should_panic(expected = "moves nothing")]
fn a_limit_of_nothing_panics() {
    File::from_std(tempfile::tempfile().unwrap()).set_max_buf_size(0);
}

#[test]
fn a_file_becomes_one_of_std_unless_a_clone_is_there() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let file = File::from_std(tempfile::tempfile().unwrap());
            let clone = file.try_clone().await.unwrap();
            let mut file = file.try_into_std().unwrap_err();
            drop(clone);
            file.write_all(b"hello").await.unwrap();
            assert_eq!(file.try_into_std().unwrap().metadata().unwrap().len(), 5);
        });
    });
}

#[test]
fn options_of_std_open_a_file() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("file");
            let mut std = std::fs::OpenOptions::new();
            std.write(true).create_new(true);
            let mut options = OpenOptions::from(std);
            options.open(&path).await.unwrap().write_all(b"hello").await.unwrap();
            assert_eq!(options.open(&path).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
            options.create_new(false).write(false).read(true);
            let mut text = String::new();
            options.open(&path).await.unwrap().read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "hello");
        });
    });
}

#[test]
fn futures_of_whole_files_may_be_shared() {
    fn is_shared<T: Send + Sync>(_: T) {}
    is_shared(fs::read("x"));
    is_shared(fs::read_to_string("x"));
    is_shared(fs::write("x", "y"));
    is_shared(DirBuilder::new().create("x"));
}
