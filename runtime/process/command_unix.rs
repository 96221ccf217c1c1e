//! Settings of a command that only Unix has.
#![expect(unsafe_code, reason = "passes on a setting of std that is unsafe for its caller")]

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;

use super::command::Command;

impl Command {
    /// Sets the child's user id. Unix only.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let me = unsafe { libc::getuid() };
    /// use heist::process::Command;
    ///
    /// let output = Command::new("id").arg("-u").uid(me).output().await?;
    /// assert_eq!(output.stdout, format!("{me}\n").as_bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn uid(&mut self, id: u32) -> &mut Command {
        self.std.uid(id);
        self
    }

    /// Sets the child's group id. Unix only.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let mine = unsafe { libc::getgid() };
    /// use heist::process::Command;
    ///
    /// let output = Command::new("id").arg("-g").gid(mine).output().await?;
    /// assert_eq!(output.stdout, format!("{mine}\n").as_bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn gid(&mut self, id: u32) -> &mut Command {
        self.std.gid(id);
        self
    }

    /// Sets the name by which the program finds itself called. Unix only.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let output = Command::new("sh").arg0("quiet").args(["-c", "echo $0"]).output().await?;
    /// assert_eq!(output.stdout, b"quiet\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn arg0(&mut self, arg: impl AsRef<OsStr>) -> &mut Command {
        self.std.arg0(arg);
        self
    }

    /// Adds a closure that the child calls between `fork` and `exec`. An error that it returns ends
    /// the child, and [`spawn`](Command::spawn) returns the error. Unix only.
    ///
    /// # Safety
    /// The closure runs in a copy of this process that has one thread. Locks may be held for ever
    /// there: it must make only calls that are async-signal-safe, and must not allocate.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let mut command = Command::new("true");
    /// // SAFETY: the closure does nothing.
    /// unsafe { command.pre_exec(|| Ok(())) };
    /// assert!(command.status().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller promises what std asks for.
        unsafe { self.std.pre_exec(f) };
        self
    }

    /// Puts the child into the process group with this id, or into a new one of its own if it is 0.
    /// The default is the group of this process. Unix only.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let mut command = Command::new("sleep");
    /// command.arg("1000").process_group(0).kill_on_drop(true);
    /// let mut child = command.spawn()?;
    /// let group = -i32::try_from(child.id().unwrap()).unwrap();
    /// assert_eq!(unsafe { libc::kill(group, libc::SIGTERM) }, 0, "the group is there");
    /// assert!(!child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn process_group(&mut self, group: i32) -> &mut Command {
        self.std.process_group(group);
        self
    }
}
