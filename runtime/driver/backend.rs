//! The only choice of platform in the crate, and the only branch between back ends.

use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crate::buf::FixedMemory;

use super::context::Asker;
#[cfg(all(test, rt_shuttle))]
use super::fake::Fake;
use super::file::Supported;
use super::leftover::Harvest;
use super::op::{Op, Ticket};
use super::poll::Pollers;
use super::source::Source;
#[cfg(target_os = "linux")]
use super::uring::Rings;
use super::{DriverKind, Options};

#[derive(Debug)]
pub(super) enum Backend {
    #[cfg(target_os = "linux")]
    Uring(Rings),
    Poll(Pollers),
    /// Exists only for whole runtimes under shuttle.
    #[cfg(all(test, rt_shuttle))]
    Fake(Fake),
}

impl Backend {
    /// Creates every worker's ring or poller before the kind is chosen, so that workers never split
    /// between two kinds. Also returns why io_uring was refused, if polling is the second choice.
    pub(super) fn new(options: &Options) -> io::Result<(Backend, Option<io::Error>)> {
        match options.kind {
            DriverKind::Poll => Ok((Backend::Poll(Pollers::new(options)?), None)),
            DriverKind::Uring => Ok((Backend::uring(options)?, None)),
            #[cfg(all(test, rt_shuttle))]
            DriverKind::Fake => Ok((Backend::Fake(Fake::new(options)), None)),
            DriverKind::Auto => match Backend::uring(options) {
                Ok(backend) => Ok((backend, None)),
                Err(refusal) => Ok((Backend::Poll(Pollers::new(options)?), Some(refusal))),
            },
        }
    }

    #[cfg(target_os = "linux")]
    fn uring(options: &Options) -> io::Result<Backend> {
        Ok(Backend::Uring(Rings::new(options)?))
    }

