//! Fork: what a child process may do with heist, and that its end leaves the parent's runtime alone.
#![expect(unsafe_code, reason = "a child sends signals to itself and to its parent")]

use std::io::Write;

use heist::net::{TcpListener, TcpStream};
use heist::runtime::Runtime;
use heist::signal::unix::{Signal, SignalKind, signal};

use crate::support::wait::soon;
use crate::support::{self, echo, process, watched};

/// Fault C9: with a runtime alive in the parent, a child builds one of its own, serves with it, and drops it; then the
/// parent's is as it was.
#[test]
fn a_forked_child_builds_a_new_runtime_and_the_parents_goes_on() {
    let test = "fork::a_forked_child_builds_a_new_runtime_and_the_parents_goes_on";
    if process::role().is_none() {
        // In a process with no other tests in it: a fork copies whatever locks their threads hold.
        process::expect_success(&mut process::again(test, "forks"));
        return;
    }
    for kind in support::backends() {
        watched(|| {
            let runtime = support::builder(support::Shape::MultiThread, kind).build().expect("available");
            let (address, server) = echo::start(&runtime);
            let mut stream = runtime.block_on(TcpStream::connect(address)).expect("it listens");
            let _waits =
                runtime.spawn(async { heist::time::sleep(std::time::Duration::from_secs(3600)).await });
            for round in 0..3 {
                talk(&runtime, &mut stream);
                let code = process::fork_and_wait(|| {
                    let runtime =
                        support::builder(support::Shape::MultiThread, kind).build().expect("available");
                    let (address, _server) = echo::start(&runtime);
                    let mut stream = runtime.block_on(TcpStream::connect(address)).expect("it listens");
                    talk(&runtime, &mut stream);
                    drop(stream);
                    drop(runtime);
                    0
                });
                assert_eq!(code, 0, "round {round}: the child's own runtime works");
                talk(&runtime, &mut stream);
            }
            drop(server);
        });
    }
}

/// Fault C9: a child that does nothing but exit, while the parent has operations in flight.
#[test]
fn a_forked_child_that_just_ends_takes_nothing_of_the_parents_with_it() {
    let test = "fork::a_forked_child_that_just_ends_takes_nothing_of_the_parents_with_it";
    if process::role().is_none() {
        process::expect_success(&mut process::again(test, "forks"));
        return;
    }
    for kind in support::backends() {
        watched(|| {
            let runtime = support::builder(support::Shape::MultiThread, kind).build().expect("available");
            let (address, server) = echo::start(&runtime);
            let mut stream = runtime.block_on(TcpStream::connect(address)).expect("it listens");
            for _ in 0..5 {
                talk(&runtime, &mut stream);
                assert_eq!(process::fork_and_wait(|| 0), 0);
                talk(&runtime, &mut stream);
            }
            drop(server);
        });
    }
}

/// A child inherits the descriptors, and the kernel's list of them: what it drops must stay on its parent's list.
#[test]
fn a_socket_that_a_forked_child_drops_is_still_served_for_its_parent() {
    let test = "fork::a_socket_that_a_forked_child_drops_is_still_served_for_its_parent";
    if process::role().is_none() {
        process::expect_success(&mut process::again(test, "forks"));
        return;
    }
    for kind in support::backends() {
        for shape in [support::Shape::MultiThread, support::Shape::CurrentThread] {
            watched(|| {
                let runtime = support::builder(shape, kind).build().expect("available");
                let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
                let address = listener.local_addr().expect("bound");
                let mut stream = Some(runtime.block_on(TcpStream::connect(address)).expect("it listens"));
                let (mut peer, _) = listener.accept().expect("it connects");
                let mut byte = [0];
                runtime.block_on(async {
                    let mut read = Box::pin(stream.as_mut().expect("here").read(&mut byte));
                    assert!(futures::poll!(read.as_mut()).is_pending());
                    drop(read);
                    // The wait has reached the kernel when others have had their turn.
                    heist::time::sleep(std::time::Duration::from_millis(5)).await;
                });
                let code = process::fork_and_wait(|| {
                    drop(stream.take());
                    0
                });
                assert_eq!(code, 0);
                peer.write_all(b"!").expect("connected");
                let mut ours = stream.take().expect("the child took its own copy");
                let count = runtime.block_on(soon("a byte", ours.read(&mut byte))).expect("no error");
                assert_eq!((count, byte), (1, *b"!"));
            });
        }
    }
}

