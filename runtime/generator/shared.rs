#![expect(
    unsafe_code,
    reason = "handles on several threads share one body, which one of them at a time may touch"
)]
//! A handle that several owners share, on one thread or on many; one of the owners may be the body
//! itself.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::pin::Pin;
use core::ptr::NonNull;

use super::alloc::boxed::Box;
use super::alloc::sync::Arc;
use super::fallible::LosesNothing;
use super::iterator::advance;
use super::protocol::{AlreadyExecuting, Next, Outcome, Raise, SendError, State, Step, lift};
use super::resume::Resume;
use crate::primitive::atomic::{AtomicU32, Ordering};
use crate::primitive::cell::UnsafeCell;

/// The word of a body while a claim exists. Otherwise the word is the body's `State` as a number.
const CLAIMED: u32 = u32::MAX;

/// A counted handle of a generator or coroutine, as Python's generator objects are. Its clones
/// stand for the same body.
///
/// A body may hold a handle of itself. Resuming a body from inside itself is [`AlreadyExecuting`],
/// and its state seen from inside is `Running`; with owned handles neither compiles. A body that
/// holds a handle of itself is a reference cycle: break it (`abort`, or let the body end), or it
/// leaks.
///
/// Handles of a `Send` body may be on any threads. One thread takes each step; a call by another
/// thread meanwhile returns [`AlreadyExecuting`] at once. No call waits: to wait for a turn, put
/// the handle behind a lock.
///
/// # Examples
/// ```
/// use heist::generator::{AlreadyExecuting, Next, Resume, Shared, State, generator};
/// use std::{cell::RefCell, pin::Pin, rc::Rc};
///
/// type Answers = dyn Resume<Yield = bool, Argument = Next, Return = ()>;
/// let me: Rc<RefCell<Option<Shared<Answers>>>> = Rc::default();
/// let inside = me.clone();
/// let body: Pin<Box<Answers>> = Box::pin(generator! {
///     let this = inside.borrow_mut().take().unwrap();
///     yield this.state() == State::Running;
///     yield this.try_next() == Err(AlreadyExecuting);
/// });
/// let shared = Shared::from_pin(body);
/// *me.borrow_mut() = Some(shared.clone());
/// assert_eq!(shared.try_next(), Ok(Some(true)));
/// assert_eq!(shared.try_next(), Ok(Some(true)));
/// assert_eq!(shared.try_next(), Ok(None));
/// ```
pub struct Shared<G: ?Sized>(Arc<SharedCell<G>>);

struct SharedCell<G: ?Sized> {
    /// `CLAIMED`, or the state that the last step left the body in.
    word: AtomicU32,
    body: UnsafeCell<Pin<Box<G>>>,
}

// SAFETY: a thread that touches the body has set the word to CLAIMED, and only one thread at a time
// can do that [one-claim]; so sharing the cell sends the body from thread to thread, and never
// shares it.
unsafe impl<G: Send + ?Sized> Sync for SharedCell<G> {}

/// The exclusive use of a shared body, until it is dropped. Meanwhile the calls of other handles
/// return [`AlreadyExecuting`].
///
/// # Examples
/// ```
/// use heist::generator::{AlreadyExecuting, Shared, generator};
///
/// let shared = Shared::new(generator! { for n in 0..10 { yield n; } });
/// let other = shared.clone();
/// let mut claim = shared.try_lock()?;
/// assert_eq!(claim.by_ref().take(3).collect::<Vec<_>>(), [0, 1, 2]);
/// assert_eq!(other.try_next(), Err(AlreadyExecuting));
/// drop(claim);
/// assert_eq!(other.try_next(), Ok(Some(3)));
/// # Ok::<(), AlreadyExecuting>(())
/// ```
pub struct Claim<'a, G: Resume + ?Sized> {
    cell: &'a SharedCell<G>,
    /// No reference: a reference that is passed on by value would promise to be exclusive even
    /// after its claim was dropped.
    body: NonNull<Pin<Box<G>>>,
}

