//! Choosing the driver: by builder, by environment, and by what the kernel refuses.

use std::io::ErrorKind;
use std::process::Command;

use heist::runtime::{Builder, DriverKind, Runtime};

use crate::support::process::{Answer, again, everything, expect_success, refuse_io_uring, role};
use crate::support::{self, echo, watched};

const CHILD: &str = "driver_choice::a_child_plays_its_role";

/// A child of this binary in `role`, with `HEIST_DRIVER` as given.
fn child(role: &str, driver: Option<&str>) -> Command {
    let mut command = again(CHILD, role);
    command.env_remove("HEIST_DRIVER");
    if let Some(driver) = driver {
        command.env("HEIST_DRIVER", driver);
    }
    command
}

fn build(kind: Option<DriverKind>) -> std::io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(support::WORKER_COUNT);
    if let Some(kind) = kind {
        builder.driver(kind);
    }
    builder.build()
}

/// Serves TCP echo to a peer that is a plain thread, and prints which driver did.
fn serve_traffic(runtime: &Runtime) {
    const CLIENT_COUNT: usize = 20;
    let (address, server) = echo::start(runtime);
    let threads: Vec<_> = (0..CLIENT_COUNT)
        .map(|index| {
            std::thread::spawn(move || {
                let mut stream = std::net::TcpStream::connect(address).expect("it listens");
                for round in 0..50 {
                    let message = format!("client {index} round {round}");
                    let answer = echo::round_trip_blocking(&mut stream, message.as_bytes());
                    assert_eq!(answer, message.as_bytes());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("right answers");
    }
    runtime.block_on(async {
        heist::time::sleep(std::time::Duration::from_millis(2)).await;
        heist::task::spawn_blocking(|| ()).await.expect("no panic");
    });
    server.abort();
    println!("served by {}", runtime.driver_name());
}

/// Not a test of its own: what the children of the other tests do. Alone it checks that plain `build` serves.
#[test]
fn a_child_plays_its_role() {
    watched(|| match role().as_deref() {
        None | Some("as built") => serve_traffic(&build(None).expect("there is always a driver")),
        Some("poll by builder") => {
            serve_traffic(&build(Some(DriverKind::Poll)).expect("poll is always there"));
        }
        Some("auto, EPERM") => {
            refuse_io_uring(Answer::Errno(libc::EPERM));
            serve_traffic(&build(Some(DriverKind::Auto)).expect("falls back"));
        }
        Some("auto, ENOSYS") => {
            refuse_io_uring(Answer::Errno(libc::ENOSYS));
            serve_traffic(&build(Some(DriverKind::Auto)).expect("falls back"));
        }
        Some("auto, ENOMEM") => {
            refuse_io_uring(Answer::Errno(libc::ENOMEM));
            serve_traffic(&build(Some(DriverKind::Auto)).expect("falls back"));
        }
        Some("poll, killed for any ring") => {
            refuse_io_uring(Answer::Kill);
            serve_traffic(&build(Some(DriverKind::Poll)).expect("poll is always there"));
        }
        Some("environment, killed for any ring") => {
            refuse_io_uring(Answer::Kill);
            serve_traffic(&build(None).expect("poll is always there"));
        }
        Some("uring, EPERM") => expect_refusal(libc::EPERM, ErrorKind::PermissionDenied),
        Some("uring, ENOSYS") => expect_refusal(libc::ENOSYS, ErrorKind::Unsupported),
        Some("uring by environment, EPERM") => {
            refuse_io_uring(Answer::Errno(libc::EPERM));
            let error = build(None).map(drop).expect_err("refused, and not to be replaced");
            println!("refused: {error}");
        }
        Some("auto, killed for any ring") => {
            refuse_io_uring(Answer::Kill);
            drop(build(Some(DriverKind::Auto)));
        }
        Some(other) => panic!("no such role: {other}"),
    });
}

fn expect_refusal(errno: i32, kind: ErrorKind) {
    refuse_io_uring(Answer::Errno(errno));
    let error = build(Some(DriverKind::Uring)).map(drop).expect_err("refused, and not to be replaced");
    assert_eq!(error.kind(), kind, "{error}");
    println!("refused: {error}");
}

#[track_caller]
fn expect_served_by(driver: &str, command: &mut Command) {
    let text = expect_success(command);
    assert!(text.contains(&format!("served by {driver}")), "served by something else:\n{text}");
}

#[test]
fn auto_takes_io_uring_where_the_kernel_has_it() {
    if support::has_uring() {
        expect_served_by("io_uring", &mut child("as built", None));
        expect_served_by("io_uring", &mut child("as built", Some("auto")));
    }
}

#[test]
fn the_environment_forces_poll() {
    expect_served_by("poll", &mut child("as built", Some("poll")));
}

#[test]
fn the_environment_forces_io_uring() {
    if support::has_uring() {
        expect_served_by("io_uring", &mut child("as built", Some("uring")));
    }
}

#[test]
fn the_builder_forces_poll() {
    expect_served_by("poll", &mut child("poll by builder", None));
}

#[test]
fn an_unknown_driver_in_the_environment_is_an_error_that_names_the_known_ones() {
    let output = child("as built", Some("epoll")).output().expect("the child starts");
    let text = everything(&output);
    assert!(!output.status.success(), "a typing error must not be ignored:\n{text}");
    for word in ["HEIST_DRIVER", "epoll", "auto", "uring", "poll"] {
        assert!(text.contains(word), "{word} is not named:\n{text}");
    }
}

/// Fault E1: a filter or a sysctl refuses with EPERM; auto falls back and serves the same traffic.
#[test]
fn io_uring_refused_by_permission_falls_back_to_poll() {
    expect_served_by("poll", &mut child("auto, EPERM", None));
}

/// Fault E1, E2: an old kernel does not know the call.
#[test]
fn io_uring_unknown_to_the_kernel_falls_back_to_poll() {
    expect_served_by("poll", &mut child("auto, ENOSYS", None));
}

/// Fault D9: no memory for rings.
#[test]
fn io_uring_without_memory_falls_back_to_poll() {
    expect_served_by("poll", &mut child("auto, ENOMEM", None));
}

/// Fault E3: where the filter kills, poll makes no ring call at all.
#[test]
fn poll_makes_no_ring_call_even_where_one_would_be_fatal() {
    expect_served_by("poll", &mut child("poll, killed for any ring", None));
    expect_served_by("poll", &mut child("environment, killed for any ring", Some("poll")));
}

/// The same filter does kill whoever makes a ring: the test before this one can fail.
#[test]
fn the_fatal_filter_is_fatal() {
    use std::os::unix::process::ExitStatusExt;
    let output = child("auto, killed for any ring", None).output().expect("the child starts");
    assert_eq!(output.status.signal(), Some(libc::SIGSYS), "{}", everything(&output));
}

/// Fault E1: forced io_uring fails with an error that names the cause and a remedy.
#[test]
fn forced_io_uring_fails_clearly_where_it_is_refused() {
    for role in ["uring, EPERM", "uring, ENOSYS"] {
        expect_clear_refusal(&mut child(role, None));
    }
    expect_clear_refusal(&mut child("uring by environment, EPERM", Some("uring")));
}

#[track_caller]
fn expect_clear_refusal(command: &mut Command) {
    let text = expect_success(command);
    // The harness prints the test's name on the same line, before it.
    let start = text.find("refused: ").expect("the child prints its error");
    let line = text[start..].lines().next().expect("at least that word");
    for word in ["io_uring", "HEIST_DRIVER"] {
        assert!(line.contains(word), "{word} is not named: {line}");
    }
}
