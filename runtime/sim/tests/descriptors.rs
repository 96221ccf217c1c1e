//! Descriptors that are no network: what the simulated kernel does is what the real one does.
#![cfg(target_os = "linux")]

mod system;

use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

use heist_sim::Builder;
use system::{
    Epoll, add, close, closed, dup, dup3, eventfd, fcntl, ioctl, on_both_kernels, pipe, poll, read, readiness,
};
use system::{readv, set_nonblocking, socketpair, take, write, writev};

const NONBLOCK: i32 = libc::EFD_NONBLOCK;

#[test]
fn an_eventfd_gives_its_sum_or_one_at_a_time() {
    on_both_kernels(|| {
        let (sum, one) = (eventfd(3, NONBLOCK).unwrap(), eventfd(2, NONBLOCK | libc::EFD_SEMAPHORE).unwrap());
        let mut log = vec![readiness(&sum)];
        log.push(format!("{:?} {:?} {:?} {:?}", add(&sum, 4), take(&sum), take(&sum), readiness(&sum)));
        log.push(format!("{:?} {:?} {:?}", take(&one), take(&one), take(&one)));
        log.push(format!("{:?} {:?} {:?}", add(&sum, u64::MAX - 1), readiness(&sum), add(&sum, 1)));
        log.push(format!("{:?} {:?}", add(&sum, u64::MAX), add(&sum, 0)));
        log.push(format!("{:?} {:?}", read(&sum, 7), write(&sum, &[1; 7])));
        log.push(format!("{:?} {:?}", read(&sum, 9).map(|bytes| bytes.len()), add(&sum, u64::MAX - 2)));
        log.push(format!("{:?} {:?}", readiness(&sum), eventfd(0, 1 << 20).map(drop)));
        log
    });
}

#[test]
fn a_blocking_eventfd_waits_until_another_thread_writes_and_until_it_reads() {
    let waits = || {
        let eventfd = eventfd(0, 0).unwrap();
        thread::scope(|scope| {
            let reader = scope.spawn(|| take(&eventfd));
            thread::sleep(Duration::from_millis(20));
            add(&eventfd, 5).unwrap();
            assert_eq!(reader.join().unwrap(), Ok(5));
            add(&eventfd, u64::MAX - 1).unwrap();
            let writer = scope.spawn(|| add(&eventfd, 2));
            thread::sleep(Duration::from_millis(20));
            (take(&eventfd), writer.join().unwrap(), take(&eventfd))
        })
    };
    assert_eq!(on_both_kernels(waits), (Ok(u64::MAX - 1), Ok(8), Ok(2)));
}

#[test]
fn a_pipe_is_full_closed_and_drained_as_on_linux() {
    on_both_kernels(|| {
        let (reader, writer) = pipe(libc::O_NONBLOCK);
        let mut log = vec![readiness(&reader), readiness(&writer)];
        log.push(format!("{:?} {:?}", read(&reader, 1), read(&reader, 0)));
        log.push(format!("{:?} {:?}", write(&writer, &[7; 70_000]), readiness(&writer)));
        log.push(format!("{:?} {:?}", write(&writer, &[8]), ioctl(&reader, libc::FIONREAD, 0)));
        // A byte less is no free page.
        log.push(format!("{:?} {:?}", read(&reader, 1), readiness(&writer)));
        log.push(format!("{:?} {:?}", write(&writer, &[8]), write(&writer, &[8; 5000])));
        log.push(format!("{:?} {:?}", read(&reader, 4095).map(|bytes| bytes.len()), readiness(&writer)));
        log.push(format!("{:?} {:?}", write(&writer, &[9; 3]), write(&writer, &[10; 4095])));
        log.push(format!("{:?} {:?}", write(&writer, &[9; 4093]), readiness(&writer)));
        drop(writer);
        let rest = read(&reader, 100_000).unwrap();
        log.push(format!("{} {:?} {:?}", rest.len(), &rest[rest.len() - 5..], readiness(&reader)));
        log.push(format!("{:?}", read(&reader, 1)));
        log
    });
}

