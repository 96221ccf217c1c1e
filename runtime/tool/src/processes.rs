//! What `/proc` knows about processes: whose they are, and at which paths they may listen. Only
//! Linux has these files in this form.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The variable that opens the runtimes of a process.
const VARIABLE: &str = "HEIST_CONSOLE";

/// The name of the thread that serves them.
const THREAD_NAME: &str = "heist-console";

/// `__SO_ACCEPTCON`: the socket listens.
const LISTENS: u32 = 0x1_0000;

/// The sockets of a process that is opened.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// By the variable, which children inherit: another process may listen there.
    pub(crate) of_variable: Vec<PathBuf>,
    pub(crate) variable: Option<OsString>,
    pub(crate) has_thread: bool,
    /// By the sockets on which the process listens.
    pub(crate) of_sockets: Vec<PathBuf>,
}

fn file_of(pid: u32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{name}"))
}

/// Whether this system has `/proc` with what is needed here.
fn has_proc() -> bool {
    Path::new("/proc/net/unix").exists()
}

fn needs_proc() -> Failure {
    Failure::new("this system does not show the sockets of processes in /proc: give the path of the socket")
}

/// The effective user of a process, which must be ours unless we are root.
pub(crate) fn user_of(pid: u32) -> Result<u32, Failure> {
    if !has_proc() {
        return Err(needs_proc());
    }
    let status = fs::read(file_of(pid, "status")).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::new(format!("no process has the number {pid}")),
        _ => Failure::new(format!("cannot look at process {pid}: {error}")),
    })?;
    effective_user(&status)
        .ok_or_else(|| Failure::new(format!("cannot look at process {pid}: /proc shows no user of it")))
}

/// Refuses the process of another user.
pub(crate) fn check_user(pid: u32, user: u32, own: u32) -> Result<(), Failure> {
    if own == user || own == 0 {
        return Ok(());
    }
    let name = user_name(&fs::read_to_string("/etc/passwd").unwrap_or_default(), user);
    Err(Failure::new(format!("process {pid} belongs to user {name}; run as that user or as root")))
}

/// The numbers of all processes, in ascending order.
pub(crate) fn all() -> Result<Vec<u32>, Failure> {
    if !has_proc() {
        return Err(needs_proc());
    }
    let entries =
        fs::read_dir("/proc").map_err(|error| Failure::new(format!("cannot read /proc: {error}")))?;
    let mut pids: Vec<u32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    Ok(pids)
}

/// Where the process may listen. The user is that of the process.
pub(crate) fn candidates(pid: u32, user: u32) -> Result<Candidates, Failure> {
    let mut found = Candidates { has_thread: has_console_thread(pid), ..Candidates::default() };
    let environment = fs::read(file_of(pid, "environ")).map_err(|error| closed_to_us(pid, &error))?;
    if let Some(value) = value_of(&environment, VARIABLE) {
        found.of_variable = paths_of_variable(pid, &value);
        found.variable = Some(value);
    }
    if found.has_thread {
        let inodes = socket_inodes(pid).map_err(|error| closed_to_us(pid, &error))?;
        let table = fs::read(file_of(pid, "net/unix")).map_err(|error| closed_to_us(pid, &error))?;
        let paths = listening_paths(&table, &inodes).into_iter().map(|path| absolute(pid, path));
        found.of_sockets = paths.filter(|path| is_private_socket(path, user)).collect();
    }
    Ok(found)
}

fn closed_to_us(pid: u32, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => Failure::new(format!("process {pid} has ended")),
        _ => Failure::new(format!(
            "cannot look into process {pid}: {error}; run as root, or give the path of its socket"
        )),
    }
}

/// The user that a `status` file names: the second number of its line is the effective one.
fn effective_user(status: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(status);
    let line = text.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The name of a user in a `passwd` file, or the number.
fn user_name(passwd: &str, user: u32) -> String {
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| user.to_string())
}

fn has_console_thread(pid: u32) -> bool {
    let Ok(threads) = fs::read_dir(file_of(pid, "task")) else { return false };
    let name = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("comm")).ok();
    threads.flatten().filter_map(name).any(|name| name.trim_end() == THREAD_NAME)
}

/// The value of a variable in an `environ` file; an empty one counts for none.
fn value_of(environment: &[u8], name: &str) -> Option<OsString> {
    let entries = environment.split(|byte| *byte == 0);
    let values = entries.filter_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    values.filter(|value| !value.is_empty()).map(|value| OsString::from_vec(value.to_vec())).next()
}

/// A path, or those in a directory that carry the number of the process.
fn paths_of_variable(pid: u32, value: &OsStr) -> Vec<PathBuf> {
    let path = absolute(pid, PathBuf::from(value));
    let Ok(entries) = fs::read_dir(&path) else { return vec![path] };
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut names: Vec<OsString> = names.filter(|name| is_name_of_socket(pid, name)).collect();
    names.sort();
    names.into_iter().map(|name| path.join(name)).collect()
}

