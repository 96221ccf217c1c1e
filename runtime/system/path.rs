//! A path in the form in which the system's calls take it: on Unix a string that ends with a zero
//! byte, elsewhere std's own.

#[cfg(unix)]
use std::ffi::{CString, OsStr};
use std::io;
#[cfg(unix)]
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
#[cfg(not(unix))]
use std::path::PathBuf;

#[cfg(unix)]
type PathForm = CString;
#[cfg(not(unix))]
type PathForm = PathBuf;

/// A path that a request owns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SystemPath(PathForm);

#[cfg(unix)]
impl SystemPath {
    /// Returns std's error for a path that contains a zero byte.
    pub(crate) fn new(path: &Path) -> io::Result<SystemPath> {
        CString::new(path.as_os_str().as_bytes()).map(SystemPath).map_err(|_| has_nul())
    }

    pub(crate) fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(self.0.to_bytes()))
    }
}

cfg_if! {
    if #[linux] {
        impl SystemPath {
            pub(crate) fn as_c_str(&self) -> &std::ffi::CStr {
                &self.0
            }
        }
    } else {
    }
}

#[cfg(unix)]
pub(super) fn has_nul() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "file name contained an unexpected NUL byte")
}

#[cfg(not(unix))]
impl SystemPath {
    /// Never fails: std's calls check the path.
    pub(crate) fn new(path: &Path) -> io::Result<SystemPath> {
        Ok(SystemPath(path.to_owned()))
    }

    pub(crate) fn as_path(&self) -> &Path {
        &self.0
    }
}

/// Creates a symbolic link. Only Unix has links that need not say what they lead to.
#[cfg(unix)]
pub(crate) fn symlink(original: &SystemPath, link: &SystemPath) -> io::Result<()> {
    std::os::unix::fs::symlink(original.as_path(), link.as_path())
}

#[cfg(not(unix))]
pub(crate) fn symlink(_original: &SystemPath, _link: &SystemPath) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
