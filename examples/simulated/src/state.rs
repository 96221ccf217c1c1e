//! What a node knows and decides. No I/O: `node.rs` writes what has to be durable before it answers.

use std::collections::BTreeMap;

use crate::message::{Entry, Request};
use crate::storage::Ballot;

/// The role of a node in its term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It hears a leader, if it is named, or nobody yet.
    Follower(Option<String>),
    Candidate,
    /// It leads. For each other node: how many entries it shares, and how many to send it after.
    Leader(BTreeMap<String, Progress>),
}

/// What a leader knows of another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) shared: u64,
    pub(crate) next: u64,
}

/// What a node knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) others: Vec<String>,
    pub(crate) ballot: Ballot,
    pub(crate) log: Vec<Entry>,
    pub(crate) committed: u64,
    pub(crate) role: Role,
}

impl State {
    pub(crate) fn new(name: String, others: Vec<String>, ballot: Ballot, log: Vec<Entry>) -> State {
        State { name, others, ballot, log, committed: 0, role: Role::Follower(None) }
    }

    pub(crate) fn len(&self) -> u64 {
        self.log.len() as u64
    }

    /// The term of the last of the first `len` entries; 0 if there is none.
    pub(crate) fn term_at(&self, len: u64) -> Option<u64> {
        match len.checked_sub(1) {
            None => Some(0),
            Some(place) => self.log.get(place as usize).map(|entry| entry.term),
        }
    }

    fn majority(&self) -> usize {
        self.others.len().div_ceil(2) + 1
    }

    pub(crate) fn is_majority(&self, votes_count: usize) -> bool {
        votes_count >= self.majority()
    }

    pub(crate) fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// Follows whoever is in a later term. Returns whether the ballot has to be written.
    pub(crate) fn see_term(&mut self, term: u64) -> bool {
        if term <= self.ballot.term {
            return false;
        }
        self.ballot = Ballot { term, voted_for: None };
        self.role = Role::Follower(None);
        true
    }

    /// Becomes a candidate of the next term. The ballot has to be written before anybody hears it.
    pub(crate) fn campaign(&mut self) -> Request {
        self.ballot = Ballot { term: self.ballot.term + 1, voted_for: Some(self.name.clone()) };
        self.role = Role::Candidate;
        Request::Vote {
            term: self.ballot.term,
            candidate: self.name.clone(),
            len: self.len(),
            last_term: self.term_at(self.len()).expect("there are so many"),
        }
    }

    /// Whether to vote for a candidate of this node's term. The ballot has to be written before the
    /// candidate hears it.
    pub(crate) fn vote(&mut self, candidate: &str, len: u64, last_term: u64) -> bool {
        let own = (self.term_at(self.len()).expect("there are so many"), self.len());
        let is_free = self.ballot.voted_for.as_deref().is_none_or(|voted_for| voted_for == candidate);
        let is_granted = is_free && (last_term, len) >= own;
        if is_granted {
            self.ballot.voted_for = Some(candidate.to_owned());
        }
        is_granted
    }

    /// The candidate has won its term.
    pub(crate) fn lead(&mut self) {
        let progress = Progress { shared: 0, next: self.len() };
        self.role = Role::Leader(self.others.iter().map(|other| (other.clone(), progress.clone())).collect());
    }

    /// What a leader says to another node. `None`: it leads no more.
    pub(crate) fn append_for(&self, other: &str, limit: usize) -> Option<Request> {
        let Role::Leader(progress) = &self.role else { return None };
        let after = progress.get(other)?.next;
        let entries = self.log.iter().skip(after as usize).take(limit).cloned().collect();
        Some(Request::Append {
            term: self.ballot.term,
            leader: self.name.clone(),
            after,
            after_term: self.term_at(after)?,
            entries,
            committed: self.committed,
        })
    }

    /// A node shares so many entries, or not those that it was told to have. Returns whether more
    /// are committed.
    pub(crate) fn note_progress(&mut self, other: &str, after: u64, shared: Option<u64>) -> bool {
        let Role::Leader(progress) = &mut self.role else { return false };
        let Some(of_other) = progress.get_mut(other) else { return false };
        match shared {
            Some(shared) => {
                of_other.shared = of_other.shared.max(shared);
                of_other.next = of_other.shared;
            }
            None => of_other.next = of_other.next.min(after.saturating_sub(1)),
        }
        self.commit_what_most_have()
    }

    /// A leader commits what most nodes have, if the last of it is of its own term.
    fn commit_what_most_have(&mut self) -> bool {
        let Role::Leader(progress) = &self.role else { return false };
        let mut shared: Vec<u64> = progress.values().map(|progress| progress.shared).collect();
        shared.push(self.len());
        shared.sort_unstable_by(|one, other| other.cmp(one));
        let by_most = shared[self.majority() - 1];
        let is_own = self.term_at(by_most) == Some(self.ballot.term);
        let grows = by_most > self.committed && is_own;
        if grows {
            self.committed = by_most;
        }
        grows
    }

    /// What changes when the entries of a leader come. `None`: the ones before them are not here.
    pub(crate) fn take_entries(
        &mut self,
        after: u64,
        after_term: u64,
        entries: Vec<Entry>,
    ) -> Option<Change> {
        if self.term_at(after) != Some(after_term) {
            return None;
        }
        let shared = after + entries.len() as u64;
        let have =
            self.log[after as usize..].iter().zip(&entries).take_while(|(own, new)| own == new).count();
        let rest = entries[have..].to_vec();
        if rest.is_empty() {
            return Some(Change::Nothing(shared));
        }
        let keeps = after as usize + have;
        let is_cut = self.log.len() > keeps;
        self.log.truncate(keeps);
        self.log.extend(rest.iter().cloned());
        Some(if is_cut { Change::Replaced(shared) } else { Change::Added(shared, rest) })
    }
}

/// What has to be written, and how many entries are then shared with the leader.
#[derive(Debug)]
pub(crate) enum Change {
    Nothing(u64),
    Added(u64, Vec<Entry>),
    Replaced(u64),
}
