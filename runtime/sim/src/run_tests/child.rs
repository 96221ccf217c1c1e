//! A process for one world, and its answer.
#![expect(unsafe_code, reason = "forks a process that has one other thread, which waits for this one")]

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use super::case::TestCase;
use super::which::{Which, parse_decisions, write_decisions};
use crate::builder::Told;
use crate::world::{Decision, Remembered};

/// How long the process of a world has to say that the world takes too long, before it is ended.
const PATIENCE: Duration = Duration::from_secs(10);
const PARTS: u32 = 100;
/// Steps that are told of a world that failed.
const TOLD_COUNT: usize = 40;

/// What of a world is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Whether it failed, its hash, and the last steps.
    Quiet,
    /// Also what the program prints.
    Told,
    /// All steps.
    Whole,
    /// All steps as a trace.
    Traced,
    /// The decisions of its schedule.
    Decisions,
    /// What its schedule could have decided after its last decision.
    Possible,
}

/// A process that makes one world.
pub(super) struct Child {
    pid: libc::pid_t,
    answer: File,
    /// A file in memory, or none.
    prints: File,
    /// How long it may take. While the whole machine stands still, nothing is late: so the time is
    /// waited for in parts.
    patience: Duration,
    parts_waited: u32,
}

/// What a process said of its world.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// None: the process ended without a word.
    is_good: Option<bool>,
    pub(super) hash: u64,
    pub(super) reason: String,
    pub(super) story: String,
    pub(super) decisions: Vec<Decision>,
    /// How many faults of links were drawn.
    pub(super) faults_count: u64,
    prints: String,
}

impl Answer {
    pub(super) fn has_failed(&self) -> bool {
        self.is_good != Some(true)
    }

    /// What is to be told of a world that failed.
    pub(super) fn told(&self) -> String {
        let Answer { reason, .. } = self;
        let (prints, story) = (indented(&self.prints), indented(&self.story));
        format!("  {reason}\n  it printed\n{prints}  its last steps (time, thread, call)\n{story}")
    }

    /// What is to be told of a world that failed at first, but not when it was run once more.
    pub(super) fn told_of_once(&self) -> String {
        let (reason, story) = (&self.reason, indented(&self.story));
        format!(
            "  {reason}\n  it did not fail when it was run once more: something is not simulated\n  \
             its last steps, when it failed (time, thread, call)\n{story}"
        )
    }

    /// A line for the outcome, the hash, the faults and the length of the reason, one for the
    /// decisions, then the two texts.
    fn write(&self, place: &mut impl Write) -> std::io::Result<()> {
        let is_good = u8::from(self.is_good == Some(true));
        writeln!(place, "{is_good} {} {} {}", self.hash, self.faults_count, self.reason.len())?;
        writeln!(place, "{}", write_decisions(&self.decisions))?;
        place.write_all(self.reason.as_bytes())?;
        place.write_all(self.story.as_bytes())
    }

