//! Times of a file.

use std::fs::FileTimes;
use std::io;
use std::time::SystemTime;

use super::file::File;

impl File {
    /// Sets the times of the last access and of the last change: those that `times` has.
    ///
    /// # Errors
    /// Those of [`std::fs::File::set_times`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::fs::{File, FileTimes};
    /// use std::time::{Duration, SystemTime};
    ///
    /// let file = File::from_std(tempfile::tempfile()?);
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_times(FileTimes::new().set_accessed(then).set_modified(then)).await?;
    /// assert_eq!(file.metadata().await?.modified()?, then);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.change_on_pool(move |file| file.set_times(times)).await
    }

    /// Sets the time of the last change.
    ///
    /// # Errors
    /// Those of [`std::fs::File::set_modified`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::{Duration, SystemTime};
    ///
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_modified(then).await?;
    /// assert_eq!(file.metadata().await?.modified()?, then);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }
}
