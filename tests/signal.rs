//! Signals: Ctrl-C, listeners, storms, and what cannot be listened for.
#![cfg(unix)]
#![expect(unsafe_code, reason = "one child sets what SIGINT does back to the default")]

mod support;

use std::future::{Future, poll_fn};
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::task::Poll;
use std::time::Duration;

use heist::net::{TcpListener, TcpStream};
use heist::runtime::{DriverKind, Runtime};
use heist::signal::ctrl_c;
use heist::signal::unix::{Signal, SignalKind, signal};
use heist::time::timeout;
use support::process::{again, role};
use support::wait::soon;
use support::{Shape, backends, builder, on_every_runtime};

/// Sends `count` signals to this process from another one, and waits until they are sent.
fn send(signal: &str, count: usize) {
    let script =
        format!("i=0; while [ $i -lt {count} ]; do kill -{signal} {}; i=$((i+1)); done", std::process::id());
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}

async fn is_silent(signal: &mut Signal) -> bool {
    timeout(Duration::from_millis(20), signal.recv()).await.is_err()
}

async fn arrives(signal: &mut Signal) {
    assert_eq!(soon("a signal that was sent", signal.recv()).await, Some(()));
}

#[test]
fn every_listener_of_a_signal_is_woken() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut first = signal(SignalKind::user_defined1()).unwrap();
            let mut second = signal(SignalKind::user_defined1()).unwrap();
            let mut other = signal(SignalKind::quit()).unwrap();
            let waits = heist::spawn(async move {
                arrives(&mut first).await;
                first
            });
            heist::task::yield_now().await;
            send("USR1", 1);
            arrives(&mut second).await;
            let mut first = waits.await.unwrap();
            assert!(is_silent(&mut first).await && is_silent(&mut second).await, "it was sent once");
            assert!(is_silent(&mut other).await, "another signal was sent");
            drop(first);
            send("USR1", 1);
            arrives(&mut second).await;
            // What came before a listener is not told to it.
            assert!(is_silent(&mut signal(SignalKind::user_defined1()).unwrap()).await);
        });
    });
}

/// The default action of this signal is to end the process.
#[test]
fn a_signal_stays_caught_when_its_listeners_are_gone() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            drop(signal(SignalKind::io()).unwrap());
            send("IO", 1);
            let mut again = signal(SignalKind::io()).unwrap();
            send("IO", 1);
            arrives(&mut again).await;
        });
    });
}

/// L1: far more than the pair holds, while nobody receives.
#[test]
fn a_storm_is_received_as_one() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut storm = signal(SignalKind::user_defined2()).unwrap();
            send("USR2", 3000);
            arrives(&mut storm).await;
            let mut times = 1;
            // The last one may reach its thread after the sender is done.
            while !is_silent(&mut storm).await {
                times += 1;
            }
            assert!(times <= 3, "received {times} times what came before one recv");
            // The pair is empty again and works as before.
            for _ in 0..3 {
                send("USR2", 1);
                arrives(&mut storm).await;
                assert!(is_silent(&mut storm).await);
            }
        });
    });
}

/// L1: a receiver that keeps up, traffic beside it that the signals interrupt, and the last one counts.
#[test]
fn a_storm_beside_traffic_disturbs_neither() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut storm = signal(SignalKind::hangup()).unwrap();
            let sender = std::thread::spawn(|| send("HUP", 2000));
            let mut received = 0;
            let mut exchanged = 0_u32;
            let (mut client, server) = support_pair().await;
            drop(heist::spawn(echo(server)));
            while !sender.is_finished() {
                if timeout(Duration::from_millis(1), storm.recv()).await.is_ok() {
                    received += 1;
                }
                client.write_all(&exchanged.to_le_bytes()).await.unwrap();
                let mut answer = [0; 4];
                client.read_exact(&mut answer).await.unwrap();
                assert_eq!(answer, exchanged.to_le_bytes());
                exchanged += 1;
            }
            sender.join().unwrap();
            // The storm may be over before this thread has its first turn. What was sent is told all the same, at least once.
            if received == 0 {
                arrives(&mut storm).await;
                received += 1;
            }
            assert!(received <= 2000, "received {received} times");
            while !is_silent(&mut storm).await {}
            send("HUP", 1);
            arrives(&mut storm).await;
        });
    });
}

async fn support_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

async fn echo(mut stream: TcpStream) {
    let mut buf = [0; 64];
    while let Ok(count) = stream.read(&mut buf).await {
        if count == 0 {
            return;
        }
        stream.write_all(&buf[..count]).await.unwrap();
    }
}

