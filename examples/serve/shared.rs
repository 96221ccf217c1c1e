//! Listings of large directories, of which clients that ask at about the same time get the same one.
//!
//! A page is held once, however many clients read it and however slowly, and goes with the last of them. It may be some seconds
//! old when it is handed out; a small page is always made anew.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use hyper::body::Bytes;

/// What is smaller is not worth sharing.
const SHARED_SIZE_MIN: usize = 64 * 1024;
/// How old a page may be when it is handed out.
const AGE_MAX: Duration = Duration::from_secs(10);
/// So many pages of one directory are held at most; then the newest is handed out, whatever its age.
const PAGES_COUNT_MAX: usize = 4;

/// A page that is sent piece by piece.
#[derive(Debug)]
pub(crate) struct Page {
    html: String,
    made: Instant,
}

/// The pages that somebody still reads, by directory.
#[derive(Debug, Default)]
pub(crate) struct Pages(Mutex<HashMap<PathBuf, Arc<Directory>>>);

/// Locked while a page is made: who comes meanwhile gets the same one.
#[derive(Debug, Default)]
struct Directory(Mutex<Vec<Weak<Page>>>);

impl Page {
    pub(crate) fn len(&self) -> usize {
        self.html.len()
    }

    /// A copy of `len` bytes from `start` on, or of what there is.
    pub(crate) fn piece(&self, start: usize, len: usize) -> Bytes {
        let end = self.html.len().min(start + len);
        Bytes::copy_from_slice(&self.html.as_bytes()[start..end])
    }
}

impl Pages {
    /// The page of `directory`, made by `make` if there is none to share; blocks.
    pub(crate) fn get(
        &self,
        directory: &Path,
        make: impl FnOnce() -> io::Result<String>,
    ) -> io::Result<Arc<Page>> {
        let slot = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(directory.into())
            .or_default()
            .clone();
        let page = slot.get(make);
        drop(slot);
        let mut directories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who waits for a directory has a share of it.
        directories.retain(|_, directory| Arc::strong_count(directory) > 1 || !directory.is_unread());
        page
    }
}

impl Directory {
    fn get(&self, make: impl FnOnce() -> io::Result<String>) -> io::Result<Arc<Page>> {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|page| page.strong_count() > 0);
        if let Some(newest) = pages.last().and_then(Weak::upgrade) {
            if newest.made.elapsed() < AGE_MAX || pages.len() >= PAGES_COUNT_MAX {
                return Ok(newest);
            }
        }
        let made = Instant::now();
        let page = Arc::new(Page { html: make()?, made });
        if page.len() >= SHARED_SIZE_MIN {
            pages.push(Arc::downgrade(&page));
        }
        Ok(page)
    }

    fn is_unread(&self) -> bool {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.iter().all(|page| page.strong_count() == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(size: usize) -> io::Result<String> {
        Ok("x".repeat(size))
    }

    #[test]
    fn a_large_page_is_shared_while_somebody_reads_it() {
        let pages = Pages::default();
        let first = pages.get(Path::new("/a"), || page_of(SHARED_SIZE_MIN)).unwrap();
        let second = pages.get(Path::new("/a"), || panic!("there is one")).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        let other = pages.get(Path::new("/b"), || page_of(SHARED_SIZE_MIN + 1)).unwrap();
        assert_eq!(other.len(), SHARED_SIZE_MIN + 1);
        drop((first, second));
        assert_eq!(
            pages.get(Path::new("/a"), || page_of(7)).unwrap().len(),
            7,
            "it went with its last reader"
        );
        drop(other);
        let _ = pages.get(Path::new("/c"), || page_of(1)).unwrap();
        assert!(pages.0.lock().unwrap().is_empty(), "no directory is remembered for nobody");
    }

    #[test]
    fn a_small_page_is_made_anew_and_a_failure_is_reported() {
        let pages = Pages::default();
        let first = pages.get(Path::new("/a"), || page_of(SHARED_SIZE_MIN - 1)).unwrap();
        assert_eq!(pages.get(Path::new("/a"), || page_of(5)).unwrap().piece(3, 9), "xx");
        assert!(pages.get(Path::new("/a"), || Err(io::ErrorKind::NotFound.into())).is_err());
        drop(first);
    }
}
