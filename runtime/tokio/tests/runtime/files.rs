//! Files that write behind.

use std::io::{ErrorKind, SeekFrom};
use std::path::PathBuf;

use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::runtime::Runtime;

use crate::drivers::on_each;

/// A path that is this test's alone.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("heist-tokio-{}-{name}", std::process::id()))
}

#[test]
fn what_was_written_is_in_the_file_after_flush() {
    on_each("files::on_one_driver::flush");
}

#[test]
fn an_error_of_a_write_comes_with_the_next_call_and_once() {
    on_each("files::on_one_driver::late_error");
}

#[test]
fn a_write_that_nobody_flushed_is_in_the_file_when_the_runtime_has_ended() {
    on_each("files::on_one_driver::end_of_runtime");
}

#[test]
fn a_file_goes_to_std_after_its_write() {
    on_each("files::on_one_driver::into_std");
}

#[test]
fn a_call_moves_at_most_the_buffer() {
    on_each("files::on_one_driver::buffer_size");
}

mod on_one_driver {
    use super::{
        AsyncReadExt, AsyncSeekExt, AsyncWriteExt, ErrorKind, File, OpenOptions, Runtime, SeekFrom, path,
    };
    use std::io::{Read, Seek};

    #[test]
    #[ignore = "run by on_each"]
    fn flush() {
        let path = path("flush");
        Runtime::new().unwrap().block_on(async {
            let mut file = File::create(&path).await.unwrap();
            file.write_all(b"one ").await.unwrap();
            file.write_all(b"two").await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"one two");
            file.seek(SeekFrom::Start(4)).await.unwrap();
            file.write_all(b"TWO").await.unwrap();
            file.sync_all().await.unwrap();
            assert_eq!(tokio::fs::read_to_string(&path).await.unwrap(), "one TWO");
        });
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    #[ignore = "run by on_each"]
    fn late_error() {
        Runtime::new().unwrap().block_on(async {
            let mut full = OpenOptions::new().write(true).open("/dev/full").await.unwrap();
            assert_eq!(full.write(b"x").await.unwrap(), 1, "the first write is done behind");
            assert_eq!(full.flush().await.unwrap_err().kind(), ErrorKind::StorageFull);
            full.flush().await.unwrap();
            full.write_all(b"x").await.unwrap();
            assert_eq!(full.write(b"y").await.unwrap_err().kind(), ErrorKind::StorageFull);
        });
    }

    #[test]
    #[ignore = "run by on_each"]
    fn end_of_runtime() {
        let path = path("end");
        for round in 0..50 {
            let runtime = Runtime::new().unwrap();
            runtime.block_on(async {
                let mut file = File::create(&path).await.unwrap();
                file.write_all(&[7; 300_000]).await.unwrap();
            });
            drop(runtime);
            assert_eq!(std::fs::metadata(&path).unwrap().len(), 300_000, "round {round}");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    #[ignore = "run by on_each"]
    fn into_std() {
        let path = path("std");
        Runtime::new().unwrap().block_on(async {
            let mut file =
                OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).await.unwrap();
            file.write_all(&[1; 100_000]).await.unwrap();
            let mut std = file.into_std().await;
            std.rewind().unwrap();
            assert_eq!(std.read_to_end(&mut Vec::new()).unwrap(), 100_000);
        });
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    #[ignore = "run by on_each"]
    fn buffer_size() {
        let path = path("size");
        Runtime::new().unwrap().block_on(async {
            let mut file = File::create(&path).await.unwrap();
            assert_eq!(file.max_buf_size(), 2 * 1024 * 1024);
            file.set_max_buf_size(3);
            assert_eq!(file.write(b"hello").await.unwrap(), 3);
            file.flush().await.unwrap();
            let mut file = File::open(&path).await.unwrap();
            file.set_max_buf_size(2);
            assert_eq!(file.read(&mut [0; 9]).await.unwrap(), 2);
        });
        std::fs::remove_file(path).unwrap();
    }
}
