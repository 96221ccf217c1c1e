//! The tool against a service at a path.

#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use support::{Reply, Script, Service, command, heist, task};
use tempfile::TempDir;

/// A service at a path of its own.
struct Served {
    path: String,
    _service: Service,
    _directory: TempDir,
}

fn served(script: Script) -> Served {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    let service = Service::start(&path, script);
    Served { path: path.to_str().expect("UTF-8").to_owned(), _service: service, _directory: directory }
}

fn tasks() -> Vec<String> {
    vec![
        task(1, Some("first"), "waiting", &[2]),
        task(2, Some("second"), "waiting", &[1]),
        task(3, None, "runnable", &[]),
        task(4, Some("\u{1b}[31mred"), "waiting", &[3]),
    ]
}

fn many_tasks(count: u64) -> Vec<String> {
    (1..=count).map(|id| task(id, None, "waiting", if id == 1 { &[] } else { &[1] })).collect()
}

#[test]
fn ps_lists_the_tasks_in_a_table() {
    let served = served(Script::new().answer("tasks", &tasks(), "{\"count\":4}"));
    let expected = "\
ID  NAME           KIND    STATE     LOCATION
 1  first          shared  waiting   src/a.rs:10:5
 2  second         shared  waiting   src/a.rs:10:5
 3  -              shared  runnable  src/a.rs:10:5
 4  \\u{1b}[31mred  shared  waiting   src/a.rs:10:5
";
    assert_eq!(heist(&["ps", &served.path]).success(), expected);
    let limited = heist(&["ps", &served.path, "--limit", "1", "--state", "waiting"]).success();
    assert!(limited.ends_with("src/a.rs:10:5\nand 2 more; --limit 0 shows all\n"), "{limited}");
}

#[test]
fn ps_json_has_the_objects_of_the_service_one_per_line() {
    let lines = tasks();
    let served = served(Script::new().answer("tasks", &lines, "{\"count\":4}"));
    let output = heist(&["ps", &served.path, "--json"]).success();
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let found: Vec<_> = output.lines().map(value).collect();
    assert_eq!(found, lines.iter().map(|line| value(line)).collect::<Vec<_>>());
    assert!(!output.contains('\u{1b}'));
}

#[test]
fn orders_and_trees_that_need_an_observed_runtime_name_the_variable() {
    let served = served(Script::new().answer("tasks", &tasks(), "{\"count\":4}"));
    for arguments in [["ps", &served.path, "--sort=busy"], ["pstree", &served.path, "--spawned"]] {
        let failure = heist(&arguments).failure();
        assert!(failure.contains("HEIST_OBSERVE=1"), "{failure}");
    }
}

#[test]
fn ps_sorts_the_tasks_of_an_observed_runtime() {
    let line = |id: u64, busy_us: u64| {
        let mut line: serde_json::Value =
            serde_json::from_str(&task(id, None, "waiting", &[])).expect("JSON");
        line["busy_us"] = busy_us.into();
        line.to_string()
    };
    let lines = [line(1, 5), line(2, 7_000), line(3, 6)];
    let served = served(Script::observed().answer("tasks", &lines, "{\"count\":3}"));
    let output = heist(&["ps", &served.path, "--sort", "busy", "--limit", "2"]).success();
    let ids: Vec<_> = output.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(ids, ["2", "3", "and"], "{output}");
    assert!(output.contains("7.0ms"), "{output}");
}

#[test]
fn pstree_shows_who_waits_for_whom_and_marks_deadlocks() {
    let served = served(Script::new().answer("dump", &tasks(), "{\"count\":4,\"deadlocks\":[[1,2]]}"));
    let pid = std::process::id();
    let expected = format!(
        "\
process {pid}, runtime 7 \"main\": 4 tasks
deadlock: 1 \"first\" waits for 2 \"second\" waits for 1 \"first\"
4 \"\\u{{1b}}[31mred\" src/a.rs:10:5, waiting for task 3 to end
\u{2514}\u{2500} 3 src/a.rs:10:5, runnable
1 \"first\" src/a.rs:10:5, waiting for task 2 to end [deadlock]
\u{2514}\u{2500} 2 \"second\" src/a.rs:10:5, waiting for task 1 to end [deadlock]
   \u{2514}\u{2500} 1 \"first\", see above [deadlock]
"
    );
    assert_eq!(heist(&["pstree", &served.path]).success(), expected);
    let json = heist(&["pstree", &served.path, "--json"]).success();
    let lines: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&lines[3]["depth"], &lines[3]["task"]["id"]), (&1.into(), &2.into()));
    assert_eq!((&lines[4]["depth"], &lines[4]["see"]), (&2.into(), &1.into()));
}