    fn read(text: &str) -> Option<Answer> {
        let (line, texts) = text.split_once('\n')?;
        let mut numbers = line.split(' ').map(|number| number.parse::<u64>().ok());
        let (is_good, hash) = (numbers.next()?? == 1, numbers.next()??);
        let (faults_count, len) = (numbers.next()??, numbers.next()??);
        let (decisions, texts) = texts.split_once('\n')?;
        let decisions = parse_decisions(decisions)?;
        let (reason, story) = texts.split_at_checked(usize::try_from(len).ok()?)?;
        let (reason, story) = (reason.to_owned(), story.to_owned());
        let (is_good, prints) = (Some(is_good), String::new());
        Some(Answer { is_good, hash, reason, story, decisions, faults_count, prints })
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

impl Child {
    /// Starts the process.
    pub(super) fn begin(case: &TestCase, body: fn(), which: &Which, mode: Mode) -> Result<Child, String> {
        let (answer, to_answer) = pipe()?;
        let prints = place_for_prints(mode == Mode::Told)?;
        // SAFETY: the other thread of this process is the harness's, which waits for this one and
        // holds no lock; the child makes its own threads, and ends without a return.
        match unsafe { libc::fork() } {
            -1 => Err(format!("the system refused a process: {}", std::io::Error::last_os_error())),
            0 => {
                drop(answer);
                redirect(&prints);
                live(case, body, which, mode, to_answer)
            }
            pid => {
                drop(to_answer);
                let patience = case.real_limit() + PATIENCE;
                Ok(Child { pid, answer, prints, patience, parts_waited: 0 })
            }
        }
    }

    /// Waits for its end.
    pub(super) fn end(mut self) -> Answer {
        let mut text = Vec::new();
        let is_late = !self.read_answer(&mut text);
        if is_late {
            // SAFETY: the process is this one's child, and was not waited for.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
        }
        let mut status = 0;
        // SAFETY: as above, and the place is there.
        unsafe { libc::waitpid(self.pid, &raw mut status, 0) };
        let mut prints = Vec::new();
        // What was not kept cannot be read.
        let _ = self.prints.rewind().and_then(|()| self.prints.read_to_end(&mut prints));
        let mut answer = Answer::read(&String::from_utf8_lossy(&text)).unwrap_or_else(|| Answer {
            reason: if is_late {
                format!("it took too long, and its process did not say why within {PATIENCE:?}")
            } else {
                format!("its process ended without an answer (status {status:#x}): did it abort or exit?")
            },
            ..Answer::default()
        });
        answer.prints = String::from_utf8_lossy(&prints).into_owned();
        answer
    }

    /// Reads to the end. Returns `false` if that takes too long.
    fn read_answer(&mut self, text: &mut Vec<u8>) -> bool {
        loop {
            let mut wanted = libc::pollfd { fd: self.answer.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            let millis = i32::try_from((self.patience / PARTS).as_millis()).unwrap_or(i32::MAX);
            // SAFETY: there is one entry.
            if unsafe { libc::poll(&raw mut wanted, 1, millis) } == 0 {
                self.parts_waited += 1;
                if self.parts_waited == PARTS {
                    return false;
                }
                continue;
            }
            let mut part = [0; 4096];
            match self.answer.read(&mut part) {
                Ok(0) => return true,
                Ok(count) => text.extend_from_slice(&part[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return true,
            }
        }
    }
}

/// The life of the process: one world, and its answer.
fn live(case: &TestCase, body: fn(), which: &Which, mode: Mode, mut to_answer: File) -> ! {
    let kept_count = match mode {
        Mode::Quiet | Mode::Told | Mode::Decisions | Mode::Possible => TOLD_COUNT,
        Mode::Whole | Mode::Traced => usize::MAX,
    };
    let mut builder = case.builder.clone();
    builder.seed(which.seed).keep_steps(kept_count).real_limit(case.real_limit()).alone();
    builder.remember(match mode {
        Mode::Quiet | Mode::Told | Mode::Whole | Mode::Traced => Remembered::Nothing,
        Mode::Decisions => Remembered::Made,
        Mode::Possible => Remembered::Possible,
    });
    if mode == Mode::Traced {
        builder.trace();
    }
    if let Some(decisions) = &which.decided {
        builder.decided(decisions.clone());
    }
    if let Some(faults) = &which.faults {
        builder.faults(faults.clone());
    }
    let (outcome, Told { decisions, faults_count }) = builder.run_to_tell(body);
    let answer = match outcome {
        Ok(((), report)) => Answer {
            is_good: Some(true),
            hash: report.hash,
            story: report.story,
            decisions,
            faults_count,
            ..Answer::default()
        },
        Err(failure) => Answer {
            is_good: Some(false),
            hash: failure.report.hash,
            reason: failure.reason,
            story: failure.report.story,
            decisions,
            faults_count,
            prints: String::new(),
        },
    };
    // Nobody reads only if the parent is gone.
    let _ = answer.write(&mut to_answer);
    drop(to_answer);
    // SAFETY: it ends this process; what the parent has registered for its own end is not run.
    unsafe { libc::_exit(0) }
}

/// Where a world prints to: what nobody will read goes nowhere. A pipe would be full one day, or
/// without a reader, and the world would wait or fail for that.
fn place_for_prints(is_kept: bool) -> Result<File, String> {
    if !is_kept {
        let opened = File::options().write(true).open("/dev/null");
        return opened.map_err(|error| format!("the system has no /dev/null: {error}"));
    }
    // SAFETY: the name ends with a zero.
    let descriptor = unsafe { libc::memfd_create(c"prints of a world".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor == -1 {
        return Err(format!("the system refused a file in memory: {}", std::io::Error::last_os_error()));
    }
    // SAFETY: the call has made it, for this owner.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(descriptor) }))
}

fn redirect(to_print: &File) {
    for stream in [libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: both are open, and the streams of this process are its own.
        unsafe { libc::dup2(to_print.as_raw_fd(), stream) };
    }
}

fn pipe() -> Result<(File, File), String> {
    let mut ends = [0; 2];
    // SAFETY: there is room for two.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } == -1 {
        return Err(format!("the system refused a pipe: {}", std::io::Error::last_os_error()));
    }
    // SAFETY: the call has made both, for this owner.
    let own = |end| File::from(unsafe { OwnedFd::from_raw_fd(end) });
    Ok((own(ends[0]), own(ends[1])))
}
