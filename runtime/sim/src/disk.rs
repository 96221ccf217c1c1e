//! The disk of a host, as a test fills, watches and disturbs it.

use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use crate::host::{Host, here};
use crate::kernel::{DiskCall, FileSystem};

/// The disk of a host. [`Host::disk`] returns it.
///
/// Every host has one. It begins with `/tmp`, the directory of `std::env::temp_dir`, the one in
/// which the process was started, and devices that need no machine: `/dev/null`, `/dev/zero`,
/// `/dev/random` and `/dev/urandom`.
/// Programs of a world use it by `std::fs`, by the functions of the C library, and by everything
/// that stands on them. Only what they read below `/proc`, `/sys`, `/dev`, `/lib`, `/lib64`, `/usr`
/// and `/etc/ssl`, and the program's own file, is the real system's, if the disk does not have it.
///
/// # What a crash leaves
/// [`Host::crash`] loses what was not synced, as far as the seed draws it and POSIX allows it:
///
/// - What was written before an `fsync` or `fdatasync` of the file that succeeded is there.
/// - Of the writes after it each sector of 512 bytes is there or not: they can be torn and
///   reordered.
/// - Names that were made, changed or removed are there in their order up to one of them. Those of
///   a directory that was synced are there. The name of a file that was synced is there only if its
///   directory was synced as well, or by chance.
/// - A rename is there or not: there is never half of one.
///
/// A host whose main function has returned was shut down: it loses nothing.
///
/// # Limits
/// `mmap` of a file fails with `ENODEV`. Permissions are kept and not checked: a program is root.
/// The `umask` is `022`. Holes are not reported.
///
/// # Examples
/// A log that is not synced may be torn by a crash, and one that is synced is not.
///
/// ```
/// use std::fs::{self, File};
/// use std::io::Write;
///
/// heist_sim::Builder::new().seed(1).run(|| {
///     let host = heist_sim::host("log").start(|| {
///         let mut file = File::create("/log").unwrap();
///         file.write_all(b"durable").unwrap();
///         file.sync_all().unwrap();
///         File::open("/").unwrap().sync_all().unwrap();
///         file.write_all(b", lost, torn or kept").unwrap();
///         loop {
///             std::thread::park();
///         }
///     });
///     std::thread::sleep(std::time::Duration::from_secs(1));
///     host.crash();
///     assert!(host.disk().read("/log").unwrap().starts_with(b"durable"));
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[derive(Clone)]
pub struct Disk {
    host: Host,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("host", &self.host.name()).finish_non_exhaustive()
    }
}

impl Host {
    /// Its disk, which outlives crashes.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("writer").start(|| std::fs::write("/a", "text").unwrap());
    ///     host.wait();
    ///     assert_eq!(host.disk().read("/a").unwrap(), b"text");
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    pub fn disk(&self) -> Disk {
        Disk { host: self.clone() }
    }
}

impl Disk {
    /// The bytes of a file, as a program of the host would read them.
    ///
    /// # Errors
    /// Fails as `open` and `read` of the host do, without the faults that a test has asked for.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("writer").start(|| std::fs::write("/a", "text").unwrap());
    ///     host.wait();
    ///     assert_eq!(host.disk().read("/a").unwrap(), b"text");
    ///     assert!(host.disk().read("/b").is_err());
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn read(&self, path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
        let path = path.as_ref().as_os_str().as_bytes().to_vec();
        self.with(|disk| disk.contents(&path)).map_err(io::Error::from_raw_os_error)
    }