#[test]
fn dump_prints_the_text_without_control_characters_and_the_lines_as_they_are() {
    let text = serde_json::json!({ "text": "2 tasks\n  for \u{1b}]0;x\u{7}\n" }).to_string();
    let end = "{\"count\":4,\"deadlocks\":[[1,2]]}";
    let served = served(Script::new().answer("text", &[text], "{}").answer("dump", &tasks(), end));
    assert_eq!(heist(&["dump", &served.path]).success(), "2 tasks\n  for \\u{1b}]0;x\\u{7}\n");
    let json = heist(&["dump", &served.path, "--json"]).success();
    assert_eq!(json.lines().count(), 5);
    assert_eq!(json.lines().last(), Some(&*format!("{{\"end\":{end}}}")));
}

fn stall(task: u64, duration_us: u64, is_over: bool) -> String {
    serde_json::json!({ "task": task, "name": "slow", "location": { "file": "a.rs", "line": 3, "column": 1 },
        "worker": 0, "duration_us": duration_us, "is_over": is_over, "ago_ms": 1500 })
    .to_string()
}

#[test]
fn stalls_are_listed() {
    let lines = [stall(1, 103_000, true), stall(2, 20_000, false)];
    let served = served(Script::new().answer("stalls", &lines, "{\"count\":2}"));
    let expected = "\x20\
AGO  DURATION  STATE    TASK  NAME  WORKER  LOCATION
1.5s     103ms  over        1  slow       0  a.rs:3:1
1.5s      20ms  goes on     2  slow       0  a.rs:3:1
";
    assert_eq!(heist(&["stalls", &served.path]).success(), expected);
}

#[test]
fn followed_stalls_are_printed_as_they_come_and_end_with_the_service() {
    let script = Script::new()
        .answer("stalls", &[stall(1, 20_000, false)], "{\"count\":1}")
        .answer("stalls", &[stall(1, 270_000, false)], "{\"count\":1}")
        .answer("stalls", &[stall(1, 300_000, true), stall(2, 11_000, true)], "{\"count\":2}")
        .reply("stalls", Reply::Last(String::new()));
    let served = served(script);
    let outcome = heist(&["stalls", &served.path, "--follow"]);
    let expected = "\
20ms goes on: task 1 \"slow\" a.rs:3:1, worker 0
300ms over: task 1 \"slow\" a.rs:3:1, worker 0
11ms over: task 2 \"slow\" a.rs:3:1, worker 0
";
    assert_eq!(outcome.output, expected);
    assert!(outcome.failure().contains("the service closed the connection before the end of an answer"));
}

fn metrics(busy_us: u64) -> String {
    let worker = serde_json::json!({ "index": 0, "polls": 1, "steals": 0, "parks": 0, "busy_us": busy_us,
        "queue_depth": 4 });
    serde_json::json!({ "metrics": { "workers": [worker], "live_tasks": 4, "slow_polls": 2 } }).to_string()
}

#[test]
fn top_prints_shares_between_two_looks() {
    let script = Script::new()
        .answer("metrics", &[metrics(1_000)], "{\"now_us\":1000000}")
        .answer("metrics", &[metrics(501_000)], "{\"now_us\":2000000}")
        .answer("tasks", &tasks(), "{\"count\":4}");
    let looked_at = served(script.clone());
    let arguments = ["top", &looked_at.path, "--iterations", "1", "--interval", "100"];
    let output = heist(&arguments).success();
    let lines: Vec<_> = output.lines().collect();
    assert!(lines[0].starts_with("heist top: process "), "{output}");
    assert_eq!(lines[1], "tasks 4, injector 0, blocking threads 0, blocking queue 0, slow polls 2, stalls 0");
    assert_eq!(lines[3], "   0 [||||||||        ]  50.0% q 4");
    assert_eq!(lines[6], "      1       0       1       0 -             shared   src/a.rs:10:5");
    let looked_at = served(script);
    let arguments = ["top", &looked_at.path, "--iterations", "2", "--interval", "100", "--json"];
    let output = heist(&arguments).success();
    let looks: Vec<serde_json::Value> =
        output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(looks.len(), 2);
    assert_eq!(looks[0]["workers"][0]["busy"], 0.5);
    // The clock of the service stands still then.
    assert_eq!(looks[1]["workers"][0]["busy"], serde_json::Value::Null);
}

#[test]
fn top_connects_again_after_a_long_pause() {
    let script = Script::new()
        .answer("metrics", &[metrics(1_000)], "{\"now_us\":1000000}")
        .answer("metrics", &[metrics(501_000)], "{\"now_us\":2000000}")
        .reply("tasks", Reply::Last("{\"end\":{}}\n".to_owned()));
    let served = served(script);
    let arguments = ["top", &served.path, "--iterations", "1", "--json", "--interval"];
    let output = heist(&[&arguments[..], &["1001"]].concat()).success();
    assert!(output.contains("\"busy\":0.5"), "{output}");
    let failure = heist(&[&arguments[..], &["1000"]].concat()).failure();
    assert!(failure.contains("the service closed the connection"), "{failure}");
}