    #[cfg(not(target_os = "linux"))]
    fn uring(_options: &Options) -> io::Result<Backend> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "io_uring exists on Linux only; use HEIST_DRIVER=auto or HEIST_DRIVER=poll here",
        ))
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(_) => "io_uring",
            Backend::Poll(_) => "poll",
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(_) => "fake",
        }
    }

    /// The operations on files that this back end performs. The blocking pool performs the others.
    pub(super) fn supported(&self) -> Supported {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.supported(),
            Backend::Poll(_) => Supported::default(),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(_) => Fake::supported(),
        }
    }

    pub(super) fn bind(&self, index: usize) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.bind(index),
            Backend::Poll(_) => Ok(()),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(_) => Ok(()),
        }
    }

    pub(super) fn release(&self, index: usize) {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.release(index),
            // Any thread may wait at a poller.
            Backend::Poll(_) => {}
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(_) => {}
        }
    }

    pub(super) fn submit(&self, index: usize, asker: Asker, op: Op) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.submit(index, asker, op),
            Backend::Poll(pollers) => pollers.perform(index, op),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => fake.submit(index, asker, op),
        }
    }

    /// `local`: the calling thread is the ticket's worker.
    pub(super) fn cancel(&self, local: bool, ticket: Ticket) {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.cancel(local, ticket),
            // A poller has nothing in flight; `detach` withdraws an order.
            Backend::Poll(_) => {}
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => fake.cancel(local, ticket),
        }
    }

    pub(super) fn detach(&self, source: &Arc<Source>, ticket: Ticket) {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(_) => {}
            Backend::Poll(pollers) => pollers.detach(source, ticket),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(_) => {}
        }
    }

    pub(super) fn unregister(&self, memory: &Arc<FixedMemory>) {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.unregister(memory),
            // A poller has nothing registered.
            Backend::Poll(_) => {}
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(_) => {}
        }
    }

    pub(super) fn is_level_at_arm(&self) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(_) => true,
            Backend::Poll(pollers) => pollers.is_level_at_arm(),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(_) => true,
        }
    }

    /// Whether an event reports the end or the failure of a stream as distinct from more bytes.
    pub(super) fn tells_end(&self) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(_) => false,
            Backend::Poll(pollers) => pollers.tells_end(),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(_) => false,
        }
    }

    pub(super) fn is_quiet(&self, index: usize) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.is_quiet(index),
            Backend::Poll(pollers) => pollers.is_quiet(index),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => fake.is_quiet(index),
        }
    }

    pub(super) fn harvest(&self, index: usize, harvest: &mut Harvest<'_>) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.harvest(index, harvest),
            Backend::Poll(pollers) => pollers.harvest(index, harvest),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => {
                fake.harvest(index, harvest);
                Ok(())
            }
        }
    }

    pub(super) fn park(
        &self,
        index: usize,
        stuck: &[usize],
        timeout: Option<Duration>,
        harvest: &mut Harvest<'_>,
    ) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            // The kernel posts a busy owner's completions only when another worker interrupts the
            // owner. Before that there is nothing to wait for.
            Backend::Uring(rings) => rings.park(index, timeout, harvest),
            Backend::Poll(pollers) => pollers.park(index, stuck, timeout, harvest),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => {
                fake.park(index, timeout, harvest);
                Ok(())
            }
        }
    }

    pub(super) fn ring_doorbell(&self, index: usize) {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.ring_doorbell(index),
            Backend::Poll(pollers) => pollers.ring_doorbell(index),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => fake.ring_doorbell(index),
        }
    }

    pub(super) fn try_harvest(&self, index: usize, harvest: &mut Harvest<'_>) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.try_harvest(index, harvest),
            Backend::Poll(pollers) => pollers.try_harvest(index, harvest),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => fake.try_harvest(index, harvest),
        }
    }

    pub(super) fn take_over(&self, index: usize, by: usize, harvest: &mut Harvest<'_>) {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.take_over(index, by, harvest),
            // Any thread asks a poller, and at once.
            Backend::Poll(_) => {}
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => fake.take_over(index, by, harvest),
        }
    }

    pub(super) fn relieve(&self, index: usize, harvest: &mut Harvest<'_>) {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.relieve(index, harvest),
            // Any thread asks a poller, and at once. A refusal means that its worker is harvesting
            // itself.
            Backend::Poll(pollers) => {
                let _ = pollers.try_harvest(index, harvest);
            }
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => {
                let _ = fake.try_harvest(index, harvest);
            }
        }
    }

    pub(super) fn in_flight(&self, index: usize) -> usize {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.in_flight(index),
            Backend::Poll(pollers) => pollers.in_flight(index),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => fake.in_flight(index),
        }
    }

    pub(super) fn has_file_work(&self, index: usize) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.has_file_work(index),
            Backend::Poll(_) => false,
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(_) => false,
        }
    }

    pub(super) fn stale_count(&self, index: usize) -> u64 {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.stale_count(index),
            // A late event finds no source and is dropped, so there is nothing to count.
            Backend::Poll(_) => 0,
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => fake.stale_count(index),
        }
    }

    pub(super) fn leaked_count(&self, index: usize) -> usize {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.leaked_count(index),
            // The kernel holds no memory of this process there.
            Backend::Poll(_) => 0,
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(_) => 0,
        }
    }

    pub(super) fn shutdown(&self, index: usize, deadline: Duration, wakers: &mut Vec<Waker>) {
        match self {
            #[cfg(target_os = "linux")]
            Backend::Uring(rings) => rings.shutdown(index, deadline, wakers),
            Backend::Poll(pollers) => pollers.shutdown(index, wakers),
            #[cfg(all(test, rt_shuttle))]
            Backend::Fake(fake) => fake.shutdown(index, wakers),
        }
    }

    #[cfg(all(test, rt_shuttle))]
    pub(super) fn kernel(&self) -> &Arc<super::fake::Kernel> {
        match self {
            Backend::Fake(fake) => fake.kernel(),
            _ => panic!("only the fake has a kernel of its own"),
        }
    }
}
