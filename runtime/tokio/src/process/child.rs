//! A child process.

use std::io;
use std::process::{ExitStatus, Output};

use super::{ChildStderr, ChildStdin, ChildStdout};

/// A child process. Dropping it leaves it running, unless
/// [`kill_on_drop`](super::Command::kill_on_drop) was called; it is reaped in any case.
#[derive(Debug)]
pub struct Child {
    inner: heist::process::Child,
    /// What the child reads, if it is a pipe.
    pub stdin: Option<ChildStdin>,
    /// What the child writes, if it is a pipe.
    pub stdout: Option<ChildStdout>,
    /// What the child reports, if it is a pipe.
    pub stderr: Option<ChildStderr>,
}

impl Child {
    pub(super) fn over(mut inner: heist::process::Child) -> Child {
        let stdin = inner.stdin.take().map(ChildStdin::over);
        let stdout = inner.stdout.take().map(ChildStdout::over);
        let stderr = inner.stderr.take().map(ChildStderr::over);
        Child { inner, stdin, stdout, stderr }
    }

    /// Returns the number of the process, until its end was seen.
    pub fn id(&self) -> Option<u32> {
        self.inner.id()
    }

    /// Returns the handle of the process, until its end was seen.
    #[cfg(windows)]
    pub fn raw_handle(&self) -> Option<std::os::windows::io::RawHandle> {
        self.inner.raw_handle()
    }

    /// Kills the child, without waiting for its end.
    pub fn start_kill(&mut self) -> io::Result<()> {
        self.inner.start_kill()
    }

    /// Kills the child and waits for its end.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.start_kill()?;
        self.wait().await.map(drop)
    }

    /// Closes the child's standard input and waits for the end.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        self.inner.wait().await
    }

    /// Returns the status of a child that has ended, without waiting.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.inner.try_wait()
    }

    /// Waits for the end, and collects what the child has written.
    pub async fn wait_with_output(self) -> io::Result<Output> {
        let Child { mut inner, stdin, stdout, stderr } = self;
        drop(stdin);
        inner.stdout = stdout.map(|pipe| pipe.inner);
        inner.stderr = stderr.map(|pipe| pipe.inner);
        inner.wait_with_output().await
    }
}
