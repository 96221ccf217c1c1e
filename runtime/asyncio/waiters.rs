//! The wakers of the handles that wait for a promise. Each has a place, which only it gives up.

use std::task::Waker;

/// An empty list that has more places than this frees their memory.
const KEPT_PLACES_COUNT: usize = 64;

/// The index of a waiter's place. `None` if it has none yet.
pub(super) type Seat = Option<usize>;

/// A list with a place for each waiter. A vacant place leads to the next vacant one, so entering
/// and leaving take the same time for any number of waiters. No method calls, clones or drops a
/// waker, because wakers are user code and the list is used under a lock `[unlocked]`.
#[derive(Default)]
pub(super) struct Waiters {
    places: Vec<Place>,
    first_vacant: Option<usize>,
    count: usize,
    /// How many waiters have entered so far.
    comers_count: u64,
}

enum Place {
    Vacant { next: Option<usize> },
    Taken { turn: u64, waker: Waker },
}

impl Waiters {
    /// Returns whether the waker at `seat` wakes the same task as `waker`.
    pub(super) fn holds(&self, seat: Seat, waker: &Waker) -> bool {
        seat.is_some_and(|index| match self.places.get(index) {
            Some(Place::Taken { waker: known, .. }) => known.will_wake(waker),
            Some(Place::Vacant { .. }) | None => false,
        })
    }

    /// Puts `waker` at `seat`. Returns the waker that it replaces, if there was one.
    pub(super) fn seat(&mut self, seat: &mut Seat, waker: Waker) -> Option<Waker> {
        if let Some(Place::Taken { waker: known, .. }) = seat.and_then(|index| self.places.get_mut(index)) {
            return Some(std::mem::replace(known, waker));
        }
        let taken = Place::Taken { turn: self.comers_count, waker };
        self.comers_count += 1;
        self.count += 1;
        *seat = Some(match self.first_vacant {
            Some(index) => {
                if let Place::Vacant { next } = std::mem::replace(&mut self.places[index], taken) {
                    self.first_vacant = next;
                }
                index
            }
            None => {
                self.places.push(taken);
                self.places.len() - 1
            }
        });
        None
    }

    /// Removes the waiter at `seat` and returns its waker.
    pub(super) fn leave(&mut self, seat: Seat) -> Option<Waker> {
        let index = seat?;
        let place = self.places.get_mut(index)?;
        let vacant = Place::Vacant { next: self.first_vacant };
        let Place::Taken { waker, .. } = std::mem::replace(place, vacant) else {
            unreachable!("[own-seat]: a seat is left once, by the waiter that has it");
        };
        self.first_vacant = Some(index);
        self.count -= 1;
        if self.count == 0 {
            self.clear();
        }
        Some(waker)
    }

    /// Resets the list after the last waiter has left. Frees the memory of a large one.
    fn clear(&mut self) {
        self.first_vacant = None;
        if self.places.capacity() > KEPT_PLACES_COUNT {
            self.places = Vec::new();
        } else {
            self.places.clear();
        }
    }

    /// Takes all wakers out, in the order in which their waiters entered. No waiter enters after
    /// that.
    pub(super) fn take_all(&mut self) -> Vec<Waker> {
        let mut taken: Vec<(u64, Waker)> = std::mem::take(&mut self.places)
            .into_iter()
            .filter_map(|place| match place {
                Place::Taken { turn, waker } => Some((turn, waker)),
                Place::Vacant { .. } => None,
            })
            .collect();
        self.first_vacant = None;
        self.count = 0;
        taken.sort_unstable_by_key(|(turn, _)| *turn);
        taken.into_iter().map(|(_, waker)| waker).collect()
    }

    /// Returns how many places there are, taken or vacant.
    #[cfg(test)]
    pub(super) fn places_count(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Seat, Waiters};
    use std::sync::Arc;
    use std::task::{Wake, Waker};

    struct Nobody;

    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }

    /// [own-seat] in any order of entering and leaving.
    #[test]
    fn places_are_used_again_and_the_order_of_coming_is_the_order_of_waking() {
        let wakers: Vec<Waker> = (0..33).map(|_| Waker::from(Arc::new(Nobody))).collect();
        let mut waiters = Waiters::default();
        let mut seats: Vec<Seat> = vec![None; wakers.len()];
        let sit = |waiters: &mut Waiters, index: usize, seats: &mut Vec<Seat>| {
            assert!(waiters.seat(&mut seats[index], wakers[index].clone()).is_none());
        };
        (0..20).for_each(|index| sit(&mut waiters, index, &mut seats));
        for index in (0..20).filter(|index| index % 3 != 0) {
            drop(waiters.leave(seats[index].take()).expect("it sat there"));
        }
        (20..33).for_each(|index| sit(&mut waiters, index, &mut seats));
        assert_eq!(waiters.places_count(), 20, "thirteen went, and thirteen came");
        let awaited: Vec<usize> = (0..20).filter(|index| index % 3 == 0).chain(20..33).collect();
        let order = waiters.take_all();
        assert_eq!(order.len(), awaited.len());
        for (waker, index) in order.iter().zip(awaited) {
            assert!(waker.will_wake(&wakers[index]), "number {index} is not in its turn");
        }
    }
}
