//! The examples of sockets do what their headers say, on every back end.

use std::process::Command;

use crate::{program, support};

/// What the example prints on each back end.
pub(crate) fn run_on_every_backend(name: &str, check: impl Fn(&str)) {
    for kind in support::backends() {
        let mut command = Command::new(program::example(name));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env("HEIST_DRIVER", kind.to_string());
        let output = command.output().expect("the example starts");
        assert!(output.status.success(), "{name} on {kind}: {}", String::from_utf8_lossy(&output.stderr));
        check(&String::from_utf8(output.stdout).unwrap());
    }
}

#[test]
fn the_udp_echo_sends_back_what_it_gets() {
    run_on_every_backend("udp_echo", |printed| {
        let expected = ["one came back as one", "two came back as two", "three came back as three"];
        assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    });
}

#[cfg(unix)]
#[test]
fn the_broker_passes_an_open_file() {
    run_on_every_backend("unix_fds", |printed| {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let lines_count = std::fs::read_to_string(manifest).unwrap().lines().count();
        assert!(printed.contains(&format!("{lines_count} lines were read through")), "{printed}");
    });
}