#[test]
fn a_hundred_thousand_tasks_are_listed_and_counted() {
    let lines = many_tasks(100_000);
    let script = Script::new().answer("tasks", &lines, "{}").answer("dump", &lines, "{\"deadlocks\":[]}");
    let served = served(script);
    let table = heist(&["ps", &served.path]).success();
    assert_eq!(table.lines().count(), 52);
    assert!(table.ends_with("and 99950 more; --limit 0 shows all\n"));
    assert_eq!(heist(&["ps", &served.path, "--limit", "0"]).success().lines().count(), 100_001);
    assert_eq!(heist(&["ps", &served.path, "--json"]).success().lines().count(), 100_000);
    // All but one wait for the first.
    assert_eq!(heist(&["pstree", &served.path]).success().lines().count(), 1 + 2 * 99_999);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let served = served(Script::new().answer("tasks", &many_tasks(100_000), "{}"));
    let mut child = command(&["ps", &served.path, "--limit", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool runs");
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line");
    drop(reader);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
}

#[test]
fn a_path_without_a_service_says_why() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_str().expect("UTF-8").to_owned();
    let absent = heist(&["ps", &path("absent")]).failure();
    assert!(absent.ends_with("absent: cannot connect: there is no such file\n"), "{absent}");
    drop(std::os::unix::net::UnixListener::bind(path("left")).expect("a new path"));
    let left = heist(&["ps", &path("left")]).failure();
    assert!(left.contains("no process listens there"), "{left}");
    let long = heist(&["ps", &path(&"x".repeat(200))]).failure();
    assert!(long.contains("cannot connect: "), "{long}");
}

#[test]
fn a_service_that_refuses_is_quoted() {
    let error = "{\"error\":\"user 5 may not\\u001b look\"}\n".to_owned();
    let served = served(Script::greets(Reply::Last(error)));
    let failure = heist(&["ps", &served.path]).failure();
    assert!(failure.ends_with("the service refuses: user 5 may not\\u{1b} look\n"), "{failure}");
}

#[test]
fn another_version_of_the_protocol_is_named() {
    let served = served(Script::greets(Reply::Text("{\"heist\":2,\"greeting\":\"new\"}\n".to_owned())));
    let failure = heist(&["top", &served.path]).failure();
    assert!(failure.contains("the service speaks version 2 of the protocol, this tool 1"), "{failure}");
}

#[test]
fn a_greeting_that_is_none_is_shown_in_part() {
    let long = format!("HTTP/1.1 400 Bad Request\x07{}\n", "x".repeat(100_000));
    for greeting in [long.as_str(), "{}\n", "[1]\n", "{\"heist\":1}\n", "{\"heist\":\"x\"}\n"] {
        let served = served(Script::greets(Reply::Text(greeting.to_owned())));
        let failure = heist(&["ps", &served.path]).failure();
        assert!(failure.contains("greeting"), "{failure}");
        assert!(failure.len() < 300 && !failure.contains('\x07'), "{failure}");
    }
}

#[test]
fn an_answer_that_is_malformed_or_stops_is_an_error() {
    let end = "{\"end\":{}}\n";
    let cases = [
        (Reply::Text(format!("garbage\n{end}")), "a malformed answer"),
        (Reply::Text(format!("{{\"id\":\"x\"}}\n{end}")), "a malformed answer"),
        (Reply::Text("{\"error\":\"too many\"}\n".to_owned()), "the service reports an error: too many"),
        (Reply::Last(format!("{}\n{{\"id\":2", task(1, None, "waiting", &[]))), "in the middle of a line"),
        (Reply::Last(String::new()), "before the end of an answer"),
    ];
    for (reply, expected) in cases {
        let served = served(Script::new().reply("tasks", reply));
        let failure = heist(&["ps", &served.path]).failure();
        assert!(failure.contains(expected), "{failure}");
    }
}

#[test]
fn a_service_that_does_not_answer_is_given_up() {
    let served = served(Script::new().reply("tasks", Reply::Nothing));
    let failure = heist(&["ps", &served.path]).failure();
    assert!(failure.ends_with("the service did not answer within 5 s\n"), "{failure}");
}

#[test]
fn a_wrong_command_line_has_the_code_2() {
    for arguments in [&["ps", "1", "--sort", "size"][..], &["dump"], &["top", "1", "--interval", "99"], &[]] {
        assert_eq!(heist(arguments).code, Some(2), "{arguments:?}");
    }
}
