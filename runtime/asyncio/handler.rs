//! Where errors go that nobody is left to receive.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::primitive::sync::Mutex;

/// Whose error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A promise was dropped with an exception that nobody retrieved.
    Promise,
    /// An adopted generator failed while it was closed.
    Generator,
}

/// An error that nobody is left to receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unhandled {
    origin: Origin,
    error: String,
}

impl Unhandled {
    pub(super) fn new(origin: Origin, error: String) -> Self {
        Unhandled { origin, error }
    }

    /// Whose error it is.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The error, as its `Debug` prints it.
    pub fn error(&self) -> &str {
        &self.error
    }
}

impl fmt::Display for Unhandled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Promise => write!(f, "a promise's exception was never retrieved: {}", self.error),
            Origin::Generator => write!(f, "closing a generator failed: {}", self.error),
        }
    }
}

type Handler = Arc<dyn Fn(&Unhandled) + Send + Sync>;

fn handler() -> &'static Mutex<Option<Handler>> {
    static HANDLER: OnceLock<Mutex<Option<Handler>>> = OnceLock::new();
    HANDLER.get_or_init(|| Mutex::new(None))
}

/// Sets what is done with errors that nobody is left to receive, in the whole process. Without a handler they are
/// printed to stderr.
pub fn set_exception_handler(new: impl Fn(&Unhandled) + Send + Sync + 'static) {
    let old = handler().lock().replace(Arc::new(new));
    drop(old);
}

/// Reports one error. The handler runs outside the lock.
pub(super) fn report(unhandled: &Unhandled) {
    let handler = handler().lock().clone();
    match handler {
        Some(handler) => handler(unhandled),
        None => eprintln!("heist: {unhandled}"),
    }
}
