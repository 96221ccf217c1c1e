//! Where a console listens, and what it leaves there.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use heist::runtime::{Builder, DriverKind, Runtime};

use crate::support::process::{again, everything, expect_success, fork_and_wait, role, succeeded};
use crate::support::{PATIENCE, builder, watched};
use crate::{Client, SHAPES, on_each, scratch, with_console};

fn refused(path: &Path) -> std::io::Error {
    builder(SHAPES[0], DriverKind::Poll).console(path).build().expect_err("it cannot listen there")
}

#[test]
fn only_the_owner_may_connect() {
    on_each(|_, path| {
        assert_eq!(std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777, 0o600);
    });
}

#[test]
fn the_end_of_the_runtime_removes_the_socket() {
    for shape in SHAPES {
        watched(|| {
            let ends: [fn(Runtime); 4] = [
                drop,
                Runtime::shutdown_background,
                |runtime| runtime.shutdown_timeout(PATIENCE / 2),
                |runtime| runtime.shutdown_timeout(Duration::ZERO),
            ];
            for end in ends {
                let (_directory, path) = scratch();
                let runtime = builder(shape, DriverKind::Poll).console(&path).build().unwrap();
                Client::connect(&path);
                end(runtime);
                assert!(!path.exists());
            }
        });
    }
}

/// Mutant: the file is removed without a look at its inode.
#[test]
fn the_end_of_the_runtime_leaves_a_file_that_is_not_its_own() {
    let (_directory, path) = scratch();
    let runtime = with_console(&path);
    std::fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(runtime);
    assert!(UnixStream::connect(&path).is_ok());
    std::fs::remove_file(&path).unwrap();
    drop(with_console(&path));
    let runtime = with_console(&path);
    std::fs::remove_file(&path).unwrap();
    drop(runtime);
}

#[test]
fn a_socket_on_which_nobody_listens_is_replaced() {
    let (_directory, path) = scratch();
    drop(UnixListener::bind(&path).unwrap());
    let runtime = with_console(&path);
    assert_eq!(Client::connect(&path).greeting["pid"], std::process::id());
    drop(runtime);
    assert!(!path.exists());
}

#[test]
fn a_socket_on_which_somebody_listens_is_refused_and_left() {
    let (_directory, path) = scratch();
    let runtime = with_console(&path);
    let error = refused(&path);
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let text = format!("the console cannot listen at {}: somebody listens there already", path.display());
    assert!(error.to_string().starts_with(&text), "{error}");
    Client::connect(&path);
    drop(runtime);
    // Its backlog is full, and it accepts nobody.
    let listener = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    listener.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    listener.listen(0).unwrap();
    let _in_line = UnixStream::connect(&path).unwrap();
    assert_eq!(refused(&path).kind(), ErrorKind::AddrInUse);
    assert!(path.exists());
}

#[test]
fn a_socket_of_another_kind_is_refused_and_left() {
    let (_directory, path) = scratch();
    let _datagrams = UnixDatagram::bind(&path).unwrap();
    assert_eq!(refused(&path).kind(), ErrorKind::AddrInUse);
    assert!(path.exists());
}

#[test]
fn a_file_that_is_no_socket_is_refused_and_left() {
    let (directory, path) = scratch();
    std::fs::write(&path, "precious").unwrap();
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(directory.path().join("nowhere"), &link).unwrap();
    for path in [&path, &link] {
        let error = refused(path);
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert!(error.to_string().ends_with("remove it, or choose another path"), "{error}");
        assert!(path.is_symlink() || path.exists());
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_path_that_cannot_be_used_is_named() {
    let (directory, path) = scratch();
    let missing = directory.path().join("missing").join("console");
    let long = directory.path().join("x".repeat(200));
    for (path, kind) in [
        (missing.as_path(), ErrorKind::NotFound),
        (long.as_path(), ErrorKind::InvalidInput),
        (Path::new("\0abstract"), ErrorKind::InvalidInput),
    ] {
        let error = refused(path);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    // Nothing is left of the runtimes that could not be built.
    drop(with_console(&path));
}

#[test]
fn runtimes_that_share_a_directory_have_sockets_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let runtimes = [with_console(directory.path()), with_console(directory.path())];
    for runtime in &runtimes {
        let id = runtime.handle().id().to_string();
        let path = directory.path().join(format!("{}-{id}.heist", std::process::id()));
        assert_eq!(Client::connect(&path).greeting["runtime"]["id"].to_string(), id);
    }
    drop(runtimes);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

/// Builds two runtimes that name no path, one that wants no console, and one that dumps on SIGQUIT, which has a small
/// runtime of its own.
fn build_some() {
    let plain = || builder(SHAPES[0], DriverKind::Poll);
    let path = std::env::var_os("HEIST_CONSOLE").unwrap();
    let count = || {
        let path = Path::new(&path);
        if path.is_dir() { std::fs::read_dir(path).unwrap().count() } else { usize::from(path.exists()) }
    };
    let off = plain().console("").build().unwrap();
    assert_eq!(count(), 0, "the builder's word counts");
    drop(off);
    let first: Runtime = plain().dump_on_quit().build().unwrap();
    println!("sockets of one: {}", count());
    let second = Builder::new_current_thread().build().unwrap();
    println!("sockets of two: {}", count());
    assert_eq!(second.block_on(second.spawn(async { 42 })).unwrap(), 42);
    assert_eq!(first.block_on(first.spawn(async { 42 })).unwrap(), 42);
    drop((first, second));
    assert_eq!(count(), 0, "all are removed");
}

#[test]
fn the_environment_opens_consoles_and_no_runtime_fails_because_of_it() {
    let test = "place::the_environment_opens_consoles_and_no_runtime_fails_because_of_it";
    if role().is_some() {
        return build_some();
    }
    let (directory, path) = scratch();
    let run = |path: &Path| {
        let mut command = again(test, "some");
        let output = command.env("HEIST_CONSOLE", path).stdin(Stdio::null()).output().unwrap();
        succeeded(&output);
        everything(&output)
    };
    let text = run(directory.path());
    assert!(text.contains("sockets of one: 1\n") && text.contains("sockets of two: 2\n"), "{text}");
    assert!(!text.contains("heist: HEIST_CONSOLE"), "{text}");
    // The second one has no place.
    let text = run(&path);
    assert!(text.contains("sockets of one: 1\n") && text.contains("sockets of two: 1\n"), "{text}");
    let complaint = format!("heist: HEIST_CONSOLE: the console cannot listen at {}: ", path.display());
    assert_eq!(text.matches(&complaint).count(), 1, "{text}");
    let text = run(Path::new(""));
    assert!(text.contains("sockets of two: 0\n") && !text.contains("heist: HEIST_CONSOLE"), "{text}");
}

/// Mutant: `Runtime::end` of a forked child ends the console as well.
#[test]
fn a_forked_child_leaves_the_console_to_its_parent() {
    let test = "place::a_forked_child_leaves_the_console_to_its_parent";
    if role().is_none() {
        expect_success(&mut again(test, "forks"));
        return;
    }
    for shape in SHAPES {
        watched(|| {
            let (_directory, path) = scratch();
            let mut runtime =
                Some(builder(shape, DriverKind::Poll).console(&path).build().expect("available"));
            let mut client = Client::connect(&path);
            let code = fork_and_wait(|| {
                drop(runtime.take());
                0
            });
            assert_eq!(code, 0);
            client.ask("metrics");
            Client::connect(&path).ask("tasks");
            drop(runtime.take());
            assert!(!path.exists());
        });
    }
}
