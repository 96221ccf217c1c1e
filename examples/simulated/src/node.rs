//! The tasks of a node: it answers, campaigns, and sends its entries to the others.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use heist::net::{TcpListener, TcpStream};
use heist::sync::{Mutex, Notify};
use heist::task::JoinSet;
use heist::time::{Duration, Instant, sleep, sleep_until, timeout};

use crate::client::{call, read_to_end};
use crate::message::{Answer, Entry, Refusal, Request};
use crate::state::{Change, Role, State};
use crate::storage::Storage;

/// The port of every node.
pub const PORT: u16 = 7000;

/// A leader speaks at least this often.
const HEARTBEAT: Duration = Duration::from_millis(50);
/// A node that hears nothing for this long campaigns; each waits up to twice as long, by chance.
const ELECTION_TIMEOUT: Duration = Duration::from_millis(200);
/// Entries in one message.
const BATCH: usize = 64;

/// How a node is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name under which the others find it, and the address at which it listens.
    pub name: String,
    /// The names of the others.
    pub others: Vec<String>,
    /// Where it keeps what it must not forget.
    pub folder: PathBuf,
    /// Whether a vote is durable before the candidate hears it. Without, two leaders may have one
    /// term: a fault for a test to find.
    pub syncs_ballots: bool,
}

/// A node: what it knows is behind a lock that is held while it writes, so that answers leave in the
/// order of what they are about.
struct Node {
    inner: Mutex<Inner>,
    /// Entries came, or more are committed, or the role is another.
    changed: Notify,
}

struct Inner {
    state: State,
    storage: Storage,
    /// When it campaigns if it hears nobody.
    patient_until: Instant,
}

/// Runs a node for ever.
///
/// # Errors
/// Fails if its port cannot be bound, or its files cannot be used.
pub async fn serve(config: Config) -> io::Result<()> {
    let (storage, ballot, log) = Storage::open(&config.folder, config.syncs_ballots).await?;
    let name = config.name.clone();
    let state = State::new(config.name, config.others, ballot, log);
    let inner = Inner { state, storage, patient_until: patience() };
    let node = Arc::new(Node { inner: Mutex::new(inner), changed: Notify::new() });
    let listener = TcpListener::bind((name.as_str(), PORT)).await?;
    heist::spawn(node.clone().campaign_when_nobody_leads());
    loop {
        let (stream, _) = listener.accept().await?;
        let node = node.clone();
        heist::spawn(async move {
            // Whoever hung up learns nothing.
            let _ = timeout(Duration::from_secs(5), node.answer(stream)).await;
        });
    }
}

/// When a node campaigns that hears nothing from now on.
fn patience() -> Instant {
    let chance = RandomState::new().hash_one(0) % 1000;
    Instant::now() + ELECTION_TIMEOUT + ELECTION_TIMEOUT * u32::try_from(chance).expect("it is small") / 1000
}

impl Node {
    async fn answer(self: Arc<Self>, mut stream: TcpStream) -> io::Result<()> {
        let mut line = Vec::new();
        read_to_end(&mut stream, &mut line).await?;
        let answer = match serde_json::from_slice(&line)? {
            Request::Vote { term, candidate, len, last_term } => {
                self.vote(term, &candidate, len, last_term).await?
            }
            Request::Append { term, leader, after, after_term, entries, committed } => {
                self.append(term, leader, after, after_term, entries, committed).await?
            }
            Request::Propose(command) => Answer::Proposed(self.propose(command).await?),
            Request::Read => self.read().await,
        };
        stream.write_all(&serde_json::to_vec(&answer)?).await
    }

    async fn vote(&self, term: u64, candidate: &str, len: u64, last_term: u64) -> io::Result<Answer> {
        let mut inner = self.inner.lock().await;
        let before = inner.state.ballot.clone();
        inner.state.see_term(term);
        let is_granted = term == inner.state.ballot.term && inner.state.vote(candidate, len, last_term);
        if inner.state.ballot != before {
            inner.storage.write_ballot(&inner.state.ballot).await?;
        }
        if is_granted {
            inner.patient_until = patience();
        }
        self.changed.notify_waiters();
        Ok(Answer::Vote { term: inner.state.ballot.term, is_granted })
    }

    async fn append(
        &self,
        term: u64,
        leader: String,
        after: u64,
        after_term: u64,
        entries: Vec<Entry>,
        committed: u64,
    ) -> io::Result<Answer> {
        let mut guard = self.inner.lock().await;
        let inner = &mut *guard;
        if inner.state.see_term(term) {
            inner.storage.write_ballot(&inner.state.ballot).await?;
        }
        if term < inner.state.ballot.term {
            return Ok(Answer::Append { term: inner.state.ballot.term, shared: None });
        }
        inner.state.role = Role::Follower(Some(leader));
        inner.patient_until = patience();
        let shared = match inner.state.take_entries(after, after_term, entries) {
            None => None,
            Some(Change::Nothing(shared)) => Some(shared),
            Some(Change::Added(shared, entries)) => {
                inner.storage.append(&entries).await?;
                Some(shared)
            }
            Some(Change::Replaced(shared)) => {
                inner.storage.write_log(&inner.state.log).await?;
                Some(shared)
            }
        };
        if let Some(shared) = shared {
            inner.state.committed = inner.state.committed.max(committed.min(shared));
        }
        self.changed.notify_waiters();
        Ok(Answer::Append { term: inner.state.ballot.term, shared })
    }

