//! The cursor: shared by clones, handed over to std and taken over from it, and not where files append.

use std::io::{Read, Seek, SeekFrom, Write};

use heist::fs::{File, OpenOptions};

use crate::support::on_every_backend;
use crate::{directory, file_with, pattern};

#[test]
fn clones_share_the_cursor() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"0123456789");
        runtime.block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let mut clone = file.try_clone().await.unwrap();
            let mut pair = [0; 2];
            for wanted in [b"01", b"23", b"45", b"67"] {
                file.read_exact(&mut pair).await.unwrap();
                assert_eq!(&pair, wanted);
                std::mem::swap(&mut file, &mut clone);
            }
        });
    });
}

#[test]
fn the_cursor_is_handed_over_to_std_and_taken_over_from_it() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"0123456789");
        let mut file = std::fs::File::open(&path).unwrap();
        file.seek(SeekFrom::Start(3)).unwrap();
        let file = runtime.block_on(async {
            let mut file = File::from_std(file);
            let mut pair = [0; 2];
            file.read_exact(&mut pair).await.unwrap();
            assert_eq!(&pair, b"34");
            file
        });
        let mut rest = String::new();
        file.into_std().unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "56789");
    });
}

#[test]
fn appending_files_write_at_the_end_wherever_they_read() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"head");
        runtime.block_on(async {
            let mut file = OpenOptions::new().read(true).append(true).open(&path).await.unwrap();
            let mut other = OpenOptions::new().append(true).open(&path).await.unwrap();
            file.write_all(b" one").await.unwrap();
            other.write_all(b" two").await.unwrap();
            file.write_all(b" three").await.unwrap();
            file.rewind().await.unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "head one two three");
        });
    });
}

#[test]
fn a_file_of_std_that_appends_is_known_to() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"head");
        runtime.block_on(async {
            let mut file = File::from(std::fs::OpenOptions::new().append(true).open(&path).unwrap());
            file.write_all(b" tail").await.unwrap();
            assert_eq!(file.stream_position().await.unwrap(), 9);
        });
        assert_eq!(std::fs::read(&path).unwrap(), b"head tail");
    });
}

#[test]
fn what_is_written_is_there_when_the_write_is_ready() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = directory.path().join("file");
        runtime.block_on(async {
            for round in 0..300 {
                let mut file = File::create(&path).await.unwrap();
                file.write_all(&pattern(1 + round)).await.unwrap();
                // Not flushed, not synced, not closed: the kernel has it.
                assert!(std::fs::read(&path).unwrap() == pattern(1 + round));
            }
        });
    });
}

#[test]
fn reads_at_the_cursor_and_at_offsets_do_not_disturb_each_other() {
    on_every_backend(|runtime| {
        let directory = directory();
        let bytes = pattern(300_000);
        let path = file_with(&directory, &bytes);
        runtime.block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let mut place = 0;
            while place < bytes.len() {
                let mut buf = [0; 1000];
                let count = file.read(&mut buf).await.unwrap();
                assert!(buf[..count] == bytes[place..place + count]);
                place += count;
                let elsewhere = place * 7 % bytes.len();
                let count = file.read_at(&mut buf, elsewhere as u64).await.unwrap();
                assert!(buf[..count] == bytes[elsewhere..elsewhere + count]);
            }
            assert_eq!(file.read(&mut [0; 10]).await.unwrap(), 0, "the end stays the end");
        });
    });
}

#[test]
fn a_file_that_grows_is_read_on() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"one");
        runtime.block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b" two").unwrap();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "one two");
        });
    });
}
