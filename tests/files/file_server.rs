//! A file system that misbehaves by the name of the file, over the raw protocol of `/dev/fuse`.
//!
//! The test runs in a child process that mounts the file system where nobody else sees it; the parent serves it. Were
//! server and mount in one process, a thread that waits for an answer would keep the server's descriptor open, and the
//! process could not even be killed. The child tells the server what to do by opening files, and learns from a file what
//! the kernel has asked for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::directory;
use crate::support::{PATIENCE, eventually, loud, process};

/// What every file holds at first: more than one request, and room for a page beyond it.
pub(crate) const FILE_BYTES: usize = 300_000;

/// The most that `short` moves in a request.
pub(crate) const SHORT_BYTES: usize = 7;

/// The names that mean something. `silent-x`: x is not answered before the release. `known-open`: the same, and the kernel
/// need not ask whether there is such a name. `broken-x`: the first x fails with EIO,
/// the second succeeds. `short`: reads and writes move some bytes only. `late`: what is written fails after the write was
/// ready. Opening `release` lets out what is withheld and withholds nothing from then on, `hold` begins anew. `log` is
/// what the kernel asked for since `hold`, a line each.
const NAMES: [&str; 15] = [
    "plain",
    "known-open",
    "silent-open",
    "silent-read",
    "silent-write",
    "silent-fsync",
    "silent-flush",
    "broken-open",
    "broken-read",
    "broken-write",
    "broken-fsync",
    "short",
    "late",
    "release",
    "hold",
];
const LOG: &str = "log";

const FIRST_NODE: u64 = 2;
const HEADER_BYTES: usize = 40;
const REQUEST_BYTES_MAX: usize = 1 << 20;
/// Reads and writes reach the server as they are made, past the page cache.
const FOPEN_DIRECT_IO: u32 = 1;
/// Writes are the page cache's, until it writes them back. For files without the flag above.
const FUSE_WRITEBACK_CACHE: u32 = 1 << 16;
const FUSE_BIG_WRITES: u32 = 1 << 5;

/// The operations of the protocol that are answered at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Lookup,
    GetAttr,
    SetAttr,
    Open,
    Read,
    Write,
    Release,
    Fsync,
    Flush,
    Init,
    /// Has no answer.
    Forget,
    Interrupt,
    Unknown,
}

impl Call {
    fn of(code: u32) -> Call {
        match code {
            1 => Call::Lookup,
            2 | 42 => Call::Forget,
            3 => Call::GetAttr,
            4 => Call::SetAttr,
            14 => Call::Open,
            15 => Call::Read,
            16 => Call::Write,
            18 => Call::Release,
            20 => Call::Fsync,
            25 => Call::Flush,
            26 => Call::Init,
            36 => Call::Interrupt,
            _ => Call::Unknown,
        }
    }

