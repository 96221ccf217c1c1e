//! The ways from std's file and to it.

use std::io;
use std::sync::Arc;

use super::file::File;
use crate::driver::file::Descriptor;

impl File {
    /// Takes over a file of std, with its cursor.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::Read;
    ///
    /// let mut file = heist::fs::File::from_std(std::fs::File::open("Cargo.toml")?);
    /// let mut line = [0; 11];
    /// file.read_exact(&mut line).await?;
    /// let mut clone = file.try_clone().await?;
    /// clone.rewind().await?;
    ///
    /// // std continues at the same cursor.
    /// drop(clone);
    /// let mut std = file.into_std()?;
    /// std.read_exact(&mut line)?;
    /// assert_eq!(&line, b"[workspace]");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std(file: std::fs::File) -> File {
        File::over(Arc::new(Descriptor::inspect(file)))
    }

    /// Returns the file to std, with its cursor. An operation in flight is cancelled.
    ///
    /// # Errors
    /// If an operation is in flight or a clone exists, the descriptor is duplicated. That fails if
    /// the process has no free descriptor.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello").await?;
    /// let file: std::fs::File = file.into_std()?;
    /// assert_eq!(file.metadata()?.len(), 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::fs::File> {
        let descriptor = self.descriptor.clone();
        drop(self);
        match Arc::try_unwrap(descriptor) {
            Ok(descriptor) => Ok(descriptor.into_file()),
            Err(shared) => shared.file().try_clone(),
        }
    }

    /// Returns the file as one of std at once, or gives it back while an operation uses it, of this
    /// file or of a clone.
    ///
    /// # Errors
    /// The file itself.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// let clone = file.try_clone().await?;
    /// let file = file.try_into_std().unwrap_err();
    /// drop(clone);
    /// assert_eq!(file.try_into_std().unwrap().metadata()?.len(), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::result_large_err, reason = "the error is the file, as tokio has it")]
    pub fn try_into_std(self) -> Result<std::fs::File, File> {
        // Nobody makes another reference from a count of one, because the only one is here.
        if Arc::strong_count(&self.descriptor) > 1 {
            return Err(self);
        }
        let (descriptor, max_buf_size) = (self.descriptor.clone(), self.max_buf_size());
        drop(self);
        Arc::try_unwrap(descriptor).map(Descriptor::into_file).map_err(|shared| {
            let mut file = File::over(shared);
            file.set_max_buf_size(max_buf_size);
            file
        })
    }
}

impl From<std::fs::File> for File {
    fn from(file: std::fs::File) -> File {
        File::from_std(file)
    }
}
