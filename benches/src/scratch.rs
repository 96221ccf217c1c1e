//! A directory for the time of a measurement.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A new directory among the temporary files, removed when dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn make() -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // Ordering: the number only has to be another one.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("heist-benches-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory)?;
        Ok(Scratch(directory))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("error: cannot remove {}: {error}", self.0.display());
        }
    }
}
