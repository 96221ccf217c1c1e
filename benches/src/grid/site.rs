//! The files that servers of files serve.

use std::io;
use std::path::{Path, PathBuf};

use crate::scratch::Scratch;

/// A size of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) name: &'static str,
    bytes: usize,
}

pub(super) const KIB_4: Size = Size { name: "4k.bin", bytes: 4 << 10 };
pub(super) const KIB_64: Size = Size { name: "64k.bin", bytes: 64 << 10 };
pub(super) const MIB_1: Size = Size { name: "1m.bin", bytes: 1 << 20 };

/// A directory with a file of each size.
pub(super) struct Site(Scratch);

impl Site {
    pub(super) fn make() -> io::Result<Self> {
        let directory = Scratch::make()?;
        for size in [KIB_4, KIB_64, MIB_1] {
            std::fs::write(directory.path().join(size.name), vec![7; size.bytes])?;
        }
        Ok(Site(directory))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The example `serve` of the build that `program` is of; or that it was not built.
pub(super) fn example(program: &Path) -> Result<PathBuf, String> {
    let file = program.with_file_name("examples").join("serve");
    if file.is_file() {
        return Ok(file);
    }
    let advice = "cargo build --release --example serve";
    Err(format!("MISSING: {} was not built: {advice}", file.display()))
}
