//! Clients that do harm, or would like to.
#![expect(unsafe_code, reason = "a child gives up its user, or has SIGPIPE at its default")]

use std::future::pending;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::support::process::{again, cpu_time, expect_success, fork_and_wait, role};
use crate::support::{eventually, loud, watched};
use crate::{Client, on_each, scratch, with_console};

/// Sends a line that is no request; it is refused with this text, and the connection is closed.
fn is_refused(client: &mut Client, line: &str, text: &str) {
    client.send(line);
    let refusal = client.line().expect("a reason");
    let error = refusal["error"].as_str().unwrap_or_else(|| panic!("no error: {refusal}"));
    assert!(error.contains(text), "{error}");
    assert!(client.line().is_none(), "the connection is closed");
}

/// Mutant: the loop of a client goes on after a refusal.
#[test]
fn what_is_no_request_is_refused_and_closes_the_connection() {
    on_each(|_, path| {
        let deep = format!("{}\n", "[".repeat(4000));
        for (line, text) in [
            ("garbage\n", "a request is a line of JSON"),
            ("\n", "a request is a line of JSON"),
            ("\u{0}\n", "a request is a line of JSON"),
            (&*deep, "a request is a line of JSON"),
            ("[\"tasks\"]\n", "the field `request` is missing"),
            ("{\"request\":1}\n", "the field `request` is missing"),
            ("{\"request\":\"secrets\"}\n", "the requests are: tasks, dump, text, metrics, stalls"),
        ] {
            is_refused(&mut Client::connect(path), line, text);
        }
        let mut invalid = Client::connect(path);
        std::io::Write::write_all(&mut invalid.stream.get_ref(), b"{\"request\":\"\xff\"}\n").unwrap();
        assert!(invalid.line().unwrap()["error"].is_string());
        Client::connect(path).ask("tasks");
    });
}

#[test]
fn a_request_has_at_most_4096_bytes() {
    on_each(|_, path| {
        let padded = |length: usize| {
            let line = String::from("{\"request\":\"metrics\"}");
            format!("{}{line}", " ".repeat(length - line.len()))
        };
        let mut client = Client::connect(path);
        client.send(&format!("{}\n", padded(4096)));
        assert!(client.line().unwrap().get("metrics").is_some());
        assert!(client.line().unwrap().get("end").is_some());
        is_refused(&mut client, &padded(4097), "must not be longer than 4096 bytes");
        is_refused(&mut Client::connect(path), &padded(100_000), "must not be longer than 4096 bytes");
    });
}

#[test]
fn requests_may_come_in_pieces_and_together() {
    on_each(|_, path| {
        let mut client = Client::connect(path);
        for byte in "{\"request\":\"metrics\"}\n{\"request\":\"tas".chars() {
            client.send(&byte.to_string());
        }
        client.send("ks\"}\n{\"request\":\"stalls\"}\n");
        let ends: Vec<bool> = (0..4).map(|_| client.line().unwrap().get("end").is_some()).collect();
        assert_eq!(ends, [false, true, true, true]);
    });
}

#[test]
fn a_ninth_client_is_turned_away_until_another_one_goes() {
    on_each(|_, path| {
        let mut clients: Vec<Client> = (0..8).map(|_| Client::connect(path)).collect();
        let mut ninth = Client::knock(path);
        let refusal = ninth.line().unwrap();
        assert_eq!(refusal["error"], "the console has 8 clients already: close one of them");
        assert!(ninth.line().is_none());
        clients[3].ask("tasks");
        clients.pop();
        eventually("there is room for another one", || {
            Client::knock(path).line().unwrap().get("heist").is_some()
        });
        clients.iter_mut().for_each(|client| assert!(client.ask("tasks").lines.is_empty()));
    });
}

