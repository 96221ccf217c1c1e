//! What the kernel reports of each kind of descriptor.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::Command;

use heist::io::unix::AsyncFd;
use heist::io::{Interest, Ready};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::inotify;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use rustix::time::{timerfd_create, timerfd_settime};

use crate::support::on_every_runtime;
use crate::{is_pending_once, pair, soon};

#[test]
fn an_eventfd_is_readable_when_it_was_written() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let event = AsyncFd::new(File::from(eventfd(0, EventfdFlags::NONBLOCK).unwrap())).unwrap();
            assert!(is_pending_once(event.readable()).await);
            soon("room", event.writable()).await.unwrap().retain_ready();
            let again = event.get_ref().try_clone().unwrap();
            let writer = std::thread::spawn(move || { &again }.write_all(&3_u64.to_ne_bytes()).unwrap());
            let mut sum = [0; 8];
            let read = event.async_io(Interest::READABLE, |mut event| event.read(&mut sum));
            assert_eq!(soon("the event", read).await.unwrap(), 8);
            assert_eq!(u64::from_ne_bytes(sum), 3);
            writer.join().unwrap();
        });
    });
}

#[test]
fn a_timerfd_is_readable_at_each_expiry() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK).unwrap();
            let timer = AsyncFd::with_interest(File::from(timer), Interest::READABLE).unwrap();
            let moment = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
            let every = Itimerspec { it_interval: moment, it_value: moment };
            timerfd_settime(timer.get_ref(), TimerfdTimerFlags::empty(), &every).unwrap();
            for _ in 0..3 {
                let mut count = [0; 8];
                let read = timer.async_io(Interest::READABLE, |mut timer| timer.read(&mut count));
                soon("an expiry", read).await.unwrap();
                assert!(u64::from_ne_bytes(count) >= 1);
            }
        });
    });
}

#[test]
fn an_inotify_descriptor_reports_a_new_file() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let watcher = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
            inotify::add_watch(&watcher, directory.path(), inotify::WatchFlags::CREATE).unwrap();
            let watcher = AsyncFd::new(File::from(watcher)).unwrap();
            assert!(is_pending_once(watcher.readable()).await);
            File::create(directory.path().join("new")).unwrap();
            let mut events = [0; 256];
            let read = watcher.async_io(Interest::READABLE, |mut watcher| watcher.read(&mut events));
            assert!(soon("the file", read).await.unwrap() > 0);
        });
    });
}

#[test]
fn a_pidfd_is_readable_when_the_process_has_ended() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut child = Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
            let pid = Pid::from_child(&child);
            let pidfd =
                AsyncFd::with_interest(pidfd_open(pid, PidfdFlags::empty()).unwrap(), Interest::READABLE);
            let pidfd = pidfd.unwrap();
            assert!(is_pending_once(pidfd.readable()).await);
            drop(child.stdin.take());
            let guard = soon("the end", pidfd.readable()).await.unwrap();
            assert!(guard.ready().is_readable());
            assert!(child.try_wait().unwrap().is_some());
        });
    });
}

#[test]
fn the_ends_of_a_pipe_tell_when_the_other_one_is_closed() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (reader, writer) = std::io::pipe().unwrap();
            let reader = AsyncFd::with_interest(reader, Interest::READABLE).unwrap();
            assert!(is_pending_once(reader.readable()).await);
            drop(writer);
            let ready = soon("the writer's end", reader.readable()).await.unwrap().ready();
            assert_eq!(ready, Ready::READ_CLOSED);

            let (reader, writer) = std::io::pipe().unwrap();
            let writer = AsyncFd::with_interest(writer, Interest::WRITABLE).unwrap();
            let ready = soon("room", writer.writable()).await.unwrap().ready();
            assert_eq!(ready, Ready::WRITABLE);
            drop(reader);
            let closed = async {
                loop {
                    let mut guard = writer.writable().await.unwrap();
                    if guard.ready().is_write_closed() {
                        return;
                    }
                    guard.clear_ready();
                }
            };
            soon("the reader's end", closed).await;
        });
    });
}