    /// As the names of files have it.
    fn word(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// A request, taken apart.
struct Request<'a> {
    call: Call,
    unique: u64,
    node: u64,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    fn of(bytes: &'a [u8]) -> Request<'a> {
        let (header, body) = bytes.split_at(HEADER_BYTES);
        Request {
            call: Call::of(u32_at(header, 4)),
            unique: u64_at(header, 8),
            node: u64_at(header, 16),
            body,
        }
    }
}

fn u32_at(bytes: &[u8], place: usize) -> u32 {
    u32::from_ne_bytes(bytes[place..place + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], place: usize) -> u64 {
    u64::from_ne_bytes(bytes[place..place + 8].try_into().expect("eight bytes"))
}

/// Numbers one after the other, as the protocol lays them out.
#[derive(Default)]
struct Layout(Vec<u8>);

impl Layout {
    fn u64s(mut self, numbers: &[u64]) -> Layout {
        self.0.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
        self
    }

    fn u32s(mut self, numbers: &[u32]) -> Layout {
        self.0.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
        self
    }
}

/// The server: what the files hold, and what is withheld.
struct Server {
    device: File,
    contents: BTreeMap<u64, Vec<u8>>,
    /// Operations that have failed once, and do not fail again.
    failed: Vec<(u64, Call)>,
    withheld: Vec<Vec<u8>>,
    is_holding: bool,
    log: String,
}

impl Server {
    /// Serves until the file system is unmounted, or `is_over`, or the test has hung: then everybody who waits gets an error.
    fn run(mut self, is_over: &AtomicBool) {
        let start = Instant::now();
        let mut buffer = vec![0; REQUEST_BYTES_MAX + 4096];
        let step = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        while !is_over.load(Ordering::SeqCst) && start.elapsed() < PATIENCE * 3 {
            poll(&mut [PollFd::new(&self.device, PollFlags::IN)], Some(&step))
                .expect("a device that can be polled");
            match self.device.read(&mut buffer) {
                Ok(count) => self.serve(&Request::of(&buffer[..count])),
                Err(error) => match error.raw_os_error() {
                    // Unmounted, or its connection was cut.
                    Some(libc::ENODEV | libc::ECONNABORTED) => return,
                    // Not mounted yet; nothing there; a request that was taken back.
                    Some(libc::EPERM) => std::thread::sleep(Duration::from_millis(1)),
                    Some(libc::EAGAIN | libc::EINTR | libc::ENOENT) => {}
                    _ => panic!("the device of the file system: {error}"),
                },
            }
        }
    }

    fn serve(&mut self, request: &Request<'_>) {
        let name = self.name(request.node);
        if name != LOG {
            self.log.push_str(&format!("{} {name}\n", request.call.word()));
        }
        if matches!(request.call, Call::Forget | Call::Interrupt) {
            return;
        }
        let outcome = match name.split_once('-') {
            Some(("broken", call)) if call == request.call.word() && self.is_first(request) => Err(libc::EIO),
            _ if name == "late" && request.call == Call::Write => Err(libc::EIO),
            _ => self.answer(request, name),
        };
        let (errno, body) = outcome.map_or_else(|errno| (-errno, Vec::new()), |body| (0, body));
        let mut answer = Layout::default().u32s(&[(16 + body.len()) as u32, errno as u32]);
        answer = answer.u64s(&[request.unique]);
        answer.0.extend(body);
        let is_silent =
            matches!(name.split_once('-'), Some(("silent" | "known", call)) if call == request.call.word());
        if self.is_holding && is_silent {
            self.withheld.push(answer.0);
        } else {
            self.send(&answer.0);
        }
    }

    fn is_first(&mut self, request: &Request<'_>) -> bool {
        let key = (request.node, request.call);
        let is_first = !self.failed.contains(&key);
        self.failed.push(key);
        is_first
    }

    fn send(&mut self, answer: &[u8]) {
        if let Err(error) = self.device.write_all(answer) {
            // Nobody waits for it any more, or the file system is gone.
            assert!(matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENODEV)), "an answer: {error}");
        }
    }

    fn answer(&mut self, request: &Request<'_>, name: &str) -> Result<Vec<u8>, i32> {
        let node = request.node;
        match request.call {
            Call::Init => Ok(self.init()),
            Call::Lookup => self.look_up(request.body),
            Call::GetAttr | Call::SetAttr => {
                Ok(Layout::default().u64s(&[0, 0]).0.into_iter().chain(self.attributes(node)).collect())
            }
            Call::Open => {
                self.opened(name);
                let flags = if name == "late" { 0 } else { FOPEN_DIRECT_IO };
                Ok(Layout::default().u64s(&[0]).u32s(&[flags, 0]).0)
            }
            Call::Read => {
                let (offset, mut len) = (u64_at(request.body, 8) as usize, u32_at(request.body, 16) as usize);
                if name == "short" {
                    len = len.min(SHORT_BYTES);
                }
                let bytes = if name == LOG { self.log.as_bytes() } else { &self.contents[&node] };
                let start = offset.min(bytes.len());
                Ok(bytes[start..(start + len).min(bytes.len())].to_vec())
            }
            Call::Write => {
                let (offset, mut len) = (u64_at(request.body, 8) as usize, u32_at(request.body, 16) as usize);
                if name == "short" {
                    len = len.min(SHORT_BYTES);
                }
                let bytes = self.contents.get_mut(&node).expect("only files that are there are written to");
                bytes.resize(bytes.len().max(offset + len), 0);
                bytes[offset..offset + len].copy_from_slice(&request.body[40..40 + len]);
                Ok(Layout::default().u32s(&[len as u32, 0]).0)
            }
            Call::Release | Call::Fsync | Call::Flush => Ok(Vec::new()),
            Call::Forget | Call::Interrupt | Call::Unknown => Err(libc::ENOSYS),
        }
    }

    /// Version 7.31 of the protocol.
    fn init(&self) -> Vec<u8> {
        let counts = 64 | 48 << 16;
        let mut layout = Layout::default().u32s(&[
            7,
            31,
            0,
            FUSE_WRITEBACK_CACHE | FUSE_BIG_WRITES,
            counts,
            128 * 1024,
            1,
        ]);
        layout.0.resize(64, 0);
        layout.0
    }

    fn look_up(&self, name: &[u8]) -> Result<Vec<u8>, i32> {
        let name = std::str::from_utf8(&name[..name.len() - 1]).expect("a name of ours");
        let node = node_of(name).ok_or(libc::ENOENT)?;
        let name_seconds = if name.starts_with("known") { 3600 } else { 0 };
        let entry = Layout::default().u64s(&[node, 0, name_seconds, 0]).u32s(&[0, 0]).0;
        Ok(entry.into_iter().chain(self.attributes(node)).collect())
    }

    fn attributes(&self, node: u64) -> Vec<u8> {
        let (mode, links) =
            if node < FIRST_NODE { (libc::S_IFDIR | 0o755, 2) } else { (libc::S_IFREG | 0o644, 1) };
        let len = self.contents.get(&node).map_or(0, Vec::len) as u64;
        Layout::default()
            .u64s(&[node, len, len.div_ceil(512), 0, 0, 0])
            .u32s(&[0, 0, 0, mode, links, 0, 0, 0, 4096, 0])
            .0
    }

    /// What opening these files means.
    fn opened(&mut self, name: &str) {
        match name {
            "release" => {
                self.is_holding = false;
                for answer in std::mem::take(&mut self.withheld) {
                    self.send(&answer);
                }
            }
            "hold" => {
                self.is_holding = true;
                self.failed.clear();
                self.log.clear();
            }
            _ => {}
        }
    }

    fn name(&self, node: u64) -> &'static str {
        let index = node.checked_sub(FIRST_NODE).map(|index| index as usize);
        match index {
            Some(index) if index == NAMES.len() => LOG,
            Some(index) => NAMES[index],
            None => "directory",
        }
    }
}