/// Eight of them have all the room that there is, until they are given up.
#[test]
fn clients_that_never_read_are_given_up() {
    watched(|| {
        let (_directory, path) = scratch();
        let runtime = with_console(&path);
        for _ in 0..10_000 {
            drop(runtime.spawn(pending::<()>()));
        }
        let mut reads = Client::connect(&path);
        let request = "{\"request\":\"tasks\"}\n";
        let deaf: Vec<Client> = (0..7).map(|_| Client::connect(&path)).collect();
        deaf.iter().for_each(|client| client.send(&request.repeat(100)));
        assert!(Client::knock(&path).line().unwrap()["error"].is_string());
        assert_eq!(reads.ask("tasks").lines.len(), 10_000, "others are answered meanwhile");
        eventually("one of them is given up", || Client::knock(&path).line().unwrap().get("heist").is_some());
        assert_eq!(reads.ask("tasks").lines.len(), 10_000);
    });
}

/// Mutant: `write` in place of `send_with_flags`.
#[test]
fn a_client_that_disappears_does_not_end_a_program_with_sigpipe_at_its_default() {
    let test = "hostile::a_client_that_disappears_does_not_end_a_program_with_sigpipe_at_its_default";
    if role().is_none() {
        expect_success(&mut again(test, "has SIGPIPE"));
        return;
    }
    // SAFETY: no handler of ours is called: the default is to end the process.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    watched(|| {
        let (_directory, path) = scratch();
        let runtime = with_console(&path);
        for _ in 0..10_000 {
            drop(runtime.spawn(pending::<()>()));
        }
        for _ in 0..20 {
            let mut client = Client::connect(&path);
            client.send("{\"request\":\"tasks\"}\n");
            // It writes, more than there is room for.
            client.line().unwrap();
        }
        assert_eq!(Client::connect(&path).ask("tasks").lines.len(), 10_000);
    });
}

/// Mutant: no pause after an error of `accept`.
#[test]
fn a_client_that_comes_while_there_are_no_descriptors_is_served_when_there_are() {
    let test = "hostile::a_client_that_comes_while_there_are_no_descriptors_is_served_when_there_are";
    if role().is_none() {
        expect_success(&mut again(test, "has few"));
        return;
    }
    watched(|| {
        let (_directory, path) = scratch();
        let _runtime = with_console(&path);
        let few = rustix::process::Rlimit { current: Some(64), maximum: Some(64) };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, few).unwrap();
        let mut fillers = Vec::new();
        while let Ok(filler) = std::fs::File::open("/dev/null") {
            fillers.push(filler);
        }
        // For the client's own side.
        fillers.pop();
        let mut client = Client::knock(&path);
        client.stream.get_ref().set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let before = cpu_time();
        assert!(client.line().is_none(), "nobody could accept it");
        assert!(cpu_time() - before < Duration::from_millis(150), "the console tries again and again");
        drop(fillers);
        client.stream.get_ref().set_read_timeout(None).unwrap();
        assert_eq!(client.line().unwrap()["heist"], 1);
    });
}

#[test]
fn other_users_are_refused() {
    let test = "hostile::other_users_are_refused";
    if role().is_none() {
        expect_success(&mut again(test, "forks"));
        return;
    }
    if !rustix::process::geteuid().is_root() {
        return loud("SKIPPED: only root can be another user");
    }
    watched(|| {
        let (directory, path) = scratch();
        let runtime = with_console(&path);
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let knock_as = |user: libc::uid_t| {
            fork_and_wait(|| {
                // SAFETY: takes an integer, in a process that has one thread and ends soon.
                assert_eq!(unsafe { libc::setuid(user) }, 0);
                let Ok(stream) = std::os::unix::net::UnixStream::connect(&path) else { return 1 };
                let stream = std::io::BufReader::new(stream);
                let line = Client { stream, greeting: serde_json::Value::Null }.line().expect("a line");
                if line["error"] == "this console is for user 0 and root only, and you are user 65534" {
                    return 2;
                }
                if line["heist"] == 1 { 3 } else { 4 }
            })
        };
        assert_eq!(knock_as(65_534), 1, "the mode keeps them out");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
        assert_eq!(knock_as(65_534), 2, "and so does the console");
        assert_eq!(knock_as(0), 3);
        drop(runtime);
    });
}
