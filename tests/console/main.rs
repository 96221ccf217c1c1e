//! The console: what it answers about programs whose truth is known, where it listens, and who cannot harm it.
#![cfg(unix)]

mod answers;
mod ends;
mod hostile;
mod observed;
mod place;
mod stuck;
#[path = "../support/mod.rs"]
mod support;
mod trace;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use heist::runtime::{Builder, DriverKind, Runtime};
use heist::sync::oneshot;
use serde_json::Value;

use crate::support::{Gate, Shape, backends, builder, watched};

pub(crate) const SHAPES: [Shape; 2] = [Shape::MultiThread, Shape::CurrentThread];

/// A client of a console.
pub(crate) struct Client {
    pub(crate) stream: BufReader<UnixStream>,
    pub(crate) greeting: Value,
}

/// The lines of an answer, and its end.
pub(crate) struct Answer {
    pub(crate) lines: Vec<Value>,
    pub(crate) end: Value,
}

impl Client {
    /// Connects; it must be greeted.
    pub(crate) fn connect(path: &Path) -> Client {
        let mut client = Client::knock(path);
        client.greeting = client.line().expect("a greeting");
        assert_eq!(client.greeting["heist"], 1, "{}", client.greeting);
        client
    }

    /// Connects, and reads nothing.
    pub(crate) fn knock(path: &Path) -> Client {
        let stream = BufReader::new(UnixStream::connect(path).expect("it listens"));
        Client { stream, greeting: Value::Null }
    }

    /// `None`: the connection is closed.
    pub(crate) fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            // Reset: the server has closed it with bytes of ours unread.
            Ok(0) | Err(_) => None,
            Ok(_) => Some(serde_json::from_str(&line).expect("a line of JSON")),
        }
    }

    pub(crate) fn send(&self, text: &str) {
        self.stream.get_ref().write_all(text.as_bytes()).expect("connected");
    }

    pub(crate) fn ask(&mut self, request: &str) -> Answer {
        self.send(&format!("{{\"request\":\"{request}\",\"unknown\":[1]}}\n"));
        let mut lines = Vec::new();
        loop {
            let line = self.line().expect("the answer is not over");
            assert!(line.get("error").is_none(), "{line}");
            match line.get("end") {
                Some(end) => return Answer { lines, end: end.clone() },
                None => lines.push(line),
            }
        }
    }

    /// The task with this name, when `is_so`.
    pub(crate) fn task_when(&mut self, request: &str, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let start = std::time::Instant::now();
        loop {
            let answer = self.ask(request);
            let task = answer.named(name);
            if task.is_some_and(&is_so) {
                return task.cloned().expect("just seen");
            }
            assert!(
                start.elapsed() < support::PATIENCE / 2,
                "{request}: waited in vain for {name}: {task:?}"
            );
        }
    }
}

impl Answer {
    pub(crate) fn named(&self, name: &str) -> Option<&Value> {
        self.lines.iter().find(|line| line["name"] == name)
    }

    pub(crate) fn count(&self) -> u64 {
        self.end["count"].as_u64().expect("a number")
    }
}

/// Opens the gate also when an assertion fails, so that the runtime can end.
pub(crate) struct Opener(pub(crate) Gate);

impl Opener {
    pub(crate) fn open(&self) {
        self.0.open();
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        self.open();
    }
}

/// A directory for sockets, which goes when this is dropped.
pub(crate) fn scratch() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("room for a directory");
    let path = directory.path().join("console");
    (directory, path)
}

/// Runs `test` beside a runtime of each kind, which runs in `block_on` meanwhile.
pub(crate) fn on_each(test: impl Fn(&Runtime, &Path) + Sync) {
    on_each_built(|_| {}, test);
}

/// As [`on_each`], with options of the test's own.
pub(crate) fn on_each_built(options: impl Fn(&mut Builder), test: impl Fn(&Runtime, &Path) + Sync) {
    for kind in backends() {
        for shape in SHAPES {
            watched(|| {
                let (_directory, path) = scratch();
                let mut builder = builder(shape, kind);
                options(&mut builder);
                let runtime = builder.name("main").max_blocking_threads(1).console(&path).build().unwrap();
                eprintln!("running: {shape:?} on {kind:?}");
                beside(&runtime, || test(&runtime, &path));
            });
        }
    }
}

/// Runs `test` on a thread while this one runs the runtime.
pub(crate) fn beside(runtime: &Runtime, test: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let (done, is_done) = oneshot::channel::<()>();
        let thread = scope.spawn(move || {
            let _done = done;
            test();
        });
        assert!(runtime.block_on(is_done).is_err(), "nothing is sent");
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// A runtime with a console, for tests in which neither the flavor nor the driver plays a part.
pub(crate) fn with_console(path: &Path) -> Runtime {
    builder(Shape::MultiThread, DriverKind::Poll).console(path).build().expect("the console opens")
}
