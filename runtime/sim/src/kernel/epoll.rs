//! epoll: which objects a program wants to hear of, and which of them changed.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::c_int;

use super::{EVENT_ERR, EVENT_HUP, ObjectId};

pub(super) const EDGE: u32 = libc::EPOLLET as u32;
pub(super) const ONESHOT: u32 = libc::EPOLLONESHOT as u32;
/// Bits of an interest that are no events.
const OPTIONS: u32 = EDGE | ONESHOT | libc::EPOLLWAKEUP as u32 | libc::EPOLLEXCLUSIVE as u32;

/// An interest is in the object of a descriptor, as it was when the interest was added.
pub(super) type InterestKey = (ObjectId, c_int);

struct Interest {
    /// The events, and the options.
    events: u32,
    data: u64,
    is_listed: bool,
}

/// The interests of an epoll instance, and the list of those whose objects changed since the last
/// report, or were ready in it and are level-triggered.
#[derive(Default)]
pub(crate) struct Epoll {
    interests: BTreeMap<InterestKey, Interest>,
    listed: VecDeque<InterestKey>,
}

impl Epoll {
    pub(super) fn add(&mut self, key: InterestKey, events: u32, data: u64) -> Result<(), c_int> {
        if self.interests.contains_key(&key) {
            return Err(libc::EEXIST);
        }
        let events = events | EVENT_ERR | EVENT_HUP;
        self.interests.insert(key, Interest { events, data, is_listed: false });
        Ok(())
    }

    /// Also arms an interest again that was for one event.
    pub(super) fn modify(&mut self, key: InterestKey, events: u32, data: u64) -> Result<(), c_int> {
        let interest = self.interests.get_mut(&key).ok_or(libc::ENOENT)?;
        (interest.events, interest.data) = (events | EVENT_ERR | EVENT_HUP, data);
        Ok(())
    }

    pub(super) fn delete(&mut self, key: InterestKey) -> Result<(), c_int> {
        self.interests.remove(&key).ok_or(libc::ENOENT)?;
        self.listed.retain(|listed| *listed != key);
        Ok(())
    }

    /// Ends all interests in an object.
    pub(super) fn forget(&mut self, object: ObjectId) {
        self.interests.retain(|(other, _), _| *other != object);
        self.listed.retain(|(other, _)| *other != object);
    }

    pub(super) fn has_interest_in(&self, object: ObjectId) -> bool {
        self.keys_of(object).next().is_some()
    }

    fn keys_of(&self, object: ObjectId) -> impl Iterator<Item = InterestKey> + '_ {
        self.interests.range((object, c_int::MIN)..=(object, c_int::MAX)).map(|(key, _)| *key)
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.interests.keys().map(|(object, _)| *object)
    }

    /// An object changed. Returns whether an interest waits for that.
    pub(super) fn hear(&mut self, object: ObjectId, changed: u32) -> bool {
        let keys: Vec<InterestKey> = self.keys_of(object).collect();
        keys.into_iter().filter(|key| self.list(*key, changed)).count() > 0
    }

    /// Puts an interest on the list if it asks for one of the events.
    pub(super) fn list(&mut self, key: InterestKey, events: u32) -> bool {
        let Some(interest) = self.interests.get_mut(&key) else { return false };
        let waits = interest.events & !OPTIONS & events != 0;
        if waits && !interest.is_listed {
            interest.is_listed = true;
            self.listed.push_back(key);
        }
        waits
    }

    pub(super) fn listed(&self) -> impl Iterator<Item = InterestKey> + '_ {
        self.listed.iter().copied()
    }

    /// The events of this readiness that an interest asks for.
    pub(super) fn wanted(&self, key: InterestKey, readiness: u32) -> u32 {
        self.interests.get(&key).map_or(0, |interest| interest.events & !OPTIONS & readiness)
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
            let events = self.wanted(key, readiness(key.0));
            let interest = self.interests.get_mut(&key).expect("what is listed is an interest");
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
