//! Creating directories with options.

use std::io;
use std::path::Path;

use heist::fs::facade;

use crate::context;

/// Creates directories with options.
#[derive(Debug, Default)]
pub struct DirBuilder {
    is_recursive: bool,
    #[cfg(unix)]
    mode: Option<u32>,
}

impl DirBuilder {
    /// Options as [`create_dir`](super::create_dir) has them.
    pub fn new() -> Self {
        DirBuilder::default()
    }

    /// Whether directories above that are missing are created too; off by default.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.is_recursive = recursive;
        self
    }

    /// The permissions of new directories, from which the process's mask is taken; 0o777 by default.
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }

    /// Creates the directory.
    pub async fn create(&self, path: impl AsRef<Path>) -> io::Result<()> {
        context::runtime();
        let path = path.as_ref().to_owned();
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.is_recursive);
        #[cfg(unix)]
        if let Some(mode) = self.mode {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
        }
        facade::on_pool(move || builder.create(path)).await
    }
}
