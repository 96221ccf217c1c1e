//! The traits of other crates, and streams.

use std::io::SeekFrom;

use futures::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, TryStreamExt};
use heist::fs::{self, OpenOptions};

use crate::support::on_every_backend;
use crate::{directory, pattern};

#[test]
fn the_traits_of_futures_read_write_and_seek() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("file");
        runtime.block_on(async {
            let mut file = OpenOptions::new().read(true).write(true).create(true).open(&path).await.unwrap();
            let bytes = pattern(3 << 20);
            AsyncWriteExt::write_all(&mut file, &bytes).await.unwrap();
            AsyncWriteExt::flush(&mut file).await.unwrap();
            AsyncSeekExt::seek(&mut file, SeekFrom::Start(1)).await.unwrap();
            let mut read = Vec::new();
            AsyncReadExt::read_to_end(&mut file, &mut read).await.unwrap();
            assert!(read == bytes[1..]);
            AsyncWriteExt::close(&mut file).await.unwrap();
        });
    });
}

#[test]
fn the_traits_of_tokio_read_write_and_seek() {
    use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("file");
        runtime.block_on(async {
            let mut file = OpenOptions::new().read(true).write(true).create(true).open(&path).await.unwrap();
            let file = std::pin::Pin::new(&mut file);
            let mut file = file;
            let poll = std::future::poll_fn(|cx| AsyncWrite::poll_write(file.as_mut(), cx, b"0123456789"));
            assert_eq!(poll.await.unwrap(), 10);
            AsyncSeek::start_seek(file.as_mut(), SeekFrom::End(-4)).unwrap();
            let place = std::future::poll_fn(|cx| AsyncSeek::poll_complete(file.as_mut(), cx)).await.unwrap();
            assert_eq!(place, 6);
            let mut memory = [0; 8];
            let mut buf = ReadBuf::new(&mut memory);
            std::future::poll_fn(|cx| AsyncRead::poll_read(file.as_mut(), cx, &mut buf)).await.unwrap();
            assert_eq!(buf.filled(), b"6789");
            std::future::poll_fn(|cx| AsyncWrite::poll_shutdown(file.as_mut(), cx)).await.unwrap();
        });
    });
}

#[test]
fn a_directory_is_a_stream_of_all_its_entries() {
    on_every_backend(|runtime| {
        let directory = directory();
        // More than one batch.
        let mut wanted: Vec<String> = (0..1000).map(|index| format!("file {index}")).collect();
        for name in &wanted {
            std::fs::write(directory.path().join(name), b"").unwrap();
        }
        wanted.sort();
        runtime.block_on(async {
            let entries: Vec<_> = fs::read_dir(directory.path()).await.unwrap().try_collect().await.unwrap();
            let mut names: Vec<_> =
                entries.iter().map(|entry| entry.file_name().into_string().unwrap()).collect();
            names.sort();
            assert_eq!(names, wanted);
            assert!(entries[0].file_type().await.unwrap().is_file());
            assert_eq!(entries[0].metadata().await.unwrap().len(), 0);
        });
    });
}
