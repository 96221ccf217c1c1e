//! A child, from its start until its end is known.

use std::future::poll_fn;
use std::io;
use std::process::{self, ExitStatus, Output};
use std::task::{Context, Poll};

use futures_util::future::try_join3;

use super::pipes::{ChildStderr, ChildStdin, ChildStdout};
use super::running::RunningChild;

/// A child process. [`Command::spawn`](super::Command::spawn) returns it.
///
/// A `Child` that is dropped before its end is known leaves the process running, or kills it if
/// [`kill_on_drop`](super::Command::kill_on_drop) is set. Either way the process is reaped when it
/// ends, so no zombie stays.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::process::Command;
/// use std::process::Stdio;
///
/// let mut command = Command::new("tr");
/// command.args(["a-z", "A-Z"]).stdin(Stdio::piped()).stdout(Stdio::piped());
/// let mut child = command.spawn()?;
/// child.stdin.take().unwrap().write_all(b"hello").await?;
/// let mut text = String::new();
/// child.stdout.take().unwrap().read_to_string(&mut text).await?;
/// assert_eq!(text, "HELLO");
/// assert!(child.wait().await?.success());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Child {
    life: Life,
    /// The writing end of a pipe to the child's standard input, if it has one.
    pub stdin: Option<ChildStdin>,
    /// The reading end of a pipe from the child's standard output, if it has one.
    pub stdout: Option<ChildStdout>,
    /// The reading end of a pipe from the child's standard error, if it has one.
    pub stderr: Option<ChildStderr>,
}

#[derive(Debug)]
enum Life {
    Running(RunningChild),
    /// Reaped.
    Over(ExitStatus),
}

impl Child {
    /// If its pipes cannot be used, the child is killed.
    #[track_caller]
    pub(super) fn new(std: process::Child, kill_on_drop: bool) -> io::Result<Child> {
        let mut running = RunningChild::new(std);
        let std = running.child();
        let (stdin, stdout, stderr) = (std.stdin.take(), std.stdout.take(), std.stderr.take());
        let stdin = stdin.map(ChildStdin::from_std).transpose()?;
        let stdout = stdout.map(ChildStdout::from_std).transpose()?;
        let stderr = stderr.map(ChildStderr::from_std).transpose()?;
        running.set_kill_on_drop(kill_on_drop);
        Ok(Child { life: Life::Running(running), stdin, stdout, stderr })
    }

    pub(super) fn running(&self) -> Option<&RunningChild> {
        match &self.life {
            Life::Running(running) => Some(running),
            Life::Over(_) => None,
        }
    }

    /// The process id, or `None` if the end of the child is known: the id may be another process's
    /// by then.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = heist::process::Command::new("true").spawn()?;
    /// assert!(child.id().is_some());
    /// child.wait().await?;
    /// assert_eq!(child.id(), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> Option<u32> {
        self.running().map(RunningChild::id)
    }

    /// Kills the child (SIGKILL on Unix), and does not wait for its end. Does nothing if the end is
    /// known.
    ///
    /// # Errors
    /// Those of std's `kill`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = heist::process::Command::new("sleep").arg("1000").spawn()?;
    /// child.start_kill()?;
    /// assert!(!child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_kill(&mut self) -> io::Result<()> {
        match &mut self.life {
            Life::Running(running) => running.kill(),
            Life::Over(_) => Ok(()),
        }
    }

    /// Kills the child, and waits for its end: [`start_kill`](Child::start_kill), then
    /// [`wait`](Child::wait).
    ///
    /// # Errors
    /// Those of the two calls.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, the child is killed and may be waited for.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = heist::process::Command::new("sleep").arg("1000").spawn()?;
    /// child.kill().await?;
    /// assert_eq!(child.id(), None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn kill(&mut self) -> io::Result<()> {
        self.start_kill()?;
        self.wait().await.map(drop)
    }

    /// Waits for the end of the child, and returns how it ended; at once if that is known.
    ///
    /// Closes [`stdin`](Child::stdin) first, so that the child does not wait for input while this
    /// process waits for the child. Take it out to keep it open.
    ///
    /// # Errors
    /// Those of the system: the program may have waited for the child itself. An error if the
    /// runtime that started the child has shut down and the child has not ended.
    ///
    /// # Cancel safety
    /// Cancel safe. The task of the last wait is woken when the child ends, also if that wait was
    /// dropped.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::time::{Duration, timeout};
    ///
    /// let mut child = heist::process::Command::new("sleep").arg("1000").spawn()?;
    /// if timeout(Duration::from_millis(1), child.wait()).await.is_err() {
    ///     child.start_kill()?;
    /// }
    /// assert!(!child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        poll_fn(|cx| self.poll_exit(cx)).await
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let running = match &mut self.life {
            Life::Running(running) => running,
            Life::Over(status) => return Poll::Ready(Ok(*status)),
        };
        let polled = running.poll_exit(cx);
        if let Poll::Ready(Ok(status)) = polled {
            self.life = Life::Over(status);
        }
        polled
    }

    /// Returns how the child ended, or `None` if it has not ended. Leaves
    /// [`stdin`](Child::stdin) open.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = heist::process::Command::new("sleep").arg("1000").spawn()?;
    /// assert!(child.try_wait()?.is_none());
    /// child.kill().await?;
    /// assert!(child.try_wait()?.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let running = match &mut self.life {
            Life::Running(running) => running,
            Life::Over(status) => return Ok(Some(*status)),
        };
        let ended = running.child().try_wait()?;
        if let Some(status) = ended {
            self.life = Life::Over(status);
        }
        Ok(ended)
    }

    /// Waits for the end of the child, and returns how it ended and all that it wrote to those of
    /// its standard output and standard error that are pipes and still here. Closes
    /// [`stdin`](Child::stdin) first.
    ///
    /// # Errors
    /// Those of [`wait`](Child::wait) and of the reads.
    ///
    /// # Cancel safety
    /// Not cancel safe: dropped, what was read is lost, and the `Child` is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    /// use std::process::Stdio;
    ///
    /// let child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// assert_eq!(child.wait_with_output().await?.stdout, b"hello\n");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_with_output(mut self) -> io::Result<Output> {
        let (mut out, mut err) = (self.stdout.take(), self.stderr.take());
        let read_out = async {
            let mut bytes = Vec::new();
            if let Some(out) = &mut out {
                out.read_to_end(&mut bytes).await?;
            }
            Ok(bytes)
        };
        let read_err = async {
            let mut bytes = Vec::new();
            if let Some(err) = &mut err {
                err.read_to_end(&mut bytes).await?;
            }
            Ok(bytes)
        };
        let (status, stdout, stderr) = try_join3(self.wait(), read_out, read_err).await?;
        Ok(Output { status, stdout, stderr })
    }
}
