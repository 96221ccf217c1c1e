//! The descriptors of a world: which number of which host stands for which object.

use std::collections::BTreeSet;
use std::ffi::c_int;

use super::{HostId, ObjectId};

/// The least number of a simulated descriptor: one comparison distinguishes them from real ones.
pub(crate) const DESCRIPTOR_MIN: c_int = 0x1000_0000;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Descriptor {
    pub(crate) host: HostId,
    pub(crate) object: ObjectId,
    pub(crate) closes_on_exec: bool,
}

/// The descriptors of all hosts. Their numbers are in one sequence, because the hosts are in one
/// process: the number of one is none of another's.
pub(crate) struct Descriptors {
    /// By their numbers from `DESCRIPTOR_MIN` on. As on Unix there are few gaps.
    all: Vec<Option<Descriptor>>,
    /// Those below `next` that no descriptor has.
    free: BTreeSet<c_int>,
    next: c_int,
}

impl Descriptors {
    pub(crate) fn new() -> Descriptors {
        Descriptors { all: Vec::new(), free: BTreeSet::new(), next: DESCRIPTOR_MIN }
    }

    /// Adds a descriptor under the lowest number that is free, as Unix does, and not below `min`.
    pub(crate) fn add(&mut self, min: c_int, descriptor: Descriptor) -> c_int {
        let number = match self.free.range(min..).next() {
            Some(number) => *number,
            None => self.next.max(min),
        };
        self.put(number, descriptor);
        number
    }

    /// Adds a descriptor under a number that no other has.
    pub(crate) fn put(&mut self, number: c_int, descriptor: Descriptor) {
        if number >= self.next {
            self.free.extend(self.next..number);
            self.next = number + 1;
        }
        self.free.remove(&number);
        let place = place_of(number).expect("a simulated descriptor");
        if place >= self.all.len() {
            self.all.resize(place + 1, None);
        }
        let former = self.all[place].replace(descriptor);
        debug_assert!(former.is_none(), "two descriptors have the number {number}");
    }

    /// Whether no host has a descriptor of this number.
    pub(super) fn is_free(&self, number: c_int) -> bool {
        place_of(number).and_then(|place| self.all.get(place)).is_none_or(Option::is_none)
    }

    pub(crate) fn get(&self, host: HostId, number: c_int) -> Option<&Descriptor> {
        self.all.get(place_of(number)?)?.as_ref().filter(|descriptor| descriptor.host == host)
    }

    pub(crate) fn get_mut(&mut self, host: HostId, number: c_int) -> Option<&mut Descriptor> {
        self.all.get_mut(place_of(number)?)?.as_mut().filter(|descriptor| descriptor.host == host)
    }

    /// Removes a descriptor. Its number is free for the next.
    pub(crate) fn remove(&mut self, host: HostId, number: c_int) -> Option<Descriptor> {
        self.get(host, number)?;
        self.free.insert(number);
        self.all[place_of(number)?].take()
    }

    /// The numbers of a host, in their order.
    pub(crate) fn all_of(&self, host: HostId) -> Vec<c_int> {
        let numbers = DESCRIPTOR_MIN..self.next;
        numbers.filter(|number| self.get(host, *number).is_some()).collect()
    }
}

/// `None`: it is a real one.
fn place_of(number: c_int) -> Option<usize> {
    usize::try_from(number.checked_sub(DESCRIPTOR_MIN)?).ok()
}

#[cfg(test)]
mod tests {
    use super::{DESCRIPTOR_MIN, Descriptor, Descriptors, HostId, ObjectId};

    const OWN: Descriptor = Descriptor { host: HostId::ROOT, object: ObjectId(0), closes_on_exec: true };
    const OTHERS: Descriptor = Descriptor { host: HostId(1), object: ObjectId(0), closes_on_exec: true };

    #[test]
    fn the_lowest_number_is_taken_first() {
        let mut descriptors = Descriptors::new();
        let mut add = |min| descriptors.add(min, OWN) - DESCRIPTOR_MIN;
        assert_eq!([add(0), add(0), add(DESCRIPTOR_MIN + 4), add(0), add(0), add(0)], [0, 1, 4, 2, 3, 5]);
        descriptors.remove(HostId::ROOT, DESCRIPTOR_MIN + 1).unwrap();
        assert_eq!(descriptors.add(DESCRIPTOR_MIN + 2, OWN), DESCRIPTOR_MIN + 6);
        assert_eq!(descriptors.add(0, OWN), DESCRIPTOR_MIN + 1);
    }

    #[test]
    fn a_host_has_no_descriptor_of_another() {
        let mut descriptors = Descriptors::new();
        let (own, others) = (descriptors.add(0, OWN), descriptors.add(0, OTHERS));
        assert!(descriptors.get(HostId::ROOT, own).is_some());
        assert!(descriptors.get(HostId::ROOT, others).is_none());
        assert!(descriptors.remove(HostId::ROOT, others).is_none());
        assert_eq!(descriptors.all_of(HostId(1)), [others]);
    }
}
