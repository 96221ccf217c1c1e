//! Calls on the blocking pool.

use std::ffi::CString;
use std::io;
use std::path::Path;

use crate::blocking::spawn_blocking;
use crate::driver::of_pool;
use crate::task::AbortOnDropHandle;

/// Runs `call` on the blocking pool.
pub(crate) async fn pool<R: Send + 'static>(
    call: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> io::Result<R> {
    match AbortOnDropHandle::new(spawn_blocking(call)).await {
        Ok(result) => result,
        Err(error) => Err(of_pool(error)),
    }
}

/// The path as the kernel reads it, or std's error for a path that contains a zero byte.
pub(crate) fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_encoded_bytes()).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidInput, "file name contained an unexpected NUL byte")
    })
}
