//! Pools of buffers that rings register, each made for one driver.

use std::io;
use std::sync::{Arc, Weak};

use super::{Driver, context};
use crate::buf::{FixedBufPool, FixedMemory, Registry};

impl Registry for Driver {
    fn unregister(&self, memory: &Arc<FixedMemory>) {
        self.unregister_memory(memory);
    }
}

impl FixedBufPool {
    /// Makes a pool of `count` buffers of `len` bytes each, for the runtime of this thread. Each
    /// buffer begins on its own page.
    ///
    /// # Errors
    /// `InvalidInput` if the pool would have no memory, or more than 1 GiB, which is the most that
    /// the kernel registers in one piece. `OutOfMemory` if the memory cannot be allocated.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// use heist::io::FixedBufPool;
    ///
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// let _guard = runtime.enter();
    /// let pool = FixedBufPool::new(4, 4096)?;
    /// assert_eq!(pool.take().len(), 4096);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn new(count: usize, len: usize) -> io::Result<FixedBufPool> {
        let registry: Weak<Driver> = Arc::downgrade(&context::current());
        FixedBufPool::registered_with(registry, count, len)
    }
}
