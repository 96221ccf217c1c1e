//! The only choice between back ends.

use std::io;

use super::Rings;
#[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
use super::fake::Fake;
use super::kind::DriverKind;
use super::options::Options;
use super::poll::Pollers;

#[derive(Debug)]
pub(super) enum Backend {
    Uring(Rings),
    Poll(Pollers),
    /// Exists only for whole runtimes under an explorer, and in the counting build.
    #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
    Fake(Fake),
}

impl Backend {
    /// Creates every worker's ring or poller before the kind is chosen, so that workers never split
    /// between two kinds. Also returns why io_uring was refused, if polling is the second choice.
    pub(super) fn new(options: &Options) -> io::Result<(Backend, Option<io::Error>)> {
        match options.kind {
            DriverKind::Poll => Ok((Backend::Poll(Pollers::new(options)?), None)),
            DriverKind::Uring => Ok((Backend::uring(options)?, None)),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            DriverKind::Fake => Ok((Backend::Fake(Fake::new(options)), None)),
            DriverKind::Auto => match Backend::uring(options) {
                Ok(backend) => Ok((backend, None)),
                Err(refusal) => Ok((Backend::Poll(Pollers::new(options)?), Some(refusal))),
            },
        }
    }

    /// Whether an event reports the end or the failure of a stream as distinct from more bytes.
    pub(super) fn tells_end(&self) -> bool {
        match self {
            Backend::Uring(_) => false,
            Backend::Poll(pollers) => pollers.tells_end(),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => false,
        }
    }

    /// Whether an order reports the state at its time, and not changes only [level-at-arm].
    pub(super) fn is_level_at_arm(&self) -> bool {
        match self {
            Backend::Uring(_) => true,
            Backend::Poll(pollers) => pollers.is_level_at_arm(),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => true,
        }
    }

    fn uring(options: &Options) -> io::Result<Backend> {
        Ok(Backend::Uring(Rings::new(options)?))
    }
}
