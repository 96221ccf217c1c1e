//! Settings of a command that only Windows has.

use std::ffi::OsStr;
use std::os::windows::process::CommandExt as _;

use super::command::Command;

impl Command {
    /// Adds text to the command line as it is, without quotes. Windows only.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// let mut command = Command::new("cmd");
    /// command.args(["/C", "echo"]).raw_arg("%OS%");
    /// assert!(command.status().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw_arg(&mut self, text: impl AsRef<OsStr>) -> &mut Command {
        self.std.raw_arg(text);
        self
    }

    /// Sets the flags with which the process is created. Windows only.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    ///
    /// const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    /// let mut command = Command::new("hostname");
    /// assert!(command.creation_flags(CREATE_NO_WINDOW).status().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn creation_flags(&mut self, flags: u32) -> &mut Command {
        self.std.creation_flags(flags);
        self
    }
}
