//! What an exploration has come to.

use crate::primitive::explorer::Tried;

/// How far a model was explored.
///
/// # Examples
/// ```
/// let explored = heist::model::Explorer::new().check(|| async {});
/// assert!(explored.runs() > 0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Explored {
    tried: Tried,
}

impl Explored {
    pub(super) fn new(tried: Tried) -> Explored {
        Explored { tried }
    }

    /// How often the program ran: interleavings under loom, schedules under shuttle, repetitions in
    /// a normal build. A model with one interleaving has nothing to interleave.
    ///
    /// # Examples
    /// ```
    /// let explored = heist::model::Explorer::new().repetitions(3).check(|| async {});
    /// assert!(explored.runs() == 3 || cfg!(any(rt_loom, rt_shuttle)));
    /// ```
    pub fn runs(&self) -> usize {
        self.tried.runs
    }

    /// Whether every interleaving within the bound of preemptions was tried. Only loom can tell;
    /// false if a limit of time or of interleavings was set.
    ///
    /// # Examples
    /// ```
    /// let explored = heist::model::Explorer::new().check(|| async {});
    /// assert_eq!(explored.is_complete(), cfg!(rt_loom));
    /// ```
    pub fn is_complete(&self) -> bool {
        self.tried.are_all
    }
}
