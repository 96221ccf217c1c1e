//! epoll: which objects a program wants to hear of, and which of them changed.

use std::collections::VecDeque;
use std::ffi::c_int;

use super::{EVENT_ERR, EVENT_HUP, NumberMap, ObjectId};

pub(super) const EDGE: u32 = libc::EPOLLET as u32;
pub(super) const ONESHOT: u32 = libc::EPOLLONESHOT as u32;
/// Bits of an interest that are no events.
const OPTIONS: u32 = EDGE | ONESHOT | libc::EPOLLWAKEUP as u32 | libc::EPOLLEXCLUSIVE as u32;

/// An interest is in the object of a descriptor, as it was when the interest was added.
pub(super) type InterestKey = (ObjectId, c_int);

struct Interest {
    number: c_int,
    /// The events, and the options.
    events: u32,
    data: u64,
    is_listed: bool,
}

impl Interest {
    /// The events of this readiness that it asks for.
    fn wanted(&self, readiness: u32) -> u32 {
        self.events & !OPTIONS & readiness
    }

    /// Puts it on the list if it asks for one of the events. Returns whether it does.
    fn list(&mut self, object: ObjectId, events: u32, listed: &mut VecDeque<InterestKey>) -> bool {
        let waits = self.wanted(events) != 0;
        if waits && !self.is_listed {
            self.is_listed = true;
            listed.push_back((object, self.number));
        }
        waits
    }
}

/// The interests of an epoll instance, and the list of those whose objects changed since the last
/// report, or were ready in it and are level-triggered.
#[derive(Default)]
pub(crate) struct Epoll {
    /// Those in each object, in the order of their descriptors.
    interests: NumberMap<ObjectId, Vec<Interest>>,
    listed: VecDeque<InterestKey>,
}

impl Epoll {
    pub(super) fn add(&mut self, key: InterestKey, events: u32, data: u64) -> Result<(), c_int> {
        let (object, number) = key;
        let interests = self.interests.entry(object).or_default();
        let Err(place) = interests.binary_search_by_key(&number, |interest| interest.number) else {
            return Err(libc::EEXIST);
        };
        let events = events | EVENT_ERR | EVENT_HUP;
        interests.insert(place, Interest { number, events, data, is_listed: false });
        Ok(())
    }

    /// Also arms an interest again that was for one event.
    pub(super) fn modify(&mut self, key: InterestKey, events: u32, data: u64) -> Result<(), c_int> {
        let interest = self.get_mut(key).ok_or(libc::ENOENT)?;
        (interest.events, interest.data) = (events | EVENT_ERR | EVENT_HUP, data);
        Ok(())
    }

    pub(super) fn delete(&mut self, key: InterestKey) -> Result<(), c_int> {
        let (object, number) = key;
        let interests = self.interests.get_mut(&object).ok_or(libc::ENOENT)?;
        let place = interests.iter().position(|interest| interest.number == number).ok_or(libc::ENOENT)?;
        interests.remove(place);
        if interests.is_empty() {
            self.interests.remove(&object);
        }
        self.listed.retain(|listed| *listed != key);
        Ok(())
    }

    /// Ends all interests in an object.
    pub(super) fn forget(&mut self, object: ObjectId) {
        self.interests.remove(&object);
        self.listed.retain(|(other, _)| *other != object);
    }

    pub(super) fn has_interest_in(&self, object: ObjectId) -> bool {
        self.interests.contains_key(&object)
    }

    fn get(&self, (object, number): InterestKey) -> Option<&Interest> {
        self.interests.get(&object)?.iter().find(|interest| interest.number == number)
    }

    fn get_mut(&mut self, (object, number): InterestKey) -> Option<&mut Interest> {
        self.interests.get_mut(&object)?.iter_mut().find(|interest| interest.number == number)
    }

    /// The objects that it has interests in, in no order.
    pub(super) fn objects(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.interests.keys().copied()
    }

    /// An object changed. Returns whether an interest waits for that.
    pub(super) fn hear(&mut self, object: ObjectId, changed: u32) -> bool {
        let Some(interests) = self.interests.get_mut(&object) else { return false };
        let mut waits = false;
        for interest in interests {
            waits |= interest.list(object, changed, &mut self.listed);
        }
        waits
    }

    /// Puts an interest on the list if it asks for one of the events.
    pub(super) fn list(&mut self, key: InterestKey, events: u32) -> bool {
        let (object, number) = key;
        let interests = self.interests.get_mut(&object).into_iter().flatten();
        let mut interests = interests.filter(|interest| interest.number == number);
        interests.next().is_some_and(|interest| interest.list(object, events, &mut self.listed))
    }

    pub(super) fn listed(&self) -> impl Iterator<Item = InterestKey> + '_ {
        self.listed.iter().copied()
    }

    /// The events of this readiness that an interest asks for.
    pub(super) fn wanted(&self, key: InterestKey, readiness: u32) -> u32 {
        self.get(key).map_or(0, |interest| interest.wanted(readiness))
    }

    /// Takes an interest from the head of the list, given the readiness of its object: returns the
    /// events and the data if it is to be reported. A level-triggered one goes to the end of
    /// `again`.
    pub(super) fn report(
        &mut self,
        readiness: impl Fn(ObjectId) -> u32,
        again: &mut Vec<InterestKey>,
    ) -> Option<(u32, u64)> {
        while let Some(key) = self.listed.pop_front() {
            let readiness = readiness(key.0);
            let interest = self.get_mut(key).expect("what is listed is an interest");
            let events = interest.wanted(readiness);
            interest.is_listed = false;
            if events == 0 {
                continue;
            }
            if interest.events & ONESHOT != 0 {
                interest.events &= OPTIONS;
            } else if interest.events & EDGE == 0 {
                interest.is_listed = true;
                again.push(key);
            }
            return Some((events, interest.data));
        }
        None
    }

    /// Puts those that were reported, and may be so again, behind the others.
    pub(super) fn list_again(&mut self, again: Vec<InterestKey>) {
        self.listed.extend(again);
    }
}
