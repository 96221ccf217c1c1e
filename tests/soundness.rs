//! Soundness of the interface: what may cross threads and what may not.
//!
//! Programs that must not compile are doc tests of the library, in `runtime/must_not_compile.rs`:
//! only rustdoc can expect a compile error. Here is what can be asked of the types themselves.

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};

use heist::fs::{File, OpenOptions, ReadDir};
use heist::generator::{
    AsyncMachine, AsyncRoutine, Claim, Co, Machine, Next, Resume, Routine, Shared, Yielding,
};
use heist::io::{AlignedBuf, FixedBuf, FixedBufPool, PooledBuf, Slice};
use heist::net::{TcpListener, TcpStream, UdpSocket};
use heist::runtime::{EnterGuard, Handle, LocalRuntime, Runtime};
use heist::task::{
    AbortHandle, AbortOnDropHandle, JoinError, JoinHandle, JoinSet, LocalEnterGuard, LocalSet,
};
use heist::time::{Instant, Interval, Sleep, Timeout};

/// A type that is neither `Send` nor `Sync`.
struct Homebound(PhantomData<*mut ()>);

/// Answers at run time whether a type has an auto trait: an inherent constant hides the trait's
/// when the bound holds.
macro_rules! has {
    ($type:ty: $($bound:tt)+) => {{
        #[allow(dead_code, reason = "hidden when the bound holds")]
        trait Otherwise {
            const ANSWER: bool = false;
        }
        impl<T: ?Sized> Otherwise for Asked<T> {}
        struct Asked<T: ?Sized>(PhantomData<T>);
        #[allow(dead_code, reason = "hidden when the bound does not hold")]
        impl<T: ?Sized + $($bound)+> Asked<T> {
            const ANSWER: bool = true;
        }
        <Asked<$type>>::ANSWER
    }};
}

#[test]
fn the_question_can_be_answered_both_ways() {
    assert!(has!(u8: Send) && has!(u8: Sync));
    assert!(!has!(Homebound: Send) && !has!(Homebound: Sync));
    assert!(has!(Cell<u8>: Send) && !has!(Cell<u8>: Sync));
}

#[test]
fn handles_and_sockets_cross_threads() {
    assert!(has!(Runtime: Send + Sync));
    assert!(has!(Handle: Send + Sync + Clone));
    assert!(has!(AbortHandle: Send + Sync + Clone));
    assert!(has!(JoinError: Send + Sync + std::error::Error));
    assert!(has!(Runtime: UnwindSafe + RefUnwindSafe) && has!(Handle: UnwindSafe + RefUnwindSafe));
    // A guard belongs to its thread, which may show it to others.
    assert!(has!(EnterGuard<'static>: Sync) && !has!(EnterGuard<'static>: Send));
    assert!(!has!(LocalSet: Send) && !has!(LocalSet: Sync) && !has!(LocalEnterGuard: Send));
    assert!(!has!(LocalRuntime: Send) && !has!(LocalRuntime: Sync));
    assert!(has!(LocalRuntime: UnwindSafe + RefUnwindSafe));
    assert!(has!(TcpStream: Send + Sync + Unpin));
    assert!(has!(TcpListener: Send + Sync + Unpin));
    assert!(has!(Instant: Send + Sync + Copy + Ord));
    assert!(has!(Sleep: Send + Sync));
    assert!(has!(Interval: Send + Sync));
    assert!(has!(heist::time::error::Elapsed: Send + Sync + std::error::Error));
}

#[test]
fn buffers_and_files_cross_threads() {
    assert!(has!(AlignedBuf: Send + Sync) && has!(PooledBuf: Send + Sync));
    assert!(has!(FixedBuf: Send + Sync) && has!(FixedBufPool: Send + Sync + Clone));
    assert!(has!(Slice<Vec<u8>>: Send + Sync) && !has!(Slice<Homebound>: Send));
    assert!(has!(UdpSocket: Send + Sync + Unpin) && has!(File: Send + Sync + Unpin));
    assert!(has!(ReadDir: Send + Unpin) && has!(OpenOptions: Send + Sync + Clone));
}

/// A body that is kept between its steps is as free as what it captured and what passes through it.
#[test]
fn bodies_are_as_free_as_their_values() {
    type Numbers = dyn Resume<Yield = u8, Argument = Next, Return = ()>;
    type FreeNumbers = dyn Resume<Yield = u8, Argument = Next, Return = ()> + Send;
    assert!(has!(Shared<FreeNumbers>: Send + Sync) && !has!(Shared<Numbers>: Send));
    // It names a place that only its thread has claimed.
    assert!(!has!(Claim<'static, FreeNumbers>: Send) && !has!(Claim<'static, FreeNumbers>: Sync));
    assert!(has!(Co<'static, u8>: Send + Sync) && has!(Yielding<'static, 'static, u8, Next>: Send));
    assert!(!has!(Co<'static, Homebound>: Send) && !has!(Co<'static, u8, Homebound>: Send));
    assert!(!has!(Yielding<'static, 'static, Homebound, Next>: Send));
    // Its frame keeps what was handed over between two steps.
    assert!(has!(Routine<u8, u8, u8, Next>: Send) && !has!(Routine<u8, u8, u8, Next>: Sync));
    assert!(!has!(Routine<u8, u8, Homebound, Next>: Send) && !has!(Routine<u8, u8, u8, Homebound>: Send));
    assert!(!has!(Routine<Homebound, u8, u8, Next>: Send) && !has!(Routine<u8, Homebound, u8, Next>: Send));
    assert!(!has!(Routine<u8, u8, u8, Next>: Unpin) && !has!(AsyncRoutine<u8, u8, u8, Next>: Unpin));
    // Its frame is on the stack of whoever resumes it.
    assert!(has!(Machine<u8, Homebound, Homebound>: Send) && !has!(Machine<Homebound, u8, Next>: Send));
    assert!(!has!(Machine<u8, u8, Next>: Unpin) && !has!(AsyncMachine<u8, u8, Next>: Unpin));
    assert!(!has!(AsyncMachine<Homebound, u8, Next>: Send));
}

#[test]
fn a_join_handle_is_as_free_as_its_output() {
    assert!(has!(JoinHandle<u8>: Send + Sync + Unpin));
    // The output is handed over, never shared: Send is enough.
    assert!(has!(JoinHandle<Cell<u8>>: Send + Sync));
    assert!(!has!(JoinHandle<Homebound>: Send));
    assert!(has!(AbortOnDropHandle<u8>: Send + Sync));
    assert!(!has!(AbortOnDropHandle<Homebound>: Send));
    assert!(has!(JoinSet<u8>: Send + Sync));
    assert!(!has!(JoinSet<Homebound>: Send));
}

#[test]
fn combinators_are_as_free_as_what_they_hold() {
    assert!(has!(Timeout<std::future::Ready<u8>>: Send));
    assert!(!has!(Timeout<std::future::Ready<Homebound>>: Send));
}

/// Fault C3: a context is left on the thread that entered it.
#[test]
fn a_context_guard_stays_on_its_thread() {
    assert!(!has!(heist::runtime::EnterGuard<'static>: Send));
}

#[test]
fn panics_do_not_make_handles_unusable() {
    assert!(has!(JoinHandle<u8>: std::panic::UnwindSafe + std::panic::RefUnwindSafe));
}
