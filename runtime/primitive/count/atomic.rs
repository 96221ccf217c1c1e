//! Atomics of std's size and place in memory, whose accesses are counted.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{self, Ordering};

use super::lines::LineAccess;
use super::machine;

/// A value that std has an atomic for.
pub(crate) trait CountedWord: Copy + PartialEq {
    type Atomic;

    fn load(atomic: &Self::Atomic) -> Self;

    fn exchange(atomic: &Self::Atomic, current: Self, new: Self) -> Result<Self, Self>;
}

/// An atomic. Accesses are sequentially consistent, whatever the caller asks for: a counting build
/// counts accesses and finds no races.
#[repr(transparent)]
pub(crate) struct Counted<W: CountedWord>(W::Atomic);

pub(crate) type AtomicBool = Counted<bool>;
pub(crate) type AtomicU8 = Counted<u8>;
pub(crate) type AtomicU32 = Counted<u32>;
pub(crate) type AtomicU64 = Counted<u64>;
pub(crate) type AtomicUsize = Counted<usize>;
pub(crate) type AtomicPtr<T> = Counted<*mut T>;

/// A fence concerns no line.
#[inline]
pub(crate) fn fence(order: Ordering) {
    atomic::fence(order);
}

impl<W: CountedWord> Counted<W> {
    fn count(&self, kind: LineAccess, place: &'static Location<'static>) {
        machine::access((&raw const self.0).addr(), size_of::<W>(), kind, place);
    }

    #[track_caller]
    pub(crate) fn load(&self, _: Ordering) -> W {
        self.count(LineAccess::Read, Location::caller());
        W::load(&self.0)
    }

    #[track_caller]
    pub(crate) fn store(&self, value: W, _: Ordering) {
        self.update(|_| value);
    }

    #[track_caller]
    pub(crate) fn swap(&self, value: W, _: Ordering) -> W {
        self.update(|_| value)
    }

    #[track_caller]
    pub(crate) fn compare_exchange(&self, current: W, new: W, _: Ordering, _: Ordering) -> Result<W, W> {
        self.count(LineAccess::Write, Location::caller());
        W::exchange(&self.0, current, new)
    }

    #[track_caller]
    pub(crate) fn compare_exchange_weak(&self, current: W, new: W, _: Ordering, _: Ordering) -> Result<W, W> {
        self.count(LineAccess::Write, Location::caller());
        W::exchange(&self.0, current, new)
    }

    #[track_caller]
    pub(crate) fn fetch_update(
        &self,
        _: Ordering,
        _: Ordering,
        mut f: impl FnMut(W) -> Option<W>,
    ) -> Result<W, W> {
        let place = Location::caller();
        self.count(LineAccess::Read, place);
        let mut seen = W::load(&self.0);
        while let Some(new) = f(seen) {
            self.count(LineAccess::Write, place);
            match W::exchange(&self.0, seen, new) {
                Ok(before) => return Ok(before),
                Err(now) => seen = now,
            }
        }
        Err(seen)
    }

    /// One access, as an instruction that reads and writes.
    #[track_caller]
    fn update(&self, f: impl Fn(W) -> W) -> W {
        self.count(LineAccess::Write, Location::caller());
        let mut seen = W::load(&self.0);
        loop {
            match W::exchange(&self.0, seen, f(seen)) {
                Ok(before) => return before,
                Err(now) => seen = now,
            }
        }
    }
}

/// A word that can be added to.
pub(crate) trait Number: CountedWord {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
}

impl<W: Number> Counted<W> {
    #[track_caller]
    pub(crate) fn fetch_add(&self, value: W, _: Ordering) -> W {
        self.update(|before| before.plus(value))
    }

    #[track_caller]
    pub(crate) fn fetch_sub(&self, value: W, _: Ordering) -> W {
        self.update(|before| before.minus(value))
    }
}

impl<W: CountedWord + std::ops::BitOr<Output = W>> Counted<W> {
    #[track_caller]
    pub(crate) fn fetch_or(&self, value: W, _: Ordering) -> W {
        self.update(|before| before | value)
    }
}

