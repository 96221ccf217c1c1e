//! Circles of tasks that wait for each other.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::task::Id;

/// Finds the circles among tasks that wait for tasks only: for each of them, whom it waits for. One
/// that is not listed may go on, and then so may those that wait for it. The work grows with the
/// number of tasks and of what they wait for.
pub(super) fn of(awaited: &BTreeMap<Id, Vec<Id>>) -> Vec<Vec<Id>> {
    let mut stuck = stuck_tasks(awaited);
    let mut circles = Vec::new();
    for start in awaited.keys() {
        let (mut path, mut places) = (Vec::new(), HashMap::new());
        let mut next = *start;
        // Each task is walked once: what is walked is not stuck any more.
        while stuck.remove(&next) {
            places.insert(next, path.len());
            path.push(next);
            next = awaited[&next][0];
        }
        if let Some(first) = places.get(&next) {
            let mut circle = path.split_off(*first);
            let lowest = (0..circle.len()).min_by_key(|place| circle[*place]).unwrap_or(0);
            circle.rotate_left(lowest);
            circles.push(circle);
        }
    }
    circles
}

/// Those that wait for such tasks only.
fn stuck_tasks(awaited: &BTreeMap<Id, Vec<Id>>) -> HashSet<Id> {
    let mut stuck: HashSet<Id> =
        awaited.iter().filter(|(_, awaited)| !awaited.is_empty()).map(|(id, _)| *id).collect();
    let mut waiters: HashMap<Id, Vec<Id>> = HashMap::new();
    let mut going_on = Vec::new();
    for (waiter, awaited) in awaited {
        for id in awaited {
            waiters.entry(*id).or_default().push(*waiter);
            if !stuck.contains(id) {
                going_on.push(*id);
            }
        }
    }
    while let Some(id) = going_on.pop() {
        for waiter in waiters.remove(&id).unwrap_or_default() {
            if stuck.remove(&waiter) {
                going_on.push(waiter);
            }
        }
    }
    stuck
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::{BTreeMap, Id, of};

    /// The circles among tasks, each of which waits for the tasks of these places. `None`: it waits
    /// for something else as well.
    fn circles(awaited: &[Option<&[usize]>]) -> Vec<Vec<usize>> {
        let mut ids: Vec<Id> = awaited.iter().map(|_| Id::next()).collect();
        ids.sort();
        let listed = awaited.iter().enumerate().filter_map(|(place, awaited)| {
            Some((ids[place], awaited.as_ref()?.iter().map(|place| ids[*place]).collect()))
        });
        let found = of(&listed.collect::<BTreeMap<_, _>>());
        let place = |id: &Id| ids.binary_search(id).expect("it is one of them");
        found.iter().map(|circle| circle.iter().map(place).collect()).collect()
    }

    #[test]
    fn circles_of_any_length_are_found_once() {
        assert_eq!(circles(&[Some(&[0])]), [[0]]);
        assert_eq!(circles(&[Some(&[1]), Some(&[0])]), [[0, 1]]);
        let two = [Some(&[2][..]), Some(&[0]), Some(&[1]), Some(&[4]), Some(&[3])];
        assert_eq!(circles(&two), [vec![0, 2, 1], vec![3, 4]]);
    }

    #[test]
    fn what_ends_somewhere_is_no_circle() {
        let none = Vec::<Vec<usize>>::new();
        assert_eq!(circles(&[Some(&[1]), Some(&[2]), Some(&[])]), none);
        assert_eq!(circles(&[Some(&[1]), None]), none);
        assert_eq!(
            circles(&[Some(&[1]), Some(&[0, 2]), None]),
            none,
            "the third may end, and with it the circle"
        );
    }

    #[test]
    fn those_who_wait_for_a_circle_are_not_in_it() {
        assert_eq!(circles(&[Some(&[1]), Some(&[2]), Some(&[1]), Some(&[0])]), [[1, 2]]);
        assert_eq!(circles(&[Some(&[1]), Some(&[0]), Some(&[0, 1])]), [[0, 1]]);
    }

    /// Quadratic work would take minutes.
    #[test]
    fn a_long_chain_takes_no_more_than_many_tasks() {
        const COUNT: usize = 100_000;
        let next: Vec<[usize; 1]> = (1..=COUNT).map(|next| [next]).collect();
        let mut chain: Vec<Option<&[usize]>> = next.iter().map(|next| Some(&next[..])).collect();
        chain.push(None);
        assert!(circles(&chain).is_empty());
        chain[COUNT] = Some(&[0]);
        assert_eq!(circles(&chain)[0].len(), COUNT + 1);
    }
}