/// `PID-RUNTIMEID.heist`
fn is_name_of_socket(pid: u32, name: &OsStr) -> bool {
    let id = name.to_str().and_then(|name| name.strip_prefix(&format!("{pid}-"))?.strip_suffix(".heist"));
    id.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A path from the directory in which the process is.
fn absolute(pid: u32, path: PathBuf) -> PathBuf {
    if path.is_absolute() {
        return path;
    }
    fs::read_link(file_of(pid, "cwd")).map_or(path.clone(), |directory| directory.join(path))
}

/// The numbers of the sockets that are open in a process.
fn socket_inodes(pid: u32) -> io::Result<HashSet<u64>> {
    let links =
        fs::read_dir(file_of(pid, "fd"))?.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    let inode = |link: PathBuf| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok();
    Ok(links.filter_map(inode).collect())
}

/// The paths of the streams in a table of Unix sockets that listen and are among these. A line has
/// the columns address, references, protocol, flags, type, state, inode and path.
fn listening_paths(table: &[u8], inodes: &HashSet<u64>) -> Vec<PathBuf> {
    let path = |line: &[u8]| {
        // A path may have spaces, and no column before it has.
        let mut rest = line;
        let mut columns = [&line[..0]; 7];
        for column in &mut columns {
            let start = rest.iter().position(|byte| *byte != b' ')?;
            let length = rest[start..].iter().position(|byte| *byte == b' ')?;
            *column = &rest[start..start + length];
            rest = &rest[start + length..];
        }
        let number =
            |column: &[u8], radix| u64::from_str_radix(std::str::from_utf8(column).ok()?, radix).ok();
        let listens = number(columns[3], 16)? & u64::from(LISTENS) != 0;
        let is_stream = number(columns[4], 16)? == 1;
        let path = rest.strip_prefix(b" ")?;
        // One that begins with `@` is an abstract name, which no directory has.
        let is_file = !path.is_empty() && !path.starts_with(b"@");
        let is_open = inodes.contains(&number(columns[6], 10)?);
        (listens && is_stream && is_file && is_open).then(|| PathBuf::from(OsStr::from_bytes(path)))
    };
    table.split(|byte| *byte == b'\n').filter_map(path).collect()
}

/// Whether nobody but the user could have put the socket there or may connect to it.
fn is_private_socket(path: &Path, user: u32) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| {
        metadata.file_type().is_socket() && metadata.mode() & 0o7777 == 0o600 && metadata.uid() == user
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::ffi::OsStr;
    use std::path::PathBuf;

    use super::{
        check_user, effective_user, is_name_of_socket, listening_paths, user_name, user_of, value_of,
    };
    use crate::failure::Failure;

    fn text<T>(result: Result<T, Failure>) -> String {
        match result {
            Err(Failure::Message(text)) => text,
            _ => "no failure".to_owned(),
        }
    }

    #[test]
    fn only_streams_of_the_process_that_listen_at_a_path_are_found() {
        let table = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 100 /run/a b.heist\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 101 @abstract\n\
            0000000000000000: 00000002 00000000 00010000 0005 01 102 /run/not-a-stream\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 103 /run/connected\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 104\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 105 relative\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 999 /run/of-another\n\
            garbage\n";
        let inodes: HashSet<u64> = (100..106).collect();
        let expected = [PathBuf::from("/run/a b.heist"), PathBuf::from("relative")];
        assert_eq!(listening_paths(table, &inodes), expected);
    }

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        let environment = b"MY_HEIST_CONSOLE=/a\0HEIST_CONSOLE_2=/b\0HEIST_CONSOLE=/c=d\0";
        assert_eq!(value_of(environment, "HEIST_CONSOLE").as_deref(), Some(OsStr::new("/c=d")));
        assert_eq!(value_of(b"HEIST_CONSOLE=\0", "HEIST_CONSOLE"), None);
    }

    #[test]
    fn a_socket_in_a_directory_carries_the_number_of_its_process() {
        let is_socket = |name: &str| is_name_of_socket(12, OsStr::new(name));
        assert!(is_socket("12-1.heist"));
        for name in ["112-1.heist", "12-.heist", "12-1.socket", "12-x.heist", "12.heist"] {
            assert!(!is_socket(name), "{name}");
        }
    }

    #[test]
    fn the_process_of_another_user_is_refused_unless_root_asks() {
        assert_eq!(effective_user(b"Name:\tx\nUid:\t1000\t1001\t1002\t1003\n"), Some(1001));
        assert_eq!(user_name("root:x:0:0::/:\nann:x:1001:1::/:\n", 1001), "ann");
        assert_eq!(user_name("", 1001), "1001");
        assert!(check_user(7, 1001, 1001).is_ok());
        assert!(check_user(7, 1001, 0).is_ok());
        let refusal = text(check_user(7, 4_000_000_001, 5));
        assert_eq!(refusal, "process 7 belongs to user 4000000001; run as that user or as root");
    }

    #[test]
    fn a_number_that_no_process_has_is_reported() {
        if super::has_proc() {
            // Beyond the largest number that Linux gives.
            assert_eq!(text(user_of(4_200_000)), "no process has the number 4200000");
        }
    }
}