#[test]
fn a_pipe_without_a_reader_is_broken_and_one_with_bytes_has_an_end_after_them() {
    on_both_kernels(|| {
        let (reader, writer) = pipe(0);
        write(&writer, b"end").unwrap();
        drop(writer);
        let mut log = vec![readiness(&reader)];
        log.push(format!("{:?} {:?} {:?}", read(&reader, 8), read(&reader, 8), readiness(&reader)));
        let (reader, writer) = pipe(0);
        log.push(format!("{:?} {:?}", write(&reader, b"no"), read(&writer, 2)));
        drop(reader);
        log.push(format!("{:?} {:?} {:?}", readiness(&writer), write(&writer, b"no"), write(&writer, b"")));
        log
    });
}

#[test]
fn a_blocking_pipe_takes_all_bytes_as_they_are_read() {
    let passes = || {
        let (reader, writer) = pipe(0);
        let bytes: Vec<u8> = (0..300_000).map(|number| (number % 251) as u8).collect();
        thread::scope(|scope| {
            let sent = scope.spawn(|| {
                let sent = write(&writer, &bytes);
                drop(writer);
                sent
            });
            let mut received = Vec::new();
            loop {
                let part = read(&reader, 10_000).unwrap();
                if part.is_empty() {
                    break;
                }
                received.extend(part);
            }
            assert!(received == bytes);
            sent.join().unwrap()
        })
    };
    assert_eq!(on_both_kernels(passes), Ok(300_000));
}

#[test]
fn slices_are_read_and_written_as_one() {
    on_both_kernels(|| {
        let (reader, writer) = pipe(libc::O_NONBLOCK);
        let mut log = vec![format!("{:?}", writev(&writer, [b"one", b"", b"three"]))];
        log.push(format!("{:?} {:?}", readv(&reader, [2, 3, 9]), readv(&reader, [1, 1, 1])));
        let eventfd = eventfd(0, NONBLOCK).unwrap();
        log.push(format!("{:?} {:?}", writev(&eventfd, [&1u64.to_ne_bytes(), b"", b""]), take(&eventfd)));
        log
    });
}

#[test]
fn the_size_of_a_pipe_is_settable() {
    on_both_kernels(|| {
        let (reader, writer) = pipe(libc::O_NONBLOCK);
        let mut log = vec![format!("{:?}", fcntl(&reader, libc::F_GETPIPE_SZ, 0))];
        log.push(format!("{:?}", fcntl(&writer, libc::F_SETPIPE_SZ, 5000)));
        log.push(format!("{:?} {:?}", write(&writer, &[1; 9000]), fcntl(&reader, libc::F_SETPIPE_SZ, 4096)));
        log.push(format!("{:?} {:?}", readiness(&writer), fcntl(&reader, libc::F_SETPIPE_SZ, 16_384)));
        log.push(format!("{:?}", readiness(&writer)));
        log
    });
}

#[test]
fn duplicates_share_flags_and_the_last_close_closes() {
    on_both_kernels(|| {
        let (reader, writer) = pipe(0);
        let other = dup(&writer).unwrap();
        set_nonblocking(&other);
        let nonblocking = fcntl(&writer, libc::F_GETFL, 0).unwrap() & libc::O_NONBLOCK as usize;
        let mut log = vec![format!("{nonblocking} {:?}", fcntl(&writer, libc::F_GETFD, 0))];
        log.push(format!("{:?}", fcntl(&other, libc::F_GETFD, 0)));
        log.push(format!("{:?}", fcntl(&other, libc::F_SETFD, libc::FD_CLOEXEC)));
        log.push(format!("{:?}", fcntl(&other, libc::F_GETFD, 0)));
        drop(writer);
        log.push(format!("{:?} {:?}", readiness(&reader), write(&other, b"still")));
        let number = closed(&other, 800);
        drop(other);
        log.push(format!(
            "{:?} {:?} {:?}",
            readiness(&reader),
            close(number),
            fcntl(&number, libc::F_GETFD, 0)
        ));
        log.push(format!("{:?} {:?} {:?}", read(&number, 1), write(&number, b""), dup(&number).map(drop)));
        let third = reader.try_clone().unwrap();
        log.push(format!("{:?} {:?}", fcntl(&third, libc::F_GETFD, 0), read(&third, 9)));
        log
    });
}

#[test]
fn a_number_is_the_lowest_that_is_free() {
    let (numbers, _) = Builder::new()
        .run(|| {
            let numbers = [0; 3].map(|_| eventfd(0, 0).unwrap());
            let first = numbers[0].as_raw_fd();
            let [zero, one, two] = numbers;
            drop(one);
            let again = eventfd(0, 0).unwrap().as_raw_fd();
            let beyond = fcntl(&zero, libc::F_DUPFD, two.as_raw_fd()).unwrap();
            close(beyond as i32).unwrap();
            (first, again - first, beyond - first as usize)
        })
        .unwrap();
    assert_eq!(numbers, (0x1000_0000, 1, 3));
}