impl<W: CountedWord + std::ops::BitAnd<Output = W>> Counted<W> {
    #[track_caller]
    pub(crate) fn fetch_and(&self, value: W, _: Ordering) -> W {
        self.update(|before| before & value)
    }
}

impl<W: CountedWord + std::ops::BitXor<Output = W>> Counted<W> {
    #[track_caller]
    pub(crate) fn fetch_xor(&self, value: W, _: Ordering) -> W {
        self.update(|before| before ^ value)
    }
}

impl<W: CountedWord + Ord> Counted<W> {
    #[track_caller]
    #[allow(dead_code, reason = "as std's, whoever needs it")]
    pub(crate) fn fetch_max(&self, value: W, _: Ordering) -> W {
        self.update(|before| before.max(value))
    }
}

impl<W: CountedWord + fmt::Debug> fmt::Debug for Counted<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        W::load(&self.0).fmt(f)
    }
}

impl<W: CountedWord> Default for Counted<W>
where
    W::Atomic: Default,
{
    fn default() -> Self {
        Counted(W::Atomic::default())
    }
}

impl CountedWord for bool {
    type Atomic = atomic::AtomicBool;

    fn load(atomic: &Self::Atomic) -> Self {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.load(Ordering::SeqCst)
    }

    fn exchange(atomic: &Self::Atomic, current: Self, new: Self) -> Result<Self, Self> {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
    }
}

impl Counted<bool> {
    pub(crate) const fn new(value: bool) -> Self {
        Counted(atomic::AtomicBool::new(value))
    }
}

impl CountedWord for u8 {
    type Atomic = atomic::AtomicU8;

    fn load(atomic: &Self::Atomic) -> Self {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.load(Ordering::SeqCst)
    }

    fn exchange(atomic: &Self::Atomic, current: Self, new: Self) -> Result<Self, Self> {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
    }
}

impl Counted<u8> {
    pub(crate) const fn new(value: u8) -> Self {
        Counted(atomic::AtomicU8::new(value))
    }
}

impl Number for u8 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

impl CountedWord for u32 {
    type Atomic = atomic::AtomicU32;

    fn load(atomic: &Self::Atomic) -> Self {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.load(Ordering::SeqCst)
    }

    fn exchange(atomic: &Self::Atomic, current: Self, new: Self) -> Result<Self, Self> {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
    }
}

impl Counted<u32> {
    pub(crate) const fn new(value: u32) -> Self {
        Counted(atomic::AtomicU32::new(value))
    }
}

impl Number for u32 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

impl CountedWord for u64 {
    type Atomic = atomic::AtomicU64;

    fn load(atomic: &Self::Atomic) -> Self {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.load(Ordering::SeqCst)
    }

    fn exchange(atomic: &Self::Atomic, current: Self, new: Self) -> Result<Self, Self> {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
    }
}

impl Counted<u64> {
    pub(crate) const fn new(value: u64) -> Self {
        Counted(atomic::AtomicU64::new(value))
    }
}

impl Number for u64 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

impl CountedWord for usize {
    type Atomic = atomic::AtomicUsize;

    fn load(atomic: &Self::Atomic) -> Self {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.load(Ordering::SeqCst)
    }

    fn exchange(atomic: &Self::Atomic, current: Self, new: Self) -> Result<Self, Self> {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
    }
}

impl Counted<usize> {
    pub(crate) const fn new(value: usize) -> Self {
        Counted(atomic::AtomicUsize::new(value))
    }
}

impl Number for usize {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

impl<T> CountedWord for *mut T {
    type Atomic = atomic::AtomicPtr<T>;

    fn load(atomic: &Self::Atomic) -> Self {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.load(Ordering::SeqCst)
    }

    fn exchange(atomic: &Self::Atomic, current: Self, new: Self) -> Result<Self, Self> {
        // Ordering: SeqCst: as `Counted` promises.
        atomic.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
    }
}

impl<T> Counted<*mut T> {
    pub(crate) const fn new(value: *mut T) -> Self {
        Counted(atomic::AtomicPtr::new(value))
    }
}
