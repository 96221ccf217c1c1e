//! Options about the threads of a runtime.

use super::Builder;

impl Builder {
    /// A function that names each thread of the runtime.
    pub fn thread_name_fn<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() -> String + Send + Sync + 'static,
    {
        self.inner_mut().thread_name_fn(f);
        self
    }

    /// Called on each thread of the runtime when it starts.
    pub fn on_thread_start<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.inner_mut().on_thread_start(f);
        self
    }

    /// Called on each thread of the runtime when it ends.
    pub fn on_thread_stop<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.inner_mut().on_thread_stop(f);
        self
    }

    /// Called on each thread that runs tasks before it sleeps.
    pub fn on_thread_park<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.inner_mut().on_thread_park(f);
        self
    }

    /// Called on each thread that runs tasks after it has slept.
    pub fn on_thread_unpark<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.inner_mut().on_thread_unpark(f);
        self
    }
}