impl<G: Resume> Shared<G> {
    /// Boxes a body and shares it.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Shared, generator};
    ///
    /// let numbers = Shared::new(generator! { yield 1; yield 2; });
    /// let other = numbers.clone();
    /// assert_eq!(numbers.try_next(), Ok(Some(1)));
    /// assert_eq!(other.try_next(), Ok(Some(2)));
    /// ```
    pub fn new(body: G) -> Self {
        Shared::from_pin(Box::pin(body))
    }
}

impl<G: Resume + ?Sized> Shared<G> {
    /// Shares a body that is boxed already, for instance as `Pin<Box<dyn Resume<..> + Send>>`.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Next, Resume, Shared, generator};
    /// use std::pin::Pin;
    ///
    /// type Numbers = dyn Resume<Yield = u32, Argument = Next, Return = ()> + Send;
    /// let body: Pin<Box<Numbers>> = Box::pin(generator! { yield 1; });
    /// assert_eq!(Shared::from_pin(body).try_next(), Ok(Some(1)));
    /// ```
    pub fn from_pin(body: Pin<Box<G>>) -> Self {
        Shared(Arc::new(SharedCell {
            word: AtomicU32::new(code_of(body.state())),
            body: UnsafeCell::new(body),
        }))
    }

    /// Returns the exclusive use of the body, on which every method of iterators and coroutines can
    /// be called.
    ///
    /// # Errors
    /// [`AlreadyExecuting`] while the body executes, on this thread or another, or while another
    /// claim exists.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Shared, generator};
    ///
    /// let numbers = Shared::new(generator! { yield 1; });
    /// let mut claim = numbers.try_lock().expect("nothing else uses it");
    /// assert!(numbers.try_lock().is_err());
    /// assert_eq!(claim.next(), Some(1));
    /// ```
    pub fn try_lock(&self) -> Result<Claim<'_, G>, AlreadyExecuting> {
        // Ordering: [one-claim] Acquire: this claim sees what the last claim did to the body.
        // Relaxed if the claim fails, because then nothing is touched.
        let claimed = self
            .0
            .word
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |word| (word != CLAIMED).then_some(CLAIMED));
        claimed.map_err(|_| AlreadyExecuting)?;
        // SAFETY: a cell's address is not null.
        let body = self.0.body.with_mut(|body| unsafe { NonNull::new_unchecked(body) });
        Ok(Claim { cell: &self.0, body })
    }

    /// Where the body stands; `Running` while it executes. Another thread may have changed it by
    /// the time this returns.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Shared, State, generator};
    ///
    /// assert_eq!(Shared::new(generator! { yield 1; }).state(), State::Created);
    /// ```
    pub fn state(&self) -> State {
        // Ordering: [one-claim] Acquire: a thread that sees a body closed sees what the body did.
        state_of(self.0.word.load(Ordering::Acquire))
    }
}

fn code_of(state: State) -> u32 {
    match state {
        State::Created => 0,
        State::Running => 1,
        State::Suspended => 2,
        State::Closed => 3,
    }
}

fn state_of(word: u32) -> State {
    match word {
        0 => State::Created,
        2 => State::Suspended,
        3 => State::Closed,
        _ => State::Running,
    }
}

impl<G: Resume + ?Sized> Deref for Claim<'_, G> {
    type Target = Pin<Box<G>>;

    fn deref(&self) -> &Pin<Box<G>> {
        // SAFETY: this claim has set the word to CLAIMED, so no other claim has the body before
        // this one is dropped [one-claim].
        unsafe { self.body.as_ref() }
    }
}

impl<G: Resume + ?Sized> DerefMut for Claim<'_, G> {
    fn deref_mut(&mut self) -> &mut Pin<Box<G>> {
        // SAFETY: as above, and the claim is borrowed exclusively.
        unsafe { self.body.as_mut() }
    }
}

/// Also runs while a panic of the body unwinds: the body is closed then.
impl<G: Resume + ?Sized> Drop for Claim<'_, G> {
    fn drop(&mut self) {
        let code = code_of((***self).state());
        // Ordering: [one-claim] Release: the next claim sees what this one did to the body.
        self.cell.word.store(code, Ordering::Release);
    }
}

