//! What the programs share: their error, their checks, and where the servers are that they talk to.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

/// The error of every program. A `main` that returns it ends with status 1 and prints the text.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The longest wait for one answer. A program that waits longer has lost a wake-up or an answer.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Returns an error with this text from the function around it, if the condition is false.
#[macro_export]
macro_rules! check {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+).into());
        }
    };
}

/// Waits at most [`PATIENCE`] for the future.
///
/// # Errors
/// Says what was waited for in vain.
pub async fn soon<F: Future>(what: &str, future: F) -> Result<F::Output, Failure> {
    tokio::time::timeout(PATIENCE, future)
        .await
        .map_err(|_| format!("waited {PATIENCE:?} in vain for {what}").into())
}

/// The address of a server, from the environment. `ci/moved_in.sh` starts the servers and sets the variables.
///
/// # Errors
/// The variable is not set.
pub fn server(variable: &str) -> Result<String, Failure> {
    std::env::var(variable)
        .map_err(|_| format!("{variable} is not set: ci/moved_in.sh starts the server and sets it").into())
}

/// What waits for this program's sockets: it has rings open, or it has none.
///
/// # Errors
/// `HEIST_DRIVER` asks for the other one.
pub fn driver() -> Result<&'static str, Failure> {
    let mut has_rings = false;
    for entry in std::fs::read_dir("/proc/self/fd")? {
        // The descriptor of this listing is closed by the time at which its link is read.
        let link = std::fs::read_link(entry?.path()).unwrap_or_default();
        has_rings |= link.to_string_lossy().contains("[io_uring]");
    }
    match std::env::var("HEIST_DRIVER").as_deref() {
        Ok("uring") if !has_rings => Err("HEIST_DRIVER is uring, and no ring is open: is this heist?".into()),
        Ok("poll") if has_rings => Err("HEIST_DRIVER is poll, and a ring is open".into()),
        _ => Ok(if has_rings { "io_uring" } else { "polling" }),
    }
}

/// Gives rustls its cryptography: several crates of this workspace could bring another one, so none is chosen by itself.
///
/// # Errors
/// There is one already.
pub fn choose_cryptography() -> Result<(), Failure> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| "rustls has its cryptography already".into())
}
