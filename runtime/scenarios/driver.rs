//! Operations and sockets, which threads of the test complete.

use std::ffi::CStr;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use socket2::{Domain, Socket, Type};

use super::{Event, explore};
use crate::driver::{Direction, Registration};
use crate::primitive::thread;
use crate::task::yield_now;

const PATHS: [&CStr; 2] = [c"first", c"second"];

async fn remove(path: &CStr) -> io::Result<()> {
    crate::fs::remove_file(path.to_str().unwrap()).await
}

/// Two tasks wait for operations that two threads end.
#[test]
fn operations_end_from_other_threads() {
    explore(2, |world| {
        let jobs = PATHS.map(|path| world.spawn(remove(path)));
        let others = PATHS.map(|path| {
            let kernel = world.kernel.clone();
            thread::spawn(move || kernel.end(path))
        });
        for job in jobs {
            world.join(job).unwrap();
        }
        for other in others {
            other.join().unwrap();
        }
        world.rest();
    });
}

/// The worker that has the operation in flight, or in its outbox, is stuck until the operation has
/// ended: another one takes over.
#[test]
fn a_stuck_workers_completion_is_reaped_by_another() {
    explore(2, |world| {
        let (asked, ended) = (Event::new(), Event::new());
        let (there, done) = (asked.clone(), ended.clone());
        let waiting = world.spawn(async move {
            let mut removal = std::pin::pin!(remove(PATHS[0]));
            std::future::poll_fn(|cx| {
                let answer = removal.as_mut().poll(cx);
                there.happen();
                answer
            })
            .await
            .unwrap();
            done.happen();
        });
        let kernel = world.kernel.clone();
        let stuck = world.spawn(async move {
            asked.wait().await;
            kernel.end(PATHS[0]);
            ended.block();
        });
        world.join(stuck);
        world.join(waiting);
        world.rest();
    });
}

/// An abort meets the completion: the operation is cancelled in flight, or was done.
#[test]
fn an_aborted_operation_is_cancelled_or_done() {
    explore(2, |world| {
        let job = world.spawn(remove(PATHS[0]));
        let abort = job.abort_handle();
        let others = {
            let kernel = world.kernel.clone();
            [thread::spawn(move || kernel.end(PATHS[0])), thread::spawn(move || abort.abort())]
        };
        match world.runtime().block_on(job) {
            Ok(result) => result.unwrap(),
            Err(error) => assert!(error.is_cancelled()),
        }
        for other in others {
            other.join().unwrap();
        }
        world.rest();
    });
}

/// An operation that never ends is cancelled when its task gives it up, from any worker.
#[test]
fn an_operation_that_never_ends_is_given_up() {
    explore(2, |world| {
        let job = world.spawn(async {
            let mut removal = Box::pin(remove(PATHS[0]));
            let pending =
                std::future::poll_fn(|cx| std::task::Poll::Ready(removal.as_mut().poll(cx).is_pending()));
            assert!(pending.await);
            // Dropped on whichever worker takes the task.
            yield_now().await;
            yield_now().await;
        });
        world.join(job);
        world.rest();
    });
}

/// A thread that is no worker sends its operation to a worker as a message.
#[test]
fn a_foreign_threads_operation_goes_through_the_mailbox() {
    explore(2, |world| {
        let handle = world.runtime().handle().clone();
        let other = thread::spawn(move || handle.block_on(remove(PATHS[0])).unwrap());
        let kernel = world.kernel.clone();
        let ending = thread::spawn(move || kernel.end(PATHS[0]));
        other.join().unwrap();
        ending.join().unwrap();
        world.rest();
    });
}

/// Two tasks wait for one socket.
#[test]
fn a_socket_that_becomes_ready_wakes_all_who_wait() {
    explore(2, |world| {
        let guard = world.runtime().enter();
        let socket = Socket::new(Domain::UNIX, Type::DGRAM, None).unwrap();
        let fd = socket.as_raw_fd();
        let registration = Arc::new(Registration::new_nonblocking(socket));
        drop(guard);
        let jobs = [(); 2].map(|()| {
            let (registration, kernel) = (registration.clone(), world.kernel.clone());
            world.spawn(async move {
                let read = |_: &Socket| {
                    if kernel.is_ready(fd) { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
                };
                registration.async_io(Direction::Read, read).await.unwrap();
            })
        });
        drop(registration);
        let kernel = world.kernel.clone();
        let other = thread::spawn(move || kernel.make_ready(fd));
        world.join_all(jobs);
        other.join().unwrap();
        world.rest();
    });
}

/// A pinned task's operations are begun at once and reaped by its own worker.
#[test]
fn a_pinned_task_waits_for_an_operation() {
    explore(2, |world| {
        let ledger = world.ledger.clone();
        let home = world.spawn(async move {
            let pinned = crate::task::spawn_local(ledger.enter(remove(PATHS[0])));
            pinned.await.unwrap().unwrap();
        });
        let kernel = world.kernel.clone();
        let other = thread::spawn(move || kernel.end(PATHS[0]));
        world.join(home);
        other.join().unwrap();
        world.rest();
    });
}