#[test]
fn a_descriptor_takes_the_number_of_another() {
    on_both_kernels(|| {
        let (counter, (reader, writer)) = (eventfd(4, NONBLOCK).unwrap(), pipe(0));
        let mut log = vec![readiness(&reader)];
        let number = writer.as_raw_fd();
        log.push(format!("{}", dup3(counter.as_raw_fd(), number, libc::O_CLOEXEC) == Ok(number as usize)));
        log.push(format!("{:?} {:?}", readiness(&reader), take(&writer)));
        log.push(format!("{:?} {:?}", take(&counter), dup3(number, number, 0)));
        log
    });
}

#[test]
fn flags_are_set_by_both_ways() {
    on_both_kernels(|| {
        let (reader, writer) = pipe(0);
        let mut log = vec![format!("{:?}", fcntl(&reader, libc::F_GETFL, 0))];
        log.push(format!("{:?}", fcntl(&writer, libc::F_GETFL, 0)));
        log.push(format!(
            "{:?}",
            fcntl(&writer, libc::F_SETFL, libc::O_RDWR | libc::O_APPEND | libc::O_TRUNC)
        ));
        log.push(format!("{:?}", fcntl(&writer, libc::F_GETFL, 0)));
        log.push(format!("{:?} {:?}", ioctl(&reader, libc::FIONBIO, 1), fcntl(&reader, libc::F_GETFL, 0)));
        log.push(format!("{:?}", read(&reader, 1)));
        log.push(format!("{:?} {:?}", ioctl(&reader, libc::FIONBIO, 0), fcntl(&reader, libc::F_GETFL, 0)));
        log.push(format!("{:?}", fcntl(&eventfd(0, NONBLOCK).unwrap(), libc::F_GETFL, 0)));
        log.push(format!("{:?}", fcntl(&socketpair(libc::SOCK_STREAM).0, libc::F_GETFL, 0)));
        log.push(format!("{:?}", fcntl(&Epoll::new(), libc::F_GETFL, 0)));
        log.push(format!("{:?}", ioctl(&eventfd(0, 0).unwrap(), libc::FIONREAD, 0)));
        log
    });
}

#[test]
fn a_level_is_reported_as_long_as_it_is_ready() {
    on_both_kernels(|| {
        let (epoll, eventfd) = (Epoll::new(), eventfd(0, NONBLOCK).unwrap());
        epoll.add(&eventfd, libc::EPOLLIN, 5).unwrap();
        let mut log = vec![epoll.now()];
        add(&eventfd, 1).unwrap();
        log.extend([epoll.now(), epoll.now()]);
        take(&eventfd).unwrap();
        log.push(epoll.now());
        epoll.modify(&eventfd, libc::EPOLLIN | libc::EPOLLOUT, 6).unwrap();
        log.extend([epoll.now(), epoll.now()]);
        epoll.delete(&eventfd).unwrap();
        log.push(epoll.now());
        log
    });
}

