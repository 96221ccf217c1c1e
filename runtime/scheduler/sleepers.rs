//! The parked workers, in the order in which they parked.

/// Stands for no worker.
const NONE: u32 = u32::MAX;

/// A list in which a worker is added, removed from any place, or taken from the end, each in a few
/// steps: a worker that wakes up by itself does not search for itself among all that sleep.
pub(super) struct Sleepers {
    newest: u32,
    links: Box<[Link]>,
}

#[derive(Clone, Copy)]
struct Link {
    older: u32,
    newer: u32,
    is_listed: bool,
}

impl Sleepers {
    pub(super) fn new(workers_count: usize) -> Sleepers {
        let link = Link { older: NONE, newer: NONE, is_listed: false };
        Sleepers { newest: NONE, links: vec![link; workers_count].into() }
    }

    /// Adds a worker that is not listed.
    pub(super) fn push(&mut self, index: usize) {
        let older = std::mem::replace(&mut self.newest, index as u32);
        self.links[index] = Link { older, newer: NONE, is_listed: true };
        if older != NONE {
            self.links[older as usize].newer = index as u32;
        }
    }

    /// Takes the worker that was added last.
    pub(super) fn pop(&mut self) -> Option<usize> {
        let newest = self.newest as usize;
        (self.newest != NONE && self.remove(newest)).then_some(newest)
    }

    /// Removes a worker. Returns whether it was listed.
    pub(super) fn remove(&mut self, index: usize) -> bool {
        let link = self.links[index];
        if !link.is_listed {
            return false;
        }
        self.links[index].is_listed = false;
        match link.newer {
            NONE => self.newest = link.older,
            newer => self.links[newer as usize].older = link.older,
        }
        if link.older != NONE {
            self.links[link.older as usize].newer = link.newer;
        }
        true
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::Sleepers;

    /// The same as a vector, on every script of six steps with three workers.
    #[test]
    fn a_list_of_sleepers_keeps_their_order() {
        for script in 0..7_u32.pow(6) {
            let (mut sleepers, mut expected) = (Sleepers::new(3), Vec::new());
            for step in 0..6 {
                let index = (script / 7_u32.pow(step) % 7) as usize;
                match index {
                    0..=2 if expected.contains(&index) => {}
                    0..=2 => {
                        sleepers.push(index);
                        expected.push(index);
                    }
                    3..=5 => {
                        let position = expected.iter().position(|other| *other == index - 3);
                        assert_eq!(sleepers.remove(index - 3), position.is_some());
                        position.map(|position| expected.remove(position));
                    }
                    _ => assert_eq!(sleepers.pop(), expected.pop()),
                }
            }
            while let Some(last) = expected.pop() {
                assert_eq!(sleepers.pop(), Some(last));
            }
            assert_eq!(sleepers.pop(), None);
        }
    }
}
