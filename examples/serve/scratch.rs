//! A directory that unit tests may fill and that disappears with them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

pub(crate) struct Scratch {
    path: PathBuf,
    _guard: tempfile::TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Scratch {
        let guard = tempfile::tempdir().unwrap();
        // The system's own temporary directory may be a link, and roots are canonical.
        Scratch { path: guard.path().canonicalize().unwrap(), _guard: guard }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, and the directories it lies in.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> File {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        File::options().read(true).write(true).open(path).unwrap()
    }
}
