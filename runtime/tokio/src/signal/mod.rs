//! Signals.

#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

/// Waits for `ctrl-c`.
pub async fn ctrl_c() -> std::io::Result<()> {
    crate::context::io()?;
    heist::signal::ctrl_c().await
}
