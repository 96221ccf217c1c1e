//! `O_DIRECT`: aligned buffers work, others are refused with the reason.
#![cfg(target_os = "linux")]

use std::io::ErrorKind;

use heist::fs::OpenOptions;
use heist::io::{AlignedBuf, IoBuf};

use crate::support::{loud, on_every_backend};
use crate::{directory, file_with, pattern};

/// Not every file system can do it.
pub(crate) async fn open_direct(path: &std::path::Path) -> Option<heist::fs::File> {
    match OpenOptions::new().read(true).write(true).custom_flags(libc::O_DIRECT).open(path).await {
        Ok(file) => Some(file),
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            loud("SKIPPED: this file system has no O_DIRECT");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// As a file system in memory does: it has nothing to go past.
fn takes_anything(path: &std::path::Path) -> bool {
    use std::os::unix::fs::{FileExt, OpenOptionsExt};
    let file = std::fs::OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(path).unwrap();
    file.read_at(&mut [0; 100], 100).is_ok()
}

#[test]
fn aligned_buffers_go_past_the_page_cache_and_back() {
    on_every_backend(|runtime| {
        let directory = directory();
        let bytes = pattern(64 * 1024);
        let path = file_with(&directory, &bytes);
        runtime.block_on(async {
            let Some(file) = open_direct(&path).await else { return };
            let mut buf = AlignedBuf::new(8192);
            buf.fill(7);
            let (result, buf) = file.write_owned_at(buf, 4096).await;
            assert_eq!(result.unwrap(), 8192);
            let (result, buf) = file.read_owned_at(buf, 0).await;
            assert_eq!(result.unwrap(), 8192);
            assert!(buf[..4096] == bytes[..4096] && buf[4096..] == [7; 4096]);
            // Large enough to be cut into parts, each of which is aligned.
            let (result, buf) = file.read_owned_at(AlignedBuf::new(2 << 20), 0).await;
            assert_eq!(result.unwrap(), bytes.len());
            assert!(buf[12_288..bytes.len()] == bytes[12_288..]);
        });
    });
}

#[test]
fn borrowed_slices_need_no_alignment_of_their_own() {
    on_every_backend(|runtime| {
        let directory = directory();
        let bytes = pattern(64 * 1024);
        let path = file_with(&directory, &bytes);
        runtime.block_on(async {
            let Some(mut file) = open_direct(&path).await else { return };
            let mut memory = vec![0; 4097];
            let odd = &mut memory[1..];
            assert_eq!(file.read_at(odd, 8192).await.unwrap(), 4096);
            assert!(odd[..] == bytes[8192..12_288]);
            file.write_all_at(odd, 0).await.unwrap();
            assert_eq!(file.read(odd).await.unwrap(), 4096);
            assert!(odd[..] == bytes[8192..12_288]);
        });
    });
}

#[test]
fn what_is_not_aligned_is_refused_with_the_reason() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, &pattern(64 * 1024));
        runtime.block_on(async {
            let Some(file) = open_direct(&path).await else { return };
            if takes_anything(&path) {
                return loud("SKIPPED: this file system's O_DIRECT refuses nothing");
            }
            let mut errors = Vec::new();
            errors.push(file.read_owned_at(AlignedBuf::new(4096), 100).await.0.unwrap_err());
            errors.push(file.read_owned_at(AlignedBuf::new(100), 0).await.0.unwrap_err());
            errors.push(file.read_owned_at(AlignedBuf::new(8192).slice(1, 4096), 0).await.0.unwrap_err());
            errors.push(file.write_owned_at(AlignedBuf::new(100), 0).await.0.unwrap_err());
            errors.push(file.read_at(&mut [0; 4096], 5).await.unwrap_err());
            errors.push(file.write_at(&[0; 100], 0).await.unwrap_err());
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                let text = error.to_string();
                assert!(text.contains("O_DIRECT") && text.contains("AlignedBuf"), "{text}");
            }
        });
    });
}
