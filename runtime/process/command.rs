//! What a child is started with.

use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::path::Path;
use std::process::{self, ExitStatus, Output, Stdio};

use super::child::Child;
use super::sys;
use crate::blocking::{self, NO_RUNTIME};

/// A program to start, with its arguments, environment and standard streams: std's
/// [`Command`](std::process::Command), whose children are waited for without blocking a thread.
///
/// [`spawn`](Command::spawn) starts the program with the standard streams of this process;
/// [`status`](Command::status) starts it and waits for its end; [`output`](Command::output) also
/// collects what it writes. One `Command` can start any number of children.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::process::Command;
///
/// let output = Command::new("echo").args(["hello", "child"]).output().await?;
/// assert_eq!(output.stdout, b"hello child\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Command {
    pub(super) std: process::Command,
    kill_on_drop: bool,
}

impl Command {
    /// A command that starts `program` without arguments, in the environment and the directory of
    /// this process. A name without a slash is looked up in `PATH`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// assert!(Command::new("true").status().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(program: impl AsRef<OsStr>) -> Command {
        Command::from(process::Command::new(program))
    }

    /// std's form of this command, to look at.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let mut command = Command::new("echo");
    /// command.arg("hello");
    /// assert_eq!(command.as_std().get_args().collect::<Vec<_>>(), ["hello"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_std(&self) -> &process::Command {
        &self.std
    }

    /// std's form of this command, for what only that can set.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let mut command = Command::new("pwd");
    /// command.as_std_mut().current_dir("/");
    /// assert_eq!(command.output().await?.stdout, b"/\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_std_mut(&mut self) -> &mut process::Command {
        &mut self.std
    }

    /// Returns std's form of this command. Whether children are killed is lost.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let command = Command::new("true").into_std();
    /// assert_eq!(command.get_program(), "true");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> process::Command {
        self.std
    }

    /// Adds an argument. No shell reads it, so it needs no quotes.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let output = Command::new("echo").arg("a  b").output().await?;
    /// assert_eq!(output.stdout, b"a  b\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Command {
        self.std.arg(arg);
        self
    }

    /// Adds several arguments.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let output = Command::new("echo").args(["a", "b"]).output().await?;
    /// assert_eq!(output.stdout, b"a b\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.std.args(args);
        self
    }

    /// Sets a variable of the child's environment.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo $COLOUR"]).env("COLOUR", "blue");
    /// let output = command.output().await?;
    /// assert_eq!(output.stdout, b"blue\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn env(&mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Command {
        self.std.env(key, value);
        self
    }

    /// Sets several variables of the child's environment.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo $A$B"]).envs([("A", "1"), ("B", "2")]);
    /// let output = command.output().await?;
    /// assert_eq!(output.stdout, b"12\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn envs<I, K, V>(&mut self, variables: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(variables);
        self
    }

    /// Removes a variable of the child's environment.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo $HOME"]).env_remove("HOME");
    /// let output = command.output().await?;
    /// assert_eq!(output.stdout, b"\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn env_remove(&mut self, key: impl AsRef<OsStr>) -> &mut Command {
        self.std.env_remove(key);
        self
    }

    /// Empties the child's environment. Variables that are set later stay.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let output = Command::new("/usr/bin/env").env_clear().env("A", "1").output().await?;
    /// assert_eq!(output.stdout, b"A=1\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn env_clear(&mut self) -> &mut Command {
        self.std.env_clear();
        self
    }

    /// Sets the child's working directory.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let output = Command::new("pwd").current_dir("/").output().await?;
    /// assert_eq!(output.stdout, b"/\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn current_dir(&mut self, directory: impl AsRef<Path>) -> &mut Command {
        self.std.current_dir(directory);
        self
    }

    /// Sets the child's standard input. The default is that of this process; for
    /// [`output`](Command::output) as well.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    /// use std::process::Stdio;
    ///
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// child.stdin.take().unwrap().write_all(b"hello").await?;
    /// assert_eq!(child.wait_with_output().await?.stdout, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn stdin(&mut self, stdio: impl Into<Stdio>) -> &mut Command {
        self.std.stdin(stdio);
        self
    }

    /// Sets the child's standard output. The default is that of this process, and a pipe for
    /// [`output`](Command::output).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    /// use std::process::Stdio;
    ///
    /// let status = Command::new("echo").arg("unheard").stdout(Stdio::null()).status().await?;
    /// assert!(status.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn stdout(&mut self, stdio: impl Into<Stdio>) -> &mut Command {
        self.std.stdout(stdio);
        self
    }

    /// Sets the child's standard error. The default is that of this process, and a pipe for
    /// [`output`](Command::output).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    /// use std::process::Stdio;
    ///
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo oh >&2"]).stderr(Stdio::piped());
    /// let mut child = command.spawn()?;
    /// let mut text = String::new();
    /// child.stderr.take().unwrap().read_to_string(&mut text).await?;
    /// assert_eq!(text, "oh\n");
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn stderr(&mut self, stdio: impl Into<Stdio>) -> &mut Command {
        self.std.stderr(stdio);
        self
    }

    /// Sets whether a child is killed when its [`Child`] is dropped before its end is known, also
    /// when a future of [`status`](Command::status) or [`output`](Command::output) is dropped. The
    /// default is `false`: the child goes on. Either way it is reaped when it ends.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    /// use std::process::Stdio;
    ///
    /// let mut command = Command::new("sleep");
    /// command.arg("1000").stdout(Stdio::piped()).kill_on_drop(true);
    /// let mut child = command.spawn()?;
    /// let mut output = child.stdout.take().unwrap();
    /// drop(child);
    /// assert_eq!(output.read(&mut [0; 8]).await?, 0, "the child is dead");
    /// # Ok(())
    /// # }
    /// ```
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Command {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// Whether children are killed when their [`Child`] is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// assert!(!Command::new("true").get_kill_on_drop());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_kill_on_drop(&self) -> bool {
        self.kill_on_drop
    }

    /// Starts the program. The standard streams of the child that are not set are those of this
    /// process.
    ///
    /// The call returns when the program runs or cannot be started, which takes about a
    /// millisecond. The child is not waited for: see [`Child::wait`].
    ///
    /// # Errors
    /// Those of std's `spawn`, such as `NotFound`. If the pipes of a child cannot be used, the
    /// child is killed.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let mut child = Command::new("sh").args(["-c", "exit 7"]).spawn()?;
    /// assert_eq!(child.wait().await?.code(), Some(7));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        assert!(blocking::host().is_some(), "{NO_RUNTIME}");
        sys::reap_left();
        Child::new(self.std.spawn()?, self.kill_on_drop)
    }

    /// Starts the program at once, and waits for its end. Pipes of its standard streams are closed
    /// first, so that the child cannot wait for this process.
    ///
    /// # Errors
    /// Those of [`spawn`](Command::spawn) and [`Child::wait`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, the child goes on, unless [`kill_on_drop`](Command::kill_on_drop) is set. It is
    /// reaped when it ends.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// assert_eq!(Command::new("false").status().await?.code(), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + use<> {
        let child = self.spawn();
        async move {
            let mut child = child?;
            child.stdin = None;
            child.stdout = None;
            child.stderr = None;
            child.wait().await
        }
    }

    /// Starts the program at once with pipes as its standard output and standard error, and returns
    /// all that it wrote, when it has ended and both pipes are closed. The settings of the two
    /// streams are lost.
    ///
    /// # Errors
    /// Those of [`spawn`](Command::spawn) and [`Child::wait_with_output`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, the child goes on without anyone who reads, unless
    /// [`kill_on_drop`](Command::kill_on_drop) is set. It is reaped when it ends.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let output = Command::new("sh").args(["-c", "echo one; echo two >&2"]).output().await?;
    /// assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"one\n"[..], &b"two\n"[..]));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + use<> {
        self.std.stdout(Stdio::piped());
        self.std.stderr(Stdio::piped());
        let child = self.spawn();
        async move { child?.wait_with_output().await }
    }
}

impl From<process::Command> for Command {
    fn from(std: process::Command) -> Command {
        Command { std, kill_on_drop: false }
    }
}
