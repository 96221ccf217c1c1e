//! A connection to a service that outlives the process of the service: a look opens it again.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::client::{ANSWER_PAUSE_MAX, ConsoleClient};
use crate::failure::Failure;

/// A service closes connections on which it hears nothing for longer.
const QUIET_MAX: Duration = Duration::from_secs(10);

/// A look that failed sooner is repeated over a new connection.
const FAILED_AT_ONCE_MAX: Duration = Duration::from_secs(1);

/// One connection, used by one look at a time. Clones mean the same one.
#[derive(Clone)]
pub(super) struct KeptConnection {
    path: PathBuf,
    opened: Arc<Mutex<Option<(ConsoleClient, Instant)>>>,
}

impl KeptConnection {
    /// Connects with the first look.
    pub(super) fn new(path: PathBuf) -> KeptConnection {
        KeptConnection { path, opened: Arc::new(Mutex::new(None)) }
    }

    /// Looks. After a failure, the next look connects again: maybe to another process.
    pub(super) fn look<T>(
        &self,
        mut look: impl FnMut(&mut ConsoleClient) -> Result<T, Failure>,
    ) -> Result<T, String> {
        let begin = Instant::now();
        // The connection is taken out while it is used: a panic leaves none.
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = opened.take().filter(|(_, used_at)| used_at.elapsed() < QUIET_MAX);
        let mut of_kept = kept.map(|(mut client, _)| (look(&mut client), client));
        // The process may be another one by now, and it listens at the same place.
        if of_kept.as_ref().is_some_and(|(seen, _)| seen.is_err() && begin.elapsed() < FAILED_AT_ONCE_MAX) {
            of_kept = None;
        }
        let (seen, client) = match of_kept {
            Some(of_kept) => of_kept,
            None => {
                let opened = ConsoleClient::open(&self.path, ANSWER_PAUSE_MAX);
                let mut client = opened.map_err(|failure| reason(&failure))?;
                (look(&mut client), client)
            }
        };
        let seen = seen.map_err(|failure| reason(&failure))?;
        *opened = Some((client, Instant::now()));
        Ok(seen)
    }
}

fn reason(failure: &Failure) -> String {
    match failure {
        Failure::Message(text) => text.clone(),
        Failure::ReaderHasGone => "the reader of the output has gone".to_owned(),
    }
}