    /// Puts a file on the disk, durable, with the directories above it. What was there is replaced.
    ///
    /// # Errors
    /// Fails as `mkdir`, `open` and `write` of the host do.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("reader").start(|| std::thread::park());
    ///     host.disk().write("/etc/reader.conf", "depth = 3").unwrap();
    ///     host.crash();
    ///     assert_eq!(host.disk().read("/etc/reader.conf").unwrap(), b"depth = 3");
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let path = path.as_ref().as_os_str().as_bytes().to_vec();
        self.with(|disk| disk.put_file(&path, bytes.as_ref())).map_err(io::Error::from_raw_os_error)
    }

    /// How many bytes its files take, in pages of 4096.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("writer").start(|| std::fs::write("/a", "text").unwrap());
    ///     host.wait();
    ///     assert_eq!(host.disk().used(), 4096);
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn used(&self) -> u64 {
        self.with(|disk| disk.used())
    }

    /// How many bytes its files can take, in pages of 4096: writes that need more are short, and
    /// then fail with `ENOSPC`. Default: no limit.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("full").start(|| {
    ///         std::thread::sleep(std::time::Duration::from_secs(1));
    ///         let error = std::fs::write("/tmp/a", [0; 10_000]).unwrap_err();
    ///         assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    ///     });
    ///     host.disk().set_capacity(8192);
    ///     host.wait();
    ///     assert_eq!(host.disk().used(), 8192);
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn set_capacity(&self, bytes: u64) {
        self.with(|disk| disk.faults.capacity = Some(bytes));
    }

    /// Whether every change fails with `EROFS`, as on a file system that the system has mounted
    /// again after an error. Default: `false`.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("frozen").start(|| {
    ///         std::thread::sleep(std::time::Duration::from_secs(1));
    ///         let error = std::fs::create_dir("/tmp/new").unwrap_err();
    ///         assert_eq!(error.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
    ///     });
    ///     host.disk().set_read_only(true);
    ///     host.wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn set_read_only(&self, is_read_only: bool) {
        self.with(|disk| disk.faults.is_read_only = is_read_only);
    }

    /// How long each call that uses the disk takes, drawn from the seed in this range of its
    /// world's time. Default: no longer than other calls.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("slow").start(|| {
    ///         std::thread::sleep(Duration::from_secs(1));
    ///         std::fs::write("/tmp/a", "b").unwrap();
    ///     });
    ///     host.disk().set_delay(Duration::from_secs(5)..=Duration::from_secs(6));
    ///     host.wait();
    ///     // It opens and it writes.
    ///     assert!(heist_sim::elapsed() >= Duration::from_secs(11));
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn set_delay(&self, range: RangeInclusive<Duration>) {
        let nanos = |time: &Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX - 1);
        let range = nanos(range.start())..nanos(range.end()) + 1;
        self.with(|disk| disk.faults.delay = Some(range));
    }

    /// From now on reads of the file at this path, and of all below it, fail with `EIO`. A file
    /// has the path under which it was opened.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("broken").start(|| {
    ///         std::fs::write("/tmp/a", "b").unwrap();
    ///         std::thread::sleep(std::time::Duration::from_secs(2));
    ///         assert_eq!(std::fs::read("/tmp/a").unwrap_err().raw_os_error(), Some(5));
    ///     });
    ///     host.disk().fail_reads("/tmp");
    ///     host.wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn fail_reads(&self, path: impl AsRef<Path>) {
        self.fail(path.as_ref(), DiskCall::Read);
    }

    /// As [`fail_reads`](Self::fail_reads), for writes.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("broken").start(|| {
    ///         std::thread::sleep(std::time::Duration::from_secs(1));
    ///         assert_eq!(std::fs::write("/a", "b").unwrap_err().raw_os_error(), Some(5));
    ///     });
    ///     host.disk().fail_writes("/a");
    ///     host.wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn fail_writes(&self, path: impl AsRef<Path>) {
        self.fail(path.as_ref(), DiskCall::Write);
    }

    /// As [`fail_reads`](Self::fail_reads), for `fsync` and `fdatasync`. What such a sync did not
    /// write counts as written, as on Linux: the next one that succeeds does not write it either.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("broken").start(|| {
    ///         std::thread::sleep(std::time::Duration::from_secs(1));
    ///         let file = std::fs::File::create("/a").unwrap();
    ///         assert_eq!(file.sync_all().unwrap_err().raw_os_error(), Some(5));
    ///     });
    ///     host.disk().fail_syncs("/a");
    ///     host.wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn fail_syncs(&self, path: impl AsRef<Path>) {
        self.fail(path.as_ref(), DiskCall::Sync);
    }

    /// Ends all faults: no call fails, there is room, and none waits.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("writer").start(|| {
    ///         std::thread::sleep(std::time::Duration::from_secs(1));
    ///         std::fs::write("/a", "b").unwrap();
    ///     });
    ///     host.disk().set_read_only(true);
    ///     host.disk().repair();
    ///     host.wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn repair(&self) {
        self.with(|disk| disk.faults = crate::kernel::Faults::default());
    }

    #[track_caller]
    fn fail(&self, path: &Path, call: DiskCall) {
        let path = path.as_os_str().as_bytes().to_vec();
        self.with(|disk| disk.faults.add(path, call));
    }

    #[track_caller]
    fn with<R>(&self, f: impl FnOnce(&mut FileSystem) -> R) -> R {
        let id = self.host.id();
        here().call("disk", u64::from(id.0), |kernel, env| f(kernel.disk(id, env)))
    }
}
