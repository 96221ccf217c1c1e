//! `heist web` as browsers see it.

#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;

use serde_json::{Value, json};
use support::{Reply, Script, Service, command, heist, task};
use tempfile::TempDir;

/// The tool, which serves a page about a service.
struct Web {
    child: Child,
    /// `127.0.0.1:PORT`
    host: String,
    key: String,
    socket: PathBuf,
    service: Option<Service>,
    _directory: TempDir,
}

impl Web {
    fn start(script: Script) -> Web {
        let directory = tempfile::tempdir().expect("a directory");
        let socket = directory.path().join("socket");
        let service = Service::start(&socket, script);
        let mut command = command(&["web", socket.to_str().expect("UTF-8")]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the tool runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let url = line.trim_end().strip_prefix("http://").unwrap_or_else(|| panic!("no address: {line}"));
        let (host, key) = url.split_once("/?key=").expect("a key");
        let (host, key) = (host.to_owned(), key.to_owned());
        Web { child, host, key, socket, service: Some(service), _directory: directory }
    }

    /// Sends this, and returns the whole answer.
    fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.host).expect("the tool listens");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn get_with(&self, target: &str, host: &str) -> Answer {
        self.send(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    }

    /// With the key.
    fn get(&self, path: &str, fields: &str) -> Answer {
        self.get_with(&format!("{path}?key={}&{fields}", self.key), &self.host)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        assert!(self.head.contains("content-type: application/json"), "{}", self.head);
        serde_json::from_str(&self.body).expect("JSON")
    }

    #[track_caller]
    fn success(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }

    #[track_caller]
    fn error(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        self.json()["error"].as_str().expect("a text").to_owned()
    }
}

fn metrics(busy_us: u64) -> String {
    let worker =
        json!({ "index": 0, "polls": 1, "steals": 2, "parks": 3, "busy_us": busy_us, "queue_depth": 4 });
    json!({ "metrics": { "workers": [worker], "live_tasks": 4, "injector_depth": 5, "slow_polls": 2 } })
        .to_string()
}

fn script(greeting: Script) -> Script {
    let stall = |task: u64, is_over: bool| {
        json!({ "task": task, "name": "<b>", "location": { "file": "a.rs", "line": 3, "column": 1 },
            "worker": 0, "duration_us": 20_000, "is_over": is_over, "ago_ms": 1500 })
        .to_string()
    };
    let tasks = [
        task(1, Some("first"), "waiting", &[2]),
        task(2, Some("second"), "waiting", &[1]),
        task(3, None, "runnable", &[]),
        task(4, Some("\u{1b}<script>alert(1)</script>"), "waiting", &[3]),
    ];
    greeting
        .answer("metrics", &[metrics(1_000)], "{\"now_us\":1000000}")
        .answer("metrics", &[metrics(501_000)], "{\"now_us\":2000000}")
        .answer("tasks", &tasks, "{\"count\":4}")
        .answer("dump", &tasks, "{\"count\":4,\"deadlocks\":[[1,2]]}")
        .answer("stalls", &[stall(1, true), stall(2, false)], "{\"count\":2}")
}

#[test]
fn the_page_is_whole_and_runs_only_its_own_script() {
    let web = Web::start(script(Script::new()));
    let page = web.get("/", "");
    assert_eq!(page.status, 200);
    assert!(page.head.contains("content-type: text/html; charset=utf-8"), "{}", page.head);
    let nonce = page.body.split_once("<script nonce=\"").expect("a script").1;
    let nonce = nonce.split_once('"').expect("an end").0;
    assert_eq!(nonce.len(), 32);
    let policy = format!(
        "content-security-policy: default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    assert!(page.head.contains(&policy), "{}", page.head);
    for header in ["x-content-type-options: nosniff", "cache-control: no-store", "x-frame-options: deny"] {
        assert!(page.head.contains(header), "{}", page.head);
    }
    assert!(!page.head.contains("access-control-"), "{}", page.head);
    assert_ne!(web.get("/", "").body, page.body, "each answer has a number of its own");
    // Nothing from elsewhere, and no text that becomes markup.
    for outside in
        ["src=", "href=", "@import", "url(", "innerHTML", "outerHTML", "insertAdjacent", "document.write"]
    {
        assert!(!page.body.contains(outside), "{outside}");
    }
    let addresses = page.body.matches("://").count();
    assert_eq!(addresses, page.body.matches("\"http://www.w3.org/2000/svg\"").count());
}

#[test]
fn metrics_and_stalls_are_those_of_the_service() {
    let web = Web::start(script(Script::new()));
    let look = web.get("/api/metrics", "").success();
    let runtime = &look["runtime"];
    assert_eq!((&runtime["pid"], &runtime["id"]), (&json!(std::process::id()), &json!(7)));
    assert_eq!(
        (&look["now_us"], &look["live_tasks"], &look["injector_depth"]),
        (&json!(1_000_000), &json!(4), &json!(5))
    );
    let worker =
        json!({ "index": 0, "polls": 1, "steals": 2, "parks": 3, "busy_us": 1000, "queue_depth": 4 });
    assert_eq!(look["workers"], json!([worker]));
    let stalls = web.get("/api/stalls", "").success();
    let latest = json!({ "task": 2, "name": "<b>", "location": "a.rs:3:1", "worker": 0,
        "duration_us": 20_000, "is_over": false, "ago_ms": 1500 });
    assert_eq!(stalls["stalls"][0], latest);
    assert_eq!(stalls["stalls"].as_array().map(Vec::len), Some(2));
}

#[test]
fn groups_have_names_as_text_and_the_tree_has_its_deadlocks_first() {
    let web = Web::start(script(Script::new()));
    let look = web.get("/api/groups", "sort=name").success();
    let names: Vec<_> =
        look["groups"].as_array().expect("groups").iter().map(|group| group["name"].as_str()).collect();
    assert_eq!(names, [Some("\\u{1b}<script>alert(1)</script>"), Some("first"), Some("second"), None]);
    assert_eq!((&look["count"], &look["groups_more"], &look["sort"]), (&json!(4), &json!(0), &json!("name")));
    let tree = web.get("/api/tree", "limit=4").success();
    let first = json!({ "text": "1 \"first\" src/a.rs:10:5, waiting for task 2 to end [deadlock]", "is_deadlocked": true });
    assert_eq!(tree["lines"][0], first);
    assert_eq!((&tree["count"], &tree["lines_more"]), (&json!(4), &json!(1)));
    assert_eq!(
        tree["deadlocks"],
        json!(["deadlock: 1 \"first\" waits for 2 \"second\" waits for 1 \"first\""])
    );
}

#[test]
fn requests_that_are_not_the_pages_own_are_refused() {
    let web = Web::start(script(Script::new()));
    let port = web.host.split_once(':').expect("a port").1;
    let target = format!("/?key={}", web.key);
    assert_eq!(web.get_with(&target, &format!("localhost:{port}")).status, 200);
    for host in ["evil.example", "evil.example:80", "127.0.0.1", "0.0.0.0:1", ""] {
        assert!(web.get_with(&target, host).error(421).contains("another host"));
    }
    web.send(&format!("GET {target} HTTP/1.1\r\nConnection: close\r\n\r\n")).error(421);
    for path in ["/", "/api/metrics", "/api/tree"] {
        for target in [path.to_owned(), format!("{path}?key=0"), format!("{path}?key={}0", web.key)] {
            assert!(web.get_with(&target, &web.host).error(403).contains("the key is missing or wrong"));
        }
    }
    let post = format!(
        "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
        web.host
    );
    let refused = web.send(&post);
    assert_eq!(refused.error(405), "only GET is answered");
    assert!(refused.head.contains("allow: get"), "{}", refused.head);
    for path in ["/api", "/api/metrics/", "/../etc/passwd", "/favicon.ico"] {
        web.get(path, "").error(404);
    }
    for fields in ["interval=99", "limit=0", "sort=size"] {
        web.get("/api/groups", fields).error(400);
    }
    // None of them has reached the service, but for the first connection of the command.
    assert_eq!(web.service.as_ref().map(Service::connection_count), Some(1));
}

#[test]
fn what_is_no_http_and_heads_that_are_too_long_end_their_connection_only() {
    let web = Web::start(script(Script::new()));
    for request in ["\x00\x01\x02\r\n\r\n".to_owned(), format!("GET /{} HTTP/1.1\r\n", "x".repeat(100_000))] {
        let mut stream = TcpStream::connect(&web.host).expect("the tool listens");
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        // It may be cut while there is something that was not read.
        let _ = stream.read_to_end(&mut answer);
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
    web.get("/api/metrics", "").success();
}

#[test]
fn browsers_that_ask_within_an_interval_share_a_look_and_two_connections() {
    let web = Web::start(script(Script::new()));
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let look = web.get("/api/metrics", "interval=5000").success();
                // A second look would have another time.
                assert_eq!(look["now_us"], 1_000_000);
                for path in ["/api/stalls", "/api/groups", "/api/tree"] {
                    web.get(path, "interval=100").success();
                }
            });
        }
    });
    // The first is that of the command, which has ended before the page was served.
    assert_eq!(web.service.as_ref().map(Service::connection_count), Some(3));
}

