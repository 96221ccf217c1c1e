//! From what the user names, the number of a process or a path, to a connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client::{ANSWER_PAUSE_MAX, ConsoleClient, shown};
use crate::failure::Failure;
use crate::processes::{self, Candidates};
use crate::protocol::{MetricsEnd, MetricsLine};
use crate::visible::Visible;

/// How long a socket that was found by searching has to greet.
const GREETING_PAUSE_MAX: Duration = Duration::from_secs(1);

/// What the user names a runtime by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServiceName {
    Process(u32),
    Socket(PathBuf),
}

impl ServiceName {
    /// Digits alone are the number of a process.
    pub(crate) fn parse(text: &str) -> Result<ServiceName, String> {
        if text.is_empty() {
            return Err("the number of a process or the path of a socket is missing".to_owned());
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(ServiceName::Socket(PathBuf::from(text)));
        }
        let too_large = |_| format!("{text} is too large for the number of a process; a file is ./{text}");
        text.parse().map(ServiceName::Process).map_err(too_large)
    }
}

/// Connects to the runtime that the user names.
pub(crate) fn open(service: &ServiceName, runtime: Option<&str>) -> Result<ConsoleClient, Failure> {
    let mut clients = match service {
        ServiceName::Socket(path) => vec![ConsoleClient::open(path, ANSWER_PAUSE_MAX)?],
        ServiceName::Process(pid) => of_process(*pid)?,
    };
    let names = clients.iter().map(|client| client.greeting.runtime.label()).collect::<Vec<_>>().join(", ");
    let count = clients.len();
    let chosen = match runtime {
        Some(runtime) => clients
            .iter()
            .position(|client| is_called(client, runtime))
            .ok_or_else(|| Failure::new(format!("no runtime is called {runtime}; there is {names}")))?,
        None if count > 1 => busiest(&mut clients)?,
        None => 0,
    };
    let client = clients.swap_remove(chosen);
    if count > 1 && runtime.is_none() {
        let label = client.greeting.runtime.label();
        eprintln!(
            "heist: there are {count} runtimes: {names}; this is {label}, --runtime chooses another one"
        );
    }
    Ok(client)
}

fn is_called(client: &ConsoleClient, name: &str) -> bool {
    let facts = &client.greeting.runtime;
    facts.id.to_string() == name || facts.name.as_deref() == Some(&*Visible::new(name))
}

/// The first that has tasks, or else the first: they are in the order of their numbers.
fn busiest(clients: &mut [ConsoleClient]) -> Result<usize, Failure> {
    for (place, client) in clients.iter_mut().enumerate() {
        let (lines, _): (Vec<(MetricsLine, String)>, MetricsEnd) = client.ask_all("metrics")?;
        if lines.iter().any(|(line, _)| line.metrics.live_tasks > 0) {
            return Ok(place);
        }
    }
    Ok(0)
}

/// Connections to all runtimes of a process, in the order of their numbers; at least one.
fn of_process(pid: u32) -> Result<Vec<ConsoleClient>, Failure> {
    let user = processes::user_of(pid)?;
    processes::check_user(pid, user, rustix::process::geteuid().as_raw())?;
    let candidates = processes::candidates(pid, user)?;
    let (clients, failures) = connect_all(pid, &candidates);
    if !clients.is_empty() {
        return Ok(clients);
    }
    Err(failures.into_iter().next().unwrap_or_else(|| not_opened(pid, &candidates)))
}

fn not_opened(pid: u32, candidates: &Candidates) -> Failure {
    let how = "start it with HEIST_CONSOLE=PATH (feature `console`), or Builder::console";
    match &candidates.variable {
        Some(value) => Failure::new(format!(
            "process {pid} has HEIST_CONSOLE={} in its environment, but no console there: it needs the feature \
             `console` of heist, and a runtime that is running",
            shown(Path::new(value))
        )),
        None => Failure::new(format!("process {pid} has no console: {how}")),
    }
}

/// All that greet with the number of the process. A path of the environment may be that of another
/// process, or left over: it counts for a failure only if the process serves somewhere.
fn connect_all(pid: u32, candidates: &Candidates) -> (Vec<ConsoleClient>, Vec<Failure>) {
    let (mut clients, mut failures) = (Vec::<ConsoleClient>::new(), Vec::new());
    for path in candidates.of_variable.iter().chain(&candidates.of_sockets) {
        if clients.iter().any(|client| client.path == *path) {
            continue;
        }
        match ConsoleClient::open(path, GREETING_PAUSE_MAX) {
            Ok(mut client) if client.greeting.pid == pid => {
                client.set_pause_max(ANSWER_PAUSE_MAX);
                // One socket may have two paths.
                let id = client.greeting.runtime.id;
                if !clients.iter().any(|other| other.greeting.runtime.id == id) {
                    clients.push(client);
                }
            }
            Ok(_) => {}
            Err(failure) if candidates.has_thread => failures.push(failure),
            Err(_) => {}
        }
    }
    clients.sort_by_key(|client| client.greeting.runtime.id);
    (clients, failures)
}

/// Connections to all runtimes of all processes that may be looked at, and why others that serve
/// could not be reached.
pub(crate) fn all() -> Result<(Vec<ConsoleClient>, Vec<Failure>), Failure> {
    let own = rustix::process::geteuid().as_raw();
    let (mut clients, mut failures) = (Vec::new(), Vec::new());
    for pid in processes::all()? {
        // Processes end while this goes on, and some are closed to everyone.
        let Ok(user) = processes::user_of(pid) else { continue };
        if own != user && own != 0 {
            continue;
        }
        let Ok(candidates) = processes::candidates(pid, user) else { continue };
        let (found, failed) = connect_all(pid, &candidates);
        if found.is_empty() {
            failures.extend(failed);
        }
        clients.extend(found);
    }
    Ok((clients, failures))
}

#[cfg(test)]
mod tests {
    use super::{PathBuf, ServiceName};

    #[test]
    fn digits_are_a_process_and_all_else_is_a_path() {
        assert_eq!(ServiceName::parse("12"), Ok(ServiceName::Process(12)));
        for path in ["./12", "a", "12a", "-1"] {
            assert_eq!(ServiceName::parse(path), Ok(ServiceName::Socket(PathBuf::from(path))));
        }
        assert!(ServiceName::parse("").is_err());
        assert!(ServiceName::parse("99999999999").is_err());
    }
}
