//! What the compiler and a log show of the crate's types.

#![deny(unused_must_use)]

use tokio::sync::oneshot;

/// A request of an actor: whoever does not want the answer drops the receiver.
fn ask() -> oneshot::Receiver<u8> {
    oneshot::channel().1
}

#[test]
fn a_receiver_of_one_value_may_be_dropped_without_a_warning() {
    ask();
}

#[cfg(feature = "process")]
#[test]
fn a_command_shows_the_program_and_no_type_around_it() {
    let command = tokio::process::Command::new("echo");
    assert_eq!(format!("{command:?}"), r#"Command { std: "echo", kill_on_drop: false }"#);
}
