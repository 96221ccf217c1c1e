//! The calls that the tests make, in the forms of Rust; and a body that runs on both kernels.
#![expect(unsafe_code, reason = "calls functions of the C library")]

use std::ffi::c_int;
use std::fmt::Debug;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use heist_sim::Builder;

pub(crate) type Outcome<T> = Result<T, c_int>;

/// Runs the body on the real kernel, and in worlds of several seeds: it must find the same.
pub(crate) fn on_both_kernels<R: Debug + PartialEq + Send + 'static>(body: fn() -> R) -> R {
    let real = body();
    for seed in 0..20 {
        let (simulated, _) = Builder::new().seed(seed).run(body).unwrap();
        assert_eq!(simulated, real, "seed {seed}: the simulated kernel (left) differs from the real one");
    }
    real
}

fn checked(answer: impl TryInto<i64>) -> Outcome<usize> {
    let answer = answer.try_into().unwrap_or_default();
    usize::try_from(answer).map_err(|_| std::io::Error::last_os_error().raw_os_error().unwrap())
}

fn owned(answer: c_int) -> Outcome<OwnedFd> {
    checked(answer)?;
    // SAFETY: the call has opened it.
    Ok(unsafe { OwnedFd::from_raw_fd(answer) })
}

pub(crate) fn eventfd(count: u32, flags: c_int) -> Outcome<OwnedFd> {
    // SAFETY: numbers only.
    owned(unsafe { libc::eventfd(count, flags | libc::EFD_CLOEXEC) })
}

/// Reads the counter of an eventfd.
pub(crate) fn take(eventfd: &OwnedFd) -> Outcome<u64> {
    read(eventfd, 8).map(|bytes| u64::from_ne_bytes(bytes.try_into().unwrap()))
}

pub(crate) fn add(eventfd: &OwnedFd, count: u64) -> Outcome<usize> {
    write(eventfd, &count.to_ne_bytes())
}

pub(crate) fn pipe(flags: c_int) -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    // SAFETY: there is place for two.
    checked(unsafe { libc::pipe2(ends.as_mut_ptr(), flags | libc::O_CLOEXEC) }).unwrap();
    (owned(ends[0]).unwrap(), owned(ends[1]).unwrap())
}

pub(crate) fn socketpair(kind: c_int) -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    let kind = kind | libc::SOCK_CLOEXEC;
    // SAFETY: there is place for two.
    checked(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) }).unwrap();
    (owned(ends[0]).unwrap(), owned(ends[1]).unwrap())
}

pub(crate) fn read(fd: &impl AsRawFd, len: usize) -> Outcome<Vec<u8>> {
    let mut bytes = vec![0; len];
    // SAFETY: there is place.
    let count = checked(unsafe { libc::read(fd.as_raw_fd(), bytes.as_mut_ptr().cast(), len) } as i64)?;
    bytes.truncate(count);
    Ok(bytes)
}

pub(crate) fn write(fd: &impl AsRawFd, bytes: &[u8]) -> Outcome<usize> {
    // SAFETY: the bytes are there.
    checked(unsafe { libc::write(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) } as i64)
}

pub(crate) fn readv(fd: &OwnedFd, lens: [usize; 3]) -> Outcome<Vec<Vec<u8>>> {
    let mut all = lens.map(|len| vec![b'.'; len]);
    let slices =
        all.each_mut().map(|bytes| libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() });
    // SAFETY: there is place.
    checked(unsafe { libc::readv(fd.as_raw_fd(), slices.as_ptr(), 3) } as i64)?;
    Ok(all.to_vec())
}

pub(crate) fn writev(fd: &OwnedFd, parts: [&[u8]; 3]) -> Outcome<usize> {
    let slices =
        parts.map(|part| libc::iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() });
    // SAFETY: the bytes are there, and are not written.
    checked(unsafe { libc::writev(fd.as_raw_fd(), slices.as_ptr(), 3) } as i64)
}

pub(crate) fn fcntl(fd: &impl AsRawFd, command: c_int, argument: c_int) -> Outcome<usize> {
    // SAFETY: the commands of the tests take numbers.
    checked(unsafe { libc::fcntl(fd.as_raw_fd(), command, argument) })
}

/// Sets a number by `ioctl`, and returns it as it is then.
pub(crate) fn ioctl(fd: &OwnedFd, request: libc::Ioctl, mut number: c_int) -> Outcome<c_int> {
    // SAFETY: the requests of the tests read or write one number.
    checked(unsafe { libc::ioctl(fd.as_raw_fd(), request, &raw mut number) })?;
    Ok(number)
}

pub(crate) fn set_nonblocking(fd: &OwnedFd) {
    let flags = fcntl(fd, libc::F_GETFL, 0).unwrap() as c_int;
    fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK).unwrap();
}

pub(crate) fn dup(fd: &impl AsRawFd) -> Outcome<OwnedFd> {
    // SAFETY: numbers only.
    owned(unsafe { libc::dup(fd.as_raw_fd()) })
}

