//! Every program beside this directory prints what its header says, line for line, on every back end.
//!
//! `ci/ecosystem.sh` starts a PostgreSQL and a Redis and says in the environment where they are. Without them their two
//! tests are skipped with a loud line, or fail when `HEIST_REQUIRE_SERVICES=1` is set.

#[path = "../../../tests/support/mod.rs"]
mod support;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, thread};

use heist::runtime::DriverKind;

/// What the header shows below its command line.
fn expected(source: &str) -> Vec<&str> {
    let header = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_start);
    let lines: Vec<&str> =
        header.skip_while(|line| !line.starts_with("$ ")).skip(1).take_while(|line| *line != "```").collect();
    assert!(lines.len() > 1, "the header shows what is printed");
    lines
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// Everything that `source` delivers, read on a thread of its own so that no pipe fills up.
fn collect(mut source: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        source.read_to_string(&mut text).expect("a program prints UTF-8");
        text
    })
}

/// Runs `command` to its end; kills it, and returns no status, if it takes too long. Returns both outputs as well.
fn end(mut command: Command) -> (Option<std::process::ExitStatus>, String, String) {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program was built with this test");
    let stdout = collect(child.stdout.take().expect("piped"));
    let stderr = collect(child.stderr.take().expect("piped"));
    let start = std::time::Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("our own child") {
            break Some(status);
        }
        if start.elapsed() > support::PATIENCE / 2 {
            child.kill().expect("our own child");
            child.wait().expect("our own child");
            break None;
        }
        thread::sleep(std::time::Duration::from_millis(5));
    };
    (status, stdout.join().expect("read"), stderr.join().expect("read"))
}

/// Runs `program` on `kind` and returns what it printed; ends it if it takes too long.
fn run(program: &str, kind: DriverKind) -> String {
    let choice = if kind == DriverKind::Uring { "uring" } else { "poll" };
    let mut command = Command::new(program);
    command.env("HEIST_DRIVER", choice).stdin(Stdio::null());
    let (status, stdout, stderr) = end(command);
    let Some(status) = status else {
        panic!("{program} on {choice} hung, having printed:\n{stdout}{stderr}")
    };
    assert!(status.success(), "{program} on {choice} ended with {status}:\n{stdout}{stderr}");
    stdout
}

#[track_caller]
fn prints_what_its_header_says(name: &str, program: &str) {
    let source = fs::read_to_string(directory().join(name).with_extension("rs")).expect("its source");
    for kind in support::backends() {
        let driver = if kind == DriverKind::Uring { "driver: io_uring" } else { "driver: poll" };
        let mut wanted = expected(&source);
        assert_eq!(wanted[0], "driver: io_uring", "the header of {name} begins with the driver");
        wanted[0] = driver;
        let printed = run(program, kind);
        assert_eq!(printed.lines().collect::<Vec<_>>(), wanted, "{name} on {kind:?}");
    }
}

/// Does `variable` say where the service is? If not: a loud line, or a failure where services are required.
fn has_service(variable: &str) -> bool {
    if std::env::var_os(variable).is_some() {
        return true;
    }
    let is_required = std::env::var("HEIST_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
    assert!(!is_required, "HEIST_REQUIRE_SERVICES=1, yet {variable} is not set");
    support::loud(&format!("SKIPPED: {variable} is not set; ci/ecosystem.sh starts the service"));
    false
}

#[test]
fn axum_is_served_and_stops_in_order() {
    prints_what_its_header_says("axum", env!("CARGO_BIN_EXE_axum"));
}

#[test]
fn h2_keeps_its_windows_moving() {
    prints_what_its_header_says("h2", env!("CARGO_BIN_EXE_h2"));
}

#[test]
fn hyper_serves_and_asks_over_both_versions_of_http() {
    prints_what_its_header_says("hyper", env!("CARGO_BIN_EXE_hyper"));
}

#[test]
fn postgres_answers_pipelined_queries() {
    if has_service("DATABASE_URL") {
        prints_what_its_header_says("postgres", env!("CARGO_BIN_EXE_postgres"));
    }
}

#[test]
fn redis_answers_pipelines_and_publishes() {
    if has_service("REDIS_ADDRESS") {
        prints_what_its_header_says("redis", env!("CARGO_BIN_EXE_redis"));
    }
}

#[test]
fn rustls_encrypts_both_ways_and_refuses_strangers() {
    prints_what_its_header_says("rustls", env!("CARGO_BIN_EXE_rustls"));
}

#[test]
fn tonic_calls_and_streams() {
    prints_what_its_header_says("tonic", env!("CARGO_BIN_EXE_tonic"));
}

#[test]
fn websockets_talk_across_two_crates() {
    prints_what_its_header_says("websocket", env!("CARGO_BIN_EXE_websocket"));
}

/// Listens and never says a word: the kernel accepts.
fn silent() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    (listener, address)
}

/// Runs `program` against silence: it fails before it is ended for its slowness, and says why.
#[track_caller]
fn fails_and_names(program: &str, variable: &str, value: &str, names: &[&str]) {
    for kind in support::backends() {
        let choice = if kind == DriverKind::Uring { "uring" } else { "poll" };
        let mut command = Command::new(program);
        command.env("HEIST_DRIVER", choice).env(variable, value).stdin(Stdio::null());
        let (status, _stdout, stderr) = end(command);
        let status = status.unwrap_or_else(|| panic!("{program} on {choice} waits without end"));
        assert!(!status.success(), "{program} on {choice} had no server");
        for name in names {
            assert!(stderr.contains(name), "{program} on {choice} does not name {name}: {stderr}");
        }
    }
}

#[test]
fn postgres_gives_up_every_silent_host_and_names_it() {
    let ((_one, first), (_two, second)) = (silent(), silent());
    let url = format!("postgres://u@{first},{second}/db?connect_timeout=1");
    let (first, second) = (format!("{first}: no answer in 1s"), format!("{second}: no answer in 1s"));
    fails_and_names(env!("CARGO_BIN_EXE_postgres"), "DATABASE_URL", &url, &[&first, &second]);
}

#[test]
fn redis_gives_up_a_silent_server_and_names_it() {
    let (_listener, address) = silent();
    let wanted = format!("{address}: no reply in 5s");
    fails_and_names(env!("CARGO_BIN_EXE_redis"), "REDIS_ADDRESS", &address, &[&wanted]);
}

#[test]
fn no_program_is_without_a_test() {
    let tests = include_str!("programs.rs");
    let entries = fs::read_dir(directory()).expect("the directory of this package");
    let paths = entries.map(|entry| entry.expect("a readable directory").path());
    let mut programs = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let count = programs.by_ref().inspect(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy();
        assert!(tests.contains(&format!("CARGO_BIN_EXE_{name}\"")), "{name} has no test here");
    });
    assert!(count.count() >= 8, "the programs are where they are looked for");
}