#[test]
fn a_service_that_has_gone_is_reported_and_seen_again_when_it_is_back() {
    let mut web = Web::start(script(Script::new()));
    web.get("/api/metrics", "interval=100").success();
    drop(web.service.take());
    let gone = |web: &Web, path: &str| loop {
        let answer = web.get(path, "interval=100");
        // The latest look is still shared for a moment.
        if answer.status != 200 {
            return answer.error(503);
        }
    };
    for path in ["/api/stalls", "/api/groups", "/api/tree"] {
        assert!(gone(&web, path).contains("cannot connect: there is no such file"));
    }
    web.service = Some(Service::start(&web.socket, script(Script::of(99, 1, None, false))));
    let look = loop {
        let answer = web.get("/api/metrics", "interval=100");
        if answer.status == 200 && answer.success()["runtime"]["pid"] == 99 {
            break answer.success();
        }
    };
    assert_eq!(look["runtime"]["id"], 1);
}

#[test]
fn an_answer_that_is_malformed_is_an_error_of_the_service() {
    let script = Script::new()
        .reply("metrics", Reply::Text("{\"error\":\"busy\"}\n".to_owned()))
        .reply("tasks", Reply::Last("{}\n".to_owned()));
    let web = Web::start(script);
    assert!(web.get("/api/metrics", "").error(503).contains("the service reports an error: busy"));
    assert!(web.get("/api/stalls", "").error(503).contains("an unknown request"));
}

