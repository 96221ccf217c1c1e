//! What a set of local tasks does with a runtime.

use std::future::Future;
use std::panic::Location;

use super::identity::Id;
use super::owner::Runtime;
use super::weight::boxed_if_large;
use crate::task::{self, JoinHandle, LocalSet};

impl LocalSet {
    /// Spawns a task into the set. It runs when the set is polled.
    ///
    /// # Examples
    /// ```
    /// use std::rc::Rc;
    ///
    /// # #[heist::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let set = heist::task::LocalSet::new();
    /// let shared = Rc::new(42);
    /// let task = set.spawn_local(async move { *shared });
    /// assert_eq!(set.run_until(task).await.unwrap(), 42);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let location = Location::caller();
        boxed_if_large!(future future: F, self.spawn_with_id(future, task::Id::next(), location))
    }

    /// Blocks this thread on `future`, as [`Runtime::block_on`] does, and runs the tasks of the set
    /// meanwhile.
    ///
    /// # Panics
    /// As [`Runtime::block_on`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let set = heist::task::LocalSet::new();
    /// let task = set.spawn_local(async { 42 });
    /// assert_eq!(set.block_on(&runtime, task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        runtime.block_on(self.run_until(future))
    }

    /// Returns the id of the set, which no runtime and no other set has.
    ///
    /// # Examples
    /// ```
    /// use heist::task::LocalSet;
    ///
    /// assert_ne!(LocalSet::new().id(), LocalSet::new().id());
    /// ```
    pub fn id(&self) -> Id {
        Id::of(self.number())
    }
}