#[test]
fn a_half_that_the_peer_has_shut_down_is_closed_and_the_other_is_not() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, theirs) = pair();
            theirs.shutdown(std::net::Shutdown::Write).unwrap();
            let both = Interest::READABLE | Interest::WRITABLE;
            let seen = async {
                loop {
                    let guard = ours.ready(both).await.unwrap();
                    if guard.ready().is_read_closed() {
                        return guard.ready();
                    }
                    heist::task::yield_now().await;
                }
            };
            let ready = soon("the shutdown", seen).await;
            assert!(ready.is_readable() && ready.is_writable() && !ready.is_write_closed(), "{ready:?}");
            drop(theirs);
            let seen = async {
                while !ours.writable().await.unwrap().ready().is_write_closed() {
                    heist::task::yield_now().await;
                }
            };
            soon("the hang-up", seen).await;
        });
    });
}

#[test]
fn a_closed_half_stays_closed_when_its_flags_are_cleared() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, theirs) = pair();
            drop(theirs);
            for _ in 0..3 {
                let mut guard = soon("the hang-up", ours.readable()).await.unwrap();
                guard.clear_ready();
            }
            let left = soon("the hang-up", ours.readable()).await.unwrap().ready();
            assert_eq!(left, Ready::READ_CLOSED);
        });
    });
}

fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (ours, listener.accept().unwrap().0)
}

#[test]
fn urgent_bytes_are_reported_to_those_who_asked() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, theirs) = tcp_pair();
            let ours = AsyncFd::with_interest(ours, Interest::PRIORITY).unwrap();
            assert!(is_pending_once(ours.ready(Interest::PRIORITY)).await);
            socket2::SockRef::from(&theirs).send_out_of_band(b"!").unwrap();
            let mut guard = soon("the byte", ours.ready(Interest::PRIORITY)).await.unwrap();
            assert!(guard.ready().is_priority(), "{:?}", guard.ready());
            guard.clear_ready_matching(Ready::PRIORITY);
            assert!(is_pending_once(ours.ready(Interest::PRIORITY)).await);
        });
    });
}

#[test]
fn an_error_is_reported_to_those_who_asked_for_nothing_else() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            socket.connect(gone).unwrap();
            let socket = AsyncFd::with_interest(socket, Interest::ERROR).unwrap();
            assert!(is_pending_once(socket.ready(Interest::ERROR)).await);
            socket.get_ref().send(b"to nobody").unwrap();
            let guard = soon("the refusal", socket.ready(Interest::ERROR)).await.unwrap();
            assert_eq!(guard.ready(), Ready::ERROR);
            assert!(socket.get_ref().take_error().unwrap().is_some());
        });
    });
}

#[test]
fn a_regular_file_is_refused_as_epoll_refuses_it_and_comes_back() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let file = tempfile::tempfile().unwrap();
            let (file, error) = AsyncFd::try_new(file).unwrap_err().into_parts();
            assert_eq!(error.raw_os_error(), Some(libc::EPERM));
            file.metadata().unwrap();
            let error = AsyncFd::new(Number(1 << 20)).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EBADF));
        });
    });
}

/// The number of a descriptor that is not open.
#[derive(Debug)]
struct Number(i32);

impl std::os::fd::AsRawFd for Number {
    fn as_raw_fd(&self) -> i32 {
        self.0
    }
}

#[test]
fn a_poller_of_the_programs_own_can_be_watched() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let poller = rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC).unwrap();
            let (key, flags) =
                (rustix::event::epoll::EventData::new_u64(7), rustix::event::epoll::EventFlags::IN);
            rustix::event::epoll::add(&poller, &ours, key, flags).unwrap();
            let poller = AsyncFd::with_interest(poller, Interest::READABLE).unwrap();
            assert!(is_pending_once(poller.readable()).await);
            theirs.write_all(b"x").unwrap();
            soon("the event", poller.readable()).await.unwrap().retain_ready();
        });
    });
}

/// More than the poller reports at a time.
#[test]
fn four_hundred_events_at_once_are_all_reported() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let fds: Vec<_> = (0..400)
                .map(|_| AsyncFd::new(eventfd(0, EventfdFlags::NONBLOCK).unwrap()).unwrap())
                .collect();
            for fd in &fds {
                rustix::io::write(fd, &1_u64.to_ne_bytes()).unwrap();
            }
            for fd in &fds {
                soon("an event", fd.readable()).await.unwrap().clear_ready();
            }
        });
    });
}
