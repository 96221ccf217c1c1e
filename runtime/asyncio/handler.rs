//! Errors that nothing else can receive, and the handler that receives them.

use std::any::Any;
use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use crate::primitive::sync::Mutex;
use crate::task::quietly;

/// The source of an [`Unhandled`] error.
///
/// # Examples
/// ```
/// use heist::asyncio::{Origin, Unhandled};
///
/// fn is_about_generators(unhandled: &Unhandled) -> bool {
///     unhandled.origin() == Origin::Generator
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A promise was dropped with an exception that was never retrieved.
    Promise,
    /// An adopted generator failed, or panicked, while it was closed.
    Generator,
    /// A callback of a promise panicked.
    Callback,
}

/// An error that nothing else can receive. The handler set by [`set_exception_handler`] gets it.
///
/// # Examples
/// ```
/// use heist::asyncio::{Promise, set_exception_handler};
/// use std::sync::mpsc::channel;
///
/// let (send, received) = channel();
/// set_exception_handler(move |unhandled| send.send(unhandled.clone()).unwrap());
/// let promise: Promise<(), &str> = Promise::new();
/// promise.set_exception("lost").unwrap();
/// drop(promise);
/// let unhandled = received.recv().unwrap();
/// assert_eq!(unhandled.error(), "\"lost\"");
/// assert_eq!(unhandled.to_string(), "a promise's exception was never retrieved: \"lost\"");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unhandled {
    origin: Origin,
    error: String,
}

impl Unhandled {
    /// Returns the source of the error.
    ///
    /// # Examples
    /// ```
    /// use heist::asyncio::{Origin, Promise, set_exception_handler};
    /// use std::sync::mpsc::channel;
    ///
    /// let (send, received) = channel();
    /// set_exception_handler(move |unhandled| send.send(unhandled.clone()).unwrap());
    /// let promise: Promise<(), &str> = Promise::new();
    /// promise.set_exception("lost").unwrap();
    /// drop(promise);
    /// assert_eq!(received.recv().unwrap().origin(), Origin::Promise);
    /// ```
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Returns the error as its `Debug` prints it, or "it panicked" and the text of the panic.
    ///
    /// # Examples
    /// ```
    /// use heist::asyncio::{Promise, set_exception_handler};
    /// use std::sync::mpsc::channel;
    ///
    /// let (send, received) = channel();
    /// set_exception_handler(move |unhandled| send.send(unhandled.clone()).unwrap());
    /// let promise: Promise<(), &str> = Promise::new();
    /// promise.set_exception("lost").unwrap();
    /// drop(promise);
    /// assert_eq!(received.recv().unwrap().error(), "\"lost\"");
    /// ```
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

/// Sets the handler of errors that nothing else can receive, for the whole process. Without a
/// handler they are printed to stderr.
///
/// The handler runs where the error was found: on any thread, perhaps in a destructor. If it
/// panics, only the panic hook sees that panic.
///
/// # Examples
/// [`Unhandled`] has a longer one.
/// ```
/// heist::asyncio::set_exception_handler(|unhandled| eprintln!("{unhandled}"));
/// ```
pub fn set_exception_handler(new: impl Fn(&Unhandled) + Send + Sync + 'static) {
    let old = handler().lock().replace(Arc::new(new));
    drop(old);
}

/// Reports one error. The handler runs outside of the lock, and its panic ends here, because this
/// may be called during unwinding.
pub(super) fn report(origin: Origin, error: String) {
    let unhandled = Unhandled { origin, error };
    let handler = handler().lock().clone();
    quietly(move || match handler {
        Some(handler) => handler(&unhandled),
        // A closed stderr is no reason to panic.
        None => drop(writeln!(std::io::stderr(), "heist: {unhandled}")),
    });
}

/// Runs user code. The error is the text of its panic.
pub(super) fn caught<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(text_of)
}

/// Returns the text that a panic carried. A payload that is not text is leaked, because it may
/// panic when it is dropped.
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
