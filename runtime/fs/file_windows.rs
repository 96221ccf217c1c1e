#![expect(unsafe_code, reason = "a handle by number is anybody's until its owner says otherwise")]
//! Files from handles, and as handles.

use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle};

use super::file::File;

impl From<OwnedHandle> for File {
    fn from(handle: OwnedHandle) -> File {
        File::from_std(handle.into())
    }
}

impl FromRawHandle for File {
    unsafe fn from_raw_handle(handle: RawHandle) -> File {
        // SAFETY: the caller promises that nobody else owns the handle.
        File::from(unsafe { OwnedHandle::from_raw_handle(handle) })
    }
}

impl AsHandle for File {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.descriptor.file().as_handle()
    }
}

impl AsRawHandle for File {
    fn as_raw_handle(&self) -> RawHandle {
        self.descriptor.file().as_raw_handle()
    }
}