#[test]
fn an_edge_is_reported_once_for_each_change() {
    let reported = || {
        let (epoll, eventfd) = (Epoll::new(), eventfd(0, NONBLOCK).unwrap());
        epoll.add(&eventfd, libc::EPOLLIN | libc::EPOLLET, 5).unwrap();
        let mut log = vec![epoll.now()];
        add(&eventfd, 1).unwrap();
        log.extend([epoll.now(), epoll.now()]);
        // Nobody reads: each write is a change all the same.
        add(&eventfd, 1).unwrap();
        add(&eventfd, 1).unwrap();
        log.extend([epoll.now(), epoll.now()]);
        // A change that is over when it would be reported.
        add(&eventfd, 1).unwrap();
        take(&eventfd).unwrap();
        log.push(epoll.now());
        add(&eventfd, 1).unwrap();
        log.push(epoll.now());
        epoll.modify(&eventfd, libc::EPOLLIN | libc::EPOLLET, 6).unwrap();
        log.extend([epoll.now(), epoll.now()]);
        log.iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(on_both_kernels(reported), [0, 1, 0, 1, 0, 0, 1, 1, 0]);
}

#[test]
fn an_edge_of_one_direction_shows_the_state_of_both() {
    on_both_kernels(|| {
        let (epoll, eventfd) = (Epoll::new(), eventfd(0, NONBLOCK).unwrap());
        epoll.add(&eventfd, libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLET, 5).unwrap();
        let mut log = vec![epoll.now(), epoll.now()];
        add(&eventfd, 1).unwrap();
        log.push(epoll.now());
        take(&eventfd).unwrap();
        log.extend([epoll.now(), epoll.now()]);
        epoll.modify(&eventfd, libc::EPOLLIN | libc::EPOLLET, 5).unwrap();
        log.push(epoll.now());
        // Room to write is no event for an interest in bytes, not even if there are some.
        let semaphore = self::eventfd(2, NONBLOCK | libc::EFD_SEMAPHORE).unwrap();
        epoll.add(&semaphore, libc::EPOLLIN | libc::EPOLLET, 6).unwrap();
        log.push(epoll.now());
        take(&semaphore).unwrap();
        log.push(epoll.now());
        log
    });
}

#[test]
fn the_edges_of_a_pipe_are_bytes_and_free_pages() {
    on_both_kernels(|| {
        let (epoll, (reader, writer)) = (Epoll::new(), pipe(libc::O_NONBLOCK));
        epoll.add(&reader, libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET, 1).unwrap();
        epoll.add(&writer, libc::EPOLLOUT | libc::EPOLLET, 2).unwrap();
        let mut log = vec![epoll.now()];
        write(&writer, b"a").unwrap();
        write(&writer, b"b").unwrap();
        log.extend([epoll.now(), epoll.now()]);
        write(&writer, b"c").unwrap();
        log.push(epoll.now());
        // There was room before, too.
        read(&reader, 3).unwrap();
        log.push(epoll.now());
        write(&writer, &[0; 65_536]).unwrap();
        log.push(epoll.now());
        read(&reader, 100).unwrap();
        log.push(epoll.now());
        read(&reader, 4096).unwrap();
        log.extend([epoll.now(), epoll.now()]);
        drop(reader);
        log.extend([epoll.now(), epoll.now()]);
        log
    });
}

#[test]
fn the_end_of_a_pipe_is_an_edge_for_its_reader() {
    on_both_kernels(|| {
        let (epoll, (reader, writer)) = (Epoll::new(), pipe(libc::O_NONBLOCK));
        epoll.add(&reader, libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET, 1).unwrap();
        let mut log = vec![epoll.now()];
        drop(writer);
        log.extend([epoll.now(), epoll.now()]);
        log
    });
}

#[test]
fn one_shot_is_reported_once_until_it_is_armed_again() {
    let reported = || {
        let (epoll, eventfd) = (Epoll::new(), eventfd(1, NONBLOCK).unwrap());
        epoll.add(&eventfd, libc::EPOLLIN | libc::EPOLLONESHOT, 5).unwrap();
        let mut log = vec![epoll.now(), epoll.now()];
        add(&eventfd, 1).unwrap();
        log.push(epoll.now());
        epoll.modify(&eventfd, libc::EPOLLIN | libc::EPOLLONESHOT, 6).unwrap();
        log.extend([epoll.now(), epoll.now()]);
        take(&eventfd).unwrap();
        epoll.modify(&eventfd, libc::EPOLLIN | libc::EPOLLONESHOT, 7).unwrap();
        log.push(epoll.now());
        add(&eventfd, 1).unwrap();
        log.push(epoll.now());
        log.iter().map(|events| events.first().map_or(0, |event| event.1)).collect::<Vec<_>>()
    };
    assert_eq!(on_both_kernels(reported), [5, 0, 0, 6, 0, 0, 7]);
}

#[test]
fn few_events_at_a_time_go_round() {
    let order = || {
        let (epoll, all) = (Epoll::new(), [0; 5].map(|_| eventfd(1, NONBLOCK).unwrap()));
        for (number, eventfd) in all.iter().enumerate() {
            epoll.add(eventfd, libc::EPOLLIN, number as u64).unwrap();
        }
        let mut numbers: Vec<u64> = Vec::new();
        for _ in 0..5 {
            numbers.extend(epoll.wait(2, 0).unwrap().iter().map(|event| event.1));
        }
        take(&all[1]).unwrap();
        numbers.extend(epoll.now().iter().map(|event| event.1));
        numbers
    };
    assert_eq!(on_both_kernels(order), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 2, 3, 4]);
}

