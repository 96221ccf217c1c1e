//! A promise of the runtime that was not kept.

use std::fmt;
use std::io;

/// What was promised and what happened, for people.
#[derive(Debug)]
pub(crate) struct Violation(String);

impl Violation {
    /// A violation with this text.
    pub(crate) fn new(text: impl Into<String>) -> Violation {
        Violation(text.into())
    }

    /// A call that should have worked.
    pub(crate) fn of_call(what: &str, error: &io::Error) -> Violation {
        Violation(format!("{what} failed: {error}"))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Names the call in the violation that its error becomes.
pub(crate) trait MustWork<T> {
    /// The value, or a violation that says what failed.
    fn must(self, what: &str) -> Result<T, Violation>;
}

impl<T> MustWork<T> for io::Result<T> {
    fn must(self, what: &str) -> Result<T, Violation> {
        self.map_err(|error| Violation::of_call(what, &error))
    }
}
