//! What nodes and clients say to each other: one request and one answer per connection, each a line
//! of JSON.

use serde::{Deserialize, Serialize};

/// A command and the term in which a leader took it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The leader's term.
    pub term: u64,
    /// What the client wants.
    pub command: String,
}

/// What a node is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// A candidate wants to lead.
    Vote {
        /// Its term.
        term: u64,
        /// Its name.
        candidate: String,
        /// How many entries it has.
        len: u64,
        /// The term of its last entry.
        last_term: u64,
    },
    /// The leader sends entries, or only says that it lives.
    Append {
        /// Its term.
        term: u64,
        /// Its name.
        leader: String,
        /// How many entries come before these.
        after: u64,
        /// The term of the last of those.
        after_term: u64,
        /// The entries.
        entries: Vec<Entry>,
        /// How many entries are committed.
        committed: u64,
    },
    /// A client has a command.
    Propose(String),
    /// Somebody wants to know the committed commands.
    Read,
}

/// What a node answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// To a candidate.
    Vote {
        /// The node's term.
        term: u64,
        /// Whether it votes for the candidate.
        is_granted: bool,
    },
    /// To a leader.
    Append {
        /// The node's term.
        term: u64,
        /// How many entries it shares with the leader. `None`: not those before the new ones.
        shared: Option<u64>,
    },
    /// To a client: the place of its command, which is committed.
    Proposed(Result<u64, Refusal>),
    /// The committed commands, and the term in which the node leads, if it does.
    Log {
        /// The commands.
        commands: Vec<String>,
        /// The term that it leads in.
        leads_in: Option<u64>,
    },
}

/// Why a command was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// Another node leads: this one, as far as is known.
    NotLeader(Option<String>),
    /// The node lost its leadership before the command was committed: it may be, or never.
    Unknown,
}
