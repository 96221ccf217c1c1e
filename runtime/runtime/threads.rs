//! Names of runtimes and threads, calls at turns of a thread's life, and options of tokio's that
//! have no meaning here.

use super::builder::Builder;
#[cfg(doc)]
use super::Handle;

impl Builder {
    /// The name of the runtime, which [`Handle::name`](Handle::name) returns. Default: none.
    ///
    /// # Panics
    /// Panics if the name is empty or has nothing but spaces.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().name("background").build()?;
    /// assert_eq!(runtime.handle().name(), Some("background"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        assert!(!name.trim().is_empty(), "the name of a runtime must not be empty");
        self.name = Some(name);
        self
    }
}
