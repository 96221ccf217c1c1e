//! A handle that several owners share, one of which may be the body itself.

use core::cell::{RefCell, RefMut};
use core::fmt;
use core::pin::Pin;

use super::alloc::boxed::Box;
use super::alloc::rc::Rc;
use super::iterator::advance;
use super::protocol::{AlreadyExecuting, Next, Outcome, Raise, SendError, State, Step, lift};
use super::resume::Resume;

/// A counted handle of a generator or coroutine. Its clones stand for the same body; a body may hold one of itself.
///
/// This is what Python's generator objects are. With it the two questions arise that owned handles answer at compile
/// time: resuming a body from inside itself is [`AlreadyExecuting`], and its state seen from inside is `Running`. A
/// body that holds a handle of itself is a reference cycle: break it (`abort`, or let the body end) or it leaks.
///
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
pub struct Shared<G: ?Sized>(Rc<RefCell<Pin<Box<G>>>>);

impl<G> Shared<G> {
    /// Boxes a body and shares it.
    pub fn new(body: G) -> Self {
        Shared::from_pin(Box::pin(body))
    }
}

impl<G: ?Sized> Shared<G> {
    /// Shares a body that is boxed already, for instance as `Pin<Box<dyn Resume<..>>>`.
    pub fn from_pin(body: Pin<Box<G>>) -> Self {
        Shared(Rc::new(RefCell::new(body)))
    }

    /// The exclusive handle, on which every method of iterators and coroutines can be called.
    ///
    /// # Errors
    /// [`AlreadyExecuting`] while the body executes (or another guard lives).
    pub fn try_lock(&self) -> Result<RefMut<'_, Pin<Box<G>>>, AlreadyExecuting> {
        self.0.try_borrow_mut().map_err(|_| AlreadyExecuting)
    }
}

impl<G: Resume + ?Sized> Shared<G> {
    /// Where the body stands; `Running` while it executes.
    pub fn state(&self) -> State {
        self.0.try_borrow().map_or(State::Running, |body| (**body).state())
    }
}

impl<G: Resume<Argument = Next> + ?Sized> Shared<G> {
    /// The next item of a plain generator.
    ///
    /// # Errors
    /// [`AlreadyExecuting`] from inside the body.
    pub fn try_next(&self) -> Result<Option<G::Yield>, AlreadyExecuting> {
        Ok(advance(self.try_lock()?.as_mut()))
    }
}

impl<G, S, R, E> Shared<G>
where
    G: Resume<Argument = Outcome<S, E>, Return = Outcome<R, E>> + ?Sized,
{
    /// As [`CoroutineExt::send`](super::CoroutineExt::send); from inside the body, `AlreadyExecuting`.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send(&self, value: S) -> Result<Step<G::Yield, R>, SendError<S, E>> {
        match self.state() {
            State::Suspended => {}
            State::Created => return Err(SendError::NotStarted(value)),
            State::Running => return Err(SendError::AlreadyExecuting(value)),
            State::Closed => return Err(SendError::Closed(value)),
        }
        let mut body = self.0.borrow_mut();
        lift(body.as_mut().resume(Some(Ok(value)))).map_err(SendError::Raised)
    }
}

impl<G: ?Sized> Clone for Shared<G> {
    fn clone(&self) -> Self {
        Shared(Rc::clone(&self.0))
    }
}

impl<G: Resume + ?Sized> fmt::Debug for Shared<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.state()).finish()
    }
}

/// A shared coroutine can be delegated to. If it is executing already (g1 delegates to g2, which delegates to g1),
/// the error is raised at that `yield from`; hence `E` must be able to say so.
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

    /// Does nothing while the body executes: it cannot be dropped under its own feet.
    fn abort(self: Pin<&mut Self>) {
        if let Ok(mut body) = self.try_lock() {
            body.as_mut().abort();
        }
    }
}
