//! The wakers of the handles that wait for a promise. Each has a slot, which only it gives up.

use std::task::Waker;

/// An empty list that has more slots than this frees their memory.
const KEPT_SLOTS_COUNT: usize = 64;

/// The index of a waiter's slot. `None` if it has none yet.
pub(super) type WaiterKey = Option<usize>;

/// A list with a slot for each waiter. A vacant slot leads to the next vacant one, so entering
/// and leaving take the same time for any number of waiters. No method calls, clones or drops a
/// waker, because wakers are user code and the list is used under a lock `[unlocked]`.
#[derive(Default)]
pub(super) struct Waiters {
    slots: Vec<WaiterSlot>,
    first_vacant: Option<usize>,
    count: usize,
    /// How many waiters have entered so far.
    entered_count: u64,
}

enum WaiterSlot {
    Vacant { next: Option<usize> },
    Taken { turn: u64, waker: Waker },
}

impl Waiters {
    /// Returns whether the waker at `key` wakes the same task as `waker`.
    pub(super) fn holds(&self, key: WaiterKey, waker: &Waker) -> bool {
        key.is_some_and(|index| match self.slots.get(index) {
            Some(WaiterSlot::Taken { waker: known, .. }) => known.will_wake(waker),
            Some(WaiterSlot::Vacant { .. }) | None => false,
        })
    }

    /// Puts `waker` at `key`. Returns the waker that it replaces, if there was one.
    pub(super) fn insert(&mut self, key: &mut WaiterKey, waker: Waker) -> Option<Waker> {
        if let Some(WaiterSlot::Taken { waker: known, .. }) = key.and_then(|index| self.slots.get_mut(index))
        {
            return Some(std::mem::replace(known, waker));
        }
        let taken = WaiterSlot::Taken { turn: self.entered_count, waker };
        self.entered_count += 1;
        self.count += 1;
        *key = Some(match self.first_vacant {
            Some(index) => {
                if let WaiterSlot::Vacant { next } = std::mem::replace(&mut self.slots[index], taken) {
                    self.first_vacant = next;
                }
                index
            }
            None => {
                self.slots.push(taken);
                self.slots.len() - 1
            }
        });
        None
    }

    /// Removes the waiter at `key` and returns its waker.
    pub(super) fn remove(&mut self, key: WaiterKey) -> Option<Waker> {
        let index = key?;
        let slot = self.slots.get_mut(index)?;
        let vacant = WaiterSlot::Vacant { next: self.first_vacant };
        let WaiterSlot::Taken { waker, .. } = std::mem::replace(slot, vacant) else {
            unreachable!("[own-key]: a slot is given up once, by the waiter that has it");
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
        if self.slots.capacity() > KEPT_SLOTS_COUNT {
            self.slots = Vec::new();
        } else {
            self.slots.clear();
        }
    }

    /// Takes all wakers out, in the order in which their waiters entered. No waiter enters after
    /// that.
    pub(super) fn take_all(&mut self) -> Vec<Waker> {
        let mut taken: Vec<(u64, Waker)> = std::mem::take(&mut self.slots)
            .into_iter()
            .filter_map(|slot| match slot {
                WaiterSlot::Taken { turn, waker } => Some((turn, waker)),
                WaiterSlot::Vacant { .. } => None,
            })
            .collect();
        self.first_vacant = None;
        self.count = 0;
        taken.sort_unstable_by_key(|(turn, _)| *turn);
        taken.into_iter().map(|(_, waker)| waker).collect()
    }

    /// Returns how many slots there are, taken or vacant.
    #[cfg(test)]
    pub(super) fn slots_count(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{WaiterKey, Waiters};
    use std::sync::Arc;
    use std::task::{Wake, Waker};

    struct Nobody;

    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }

    /// [own-key] in any order of entering and leaving.
    #[test]
    fn slots_are_used_again_and_the_order_of_coming_is_the_order_of_waking() {
        let wakers: Vec<Waker> = (0..33).map(|_| Waker::from(Arc::new(Nobody))).collect();
        let mut waiters = Waiters::default();
        let mut keys: Vec<WaiterKey> = vec![None; wakers.len()];
        let enter = |waiters: &mut Waiters, index: usize, keys: &mut Vec<WaiterKey>| {
            assert!(waiters.insert(&mut keys[index], wakers[index].clone()).is_none());
        };
        (0..20).for_each(|index| enter(&mut waiters, index, &mut keys));
        for index in (0..20).filter(|index| index % 3 != 0) {
            drop(waiters.remove(keys[index].take()).expect("it sat there"));
        }
        (20..33).for_each(|index| enter(&mut waiters, index, &mut keys));
        assert_eq!(waiters.slots_count(), 20, "thirteen went, and thirteen came");
        let awaited: Vec<usize> = (0..20).filter(|index| index % 3 == 0).chain(20..33).collect();
        let order = waiters.take_all();
        assert_eq!(order.len(), awaited.len());
        for (waker, index) in order.iter().zip(awaited) {
            assert!(waker.will_wake(&wakers[index]), "number {index} is not in its turn");
        }
    }
}
