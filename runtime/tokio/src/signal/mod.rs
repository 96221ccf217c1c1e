//! Signals.

#[cfg(unix)]
pub mod unix;

/// Waits for `ctrl-c`.
pub async fn ctrl_c() -> std::io::Result<()> {
    crate::context::io()?;
    heist::signal::ctrl_c().await
}
