//! A pool that opens at most so many connections, and opens none while one is idle.
//!
//! ```
//! let pool = modelled::pool::Pool::new(1, || "a connection");
//! let runtime = heist::runtime::Runtime::new()?;
//! runtime.block_on(async {
//!     let connection = pool.get().await;
//!     assert_eq!(*connection, "a connection");
//! });
//! assert_eq!(pool.opened_count(), 1);
//! # Ok::<(), std::io::Error>(())
//! ```

use std::ops::Deref;

use heist::model::sync::Mutex;
use heist::model::sync::atomic::{AtomicUsize, Ordering};
use heist::sync::{Semaphore, SemaphorePermit};

#[cfg(test)]
mod models;

/// A pool of connections.
pub struct Pool<C> {
    /// One for each connection that may be in use.
    permits: Semaphore,
    idle: Mutex<Vec<C>>,
    opened_count: AtomicUsize,
    open: fn() -> C,
    take_idle: fn(&Mutex<Vec<C>>) -> Option<C>,
}

/// A connection that is in use. It returns to its pool when this is dropped.
pub struct Pooled<'a, C> {
    connection: Option<C>,
    pool: &'a Pool<C>,
    _permit: SemaphorePermit<'a>,
}

impl<C> Pool<C> {
    /// Makes a pool of at most `connections_max` connections, which `open` opens when they are needed.
    pub fn new(connections_max: usize, open: fn() -> C) -> Pool<C> {
        Pool::taking(connections_max, open, |idle| idle.lock().unwrap().pop())
    }

    fn taking(
        connections_max: usize,
        open: fn() -> C,
        take_idle: fn(&Mutex<Vec<C>>) -> Option<C>,
    ) -> Pool<C> {
        let permits = Semaphore::new(connections_max);
        let (idle, opened_count) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        Pool { permits, idle, opened_count, open, take_idle }
    }

    /// Returns an idle connection, or a new one. Waits while as many as may be are in use.
    pub async fn get(&self) -> Pooled<'_, C> {
        let permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let connection = (self.take_idle)(&self.idle).unwrap_or_else(|| {
            // Ordering: Relaxed: it is only a count.
            self.opened_count.fetch_add(1, Ordering::Relaxed);
            (self.open)()
        });
        Pooled { connection: Some(connection), pool: self, _permit: permit }
    }

    /// How many connections were opened so far.
    pub fn opened_count(&self) -> usize {
        self.opened_count.load(Ordering::Relaxed)
    }
}

impl<C> Deref for Pooled<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.connection.as_ref().expect("it is here until the drop")
    }
}

impl<C> Drop for Pooled<'_, C> {
    /// The permit is released after this, when the connection is idle.
    fn drop(&mut self) {
        self.pool.idle.lock().unwrap().extend(self.connection.take());
    }
}