/// On the thread that may use the ring, whose memory a child does not have.
#[test]
fn what_a_forked_child_of_a_task_drops_stays_whole_in_its_parent() {
    let test = "fork::what_a_forked_child_of_a_task_drops_stays_whole_in_its_parent";
    if process::role().is_none() {
        process::expect_success(&mut process::again(test, "forks"));
        return;
    }
    for kind in support::backends() {
        watched(|| {
            let runtime = support::builder(support::Shape::CurrentThread, kind).build().expect("available");
            runtime.block_on(async {
                let mut listener = Some(TcpListener::bind("127.0.0.1:0").await.expect("a free port"));
                let address = listener.as_ref().expect("here").local_addr().expect("bound");
                let mut stream = Some(TcpStream::connect(address).await.expect("it listens"));
                let (mut peer, _) = listener.as_ref().expect("here").accept().await.expect("it connects");
                let mut byte = [0];
                for has_begun in [true, false] {
                    let mut read = Box::pin(stream.as_mut().expect("here").read(&mut byte));
                    let mut accept = Box::pin(listener.as_ref().expect("here").accept());
                    assert!(futures::poll!(read.as_mut()).is_pending());
                    assert!(futures::poll!(accept.as_mut()).is_pending());
                    drop((read, accept));
                    if has_begun {
                        // The waits have reached the kernel when others have had their turn.
                        heist::time::sleep(std::time::Duration::from_millis(5)).await;
                    }
                    let code = process::fork_and_wait(|| {
                        drop((stream.take(), listener.take()));
                        0
                    });
                    assert_eq!(code, 0);
                }
                peer.write_all(b"!").await.expect("connected");
                let count = soon("a byte", stream.as_mut().expect("here").read(&mut byte)).await;
                assert_eq!((count.expect("no error"), byte), (1, *b"!"));
                let client = TcpStream::connect(address).await.expect("it listens still");
                soon("a connection", listener.as_ref().expect("here").accept()).await.expect("no error");
                drop(client);
            });
        });
    }
}

/// Neither does the copy of a runtime touch the parent's, nor wait for threads that are not there.
#[test]
fn a_runtime_that_a_forked_child_drops_goes_on_in_its_parent() {
    let test = "fork::a_runtime_that_a_forked_child_drops_goes_on_in_its_parent";
    if process::role().is_none() {
        process::expect_success(&mut process::again(test, "forks"));
        return;
    }
    for kind in support::backends() {
        for shape in [support::Shape::MultiThread, support::Shape::CurrentThread] {
            watched(|| {
                let mut runtime = Some(support::builder(shape, kind).build().expect("available"));
                let ours = runtime.as_ref().expect("just built");
                let (address, server) = echo::start(ours);
                let mut stream = ours.block_on(TcpStream::connect(address)).expect("it listens");
                talk(ours, &mut stream);
                let code = process::fork_and_wait(|| {
                    drop(runtime.take());
                    0
                });
                assert_eq!(code, 0, "the child dropped its copy");
                let ours = runtime.take().expect("the child took its own copy");
                talk(&ours, &mut stream);
                drop(server);
            });
        }
    }
}

/// Sends `number` to `process`, which may be this one.
fn send(process: u32, number: i32) {
    let process = i32::try_from(process).expect("process ids are positive");
    // SAFETY: takes integers only.
    assert_eq!(unsafe { libc::kill(process, number) }, 0, "kill: {}", std::io::Error::last_os_error());
}

