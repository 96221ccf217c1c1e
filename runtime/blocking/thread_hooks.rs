//! What a program wants to happen at turns in the life of a runtime's threads, and their names.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::task::quietly;

/// A call of the program's.
pub(crate) type ThreadCall = Arc<dyn Fn() + Send + Sync>;
/// Makes a thread's name.
pub(crate) type ThreadNaming = Arc<dyn Fn() -> String + Send + Sync>;

/// Makes a call inside of a runtime, if there still is one.
type ThreadHome = Box<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

/// What a program wants to happen at turns in the life of a runtime's threads, and their names. A
/// panic of a call is ignored: it has been reported by the panic hook.
#[derive(Clone, Default)]
pub(crate) struct ThreadHooks {
    pub(crate) start: Option<ThreadCall>,
    pub(crate) stop: Option<ThreadCall>,
    pub(crate) park: Option<ThreadCall>,
    pub(crate) unpark: Option<ThreadCall>,
    pub(crate) naming: Option<ThreadNaming>,
    /// Makes a call inside of the runtime.
    home: Arc<OnceLock<ThreadHome>>,
}

impl ThreadHooks {
    /// Returns hooks without a home, for one more runtime.
    pub(crate) fn anew(&self) -> ThreadHooks {
        ThreadHooks { home: Arc::default(), ..self.clone() }
    }

    /// From now on the calls are made through `home`. Called once, before the first thread starts.
    pub(crate) fn settle(&self, home: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) {
        let is_first = self.home.set(Box::new(home)).is_ok();
        debug_assert!(is_first, "hooks have one home");
    }

    /// Runs a thread of the runtime: calls before and after it.
    pub(crate) fn around<R>(&self, body: impl FnOnce() -> R) -> R {
        self.begin_thread();
        let result = body();
        self.end_thread();
        result
    }

    pub(crate) fn begin_thread(&self) {
        self.start.iter().for_each(|start| self.call_at_home(start));
    }

    pub(crate) fn end_thread(&self) {
        self.stop.iter().for_each(|stop| self.call_at_home(stop));
    }

    fn call_at_home(&self, call: &ThreadCall) {
        quietly(|| match self.home.get() {
            Some(home) => home(&mut || call()),
            None => call(),
        });
    }

    /// Whether a call is made around each sleep of a worker.
    #[inline]
    pub(crate) fn watch_sleeps(&self) -> bool {
        self.park.is_some() || self.unpark.is_some()
    }

    /// Called on a worker's thread, which is inside of the runtime.
    pub(crate) fn before_sleep(&self) {
        self.park.iter().for_each(|park| quietly(|| park()));
    }

    /// Called on a worker's thread, which is inside of the runtime.
    pub(crate) fn after_sleep(&self) {
        self.unpark.iter().for_each(|unpark| quietly(|| unpark()));
    }

    /// Returns the name of a new thread: `usual` unless the program names them. The system refuses
    /// a NUL byte in it.
    pub(crate) fn name_or(&self, usual: impl FnOnce() -> String) -> String {
        let mut name = None;
        self.naming.iter().for_each(|naming| quietly(|| name = Some(naming())));
        let mut name = name.unwrap_or_else(usual);
        name.retain(|letter| letter != '\0');
        name
    }
}

impl fmt::Debug for ThreadHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThreadHooks")
    }
}