/// A number that a descriptor had, and no other gets on the real kernel, where tests share a
/// process: the descriptors of this one are few.
pub(crate) fn closed(fd: &OwnedFd, min: c_int) -> RawFd {
    // The numbers of simulated descriptors are those of the real ones and this bit.
    let min = min | fd.as_raw_fd() & 0x1000_0000;
    let number = fcntl(fd, libc::F_DUPFD_CLOEXEC, min).unwrap() as RawFd;
    close(number).unwrap();
    number
}

pub(crate) fn dup3(from: RawFd, to: RawFd, flags: c_int) -> Outcome<usize> {
    // SAFETY: the tests replace what they own.
    checked(unsafe { libc::dup3(from, to, flags) })
}

pub(crate) fn close(fd: RawFd) -> Outcome<usize> {
    // SAFETY: the tests close what they own, or no descriptor at all.
    checked(unsafe { libc::close(fd) })
}

/// The events that came, in the order of `all`, each `(fd, events)`.
pub(crate) fn poll(all: &[(RawFd, i16)], millis: c_int) -> Outcome<Vec<i16>> {
    let mut all: Vec<_> =
        all.iter().map(|(fd, events)| libc::pollfd { fd: *fd, events: *events, revents: 77 }).collect();
    // SAFETY: they are there.
    let count = checked(unsafe { libc::poll(all.as_mut_ptr(), all.len() as libc::nfds_t, millis) })?;
    let events: Vec<i16> = all.iter().map(|one| one.revents).collect();
    assert_eq!(events.iter().filter(|events| **events != 0).count(), count, "poll counts what has events");
    Ok(events)
}

/// What a descriptor is ready for, of all that can be asked for.
pub(crate) fn readiness(fd: &impl AsRawFd) -> String {
    let normal = libc::POLLRDNORM | libc::POLLRDBAND | libc::POLLWRNORM | libc::POLLWRBAND;
    let all = libc::POLLIN | libc::POLLOUT | libc::POLLPRI | libc::POLLRDHUP | normal;
    names(poll(&[(fd.as_raw_fd(), all)], 0).unwrap()[0] as u32)
}

/// The names of events.
pub(crate) fn names(events: u32) -> String {
    let known = [
        (libc::EPOLLIN, "in"),
        (libc::EPOLLPRI, "pri"),
        (libc::EPOLLOUT, "out"),
        (libc::EPOLLERR, "err"),
        (libc::EPOLLHUP, "hup"),
        (libc::POLLNVAL.into(), "nval"),
        (libc::EPOLLRDNORM, "rdnorm"),
        (libc::EPOLLRDBAND, "rdband"),
        (libc::EPOLLWRNORM, "wrnorm"),
        (libc::EPOLLWRBAND, "wrband"),
        (libc::EPOLLRDHUP, "rdhup"),
    ];
    let mut left = events;
    let mut found = Vec::new();
    for (bit, name) in known {
        if left & bit as u32 != 0 {
            found.push(name.to_owned());
            left &= !(bit as u32);
        }
    }
    if left != 0 {
        found.push(format!("{left:#x}"));
    }
    found.join(" ")
}

#[derive(Debug)]
pub(crate) struct Epoll(pub(crate) OwnedFd);

impl Epoll {
    pub(crate) fn new() -> Epoll {
        // SAFETY: numbers only.
        Epoll(owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) }).unwrap())
    }

    fn control(&self, operation: c_int, fd: &impl AsRawFd, events: c_int, data: u64) -> Outcome<()> {
        let mut event = libc::epoll_event { events: events as u32, u64: data };
        // SAFETY: the event is there.
        checked(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd.as_raw_fd(), &raw mut event) })
            .map(|_| ())
    }

    pub(crate) fn add(&self, fd: &impl AsRawFd, events: c_int, data: u64) -> Outcome<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, events, data)
    }

    pub(crate) fn modify(&self, fd: &impl AsRawFd, events: c_int, data: u64) -> Outcome<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, events, data)
    }

    pub(crate) fn delete(&self, fd: &impl AsRawFd) -> Outcome<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, 0)
    }

    /// The events of one wait, with their data.
    pub(crate) fn wait(&self, count_max: usize, millis: c_int) -> Outcome<Vec<(String, u64)>> {
        let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; count_max];
        let fd = self.0.as_raw_fd();
        // SAFETY: there is place.
        let count =
            checked(unsafe { libc::epoll_wait(fd, events.as_mut_ptr(), count_max as c_int, millis) })?;
        Ok(events[..count].iter().map(|event| (names(event.events), event.u64)).collect())
    }

    /// What there is at once, of at most eight.
    pub(crate) fn now(&self) -> Vec<(String, u64)> {
        self.wait(8, 0).unwrap()
    }
}

impl AsRawFd for Epoll {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
