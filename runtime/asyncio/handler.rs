//! Where errors go that nobody is left to receive.

use std::any::Any;
use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use crate::primitive::sync::Mutex;
use crate::task::quietly;

/// Whose error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A promise was dropped with an exception that nobody retrieved.
    Promise,
    /// An adopted generator failed, or panicked, while it was closed.
    Generator,
    /// A callback of a promise panicked.
    Callback,
}

/// An error that nobody is left to receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unhandled {
    origin: Origin,
    error: String,
}

impl Unhandled {
    /// Whose error it is.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The error, as its `Debug` prints it; or "it panicked" and the text of the panic.
    pub fn error(&self) -> &str {
        &self.error
    }
}

impl fmt::Display for Unhandled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Promise => write!(f, "a promise's exception was never retrieved: {}", self.error),
            Origin::Generator => write!(f, "closing a generator failed: {}", self.error),
            Origin::Callback => write!(f, "a callback of a promise failed: {}", self.error),
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
///
/// The handler runs where the error turned up: on whichever thread that is, perhaps in a destructor. What it panics with
/// goes no further than the panic hook.
pub fn set_exception_handler(new: impl Fn(&Unhandled) + Send + Sync + 'static) {
    let old = handler().lock().replace(Arc::new(new));
    drop(old);
}

/// Reports one error. The handler runs outside the lock, and its panic ends here: it may be called in an unwinding.
pub(super) fn report(origin: Origin, error: String) {
    let unhandled = Unhandled { origin, error };
    let handler = handler().lock().clone();
    quietly(move || match handler {
        Some(handler) => handler(&unhandled),
        // A stderr that is closed is no reason to panic.
        None => drop(writeln!(std::io::stderr(), "heist: {unhandled}")),
    });
}

/// Runs a user's code. An error is the text of its panic.
pub(super) fn caught<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(text_of)
}

/// Takes the text out of what a panic carried. What is no text is leaked: it may panic when it is dropped.
fn text_of(payload: Box<dyn Any + Send>) -> String {
    let text = match payload.downcast::<&'static str>() {
        Ok(text) => text.to_string(),
        Err(payload) => match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => {
                std::mem::forget(payload);
                "with a value that is no text".to_string()
            }
        },
    };
    format!("it panicked: {text}")
}
