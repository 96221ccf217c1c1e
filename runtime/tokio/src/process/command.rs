//! How a child is started.
#![cfg_attr(unix, expect(unsafe_code, reason = "the caller of `pre_exec` promises what a fork asks for"))]

use std::ffi::OsStr;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::process::{Command as StdCommand, ExitStatus, Output, Stdio};

use super::Child;
use crate::context;

/// A program, its arguments and its environment.
pub struct Command {
    inner: heist::process::Command,
}

impl Command {
    /// A command that runs `program` without arguments.
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        Command { inner: heist::process::Command::new(program) }
    }

    /// Returns the command of std.
    pub fn as_std(&self) -> &StdCommand {
        self.inner.as_std()
    }

    /// Returns the command of std.
    pub fn as_std_mut(&mut self) -> &mut StdCommand {
        self.inner.as_std_mut()
    }

    /// Returns the command of std.
    pub fn into_std(self) -> StdCommand {
        self.inner.into_std()
    }

    /// Adds an argument.
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.inner.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.inner.args(args);
        self
    }

    /// Adds text to the command line as it is.
    #[cfg(windows)]
    pub fn raw_arg<S: AsRef<OsStr>>(&mut self, text_to_append_as_is: S) -> &mut Command {
        self.inner.raw_arg(text_to_append_as_is);
        self
    }

    /// Sets a variable of the environment.
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.env(key, val);
        self
    }

    /// Sets variables of the environment.
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.envs(vars);
        self
    }

    /// Removes a variable of the environment.
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.inner.env_remove(key);
        self
    }

    /// Removes all variables of the environment.
    pub fn env_clear(&mut self) -> &mut Command {
        self.inner.env_clear();
        self
    }

    /// The directory that the child starts in.
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.inner.current_dir(dir);
        self
    }

    /// What the child reads.
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stdin(cfg);
        self
    }

    /// Where the child writes.
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stdout(cfg);
        self
    }

    /// Where the child reports.
    pub fn stderr<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stderr(cfg);
        self
    }

    /// Whether a [`Child`] that is dropped is killed; off by default.
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Command {
        self.inner.kill_on_drop(kill_on_drop);
        self
    }

    /// Flags of `CreateProcess`.
    #[cfg(windows)]
    pub fn creation_flags(&mut self, flags: u32) -> &mut Command {
        self.inner.creation_flags(flags);
        self
    }

    /// The user that the child is.
    #[cfg(unix)]
    pub fn uid(&mut self, id: u32) -> &mut Command {
        self.inner.uid(id);
        self
    }

    /// The group that the child is in.
    #[cfg(unix)]
    pub fn gid(&mut self, id: u32) -> &mut Command {
        self.inner.gid(id);
        self
    }

    /// The name that the child sees as its own.
    #[cfg(unix)]
    pub fn arg0<S>(&mut self, arg: S) -> &mut Command
    where
        S: AsRef<OsStr>,
    {
        self.inner.arg0(arg);
        self
    }

    /// Runs `f` in the child, before the program begins.
    ///
    /// # Safety
    /// That of std's `CommandExt::pre_exec`: the child is a fork of one thread.
    #[cfg(unix)]
    pub unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the promise of the caller.
        unsafe { self.inner.pre_exec(f) };
        self
    }

    /// The process group of the child; 0 for one of its own.
    #[cfg(unix)]
    pub fn process_group(&mut self, pgroup: i32) -> &mut Command {
        self.inner.process_group(pgroup);
        self
    }

    /// Starts the child. Panics outside of a runtime.
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        context::io()?;
        self.inner.spawn().map(Child::over)
    }

    /// Starts the child at once, and returns a future that waits for its end.
    #[track_caller]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + use<> {
        let open = context::io();
        let status = open.map(|()| self.inner.status());
        async { status?.await }
    }

    /// Starts the child at once, and returns a future that waits for its end and collects what it
    /// writes.
    #[track_caller]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + use<> {
        let open = context::io();
        let output = open.map(|()| self.inner.output());
        async { output?.await }
    }

    /// Returns whether a [`Child`] that is dropped is killed.
    pub fn get_kill_on_drop(&self) -> bool {
        self.inner.get_kill_on_drop()
    }
}

impl From<StdCommand> for Command {
    fn from(std: StdCommand) -> Command {
        Command { inner: std.into() }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
