//! Whether the kernel offers what this back end needs, and with which setup flags.

use std::fmt;
use std::io;

use io_uring::{IoUring, Probe, Submitter};

use crate::driver::Options;
use crate::driver::file::OpKind;

use super::encode_file::opcode_of;
use super::entries::OPCODES;

/// The sets of setup flags, best first. Each is tried when the kernel does not know a flag of the
/// one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SetupFlags {
    /// Linux 5.19: completions need no interrupt of the worker.
    Cooperative,
    /// Linux 5.11.
    Plain,
}

/// The kernel's answer: a bit for each number that an op-code can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Supported([u64; Supported::WORDS_COUNT]);

impl Supported {
    const WORDS_COUNT: usize = (u8::MAX as usize + 1) / u64::BITS as usize;

    fn of(probe: &Probe) -> Supported {
        let mut words = [0; Supported::WORDS_COUNT];
        for number in (0..=u8::MAX).filter(|&number| probe.is_supported(number)) {
            words[usize::from(number / 64)] |= 1 << (number % 64);
        }
        Supported(words)
    }

    pub(super) fn has(self, code: OpKind) -> bool {
        let number = opcode_of(code);
        self.0[usize::from(number / 64)] & (1 << (number % 64)) != 0
    }
}

/// Why there is no ring.
#[derive(Debug)]
pub(super) enum Refusal {
    Setup(io::Error),
    Enter(io::Error),
    Probe(io::Error),
    Feature(&'static str),
    Opcode(&'static str),
}

/// A ring that passed all checks.
pub(super) struct Created {
    pub(super) ring: IoUring,
    /// A missing op-code for files is no refusal, because the blocking pool can do that work.
    pub(super) supported: Supported,
}

/// `known`: what another ring of this runtime found, because the kernel is the same.
pub(super) fn create(options: &Options, known: Option<Supported>) -> Result<Created, Refusal> {
    let mut refused = None;
    for flags in [SetupFlags::Cooperative, SetupFlags::Plain] {
        match build(options, flags) {
            Ok(ring) => {
                let supported = check(&ring, known)?;
                return Ok(Created { ring, supported });
            }
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => refused = Some(error),
            Err(error) => return Err(Refusal::Setup(error)),
        }
    }
    Err(Refusal::Setup(refused.expect("at least one way was tried")))
}

/// The descriptor is close-on-exec, because the kernel makes every ring so.
fn build(options: &Options, flags: SetupFlags) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder.dontfork().setup_clamp().setup_cqsize(options.completion_entries.max(options.ring_entries));
    if flags != SetupFlags::Plain {
        builder.setup_submit_all().setup_coop_taskrun().setup_taskrun_flag();
    }
    builder.build(options.ring_entries)
}

fn check(ring: &IoUring, known: Option<Supported>) -> Result<Supported, Refusal> {
    let parameters = ring.params();
    // Without it, a full completion queue loses completions.
    if !parameters.is_feature_nodrop() {
        return Err(Refusal::Feature("IORING_FEAT_NODROP"));
    }
    // Without it, a wait has no time-out.
    if !parameters.is_feature_ext_arg() {
        return Err(Refusal::Feature("IORING_FEAT_EXT_ARG"));
    }
    let submitter = ring.submitter();
    let supported = known.map_or_else(|| ask(&submitter), Ok)?;
    // A filter may allow the setup and refuse the entry.
    submitter.submit().map_err(Refusal::Enter)?;
    Ok(supported)
}

/// Asks the kernel for its op-codes.
fn ask(submitter: &Submitter<'_>) -> Result<Supported, Refusal> {
    let mut probe = Probe::new();
    submitter.register_probe(&mut probe).map_err(Refusal::Probe)?;
    for &(code, name) in OPCODES {
        if !probe.is_supported(code) {
            return Err(Refusal::Opcode(name));
        }
    }
    Ok(Supported::of(&probe))
}

impl Refusal {
    /// Converts the refusal, keeping the error's kind. The text gives the call that failed, the
    /// probable cause and a remedy.
    pub(super) fn into_error(self) -> io::Error {
        let kind = match &self {
            Refusal::Setup(error) | Refusal::Enter(error) | Refusal::Probe(error) => error.kind(),
            Refusal::Feature(_) | Refusal::Opcode(_) => io::ErrorKind::Unsupported,
        };
        io::Error::new(kind, self.to_string())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (call, error) = match self {
            Refusal::Setup(error) => ("io_uring_setup", error),
            Refusal::Enter(error) => ("io_uring_enter", error),
            Refusal::Probe(error) => ("io_uring_register", error),
            Refusal::Feature(name) => {
                return write!(
                    f,
                    "this kernel's io_uring lacks {name}: Linux 5.11 or newer is needed; {REMEDY}"
                );
            }
            Refusal::Opcode(name) => {
                return write!(
                    f,
                    "this kernel's io_uring lacks the operation {name}, or a policy hides it; {REMEDY}"
                );
            }
        };
        let (errno, cause) = probable_cause(error.raw_os_error());
        write!(f, "io_uring is not available: {call} failed with {errno} ({error}): {cause}; {REMEDY}")
    }
}

const REMEDY: &str = "or set HEIST_DRIVER=poll (or auto) to run without io_uring";

fn probable_cause(errno: Option<i32>) -> (&'static str, &'static str) {
    match errno {
        Some(libc::EPERM) => (
            "EPERM",
            "a container's seccomp profile or the sysctl kernel.io_uring_disabled forbids it; \
             allow io_uring in the profile or set the sysctl to 0",
        ),
        Some(libc::EACCES) => {
            ("EACCES", "a security policy (seccomp, SELinux, AppArmor) forbids it; allow io_uring there")
        }
        Some(libc::ENOSYS) => (
            "ENOSYS",
            "the kernel is older than 5.1, was built without io_uring, or a sandbox hides it; use Linux 5.11 or newer",
        ),
        Some(libc::EINVAL) => (
            "EINVAL",
            "the kernel knows none of the ways this runtime sets up a ring; use Linux 5.11 or newer",
        ),
        Some(libc::ENOMEM) => (
            "ENOMEM",
            "the limit on locked memory or the memory cgroup is too small for the rings; \
             raise `ulimit -l` or make the rings smaller",
        ),
        Some(libc::EMFILE) => ("EMFILE", "the process has no free descriptors; raise `ulimit -n`"),
        Some(libc::ENFILE) => ("ENFILE", "the system has no free descriptors; raise the sysctl fs.file-max"),
        _ => ("an unexpected error", "no known cause"),
    }
}
