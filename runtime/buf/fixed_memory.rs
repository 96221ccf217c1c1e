//! Memory that the rings of a runtime may register.

use std::fmt;
use std::io;
use std::sync::{Arc, Weak};

use super::AlignedBuf;
use crate::primitive::sync::Mutex;

/// The memory of a pool. Each ring that has registered it holds a reference, so that no other
/// allocation gets the address while the kernel takes it for these pages [registered-is-held].
pub struct FixedMemory {
    bytes: AlignedBuf,
    registry: Weak<dyn Registry>,
    status: Mutex<Status>,
}

#[derive(Debug, Default)]
struct Status {
    rings_count: usize,
    /// The error of the first ring that could not register it.
    refusal: Option<(io::ErrorKind, String)>,
}

/// The rings with which the memory of a pool may be registered.
pub(crate) trait Registry: Send + Sync {
    /// Unregisters the memory. No operation with it is in flight, and none will come.
    fn unregister(&self, memory: &Arc<FixedMemory>);
}

impl FixedMemory {
    pub(super) fn new(bytes: AlignedBuf, registry: Weak<dyn Registry>) -> FixedMemory {
        FixedMemory { bytes, registry, status: Mutex::new(Status::default()) }
    }

    /// No buffer of this memory exists any more.
    pub(super) fn unregister(this: &Arc<FixedMemory>) {
        if let Some(registry) = this.registry.upgrade() {
            registry.unregister(this);
        }
    }

    pub(super) fn rings_count(&self) -> usize {
        self.status.lock().rings_count
    }

    pub(super) fn refusal(&self) -> Option<io::Error> {
        let status = self.status.lock();
        status.refusal.as_ref().map(|(kind, text)| io::Error::new(*kind, text.clone()))
    }

    /// Returns whether the memory may be registered with `registry`.
    pub(crate) fn is_of<R>(&self, registry: &Arc<R>) -> bool {
        // The weak reference keeps the address from being reused.
        std::ptr::addr_eq(self.registry.as_ptr(), Arc::as_ptr(registry))
    }

    /// Returns the address of its first byte, and its length in bytes.
    pub(crate) fn extent(&self) -> (*mut u8, usize) {
        self.bytes.extent()
    }
}

cfg_if! {
    if #[linux] {
        /// For the rings.
        impl FixedMemory {
            /// Records that one ring more, or fewer, has registered it.
            pub(crate) fn change_rings_count(&self, change: isize) {
                let mut status = self.status.lock();
                status.rings_count = status.rings_count.saturating_add_signed(change);
            }

            /// Records why a ring could not register it. The first reason stays.
            pub(crate) fn refuse(&self, error: &io::Error) {
                let mut status = self.status.lock();
                status.refusal.get_or_insert_with(|| (error.kind(), error.to_string()));
            }
        }
    } else {
    }
}

impl fmt::Debug for FixedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedMemory").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
