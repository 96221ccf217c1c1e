//! Tests of pools that rings may register: who holds which buffer, and when the memory is released.

use std::ops::Range;
use std::sync::{Arc, Weak};

use crate::buf::{AlignedBuf, FixedBufPool, FixedMemory, IoBuf, IoBufMut, Registry, join, split};
use crate::primitive::sync::Mutex;

/// Records the calls of `unregister`.
#[derive(Debug)]
struct Ledger(Mutex<Vec<usize>>);

impl Ledger {
    fn new() -> Arc<Ledger> {
        Arc::new(Ledger(Mutex::new(Vec::new())))
    }

    fn unregistered(&self) -> Vec<usize> {
        self.0.lock().clone()
    }
}

impl Registry for Ledger {
    fn unregister(&self, memory: &Arc<FixedMemory>) {
        self.0.lock().push(addresses(memory).start);
    }
}

fn addresses(memory: &Arc<FixedMemory>) -> Range<usize> {
    let (start, len) = memory.extent();
    start.addr()..start.addr() + len
}

fn pool_of(ledger: &Arc<Ledger>, count: usize, len: usize) -> FixedBufPool {
    let registry: Weak<Ledger> = Arc::downgrade(ledger);
    FixedBufPool::registered_with(registry, count, len).expect("memory")
}

#[test]
fn each_buffer_has_pages_of_its_own_within_the_memory_of_the_pool() {
    let ledger = Ledger::new();
    for (count, len) in [(1, 1), (3, 4096), (5, 4097), (2, 100_000)] {
        let pool = pool_of(&ledger, count, len);
        let mut bufs: Vec<_> = (0..count).map(|_| pool.try_take().expect("one is left")).collect();
        assert!(pool.try_take().is_none());
        for (index, buf) in bufs.iter_mut().enumerate() {
            assert_eq!((buf.len(), buf.as_ptr().addr() % AlignedBuf::ALIGN_DEFAULT), (len, 0));
            assert!(buf.iter().all(|&byte| byte == 0), "zeroed, and nobody else writes to it");
            let memory = addresses(buf.fixed_memory().expect("it is of the pool"));
            assert!(memory.start <= buf.as_ptr().addr() && buf.as_ptr().addr() + len <= memory.end);
            buf.fill(index as u8 + 1);
        }
        for (index, buf) in bufs.iter().enumerate() {
            assert!(buf.iter().all(|&byte| byte == index as u8 + 1));
        }
    }
}

#[test]
fn an_empty_pool_returns_memory_that_is_not_its_own() {
    let pool = pool_of(&Ledger::new(), 1, 5000);
    let (first, mut second) = (pool.take(), pool.take());
    assert!(first.fixed_memory().is_some() && second.fixed_memory().is_none());
    assert_eq!((second.len(), second.as_ptr().addr() % AlignedBuf::ALIGN_DEFAULT), (5000, 0));
    second.fill(1);
    drop(second);
    assert_eq!(pool.idle_count(), 0, "it was never the pool's");
    drop(first);
    assert_eq!(pool.idle_count(), 1);
}

#[test]
fn the_memory_is_unregistered_once_when_pool_and_buffers_are_gone() {
    let ledger = Ledger::new();
    let pool = pool_of(&ledger, 2, 4096);
    let (first, second) = (pool.take(), pool.take());
    let start = addresses(first.fixed_memory().expect("the pool's")).start;
    drop((pool.clone(), pool, first));
    assert!(ledger.unregistered().is_empty());
    drop(second);
    assert_eq!(ledger.unregistered(), [start]);
}

#[test]
fn parts_and_slices_report_the_memory_of_their_whole() {
    let pool = pool_of(&Ledger::new(), 1, 10_000);
    let wanted = addresses(pool.take().fixed_memory().expect("the pool's"));
    let slice = pool.take().slice(100, 50);
    assert_eq!(slice.fixed_memory().map(addresses), Some(wanted.clone()));
    let parts = split(slice.into_inner(), 4096);
    assert_eq!(parts.len(), 3);
    for part in &parts {
        assert_eq!(part.fixed_memory().map(addresses), Some(wanted.clone()));
    }
    assert_eq!(join(parts).map(|buf| buf.bytes_total()), Some(10_000));
    assert!(vec![0; 4].slice(0, 2).fixed_memory().is_none());
}

#[test]
fn a_pool_without_memory_or_beyond_what_the_kernel_registers_is_refused() {
    let registry: Weak<Ledger> = Arc::downgrade(&Ledger::new());
    let half = FixedBufPool::BYTES_MAX / 2;
    for (count, len) in [(0, 4096), (4096, 0), (2, half + 1), (usize::MAX, 2), (1, usize::MAX)] {
        let error = FixedBufPool::registered_with(registry.clone(), count, len).expect_err("refused");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    }
}
