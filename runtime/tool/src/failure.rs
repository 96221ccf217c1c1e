//! Why a command ends without its result.

use std::io;
use std::process::ExitCode;

/// The end of a command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// For the user: what failed, why, and what helps.
    Message(String),
    /// Whoever read standard output has gone. That is no error.
    ReaderHasGone,
}

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Failure {
        Failure::Message(text.into())
    }

    /// Of a write to standard output.
    pub(crate) fn of_output(error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Failure::ReaderHasGone
        } else {
            Failure::Message(format!("cannot write to standard output: {error}"))
        }
    }

    /// Reports the failure, and returns the exit code of the process.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Failure::Message(text) => {
                eprintln!("heist: {text}");
                ExitCode::FAILURE
            }
            Failure::ReaderHasGone => ExitCode::SUCCESS,
        }
    }
}