#[test]
fn an_epoll_in_an_epoll_is_readable_while_it_has_events() {
    on_both_kernels(|| {
        let (outer, edge, inner) = (Epoll::new(), Epoll::new(), Epoll::new());
        let eventfd = eventfd(0, NONBLOCK).unwrap();
        outer.add(&inner, libc::EPOLLIN, 1).unwrap();
        edge.add(&inner, libc::EPOLLIN | libc::EPOLLET, 2).unwrap();
        inner.add(&eventfd, libc::EPOLLIN, 3).unwrap();
        let mut log = vec![outer.now(), edge.now(), inner.now()];
        let mut states = vec![readiness(&inner)];
        add(&eventfd, 1).unwrap();
        states.push(readiness(&inner));
        log.extend([outer.now(), outer.now(), edge.now(), edge.now(), inner.now()]);
        add(&eventfd, 1).unwrap();
        log.extend([edge.now(), edge.now()]);
        take(&eventfd).unwrap();
        states.push(readiness(&inner));
        log.extend([outer.now(), edge.now(), inner.now()]);
        (log, states)
    });
}

#[test]
fn what_epoll_refuses_it_refuses_with_the_same_errors() {
    on_both_kernels(|| {
        let (epoll, other) = (Epoll::new(), Epoll::new());
        let eventfd = eventfd(0, NONBLOCK).unwrap();
        epoll.add(&eventfd, libc::EPOLLIN, 0).unwrap();
        other.add(&epoll, libc::EPOLLIN, 0).unwrap();
        let closed = closed(&eventfd, 700);
        let third = Epoll::new();
        third.add(&other, libc::EPOLLIN, 0).unwrap();
        let errors = [
            epoll.add(&eventfd, libc::EPOLLIN, 0),
            epoll.add(&epoll, libc::EPOLLIN, 0),
            epoll.add(&other, libc::EPOLLIN, 0),
            epoll.add(&third, libc::EPOLLIN, 0),
            epoll.add(&closed, libc::EPOLLIN, 0),
            epoll.modify(&other, libc::EPOLLIN, 0),
            epoll.delete(&other),
            epoll.delete(&closed),
            epoll.wait(0, 0).map(drop),
            Epoll(dup(&eventfd).unwrap()).wait(1, 0).map(drop),
            Epoll(dup(&eventfd).unwrap()).add(&epoll, 0, 0),
            read(&epoll, 1).map(drop),
            write(&epoll, b"1").map(drop),
        ];
        errors.map(Result::unwrap_err)
    });
}

#[test]
fn a_closed_object_has_no_events_and_a_duplicate_keeps_them() {
    on_both_kernels(|| {
        let (epoll, eventfd) = (Epoll::new(), eventfd(1, NONBLOCK).unwrap());
        epoll.add(&eventfd, libc::EPOLLIN, 5).unwrap();
        let other = dup(&eventfd).unwrap();
        epoll.add(&other, libc::EPOLLIN, 6).unwrap();
        let mut log = vec![epoll.now()];
        drop(eventfd);
        log.push(epoll.now());
        drop(other);
        log.push(epoll.now());
        log
    });
}

#[test]
fn a_wait_ends_when_another_thread_makes_an_event() {
    let waits = || {
        let (epoll, eventfd) = (Epoll::new(), eventfd(0, NONBLOCK).unwrap());
        epoll.add(&eventfd, libc::EPOLLIN | libc::EPOLLET, 5).unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| epoll.wait(8, -1).unwrap());
            let poller =
                scope.spawn(|| poll(&[(-1, 0), (eventfd.as_raw_fd(), libc::POLLIN)], 60_000).unwrap());
            thread::sleep(Duration::from_millis(20));
            add(&eventfd, 1).unwrap();
            (waiter.join().unwrap(), poller.join().unwrap())
        })
    };
    assert_eq!(on_both_kernels(waits), (vec![("in".to_owned(), 5)], vec![0, libc::POLLIN]));
}

#[test]
fn an_interest_that_is_added_while_a_thread_waits_counts() {
    on_both_kernels(|| {
        let (epoll, eventfd) = (Epoll::new(), eventfd(1, NONBLOCK).unwrap());
        thread::scope(|scope| {
            let waiter = scope.spawn(|| epoll.wait(8, -1).unwrap());
            thread::sleep(Duration::from_millis(20));
            epoll.add(&eventfd, libc::EPOLLIN, 5).unwrap();
            waiter.join().unwrap()
        })
    });
}

