//! Five machines for the cluster: hosts of a world, or processes of the real system.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use heist::sim::{self, Host};
use rustix::process::{Pid, Signal, kill_process};
use simulated::{Config, serve};

/// The nodes in a world,
const NAMES: [&str; 5] = ["ada", "bob", "cyd", "dan", "eve"];
/// and on the real system: addresses of its own, so that all have one port.
const ADDRESSES: [&str; 5] = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"];

/// What a process of a node is told.
const NODE: &str = "HEIST_NODE";
const FOLDER: &str = "HEIST_NODE_FOLDER";

/// The processes that are there, for an end of this process that drops nothing.
static PROCESSES: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// The machines. Real ones end with it.
pub(crate) enum Machines {
    Simulated(Vec<Host>),
    Real { nodes: Vec<Child>, folder: tempfile::TempDir },
}

fn run_node(name: &str, names: &[&str], folder: PathBuf) {
    let others = names.iter().filter(|other| **other != name).map(|other| (*other).to_owned()).collect();
    let config = Config { name: name.to_owned(), others, folder, syncs_ballots: true };
    let runtime = heist::runtime::Runtime::new().expect("a machine has a runtime");
    runtime.block_on(serve(config)).expect("a node serves until its machine stops");
}

/// A node, as the stress test starts it.
#[test]
#[ignore = "a node of a cluster, which the stress test starts as a process of its own"]
fn node() {
    let name = std::env::var(NODE).expect("this is no test of its own");
    let folder = std::env::var_os(FOLDER).expect("the stress test names a folder").into();
    std::thread::spawn(move || run_node(&name, &ADDRESSES, folder));
    // The other end is the stress test's: this process ends with that one.
    let _ = std::io::stdin().read(&mut [0]);
    std::process::exit(0);
}

fn start_process(at: usize, folder: &tempfile::TempDir) -> Child {
    let child = Command::new(std::env::current_exe().expect("the system knows the path of this program"))
        .args(["machines::node", "--exact", "--ignored", "--nocapture"])
        .env(NODE, ADDRESSES[at])
        .env(FOLDER, folder.path().join(ADDRESSES[at]))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the system starts this program once more");
    PROCESSES.lock().unwrap().insert(child.id());
    child
}

fn send(child: &Child, signal: Signal) {
    let id = Pid::from_child(child);
    kill_process(id, signal).expect("it was not waited for");
}

fn end(child: &mut Child) {
    child.kill().expect("it was not waited for");
    child.wait().expect("it is a child of this process");
    PROCESSES.lock().unwrap().remove(&child.id());
}

/// Ends all processes of nodes.
pub(crate) fn end_all() {
    for id in PROCESSES.lock().unwrap().iter() {
        if let Some(id) = i32::try_from(*id).ok().and_then(Pid::from_raw) {
            let _ = kill_process(id, Signal::KILL);
        }
    }
}

impl Machines {
    /// Starts five nodes.
    pub(crate) fn start() -> Machines {
        if sim::is_simulated() {
            let start = |name: &'static str| {
                sim::host(name).start(move || run_node(name, &NAMES, "/var/log-of-node".into()))
            };
            return Machines::Simulated(NAMES.into_iter().map(start).collect());
        }
        let folder = tempfile::tempdir().expect("there is room for a folder");
        Machines::Real { nodes: (0..5).map(|at| start_process(at, &folder)).collect(), folder }
    }

    /// How clients find them.
    pub(crate) fn names(&self) -> [&'static str; 5] {
        match self {
            Machines::Simulated(_) => NAMES,
            Machines::Real { .. } => ADDRESSES,
        }
    }

    /// A loss of power; of a process of the real system only the process is lost.
    pub(crate) fn crash(&mut self, at: usize) {
        match self {
            Machines::Simulated(hosts) => hosts[at].crash(),
            Machines::Real { nodes, .. } => end(&mut nodes[at]),
        }
    }

    pub(crate) fn restart(&mut self, at: usize) {
        match self {
            Machines::Simulated(hosts) => hosts[at].restart(),
            Machines::Real { nodes, folder } => nodes[at] = start_process(at, folder),
        }
    }

    /// Nobody hears these, nor do they hear others. On the real system they stand still.
    pub(crate) fn part(&self, ones: &[usize]) {
        match self {
            Machines::Simulated(_) => sim::partition(&named(ones, true), &named(ones, false)),
            Machines::Real { nodes, .. } => ones.iter().for_each(|at| send(&nodes[*at], Signal::STOP)),
        }
    }

    pub(crate) fn rejoin(&self, ones: &[usize]) {
        match self {
            Machines::Simulated(_) => sim::rejoin(&named(ones, true), &named(ones, false)),
            Machines::Real { nodes, .. } => ones.iter().for_each(|at| send(&nodes[*at], Signal::CONT)),
        }
    }
}

/// Those that are parted, or the others.
fn named(ones: &[usize], is_among: bool) -> Vec<&'static str> {
    (0..5).filter(|at| ones.contains(at) == is_among).map(|at| NAMES[at]).collect()
}

impl Drop for Machines {
    fn drop(&mut self) {
        if let Machines::Real { nodes, .. } = self {
            // One that was crashed and not restarted is waited for already.
            for node in nodes.iter_mut().filter(|node| PROCESSES.lock().unwrap().contains(&node.id())) {
                end(node);
            }
        }
    }
}
