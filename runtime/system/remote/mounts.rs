//! The kernel's table of mounts, read again when it is one second old.

use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
// std's types and not those of `primitive`, because the table belongs to the process, and a model's
// or a schedule's objects end with it.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How long the table is trusted. Until then, a server that was mounted a moment ago may keep a
/// worker waiting.
const AGE_MAX: Duration = Duration::from_secs(1);

/// Kinds of file systems that another program or machine serves. Those of FUSE begin with its name.
const REMOTE_KINDS: [&str; 14] = [
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "lustre", "nfs", "nfs4", "ocfs2", "orangefs",
    "smb3", "virtiofs",
];

#[derive(Debug, PartialEq, Eq)]
struct Mount {
    device: (u32, u32),
    point: PathBuf,
    is_remote: bool,
}

struct MountTable {
    mounts: Vec<Mount>,
    read_at: Option<Instant>,
}

struct MountCache {
    table: Mutex<MountTable>,
    /// Nanoseconds after `start` until which nothing is remote, so that no thread needs the lock.
    local_until: AtomicU64,
    start: Instant,
}

fn shared() -> &'static MountCache {
    static CACHE: OnceLock<MountCache> = OnceLock::new();
    CACHE.get_or_init(|| MountCache {
        table: Mutex::new(MountTable { mounts: Vec::new(), read_at: None }),
        local_until: AtomicU64::new(0),
        start: Instant::now(),
    })
}

/// Whether no file system here is remote: the common case, and cheap to find out.
pub(super) fn are_all_local() -> bool {
    let shared = shared();
    let now = shared.start.elapsed();
    // Ordering: Relaxed: a number alone, and a table that is a moment old is good enough.
    if now.as_nanos() < u128::from(shared.local_until.load(Ordering::Relaxed)) {
        return true;
    }
    let are_all_local = look(|mounts| mounts.iter().all(|mount| !mount.is_remote));
    if are_all_local {
        let until = u64::try_from((now + AGE_MAX).as_nanos()).unwrap_or(0);
        // Ordering: Relaxed: as above.
        shared.local_until.store(until, Ordering::Relaxed);
    }
    are_all_local
}

pub(super) fn is_remote_device(major: u32, minor: u32) -> bool {
    look(|mounts| mounts.iter().any(|mount| mount.is_remote && mount.device == (major, minor)))
}

pub(super) fn is_remote_path(path: &Path) -> bool {
    look(|mounts| is_remote_below(mounts, path))
}

fn look<R>(question: impl FnOnce(&[Mount]) -> R) -> R {
    let mut table = shared().table.lock().unwrap_or_else(PoisonError::into_inner);
    if table.read_at.is_none_or(|read_at| read_at.elapsed() >= AGE_MAX) {
        // The mounts that this thread sees. None without procfs.
        let text = std::fs::read("/proc/thread-self/mountinfo").unwrap_or_default();
        table.mounts = text.split(|&byte| byte == b'\n').filter_map(mount).collect();
        table.read_at = Some(Instant::now());
    }
    question(&table.mounts)
}

/// The mount with the longest mount point on the way to `path`; of several on one point, the last.
fn is_remote_below(mounts: &[Mount], path: &Path) -> bool {
    let on_the_way = mounts.iter().filter(|mount| path.starts_with(&mount.point));
    on_the_way.max_by_key(|mount| mount.point.as_os_str().len()).is_some_and(|mount| mount.is_remote)
}

/// Parses a line of the table: `36 35 98:0 /root /point options tags - kind source options`.
fn mount(line: &[u8]) -> Option<Mount> {
    let mut words = line.split(|&byte| byte == b' ');
    let (major, minor) = std::str::from_utf8(words.nth(2)?).ok()?.split_once(':')?;
    let device = (major.parse().ok()?, minor.parse().ok()?);
    let point = unescaped(words.nth(1)?);
    let kind = words.skip_while(|&word| word != b"-").nth(1)?;
    let is_remote = kind.starts_with(b"fuse") || REMOTE_KINDS.iter().any(|remote| remote.as_bytes() == kind);
    Some(Mount { device, point, is_remote })
}

/// Undoes the kernel's escapes: it writes a blank as `\040`.
fn unescaped(word: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&first, behind)) = rest.split_first() {
        let code = behind.get(..3).filter(|_| first == b'\\').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[3..];
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::{Mount, is_remote_below, mount};
    use std::path::Path;

    fn mounts(lines: &[&str]) -> Vec<Mount> {
        lines.iter().filter_map(|line| mount(line.as_bytes())).collect()
    }

    #[test]
    fn a_line_is_taken_apart_with_and_without_tags() {
        let lines = [
            "36 35 98:0 / / rw - ext4 /dev/vda rw",
            "40 36 0:31 / /mnt/a\\040b rw,nosuid shared:5 master:1 - fuse.sshfs host: rw,user_id=0",
            "",
            "no mount at all",
        ];
        let wanted = [
            Mount { device: (98, 0), point: "/".into(), is_remote: false },
            Mount { device: (0, 31), point: "/mnt/a b".into(), is_remote: true },
        ];
        assert_eq!(mounts(&lines), wanted);
    }

    #[test]
    fn the_nearest_mount_on_the_way_decides() {
        let mounts = mounts(&[
            "1 0 0:1 / / rw - virtiofs root rw",
            "2 1 0:2 / /tmp rw - tmpfs tmpfs rw",
            "3 2 0:3 / /tmp/far rw - nfs4 host:/ rw",
            "4 3 0:4 / /tmp/far rw - ext4 /dev/vdb rw",
            "5 1 0:5 / /srv rw - ext4 /dev/vdc rw",
            "6 5 0:6 / /srv rw - fuseblk /dev/vdd rw",
        ]);
        let is_remote = |path: &str| is_remote_below(&mounts, Path::new(path));
        assert!(is_remote("/") && is_remote("/opt/x") && is_remote("/tmpfile") && is_remote("/srv/x"));
        assert!(!is_remote("/tmp") && !is_remote("/tmp/x") && !is_remote("/tmp/far/x"));
    }
}