#[test]
fn time_outs_end_waits() {
    on_both_kernels(|| {
        let (epoll, eventfd) = (Epoll::new(), eventfd(0, NONBLOCK).unwrap());
        epoll.add(&eventfd, libc::EPOLLIN, 5).unwrap();
        let began = Instant::now();
        let events = epoll.wait(8, 30).unwrap();
        let first = began.elapsed();
        let polled = poll(&[(eventfd.as_raw_fd(), libc::POLLIN)], 30).unwrap();
        let second = began.elapsed();
        let slept = poll(&[], 30).unwrap();
        let all = [first, second - first, began.elapsed() - second];
        (events, polled, slept, all.map(|time| time >= Duration::from_millis(30)))
    });
}

#[test]
fn an_hour_of_waits_takes_no_time() {
    let began = Instant::now();
    let (waited, _) = Builder::new()
        .run(|| {
            let (epoll, began) = (Epoll::new(), Instant::now());
            epoll.wait(1, 1_800_000).unwrap();
            poll(&[(epoll.as_raw_fd(), libc::POLLIN)], 1_800_000).unwrap();
            began.elapsed()
        })
        .unwrap();
    assert!(waited >= Duration::from_secs(3600) && waited < Duration::from_secs(3601), "{waited:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn poll_says_of_each_what_it_is_ready_for() {
    on_both_kernels(|| {
        let (reader, writer) = pipe(0);
        let eventfd = eventfd(1, 0).unwrap();
        let closed = closed(&eventfd, 600);
        let (input, output) = (libc::POLLIN, libc::POLLOUT);
        let all = [
            (reader.as_raw_fd(), input),
            (writer.as_raw_fd(), output),
            (writer.as_raw_fd(), input),
            (eventfd.as_raw_fd(), input | output | libc::POLLRDNORM | libc::POLLWRNORM),
            (eventfd.as_raw_fd(), 0),
            (closed, input),
            (-5, input),
        ];
        let first = poll(&all, -1).unwrap();
        drop(writer);
        (first, poll(&[(reader.as_raw_fd(), 0)], -1).unwrap())
    });
}

#[test]
fn a_pair_of_sockets_passes_bytes_both_ways_to_their_end() {
    on_both_kernels(|| {
        let (one, other) = socketpair(libc::SOCK_STREAM | libc::SOCK_NONBLOCK);
        let mut log = vec![readiness(&one), format!("{:?}", read(&one, 1))];
        log.push(format!("{:?} {:?}", write(&one, b"ab"), write(&one, b"cde")));
        log.push(format!("{:?} {:?}", ioctl(&other, libc::FIONREAD, 0), readiness(&other)));
        log.push(format!("{:?} {:?} {:?}", read(&other, 4), read(&other, 4), write(&other, b"back")));
        drop(one);
        // It had bytes that it had not read.
        log.push(format!("{:?} {:?}", readiness(&other), read(&other, 1)));
        log.push(format!("{:?} {:?} {:?}", readiness(&other), read(&other, 1), write(&other, b"no")));
        let (one, other) = socketpair(libc::SOCK_STREAM);
        write(&one, b"last").unwrap();
        drop(one);
        log.push(format!("{:?} {:?} {:?}", readiness(&other), read(&other, 8), read(&other, 8)));
        log
    });
}

#[test]
fn a_full_socket_is_writable_again_when_it_was_drained() {
    on_both_kernels(|| {
        let (epoll, (one, other)) = (Epoll::new(), socketpair(libc::SOCK_STREAM | libc::SOCK_NONBLOCK));
        epoll.add(&one, libc::EPOLLOUT | libc::EPOLLET, 1).unwrap();
        let mut log = vec![epoll.now()];
        let mut sent = 0;
        while let Ok(count) = write(&one, &[0; 10_000]) {
            sent += count;
        }
        let mut states = vec![readiness(&one)];
        log.push(epoll.now());
        read(&other, 20_000).unwrap();
        states.push(readiness(&one));
        log.push(epoll.now());
        let mut received = 20_000;
        while let Ok(bytes) = read(&other, 50_000) {
            received += bytes.len();
        }
        states.push(readiness(&one));
        log.push(epoll.now());
        (log, states, sent == received, sent > 100_000, sent < 300_000)
    });
}

#[test]
fn datagrams_and_packets_keep_their_borders() {
    on_both_kernels(|| {
        let (one, other) = socketpair(libc::SOCK_DGRAM | libc::SOCK_NONBLOCK);
        let mut log = vec![format!("{:?} {:?}", write(&one, b"first"), write(&one, b""))];
        log.push(format!("{:?} {:?}", write(&one, b"third"), ioctl(&other, libc::FIONREAD, 0)));
        log.push(format!("{:?} {:?} {:?}", read(&other, 3), read(&other, 9), read(&other, 9)));
        log.push(format!(
            "{:?} {:?}",
            read(&other, 9),
            (0..20).filter(|_| write(&one, b"x").is_ok()).count()
        ));
        log.push(format!("{:?} {:?}", write(&one, b"x"), readiness(&one)));
        log.push(format!("{:?} {:?}", read(&other, 9), readiness(&one)));
        drop(other);
        log.push(format!("{:?} {:?}", readiness(&one), write(&one, b"x")));
        let (one, other) = socketpair(libc::SOCK_SEQPACKET | libc::SOCK_NONBLOCK);
        log.push(format!("{:?} {:?}", write(&one, b"first"), write(&one, b"second")));
        log.push(format!("{:?} {:?} {:?}", read(&other, 3), read(&other, 9), read(&other, 9)));
        drop(one);
        log.push(format!("{:?} {:?} {:?}", readiness(&other), read(&other, 9), write(&other, b"x")));
        log
    });
}

#[test]
fn a_seed_makes_the_same_waits_again() {
    let talk = |seed| {
        let body = || {
            let (epoll, eventfd) = (Epoll::new(), eventfd(0, NONBLOCK | libc::EFD_SEMAPHORE).unwrap());
            epoll.add(&eventfd, libc::EPOLLIN, 0).unwrap();
            thread::scope(|scope| {
                let takers: Vec<_> = (0..3)
                    .map(|_| {
                        scope.spawn(|| {
                            let mut count = 0;
                            while !epoll.wait(1, 1000).unwrap().is_empty() {
                                count += usize::from(take(&eventfd).is_ok());
                            }
                            count
                        })
                    })
                    .collect();
                for _ in 0..100 {
                    add(&eventfd, 1).unwrap();
                }
                takers.into_iter().map(|taker| taker.join().unwrap()).collect::<Vec<usize>>()
            })
        };
        Builder::new().seed(seed).run(body).unwrap()
    };
    for seed in 0..10 {
        let (counts, report) = talk(seed);
        assert_eq!(counts.iter().sum::<usize>(), 100);
        assert_eq!(talk(seed), (counts, report));
    }
    assert!((1..10).any(|seed| talk(seed).0 != talk(0).0));
}

#[test]
fn a_real_descriptor_is_refused_beside_simulated_ones() {
    let outcomes = Builder::new().run(|| {
        let epoll = Epoll::new();
        let (one, all) = (epoll.as_raw_fd(), libc::POLLIN);
        let real = std::fs::File::open("/proc/self/status").unwrap();
        let polled = poll(&[(one, all), (real.as_raw_fd(), all)], -1).unwrap();
        // Alone it is the system's.
        let alone = poll(&[(real.as_raw_fd(), all)], -1).unwrap();
        (epoll.add(&real, libc::EPOLLIN, 0), polled, alone, dup3(one, real.as_raw_fd(), 0))
    });
    let refused = (Err(libc::EPERM), vec![0, libc::POLLNVAL], vec![libc::POLLIN], Err(libc::EBADF));
    assert_eq!(outcomes.unwrap().0, refused);
}

#[test]
fn a_host_that_crashes_closes_its_descriptors_and_those_of_others_stay() {
    let (outcome, _) = Builder::new()
        .run(|| {
            let (send, receive) = std::sync::mpsc::channel();
            let own = eventfd(7, NONBLOCK).unwrap();
            let host = heist_sim::host("other").start(move || {
                let (reader, _writer) = pipe(0);
                send.send(reader.as_raw_fd()).unwrap();
                read(&reader, 1).unwrap();
            });
            let others = receive.recv().unwrap();
            let refused = read(&others, 1);
            host.crash();
            let next = eventfd(0, 0).unwrap();
            (refused, take(&own), next.as_raw_fd() - others)
        })
        .unwrap();
    assert_eq!(outcome, (Err(libc::EBADF), Ok(7), 0));
}