/// Takes what `signal` has to tell, then sends a signal of its own: it is told once, so nothing else came.
fn is_told_of_its_own_only(runtime: &Runtime, signal: &mut Signal, number: i32) {
    runtime.block_on(async {
        let early = heist::time::timeout(std::time::Duration::from_millis(20), signal.recv()).await;
        assert!(early.is_err(), "it was told of another process's signal {number}");
        send(std::process::id(), number);
        assert_eq!(soon("a signal to oneself", signal.recv()).await, Some(()));
    });
}

/// Every signal of a child that does not exec is the child's, whatever its parent listens for.
#[test]
fn a_forked_childs_signals_do_not_reach_the_parents_listeners() {
    let test = "fork::a_forked_childs_signals_do_not_reach_the_parents_listeners";
    if process::role().is_none() {
        process::expect_success(&mut process::again(test, "forks"));
        return;
    }
    // The child sends them to itself: when it has ended they have been handled.
    let numbers = [libc::SIGUSR1, libc::SIGTERM, libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGALRM];
    for kind in support::backends() {
        watched(|| {
            let runtime = support::builder(support::Shape::MultiThread, kind).build().expect("available");
            let mut signals: Vec<Signal> = {
                let _inside = runtime.enter();
                numbers.map(|number| signal(SignalKind::from_raw(number)).expect("can be caught")).into()
            };
            let mut pressed = Box::pin(heist::signal::ctrl_c());
            assert!(runtime.block_on(async { futures::poll!(pressed.as_mut()) }).is_pending());
            let code = process::fork_and_wait(|| {
                numbers.iter().for_each(|number| send(std::process::id(), *number));
                0
            });
            assert_eq!(code, 0, "the handler stays, and the child lives on");
            assert!(runtime.block_on(async { futures::poll!(pressed.as_mut()) }).is_pending());
            for (signal, number) in signals.iter_mut().zip(numbers) {
                is_told_of_its_own_only(&runtime, signal, number);
            }
            runtime.block_on(soon("Ctrl-C, which was sent to oneself", pressed)).expect("it was pressed");
        });
    }
}

/// The way back: a child's own listener hears the child's signals, and neither is told of the other's.
#[test]
fn a_forked_child_listens_for_its_own_signals() {
    let test = "fork::a_forked_child_listens_for_its_own_signals";
    if process::role().is_none() {
        process::expect_success(&mut process::again(test, "forks"));
        return;
    }
    for kind in support::backends() {
        watched(|| {
            let runtime = support::builder(support::Shape::MultiThread, kind).build().expect("available");
            let listen = |runtime: &Runtime| {
                let _inside = runtime.enter();
                signal(SignalKind::user_defined2()).expect("can be caught")
            };
            let (mut ours, parent) = (listen(&runtime), std::process::id());
            let code = process::fork_and_wait(|| {
                let runtime =
                    support::builder(support::Shape::CurrentThread, kind).build().expect("available");
                let mut in_child = listen(&runtime);
                send(parent, libc::SIGUSR2);
                is_told_of_its_own_only(&runtime, &mut in_child, libc::SIGUSR2);
                0
            });
            assert_eq!(code, 0, "the child heard its own signal, and no other");
            runtime.block_on(async {
                assert_eq!(soon("the child's greeting", ours.recv()).await, Some(()));
            });
            is_told_of_its_own_only(&runtime, &mut ours, libc::SIGUSR2);
        });
    }
}

fn talk(runtime: &Runtime, stream: &mut TcpStream) {
    runtime.block_on(async {
        assert_eq!(echo::round_trip(stream, b"still there?").await, b"still there?");
        heist::spawn(heist::time::sleep(std::time::Duration::from_millis(1))).await.expect("no panic");
    });
}
