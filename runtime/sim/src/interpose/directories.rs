//! Directories: how they are read, and the one that a program is in.
#![expect(unsafe_code, reason = "defines functions of the C library, and writes where their callers ask")]

use std::ffi::{c_char, c_int, c_long};
use std::mem::MaybeUninit;
use std::ptr;

use super::files::{Use, enter_at, on_disk, open_in};
use super::{enter_for, fail, number_or_fail, real_files};
use crate::kernel::{PATH_BYTES_MAX, StreamEntry};
use crate::world::{Here, enter};

/// What `opendir` returns. The world knows the rest by its address.
struct Place {
    entry: libc::dirent64,
}

/// Enters the world of this thread for a call about a directory that is read. `None`: it is a real
/// one.
fn enter_for_stream(stream: *mut libc::DIR) -> Option<(Here, c_int)> {
    let here = enter()?;
    let number = here.look(|world| world.kernel.disks.streams.number(stream.addr()))?;
    Some((here, number))
}

/// Begins to read the directory of a descriptor.
fn open_stream(here: &Here, number: c_int) -> *mut libc::DIR {
    let host = here.host();
    // SAFETY: all of its fields are numbers, for which zero is one.
    let place = Box::into_raw(Box::new(Place { entry: unsafe { MaybeUninit::zeroed().assume_init() } }));
    let outcome = on_disk(here, "opendir", number, |kernel, env| {
        let entries = kernel.list(host, number, env)?;
        kernel.disks.streams.add(place.addr(), number, entries);
        Ok(place.cast())
    });
    outcome.unwrap_or_else(|errno| {
        // SAFETY: nobody else has it.
        drop(unsafe { Box::from_raw(place) });
        fail(errno);
        ptr::null_mut()
    })
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn opendir(path: *const c_char) -> *mut libc::DIR {
    // SAFETY: as the caller promises.
    let Some((here, path)) = (unsafe { enter_at(libc::AT_FDCWD, path, Use::Reads) }) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::OPENDIR.get()(path) };
    };
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
    match open_in(&here, libc::AT_FDCWD, path, flags, 0) {
        -1 => ptr::null_mut(),
        number => {
            let stream = open_stream(&here, number);
            if stream.is_null() {
                let host = here.host();
                // It was opened here.
                let _ = here.call("close", 0, |kernel, env| kernel.close(host, number, env));
            }
            stream
        }
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn fdopendir(number: c_int) -> *mut libc::DIR {
    match enter_for(number) {
        Some(here) => open_stream(&here, number),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::FDOPENDIR.get()(number) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn readdir(stream: *mut libc::DIR) -> *mut libc::dirent64 {
    // SAFETY: as the caller promises. On 64-bit Linux the two are one.
    unsafe { readdir64(stream) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn readdir64(stream: *mut libc::DIR) -> *mut libc::dirent64 {
    let Some((here, number)) = enter_for_stream(stream) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::READDIR.get()(stream) };
    };
    let next = here.call("readdir", number as u64, |kernel, _| kernel.disks.streams.next(stream.addr()));
    let Some(entry) = next else { return ptr::null_mut() };
    // SAFETY: `open_stream` has made it, and one thread at a time uses it.
    let place = unsafe { &mut (*stream.cast::<Place>()).entry };
    write_entry(&entry, place);
    place
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn readdir_r(
    stream: *mut libc::DIR,
    place: *mut libc::dirent64,
    result: *mut *mut libc::dirent64,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { readdir64_r(stream, place, result) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn readdir64_r(
    stream: *mut libc::DIR,
    place: *mut libc::dirent64,
    result: *mut *mut libc::dirent64,
) -> c_int {
    let Some((here, number)) = enter_for_stream(stream) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::READDIR_R.get()(stream, place, result) };
    };
    let next = here.call("readdir", number as u64, |kernel, _| kernel.disks.streams.next(stream.addr()));
    let found = next.map_or(ptr::null_mut(), |entry| {
        // SAFETY: the caller has one there.
        write_entry(&entry, unsafe { &mut *place });
        place
    });
    // SAFETY: as the caller promises.
    unsafe { result.write(found) };
    0
}

fn write_entry(entry: &StreamEntry, place: &mut libc::dirent64) {
    place.d_ino = entry.inode.0;
    place.d_off = entry.next as i64;
    place.d_type = (entry.kind >> 12) as u8;
    place.d_reclen = size_of::<libc::dirent64>() as u16;
    for (place, byte) in place.d_name.iter_mut().zip(entry.name.iter().chain(&[0])) {
        *place = *byte as c_char;
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn closedir(stream: *mut libc::DIR) -> c_int {
    let Some((here, number)) = enter_for_stream(stream) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::CLOSEDIR.get()(stream) };
    };
    let host = here.host();
    let outcome = here.call("closedir", number as u64, |kernel, env| {
        kernel.disks.streams.remove(stream.addr());
        kernel.close(host, number, env)
    });
    // SAFETY: `open_stream` has made it, and the world has forgotten it.
    drop(unsafe { Box::from_raw(stream.cast::<Place>()) });
    number_or_fail(outcome.map(|()| 0))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn dirfd(stream: *mut libc::DIR) -> c_int {
    match enter_for_stream(stream) {
        Some((_, number)) => number,
        // SAFETY: as the caller promises.
        None => unsafe { real_files::DIRFD.get()(stream) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn rewinddir(stream: *mut libc::DIR) {
    let Some((here, number)) = enter_for_stream(stream) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::REWINDDIR.get()(stream) };
    };
    let host = here.host();
    on_disk(&here, "rewinddir", number, |kernel, env| {
        if let Ok(entries) = kernel.list(host, number, env) {
            kernel.disks.streams.rewind(stream.addr(), entries);
        }
    });
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn telldir(stream: *mut libc::DIR) -> c_long {
    match enter_for_stream(stream) {
        Some((here, _)) => here.look(|world| world.kernel.disks.streams.position(stream.addr())) as c_long,
        // SAFETY: as the caller promises.
        None => unsafe { real_files::TELLDIR.get()(stream) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn seekdir(stream: *mut libc::DIR, position: c_long) {
    match enter_for_stream(stream) {
        Some((here, _)) => {
            let position = usize::try_from(position).unwrap_or(0);
            here.look(|world| world.kernel.disks.streams.seek(stream.addr(), position));
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::SEEKDIR.get()(stream, position) },
    }
}

/// Writes a path with its NUL, in memory of the C library if the caller has none.
///
/// # Safety
///
/// The place is null, or there is room for `room` bytes.
unsafe fn write_path(path: Result<Vec<u8>, c_int>, place: *mut c_char, room: usize) -> *mut c_char {
    let mut path = match path {
        Ok(path) => path,
        Err(errno) => {
            fail(errno);
            return ptr::null_mut();
        }
    };
    path.push(0);
    if !place.is_null() && path.len() > room {
        fail(libc::ERANGE);
        return ptr::null_mut();
    }
    // SAFETY: it takes a number.
    let place = if place.is_null() { unsafe { libc::malloc(path.len().max(room)).cast() } } else { place };
    if !place.is_null() {
        // SAFETY: there is room.
        unsafe { place.cast::<u8>().copy_from_nonoverlapping(path.as_ptr(), path.len()) };
    }
    place
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn realpath(path: *const c_char, place: *mut c_char) -> *mut c_char {
    // SAFETY: as the caller promises.
    let Some((here, path)) = (unsafe { enter_at(libc::AT_FDCWD, path, Use::Reads) }) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::REALPATH.get()(path, place) };
    };
    let host = here.host();
    let found = on_disk(&here, "realpath", 0, |kernel, env| {
        let disk = kernel.disk(host, env);
        disk.real_path(disk.current(), path)
    });
    // SAFETY: as the caller promises.
    unsafe { write_path(found, place, if place.is_null() { 0 } else { PATH_BYTES_MAX }) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn getcwd(place: *mut c_char, len: usize) -> *mut c_char {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::GETCWD.get()(place, len) };
    };
    let host = here.host();
    let path = here.call("getcwd", 0, |kernel, env| {
        let disk = kernel.disk(host, env);
        disk.path_of(disk.current()).ok_or(libc::ENOENT)
    });
    // SAFETY: as the caller promises.
    unsafe { write_path(path, place, len) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn chdir(path: *const c_char) -> c_int {
    // SAFETY: as the caller promises.
    let Some((here, path)) = (unsafe { enter_at(libc::AT_FDCWD, path, Use::Writes) }) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::CHDIR.get()(path) };
    };
    let host = here.host();
    number_or_fail(on_disk(&here, "chdir", 0, |kernel, env| {
        let disk = kernel.disk(host, env);
        let directory = disk.find(disk.current(), path, true)?;
        disk.set_current(directory).map(|()| 0)
    }))
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn fchdir(number: c_int) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: it takes a number.
        return unsafe { real_files::FCHDIR.get()(number) };
    };
    let host = here.host();
    number_or_fail(on_disk(&here, "chdir", number, |kernel, env| {
        let directory = kernel.base(host, number, env)?;
        kernel.disk(host, env).set_current(directory).map(|()| 0)
    }))
}
