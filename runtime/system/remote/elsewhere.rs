//! Systems whose table of mounts is not read: nothing is known.

use std::fs::File;
use std::path::Path;

pub(crate) fn holds(_file: &File) -> bool {
    false
}

pub(crate) fn holds_path(_path: &Path) -> bool {
    false
}
