//! Plain generators as iterators, if their return values may be dropped.

use core::future::Future;
use core::iter::FusedIterator;
use core::pin::Pin;

use super::alloc::boxed::Box;
use super::fallible::LosesNothing;
use super::machine::Machine;
use super::protocol::{Next, State, Step};
use super::resume::Resume;

/// Marks the rare branch for the optimiser: the common one then needs no jump.
#[cold]
#[inline(never)]
pub(super) fn ended() {}

/// Returns the next item of a plain body; `None` at every call after it has ended.
#[inline(always)]
pub(super) fn advance<G>(generator: Pin<&mut G>) -> Option<G::Yield>
where
    G: Resume<Argument = Next> + ?Sized,
    fn() -> G::Return: LosesNothing,
{
    if generator.state() == State::Closed {
        ended();
        return None;
    }
    match generator.resume(Some(Next)) {
        Step::Yielded(value) => Some(value),
        Step::Returned(_) => None,
    }
}

impl<C: Future, Y> Iterator for Pin<&mut Machine<C, Y, Next>>
where
    fn() -> C::Output: LosesNothing,
{
    type Item = Y;

    #[inline]
    fn next(&mut self) -> Option<Y> {
        advance(self.as_mut())
    }
}

impl<C: Future, Y> FusedIterator for Pin<&mut Machine<C, Y, Next>> where fn() -> C::Output: LosesNothing {}

impl<C: Future, Y> Iterator for Pin<Box<Machine<C, Y, Next>>>
where
    fn() -> C::Output: LosesNothing,
{
    type Item = Y;

    #[inline]
    fn next(&mut self) -> Option<Y> {
        advance(self.as_mut())
    }
}

impl<C: Future, Y> FusedIterator for Pin<Box<Machine<C, Y, Next>>> where fn() -> C::Output: LosesNothing {}

/// Boxes the generator, so that `for x in generator()` needs no `pin!`. The optimiser removes the
/// box if it sees the whole loop; `for x in pin!(generator())` never has one.
impl<C: Future, Y> IntoIterator for Machine<C, Y, Next>
where
    fn() -> C::Output: LosesNothing,
{
    type Item = Y;
    type IntoIter = Pin<Box<Self>>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        Box::pin(self)
    }
}