#[test]
fn a_hundred_thousand_tasks_make_short_answers() {
    const COUNT: u64 = 100_000;
    let line = |id: u64| {
        let mut line: Value =
            serde_json::from_str(&task(id, Some(&format!("task {id}")), "waiting", &[1])).expect("JSON");
        line["polls"] = 1.into();
        line["busy_us"] = id.into();
        line.to_string()
    };
    let lines: Vec<String> = (1..=COUNT).map(line).collect();
    let script = Script::observed()
        .answer("metrics", &[metrics(1)], "{\"now_us\":1}")
        .answer("tasks", &lines, "{}")
        .answer("dump", &lines, "{\"deadlocks\":[]}");
    let web = Web::start(script);
    let answer = web.get("/api/groups", "sort=location");
    let look = answer.success();
    assert_eq!((&look["count"], &look["groups_more"]), (&json!(COUNT), &json!(COUNT - 200)));
    assert_eq!((&look["tasks"][0]["id"], &look["tasks_more"]), (&json!(COUNT), &json!(COUNT - 100)));
    assert!(answer.body.len() < 100_000, "{}", answer.body.len());
    let tree = web.get("/api/tree", "limit=10");
    assert_eq!(tree.success()["lines"].as_array().map(Vec::len), Some(10));
}

#[test]
fn signals_end_it_with_success_also_while_a_look_waits() {
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        let mut web = Web::start(Script::new().reply("metrics", Reply::Nothing));
        let mut waiting = TcpStream::connect(&web.host).expect("the tool listens");
        let request = format!("GET /api/metrics?key={} HTTP/1.1\r\nHost: {}\r\n\r\n", web.key, web.host);
        waiting.write_all(request.as_bytes()).expect("a request");
        // The look has begun when the service has its second connection.
        while web.service.as_ref().map(Service::connection_count) != Some(2) {
            thread::yield_now();
        }
        let pid = rustix::process::Pid::from_child(&web.child);
        rustix::process::kill_process(pid, signal).expect("it runs");
        assert_eq!(web.child.wait().expect("it ends").code(), Some(0));
    }
}

#[test]
fn a_port_that_is_taken_and_a_service_that_is_absent_are_reported_at_once() {
    let web = Web::start(Script::new());
    let port = web.host.split_once(':').expect("a port").1;
    let failure = heist(&["web", web.socket.to_str().expect("UTF-8"), "--port", port]).failure();
    assert!(failure.contains(&format!("cannot listen on 127.0.0.1:{port}: ")), "{failure}");
    let failure = heist(&["web", "/absent/socket"]).failure();
    assert!(failure.ends_with("cannot connect: there is no such file\n"), "{failure}");
    assert_eq!(heist(&["web", "1", "--port", "65536"]).code, Some(2));
}

#[test]
fn the_address_is_there_as_json_as_well() {
    let web = Web::start(Script::new());
    let mut command = command(&["web", web.socket.to_str().expect("UTF-8"), "--json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the tool runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let address: Value = serde_json::from_str(&line).expect("JSON");
    let _ = child.kill();
    let _ = child.wait();
    assert_eq!((&address["pid"], &address["runtime"]), (&json!(std::process::id()), &json!(7)));
    assert!(address["url"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:")), "{line}");
}