#[test]
fn a_cancelled_recv_loses_no_signal() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut alarm = signal(SignalKind::alarm()).unwrap();
            for _ in 0..5 {
                {
                    let mut recv = pin!(alarm.recv());
                    assert!(poll_fn(|cx| Poll::Ready(recv.as_mut().poll(cx).is_pending())).await);
                    send("ALRM", 1);
                }
                arrives(&mut alarm).await;
            }
        });
    });
}

/// Listeners belong to their runtime, the handler to the process.
#[test]
fn runtimes_one_after_the_other_listen() {
    for _ in 0..3 {
        on_every_runtime(|rt| {
            rt.block_on(async {
                let mut child = signal(SignalKind::child()).unwrap();
                Command::new("true").status().unwrap();
                arrives(&mut child).await;
            });
        });
    }
}

/// The handler has run when the call is back.
fn raise(number: i32) {
    // SAFETY: a handler is installed.
    assert_eq!(unsafe { libc::raise(number) }, 0);
}

/// As in a program that makes its listener anew in a loop.
#[test]
fn a_signal_between_two_listeners_is_received_once_by_the_next() {
    support::on_every_backend(|rt| {
        rt.block_on(async {
            drop(signal(SignalKind::window_change()).unwrap());
            for _ in 0..100 {
                raise(libc::SIGWINCH);
                raise(libc::SIGWINCH);
                let mut next = signal(SignalKind::window_change()).unwrap();
                soon("a signal between two listeners", next.recv()).await.unwrap();
                let mut other = signal(SignalKind::window_change()).unwrap();
                let waker = std::task::Waker::noop();
                let mut cx = std::task::Context::from_waker(waker);
                assert!(next.poll_recv(&mut cx).is_pending(), "once");
                assert!(other.poll_recv(&mut cx).is_pending(), "to one");
                raise(libc::SIGWINCH);
                soon("a signal to one of two", next.recv()).await.unwrap();
                drop(next);
                soon("a signal to the other of two", other.recv()).await.unwrap();
            }
        });
    });
}

#[test]
fn signals_that_cannot_be_caught_are_refused() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for number in [libc::SIGKILL, libc::SIGSTOP, libc::SIGSEGV, libc::SIGILL, libc::SIGFPE] {
                let error = signal(SignalKind::from_raw(number)).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{number}");
            }
            for number in [-1, 0, 1000] {
                assert_eq!(signal(SignalKind::from_raw(number)).unwrap_err().kind(), ErrorKind::InvalidInput);
            }
            assert_eq!(SignalKind::from(libc::SIGTERM), SignalKind::terminate());
            assert_eq!(libc::c_int::from(SignalKind::quit()), libc::SIGQUIT);
        });
    });
}

/// Plays `play` in a child process on each back end, and hands the child to `watch` once it has said "ready".
fn with_child(test: &str, play: impl FnOnce(&Runtime), watch: impl Fn(Child)) {
    if let Some(kind) = role() {
        let kind: DriverKind = kind.parse().expect("the role is a back end");
        return play(&builder(Shape::MultiThread, kind).build().expect("the parent had it"));
    }
    for kind in backends() {
        let mut child = again(test, &kind.to_string()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("ready")), "the child said nothing");
        // The rest is read too, so that the child can write it.
        std::thread::spawn(move || lines.count());
        watch(child);
    }
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn ctrl_c_ends_the_wait_and_not_the_process() {
    let play = |rt: &Runtime| {
        rt.block_on(async {
            let mut pressed = pin!(ctrl_c());
            assert!(poll_fn(|cx| Poll::Ready(pressed.as_mut().poll(cx).is_pending())).await);
            println!("ready");
            soon("Ctrl-C, which was pressed", pressed).await.unwrap();
            // The default action does not come back between two calls, and nothing is kept for the second.
            let mut witness = signal(SignalKind::interrupt()).unwrap();
            send("INT", 1);
            arrives(&mut witness).await;
            drop(witness);
            raise(libc::SIGINT);
            let mut pressed = pin!(ctrl_c());
            assert!(
                timeout(Duration::from_millis(20), pressed.as_mut()).await.is_err(),
                "pressed before the call"
            );
        });
    };
    with_child("ctrl_c_ends_the_wait_and_not_the_process", play, |mut child| {
        interrupt(&child);
        assert!(child.wait().unwrap().success());
    });
}

/// The control of the test above: without a listener the same signal ends the same child.
#[test]
fn without_ctrl_c_the_process_ends() {
    use std::os::unix::process::ExitStatusExt as _;
    let play = |rt: &Runtime| {
        // Shells start background jobs with SIGINT ignored, and that is inherited.
        // SAFETY: the default disposition runs no handler of ours.
        unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
        rt.block_on(async {
            println!("ready");
            std::future::pending::<()>().await;
        });
    };
    with_child("without_ctrl_c_the_process_ends", play, |mut child| {
        interrupt(&child);
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGINT));
    });
}
