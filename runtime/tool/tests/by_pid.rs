//! The tool against services that it finds by the number of a process. The service of a test is in
//! this process; what greets with the number of a child is found by the environment of the child.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use support::{Reply, Script, Service, heist, task};

/// Services of this process are seen by every test here.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A process that waits until it is dropped.
struct Waiting(Child);

impl Waiting {
    fn start(variable: Option<&Path>) -> Waiting {
        let mut command = Command::new("cat");
        command.env_remove("HEIST_CONSOLE").stdin(Stdio::piped()).stdout(Stdio::null());
        if let Some(variable) = variable {
            command.env("HEIST_CONSOLE", variable);
        }
        Waiting(command.spawn().expect("a process"))
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn script(pid: u32, id: u64, name: &str, tasks: &[String]) -> Script {
    let metrics = serde_json::json!({ "metrics": { "live_tasks": tasks.len() } }).to_string();
    Script::of(pid, id, Some(name), false).answer("tasks", tasks, "{}").answer(
        "metrics",
        &[metrics],
        "{\"now_us\":1}",
    )
}

#[test]
fn a_process_is_found_by_its_thread_and_its_listening_sockets() {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    let pid = std::process::id();
    // These are not the service: one is nothing of heist, and to one everybody could connect.
    let _garbage = Service::start(&path("a garbage"), Script::greets(Reply::Last("220 mail\n".to_owned())));
    let _open = Service::start(&path("b"), script(pid, 1, "open", &[task(1, None, "waiting", &[])]));
    fs::set_permissions(path("b"), fs::Permissions::from_mode(0o666)).expect("a file of ours");
    let _service = Service::start(&path("c d"), script(pid, 7, "main", &[task(11, None, "waiting", &[])]));
    let output = heist(&["ps", &pid.to_string()]).success();
    assert!(output.contains("\n11  "), "{output}");
    let listed = heist(&["ps", "--json"]).output;
    let line = listed.lines().find(|line| line.contains(&format!("\"pid\":{pid},"))).expect("a line");
    let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(line["socket"], path("c d").to_str().expect("UTF-8"));
    let table = heist(&["ps"]).output;
    let rows = table.lines().filter(|line| line.contains("c d"));
    let mut rows = rows.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = rows.find(|row| row[0] == pid.to_string()).expect("a row");
    assert_eq!(row[..7], [&*pid.to_string(), "7", "main", "0.1.0", "multi_thread", "io_uring", "2"]);
}

#[test]
fn a_process_without_a_service_says_how_to_open_it() {
    let waiting = Waiting::start(None);
    let failure = heist(&["ps", &waiting.pid()]).failure();
    let expected = format!(
        "heist: process {} has no console: start it with HEIST_CONSOLE=PATH (feature `console`), or \
         Builder::console\n",
        waiting.pid()
    );
    assert_eq!(failure, expected);
}

#[test]
fn a_number_that_no_process_has_is_reported() {
    assert_eq!(heist(&["dump", "4200000"]).failure(), "heist: no process has the number 4200000\n");
}

#[test]
fn a_process_is_found_by_its_environment() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    let waiting = Waiting::start(Some(&path));
    let failure = heist(&["ps", &waiting.pid()]).failure();
    assert!(failure.contains("in its environment, but no console there"), "{failure}");
    let pid = waiting.0.id();
    let _service = Service::start(&path, script(pid, 1, "main", &[task(12, None, "waiting", &[])]));
    let output = heist(&["ps", &waiting.pid()]).success();
    assert!(output.contains("\n12  "), "{output}");
}

#[test]
fn the_service_of_a_parent_is_not_that_of_its_child() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    let _service = Service::start(&path, Script::new());
    let child = Waiting::start(Some(&path));
    let failure = heist(&["ps", &child.pid()]).failure();
    assert!(failure.contains("no console there"), "{failure}");
}

#[test]
fn of_several_runtimes_the_first_with_tasks_is_shown_or_the_one_that_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let waiting = Waiting::start(Some(directory.path()));
    let pid = waiting.0.id();
    let start = |id: u64, name: &str, tasks: &[String]| {
        let path = directory.path().join(format!("{pid}-{id}.heist"));
        Service::start(&path, script(pid, id, name, tasks))
    };
    let _idle = start(9, "idle", &[]);
    let _main = start(10, "main", &[task(21, None, "waiting", &[])]);
    let _other = start(11, "other", &[task(22, None, "waiting", &[])]);
    let outcome = heist(&["ps", &waiting.pid()]);
    assert!(outcome.output.contains("\n21  "), "{}", outcome.output);
    let expected = "heist: there are 3 runtimes: 9 \"idle\", 10 \"main\", 11 \"other\"; this is 10 \"main\", \
                    --runtime chooses another one\n";
    assert_eq!((outcome.code, &*outcome.errors), (Some(0), expected));
    for name in ["11", "other"] {
        let output = heist(&["ps", &waiting.pid(), "--runtime", name]).success();
        assert!(output.contains("\n22  "), "{output}");
    }
    let failure = heist(&["ps", &waiting.pid(), "--runtime", "x"]).failure();
    assert!(failure.contains("no runtime is called x; there is 9 \"idle\""), "{failure}");
}

#[test]
fn a_service_that_does_not_greet_is_given_up_after_a_second() {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for greeting in [Reply::Nothing, Reply::Drops] {
        let directory = tempfile::tempdir().expect("a directory");
        let _service = Service::start(&directory.path().join("socket"), Script::greets(greeting));
        let failure = heist(&["ps", &std::process::id().to_string()]).failure();
        assert!(failure.ends_with("socket: the service did not answer within 1 s\n"), "{failure}");
    }
}