    /// Takes a command if this node leads, and waits until it is committed.
    async fn propose(&self, command: String) -> io::Result<Result<u64, Refusal>> {
        let (term, place) = {
            let mut guard = self.inner.lock().await;
            let inner = &mut *guard;
            if let Role::Follower(leader) = &inner.state.role {
                return Ok(Err(Refusal::NotLeader(leader.clone())));
            }
            if !inner.state.is_leader() {
                return Ok(Err(Refusal::NotLeader(None)));
            }
            let entry = Entry { term: inner.state.ballot.term, command };
            inner.storage.append(std::slice::from_ref(&entry)).await?;
            inner.state.log.push(entry);
            self.changed.notify_waiters();
            (inner.state.ballot.term, inner.state.len() - 1)
        };
        loop {
            let changed = self.changed.notified();
            {
                let inner = self.inner.lock().await;
                if inner.state.term_at(place + 1) != Some(term) {
                    return Ok(Err(Refusal::Unknown));
                }
                if inner.state.committed > place {
                    return Ok(Ok(place));
                }
            }
            changed.await;
        }
    }

    async fn read(&self) -> Answer {
        let inner = self.inner.lock().await;
        let committed = &inner.state.log[..inner.state.committed as usize];
        let commands = committed.iter().map(|entry| entry.command.clone()).collect();
        let leads_in = inner.state.is_leader().then_some(inner.state.ballot.term);
        Answer::Log { commands, leads_in }
    }

    async fn campaign_when_nobody_leads(self: Arc<Self>) {
        loop {
            let until = self.inner.lock().await.patient_until;
            sleep_until(until).await;
            let mut inner = self.inner.lock().await;
            if inner.state.is_leader() || inner.patient_until > Instant::now() {
                inner.patient_until = inner.patient_until.max(Instant::now() + HEARTBEAT);
                continue;
            }
            inner.patient_until = patience();
            let request = inner.state.campaign();
            if inner.storage.write_ballot(&inner.state.ballot).await.is_err() {
                continue;
            }
            let (term, others) = (inner.state.ballot.term, inner.state.others.clone());
            drop(inner);
            heist::spawn(self.clone().collect_votes(term, request, others));
        }
    }

    async fn collect_votes(self: Arc<Self>, term: u64, request: Request, others: Vec<String>) {
        let mut calls = JoinSet::new();
        for other in others {
            let request = request.clone();
            calls.spawn(async move { call(&other, &request).await });
        }
        let mut votes_count = 1;
        loop {
            let is_elected = {
                let mut inner = self.inner.lock().await;
                let is_candidate = inner.state.ballot.term == term && inner.state.role == Role::Candidate;
                if !is_candidate {
                    return;
                }
                let is_elected = inner.state.is_majority(votes_count);
                if is_elected {
                    inner.state.lead();
                }
                is_elected
            };
            if is_elected {
                return self.lead(term).await;
            }
            match calls.join_next().await {
                None => return,
                Some(Ok(Ok(Answer::Vote { is_granted: true, .. }))) => votes_count += 1,
                Some(Ok(Ok(Answer::Vote { term, is_granted: false }))) => self.see_term(term).await,
                Some(_) => {}
            }
        }
    }

    async fn see_term(&self, term: u64) {
        let mut inner = self.inner.lock().await;
        if inner.state.see_term(term) {
            // If it cannot be written, the node knows the term until it stops, and says nothing in it.
            let _ = inner.storage.write_ballot(&inner.state.ballot).await;
            self.changed.notify_waiters();
        }
    }

    async fn lead(self: Arc<Self>, term: u64) {
        let others = self.inner.lock().await.state.others.clone();
        for other in others {
            heist::spawn(self.clone().send_entries(term, other));
        }
    }

    /// Sends another node what it lacks, as long as this one leads in the term.
    async fn send_entries(self: Arc<Self>, term: u64, other: String) {
        loop {
            let changed = self.changed.notified();
            let (request, after, is_more) = {
                let inner = self.inner.lock().await;
                let request = inner.state.append_for(&other, BATCH);
                let Some(request) = request.filter(|_| inner.state.ballot.term == term) else { return };
                let Request::Append { after, ref entries, .. } = request else { return };
                let is_more = after + (entries.len() as u64) < inner.state.len();
                (request, after, is_more)
            };
            match call(&other, &request).await {
                Ok(Answer::Append { term: of_other, .. }) if of_other > term => {
                    return self.see_term(of_other).await;
                }
                Ok(Answer::Append { shared, .. }) => {
                    let mut inner = self.inner.lock().await;
                    if inner.state.ballot.term == term && inner.state.note_progress(&other, after, shared) {
                        self.changed.notify_waiters();
                    }
                    if shared.is_none() || is_more {
                        continue;
                    }
                }
                _ => sleep(HEARTBEAT).await,
            }
            let _ = timeout(HEARTBEAT, changed).await;
        }
    }
}