fn node_of(name: &str) -> Option<u64> {
    let index = NAMES.iter().chain([&LOG]).position(|&other| other == name)?;
    Some(index as u64 + FIRST_NODE)
}

/// The file system, mounted in this child process.
pub(crate) struct Mount {
    directory: process::Mounted<tempfile::TempDir>,
}

/// What never answers does so from here on; when this is dropped all is answered.
pub(crate) struct Held<'a>(&'a Mount);

impl Mount {
    /// In a child process: the file system. In the parent: none, after the child has done the test.
    pub(crate) fn of(test: &str) -> Option<Mount> {
        if process::role().is_none() {
            serve_a_child(test);
            return None;
        }
        let mounted = process::mount(directory(), c"fuse", "fd=0,rootmode=40000,user_id=0,group_id=0", false);
        // From here on the parent alone has the device: when it is gone, whoever waits for an answer gets an error.
        let null = File::open("/dev/null").expect("the null device");
        rustix::stdio::dup2_stdin(&null).expect("the standard input can be replaced");
        match mounted {
            Ok(directory) => Some(Mount { directory }),
            Err(error) => {
                skip(&format!("mount(2) of a FUSE file system: {error}; run as root, or with CAP_SYS_ADMIN"));
                None
            }
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn hold(&self) -> Held<'_> {
        File::open(self.path("hold")).expect("the server answers");
        Held(self)
    }

    /// How often the kernel has asked for `call`, such as `read silent-read`.
    pub(crate) fn count_of(&self, call: &str) -> usize {
        let log = std::fs::read_to_string(self.path(LOG)).expect("the server answers");
        log.lines().filter(|&line| line == call).count()
    }

    pub(crate) fn wait_for(&self, call: &str, count: usize) {
        eventually(&format!("{count} times {call}"), || self.count_of(call) >= count);
    }
}

impl Held<'_> {
    /// Everything is answered, now and later.
    pub(crate) fn release(self) {}
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        drop(File::open(self.0.path("release")));
    }
}

fn serve_a_child(test: &str) {
    let device = match File::options().read(true).write(true).open("/dev/fuse") {
        Ok(device) => device,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return skip(
                "there is no /dev/fuse; load the kernel's module `fuse`, or pass the device to the container",
            );
        }
        Err(error) => return skip(&format!("/dev/fuse cannot be opened: {error}; run as root")),
    };
    if !process::is_root() {
        return skip("mounting a file system needs root; run the tests as root");
    }
    let mut child = process::again(test, "mount");
    child.stdin(Stdio::from(device.try_clone().expect("a descriptor")));
    let contents =
        (0..NAMES.len() as u64).map(|index| (index + FIRST_NODE, crate::pattern(FILE_BYTES))).collect();
    let server = Server {
        device,
        contents,
        failed: Vec::new(),
        withheld: Vec::new(),
        is_holding: false,
        log: String::new(),
    };
    rustix::fs::fcntl_setfl(&server.device, rustix::fs::OFlags::NONBLOCK)
        .expect("a flag that the device knows");
    let is_over = Arc::new(AtomicBool::new(false));
    let serving = {
        let is_over = is_over.clone();
        std::thread::spawn(move || server.run(&is_over))
    };
    let output = child.output().expect("the child starts");
    // It has the other share of the device.
    drop(child);
    is_over.store(true, Ordering::SeqCst);
    serving.join().expect("the server does not panic");
    let text = process::succeeded(&output);
    // Said by the child, which nobody sees.
    text.lines().filter(|line| line.contains("SKIPPED")).for_each(loud);
}

fn skip(cause: &str) {
    loud(&format!("SKIPPED: files that never answer cannot be tried here: {cause}"));
}
