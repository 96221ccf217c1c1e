//! Opening a file.

use std::io;
use std::path::Path;

use heist::fs::facade;

use super::File;
use crate::context;

/// Options for opening a file.
#[derive(Clone, Debug)]
pub struct OpenOptions(Options);

#[derive(Clone, Debug)]
enum Options {
    Heist(heist::fs::OpenOptions),
    /// Options of std cannot be read: these open on the pool.
    Std(std::fs::OpenOptions),
}

impl OpenOptions {
    /// Options with everything off.
    pub fn new() -> OpenOptions {
        OpenOptions(Options::Heist(heist::fs::OpenOptions::new()))
    }

    fn set(
        &mut self,
        heist: impl FnOnce(&mut heist::fs::OpenOptions) -> &mut heist::fs::OpenOptions,
        std: impl FnOnce(&mut std::fs::OpenOptions) -> &mut std::fs::OpenOptions,
    ) -> &mut OpenOptions {
        match &mut self.0 {
            Options::Heist(options) => drop(heist(options)),
            Options::Std(options) => drop(std(options)),
        }
        self
    }

    /// Whether the file can be read.
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        self.set(|options| options.read(read), |options| options.read(read))
    }

    /// Whether the file can be written.
    pub fn write(&mut self, write: bool) -> &mut OpenOptions {
        self.set(|options| options.write(write), |options| options.write(write))
    }

    /// Whether writes go to the end of the file.
    pub fn append(&mut self, append: bool) -> &mut OpenOptions {
        self.set(|options| options.append(append), |options| options.append(append))
    }

    /// Whether the file loses its contents.
    pub fn truncate(&mut self, truncate: bool) -> &mut OpenOptions {
        self.set(|options| options.truncate(truncate), |options| options.truncate(truncate))
    }

    /// Whether the file is created if it does not exist.
    pub fn create(&mut self, create: bool) -> &mut OpenOptions {
        self.set(|options| options.create(create), |options| options.create(create))
    }

    /// Whether the file is created, and must not exist yet.
    pub fn create_new(&mut self, create_new: bool) -> &mut OpenOptions {
        self.set(|options| options.create_new(create_new), |options| options.create_new(create_new))
    }

    /// The permissions of a new file, from which the process's mask is taken; 0o666 by default.
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        use std::os::unix::fs::OpenOptionsExt;

        self.set(|options| options.mode(mode), |options| options.mode(mode))
    }

    /// More flags of the system's call.
    #[cfg(unix)]
    pub fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        use std::os::unix::fs::OpenOptionsExt;

        self.set(|options| options.custom_flags(flags), |options| options.custom_flags(flags))
    }

    /// Opens a file.
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        context::runtime();
        match &self.0 {
            Options::Heist(options) => options.open(path).await.map(File::over),
            Options::Std(options) => {
                let (options, path) = (options.clone(), path.as_ref().to_owned());
                facade::on_pool(move || options.open(path)).await.map(File::from_std)
            }
        }
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> OpenOptions {
        OpenOptions(Options::Std(options))
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}
