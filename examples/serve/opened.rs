//! Files that were asked for lately, which stay open for the next request.
//!
//! Each request asks the system whether the name still leads to the very file, and whether it has changed since: one call
//! instead of three. So no answer is older than its request. Only files that the worker could open at once, and that lie on
//! a file system of this machine, are kept: the call waits for nobody, because the name of an open file is in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::known;
use crate::target::Found;

/// Files that nobody has asked for so long are closed: one that was deleted keeps its room on the disk until then.
pub(crate) const AGE_MAX: Duration = Duration::from_secs(10);
/// The most files, unless the system allows fewer than eight times as many descriptors.
const COUNT_MAX: usize = 512;

/// Open files, by the path as clients write it.
#[derive(Debug)]
pub(crate) struct Opened {
    files: Mutex<HashMap<Box<str>, Entry>>,
    count_max: usize,
}

#[derive(Debug)]
struct Entry {
    found: Arc<Found>,
    used: Instant,
}

impl Opened {
    pub(crate) fn new() -> Opened {
        Opened { files: Mutex::default(), count_max: COUNT_MAX.min(known::descriptors_max() / 8) }
    }

    /// The file that `path` led to, if it still does and the file has not changed.
    pub(crate) fn get(&self, path: &str) -> Option<Arc<Found>> {
        let found = {
            let mut files = self.lock();
            let entry = files.get_mut(path)?;
            entry.used = Instant::now();
            entry.found.clone()
        };
        if known::is_same(&found.path, &found.metadata) {
            return Some(found);
        }
        self.lock().remove(path);
        None
    }

    /// Keeps a file. If there are too many, the one goes that was not asked for for the longest time.
    pub(crate) fn keep(&self, path: &str, found: &Arc<Found>) {
        // The date of a file from the future counts from then on.
        let is_dated = found.validators.modified.is_some();
        if self.count_max == 0 || !is_dated || !known::is_local(&found.file) {
            return;
        }
        let mut files = self.lock();
        if files.len() >= self.count_max {
            let oldest = files.iter().min_by_key(|(_, entry)| entry.used).map(|(path, _)| path.clone());
            oldest.and_then(|path| files.remove(&path));
        }
        files.insert(path.into(), Entry { found: found.clone(), used: Instant::now() });
    }

    /// Closes what is not asked for any more.
    pub(crate) fn sweep(&self) {
        self.lock().retain(|_, entry| entry.used.elapsed() < AGE_MAX);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Entry>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::paths::Route;
    use crate::scratch::Scratch;
    use crate::target::at_once;

    fn found(scratch: &Scratch, path: &str) -> Arc<Found> {
        at_once(scratch.path(), &Route::parse(path).unwrap(), false).expect("it was just written")
    }

    #[test]
    fn a_file_is_kept_until_it_changes_goes_or_is_another_one() {
        let scratch = Scratch::new();
        let opened = Opened::new();
        let changes: [fn(&Scratch); 4] = [
            |scratch| drop(scratch.write("x", b"hello again")),
            |scratch| std::fs::remove_file(scratch.path().join("x")).unwrap(),
            |scratch| {
                drop(scratch.write("y", b"hello"));
                std::fs::rename(scratch.path().join("y"), scratch.path().join("x")).unwrap();
            },
            |scratch| {
                std::fs::rename(scratch.path().join("x"), scratch.path().join("z")).unwrap();
                std::os::unix::fs::symlink("z", scratch.path().join("x")).unwrap();
            },
        ];
        for change in changes {
            let _ = std::fs::remove_file(scratch.path().join("x"));
            drop(scratch.write("x", b"hello"));
            let file = found(&scratch, "/x");
            opened.keep("/x", &file);
            assert!(Arc::ptr_eq(&opened.get("/x").expect("nothing has changed"), &file));
            change(&scratch);
            assert!(opened.get("/x").is_none());
            assert!(opened.lock().is_empty());
        }
    }

    #[test]
    fn the_file_that_was_not_asked_for_for_the_longest_time_goes_first() {
        let scratch = Scratch::new();
        let opened = Opened { files: Mutex::default(), count_max: 2 };
        for name in ["a", "b", "c"] {
            drop(scratch.write(name, name.as_bytes()));
        }
        opened.keep("/a", &found(&scratch, "/a"));
        opened.keep("/b", &found(&scratch, "/b"));
        assert!(opened.get("/a").is_some());
        opened.keep("/c", &found(&scratch, "/c"));
        assert!(opened.get("/b").is_none() && opened.get("/a").is_some() && opened.get("/c").is_some());
        opened.sweep();
        assert_eq!(opened.lock().len(), 2, "both were just used");
    }
}
