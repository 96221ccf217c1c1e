//! What the program says when it cannot do what it was told.

use std::net::TcpListener;

use crate::process::run;

#[test]
fn a_busy_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for driver in ["auto", "poll"] {
        let (code, stdout, stderr) = run(&["--addr", &address, "--driver", driver]);
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        assert!(stderr.starts_with(&format!("serve: cannot listen on {address}: ")), "{stderr}");
        assert!(stderr.contains("another port with --addr"), "{stderr}");
    }
}

#[test]
fn a_foreign_address_is_named() {
    let (code, _, stderr) = run(&["--addr", "192.0.2.1:8080"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("192.0.2.1:8080") && stderr.contains("address of this machine"), "{stderr}");
}

#[test]
fn a_missing_directory_and_a_file_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("thing");
    let path = path.to_str().unwrap();
    let (code, _, stderr) = run(&["--dir", path]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains(path) && stderr.contains("name an existing directory with --dir"), "{stderr}");
    std::fs::write(path, "").unwrap();
    let (code, _, stderr) = run(&["--dir", path]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("it is a file, not a directory"), "{stderr}");
}

#[test]
fn bad_options_are_named() {
    let cases: [(&[&str], &str); 6] = [
        (&["--directory", "."], "unexpected argument '--directory'"),
        (&["."], "unexpected argument '.'"),
        (&["--workers", "0"], "0 is not in 1..=1024"),
        (&["--workers", "many"], "'many'"),
        (&["--driver", "epoll"], "possible values: auto, uring, poll"),
        (&["--addr", "8080"], "such as 127.0.0.1:8080"),
    ];
    for (options, text) in cases {
        let (code, stdout, stderr) = run(options);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{options:?}");
        assert!(stderr.contains(text), "{stderr}");
    }
}

#[test]
fn help_and_version_are_given() {
    let (code, stdout, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for option in ["--dir", "--addr", "--workers", "--driver", "--drain-seconds", "--hidden"] {
        assert!(stdout.contains(option), "{stdout}");
    }
    let (code, stdout, _) = run(&["--version"]);
    assert_eq!((code, stdout), (Some(0), format!("serve {}\n", env!("CARGO_PKG_VERSION"))));
}