impl<G: Resume + ?Sized> fmt::Debug for Claim<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claim").field(&(***self).state()).finish()
    }
}

impl<G: Resume<Argument = Next> + ?Sized> Shared<G>
where
    fn() -> G::Return: LosesNothing,
{
    /// Returns the next item of a plain generator.
    ///
    /// # Errors
    /// [`AlreadyExecuting`] while the body executes.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Shared, generator};
    ///
    /// let shared = Shared::new(generator! { for n in 0..100_u32 { yield n; } });
    /// let sum = || {
    ///     let mut sum = 0;
    ///     // A call that meets the other thread tries again.
    ///     loop {
    ///         match shared.try_next() {
    ///             Ok(Some(n)) => sum += n,
    ///             Ok(None) => break sum,
    ///             Err(_) => std::thread::yield_now(),
    ///         }
    ///     }
    /// };
    /// let sums = std::thread::scope(|scope| {
    ///     let other = scope.spawn(sum);
    ///     sum() + other.join().unwrap()
    /// });
    /// assert_eq!(sums, 4950);
    /// ```
    pub fn try_next(&self) -> Result<Option<G::Yield>, AlreadyExecuting> {
        Ok(advance(self.try_lock()?.as_mut()))
    }
}

impl<G, S, R, E> Shared<G>
where
    G: Resume<Argument = Outcome<S, E>, Return = Outcome<R, E>> + ?Sized,
{
    /// As [`CoroutineExt::send`](super::CoroutineExt::send), on a shared handle.
    ///
    /// # Errors
    /// See [`SendError`]; [`AlreadyExecuting`](SendError::AlreadyExecuting) while the body
    /// executes.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Shared, Step, coroutine};
    ///
    /// let sum = Shared::new(coroutine! { |_: u32|
    ///     let mut sum = 0;
    ///     while sum < 100 { sum += (yield sum)?; }
    ///     Ok("full")
    /// });
    /// // A claim has the methods that a handle does not have.
    /// sum.try_lock().unwrap().start().unwrap();
    /// assert_eq!(sum.clone().send(42), Ok(Step::Yielded(42)));
    /// assert_eq!(sum.send(58), Ok(Step::Returned("full")));
    /// ```
    pub fn send(&self, value: S) -> Result<Step<G::Yield, R>, SendError<S, E>> {
        let Ok(mut body) = self.try_lock() else { return Err(SendError::AlreadyExecuting(value)) };
        match (**body).state() {
            State::Suspended => {}
            State::Created => return Err(SendError::NotStarted(value)),
            State::Running => return Err(SendError::AlreadyExecuting(value)),
            State::Closed => return Err(SendError::Closed(value)),
        }
        lift(body.as_mut().resume(Some(Ok(value)))).map_err(SendError::Raised)
    }
}

impl<G: ?Sized> Clone for Shared<G> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

impl<G: Resume + ?Sized> fmt::Debug for Shared<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.state()).finish()
    }
}

/// A shared coroutine can be delegated to. If it executes already (g1 delegates to g2, which
/// delegates to g1), the error is raised at that `yield from`. So `E` must be able to hold that
/// error.
impl<G, S, R, E> Resume for Shared<G>
where
    G: Resume<Argument = Outcome<S, E>, Return = Outcome<R, E>> + ?Sized,
    E: From<AlreadyExecuting>,
{
    type Yield = G::Yield;
    type Argument = Outcome<S, E>;
    type Return = Outcome<R, E>;

    fn state(&self) -> State {
        Shared::state(self)
    }

    fn resume(self: Pin<&mut Self>, argument: Option<Outcome<S, E>>) -> Step<G::Yield, Outcome<R, E>> {
        match self.try_lock() {
            Ok(mut body) => body.as_mut().resume(argument),
            Err(executing) => Step::Returned(Err(Raise::Error(executing.into()))),
        }
    }

    /// Does nothing while the body executes: a body that runs cannot be dropped.
    fn abort(self: Pin<&mut Self>) {
        if let Ok(mut body) = self.try_lock() {
            body.as_mut().abort();
        }
    }
}
