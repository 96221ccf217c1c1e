//! A service that plays a script, and the tool as a process.

#![allow(dead_code, reason = "each suite uses a part")]

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a service sends.
#[derive(Clone)]
pub(crate) enum Reply {
    /// This, and waits for the next request.
    Text(String),
    /// This, and closes the connection.
    Last(String),
    /// Nothing, and leaves the connection open.
    Nothing,
    /// A line without an end, letter by letter.
    Drops,
}

/// A greeting, and for each request the replies to it in their order; the last one repeats.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) greeting: Reply,
    pub(crate) replies: HashMap<&'static str, Vec<Reply>>,
}

impl Script {
    /// The service of this process.
    pub(crate) fn new() -> Script {
        Script::of(std::process::id(), 7, Some("main"), false)
    }

    pub(crate) fn observed() -> Script {
        Script::of(std::process::id(), 7, Some("main"), true)
    }

    pub(crate) fn of(pid: u32, id: u64, name: Option<&str>, is_observed: bool) -> Script {
        let runtime = serde_json::json!({ "id": id, "name": name, "flavor": "multi_thread",
            "driver": "io_uring", "workers": 2 });
        let greeting = serde_json::json!({ "heist": 1, "version": "0.1.0", "pid": pid, "runtime": runtime,
            "observed": is_observed, "uptime_ms": 61_000, "field of a later version": { "a": [] } });
        Script { greeting: Reply::Text(format!("{greeting}\n")), replies: HashMap::new() }
    }

    pub(crate) fn greets(reply: Reply) -> Script {
        Script { greeting: reply, replies: HashMap::new() }
    }

    /// Answers a request with lines and an end.
    pub(crate) fn answer(self, request: &'static str, lines: &[String], end: &str) -> Script {
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.reply(request, Reply::Text(format!("{lines}{{\"end\":{end}}}\n")))
    }

    pub(crate) fn reply(mut self, request: &'static str, reply: Reply) -> Script {
        self.replies.entry(request).or_default().push(reply);
        self
    }

    fn next(&mut self, request: &str) -> Reply {
        let unknown = Reply::Last("{\"error\":\"an unknown request\"}\n".to_owned());
        let Some(replies) = self.replies.get_mut(request) else { return unknown };
        if replies.len() > 1 { replies.remove(0) } else { replies[0].clone() }
    }
}

/// A task, as a line of an answer.
pub(crate) fn task(id: u64, name: Option<&str>, activity: &str, awaits: &[u64]) -> String {
    let reasons: Vec<_> = awaits
        .iter()
        .map(|id| serde_json::json!({ "text": format!("for task {id} to end"), "awaits": id }))
        .collect();
    let location = serde_json::json!({ "file": "src/a.rs", "line": 10, "column": 5 });
    serde_json::json!({ "id": id, "name": name, "kind": "shared", "location": location, "activity": activity,
        "reasons": reasons })
    .to_string()
}

/// Serves until it is dropped, in a thread with the name by which the tool knows such processes.
pub(crate) struct Service {
    path: PathBuf,
    is_over: Arc<AtomicBool>,
    /// All that there have been.
    connections: Arc<Mutex<Vec<UnixStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    pub(crate) fn start(path: &Path, script: Script) -> Service {
        let listener = UnixListener::bind(path).expect("a new path");
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a file of ours");
        let is_over = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(Mutex::new(Vec::new()));
        let (flag, script) = (Arc::clone(&is_over), Arc::new(Mutex::new(script)));
        let kept = Arc::clone(&connections);
        let (begin, begun) = mpsc::channel();
        let serve = move || {
            begin.send(()).expect("the service waits");
            for stream in listener.incoming() {
                if flag.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, script) = (stream.expect("a connection"), Arc::clone(&script));
                kept.lock().expect("no panic").push(stream.try_clone().expect("a descriptor"));
                thread::spawn(move || {
                    serve(&stream, &script);
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        };
        let thread = thread::Builder::new().name("heist-console".to_owned()).spawn(serve);
        let thread = Some(thread.expect("a thread"));
        // A thread gets its name when it begins.
        begun.recv().expect("it begins");
        Service { path: path.to_owned(), is_over, connections, thread }
    }

    /// How many connections there have been.
    pub(crate) fn connection_count(&self) -> usize {
        self.connections.lock().expect("no panic").len()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = UnixStream::connect(&self.path);
        let _ = fs::remove_file(&self.path);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // As at the end of a process.
        for stream in self.connections.lock().expect("no panic").iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Until the client is gone.
fn serve(stream: &UnixStream, script: &Mutex<Script>) {
    let greeting = script.lock().expect("no panic").greeting.clone();
    if !send(stream, greeting) {
        return;
    }
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { return };
        let request: serde_json::Value = serde_json::from_str(&line).expect("a request is JSON");
        let request = request["request"].as_str().expect("a request has a name");
        let reply = script.lock().expect("no panic").next(request);
        if !send(stream, reply) {
            return;
        }
    }
}

/// Whether the connection stays open.
fn send(mut stream: &UnixStream, reply: Reply) -> bool {
    match reply {
        Reply::Text(text) => stream.write_all(text.as_bytes()).is_ok(),
        Reply::Last(text) => {
            let _ = stream.write_all(text.as_bytes());
            false
        }
        Reply::Nothing => true,
        Reply::Drops => {
            while stream.write_all(b" ").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
            false
        }
    }
}

/// What a run of the tool has left.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Outcome {
    /// The output of a run that succeeded.
    #[track_caller]
    pub(crate) fn success(self) -> String {
        assert_eq!((self.code, &*self.errors), (Some(0), ""), "{}", self.output);
        self.output
    }

    /// The message of a run that failed.
    #[track_caller]
    pub(crate) fn failure(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.output, self.errors);
        self.errors
    }
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heist"));
    command.args(arguments).env_remove("HEIST_CONSOLE").stdin(Stdio::null());
    command
}

pub(crate) fn heist(arguments: &[&str]) -> Outcome {
    let output = command(arguments).output().expect("the tool runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Outcome { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr) }
}
