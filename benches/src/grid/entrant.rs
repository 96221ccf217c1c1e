//! Who takes part in the grid: a program that serves, started on one processor or on all of them.

use std::path::PathBuf;
use std::process::Command;
use std::thread;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use super::shape::Place;
use super::site::{Site, Size};
use crate::child::Spoken;
use crate::nginx::Nginx;
use crate::rival::contender::Contender;
use crate::rival::contract::WORKER_COUNT;
use crate::tools::{NGINX, Tool};

/// Who serves.
#[derive(Clone)]
pub(super) enum Entrant {
    /// This program, or another build of it, with a runtime.
    Rival(Contender),
    /// The example `serve`, with a name and the file of the program.
    Serve(&'static str, PathBuf),
    Nginx,
}

/// What a server is asked for.
#[derive(Clone, Copy)]
pub(super) enum Service<'a> {
    /// hyper's "hello".
    Hello,
    /// Echo of messages of so many bytes.
    Echo(usize),
    /// A file.
    File(&'a Site, Size),
}

/// A server that runs, and where it is.
pub(super) struct Running {
    process: Process,
    pub(super) address: String,
}

enum Process {
    Spoken(Spoken),
    Nginx(Nginx),
}

impl Entrant {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Entrant::Rival(rival) => rival.name,
            Entrant::Serve(name, _) => name,
            Entrant::Nginx => "nginx",
        }
    }

    /// What it needs, and is not installed.
    pub(super) fn missing(&self) -> Option<Tool> {
        let needed = match self {
            Entrant::Rival(rival) => rival.needs,
            Entrant::Serve(..) => None,
            Entrant::Nginx => Some(NGINX),
        };
        needed.filter(|tool| !tool.is_installed())
    }

    /// Starts it.
    pub(super) fn start(&self, service: Service<'_>, place: Place) -> Running {
        within(place, || match (self, service) {
            (Entrant::Rival(rival), Service::Hello) => {
                let who = format!("--rival={}", rival.served_as);
                Running::announced(Spoken::start_build(rival.program, &["serve-hello".into(), who]))
            }
            (Entrant::Rival(rival), Service::Echo(size)) => {
                let who = format!("--rival={}", rival.served_as);
                let arguments = ["serve-echo".into(), who, format!("--message-size={size}")];
                Running::announced(Spoken::start_build(rival.program, &arguments))
            }
            (Entrant::Serve(_, program), Service::File(site, _)) => {
                let mut command = Command::new(program);
                command.arg("--dir").arg(site.path()).args(["--addr", "127.0.0.1:0"]);
                command.arg(format!("--workers={WORKER_COUNT}"));
                Running::with_url(Spoken::start_command(command))
            }
            (Entrant::Nginx, Service::File(site, _)) => {
                let nginx = Nginx::serve(site.path()).expect("nginx starts");
                Running { address: nginx.address.to_string(), process: Process::Nginx(nginx) }
            }
            (entrant, _) => unreachable!("{} is not asked for this", entrant.name()),
        })
    }
}

impl Running {
    /// A program whose first line is its address.
    fn announced(mut process: Spoken) -> Self {
        let address = process.line();
        Running { process: Process::Spoken(process), address }
    }

    /// A program that says its URL in one of its lines.
    fn with_url(mut process: Spoken) -> Self {
        let address = loop {
            if let Some(url) = process.line().strip_prefix("url: http://") {
                break url.trim_end_matches('/').to_owned();
            }
        };
        Running { process: Process::Spoken(process), address }
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        match &self.process {
            Process::Spoken(process) => process.id(),
            Process::Nginx(nginx) => nginx.id(),
        }
    }
}

/// Runs `start` on a thread that may only run in `place`: a process inherits that from the thread that starts it.
fn within<T: Send>(place: Place, start: impl FnOnce() -> T + Send) -> T {
    if place == Place::Free {
        return start();
    }
    let pinned = || {
        let this = Pid::from_raw(0);
        let allowed = sched_getaffinity(this).expect("a thread may ask for its own processors");
        let last = (0..CpuSet::count()).rev().find(|&core| allowed.is_set(core).unwrap_or(false));
        let mut one = CpuSet::new();
        one.set(last.expect("a thread has a processor")).expect("it is within the set");
        sched_setaffinity(this, &one).expect("a thread may give processors up");
        start()
    };
    thread::scope(|scope| scope.spawn(pinned).join().expect("the server starts"))
}
