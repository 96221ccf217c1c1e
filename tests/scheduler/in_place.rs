//! Blocking in place: another thread takes over what the worker of this one ran.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::time::Duration;

use heist::runtime::{Handle, Runtime};
use heist::task::{block_in_place, spawn_local, yield_now};

use crate::support::{self, Counter, Gate, Shape, backends, builder, eventually, watched};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(3600);

/// With one worker and with two, on every back end.
fn with_few_workers(test: impl Fn(Runtime, usize)) {
    for kind in backends() {
        for count in [1, 2] {
            let runtime = builder(Shape::MultiThread, kind).worker_threads(count).build().expect("a runtime");
            watched(|| test(runtime, count));
        }
    }
}

fn on_few_workers(test: impl Fn(&Runtime, usize)) {
    with_few_workers(|runtime, count| test(&runtime, count));
}

/// Runs `job` as a task, which is a worker's business.
fn run<T: Send + 'static>(runtime: &Runtime, job: impl Future<Output = T> + Send + 'static) -> T {
    runtime.block_on(runtime.spawn(job)).expect("no panic")
}

/// Blocks in place until a task, a timer, a socket, a file and a blocking call have been served.
fn block_for_everything() {
    let (tell, told) = mpsc::channel();
    let done = tell.clone();
    heist::spawn(async move {
        heist::time::sleep(SHORT).await;
        yield_now().await;
        let listener = heist::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("an address");
        let server = heist::spawn(async move { listener.accept().await.expect("accept").0 });
        let client = heist::net::TcpStream::connect(address).await.expect("connect");
        drop((server.await.expect("no panic"), client));
        assert!(!heist::fs::read("Cargo.toml").await.expect("read").is_empty());
        assert_eq!(heist::task::spawn_blocking(|| 7).await.expect("no panic"), 7);
        done.send(()).expect("it is waited for");
    });
    drop(tell);
    block_in_place(|| told.recv()).expect("the task ran to its end");
}

#[test]
fn everything_is_served_while_every_worker_blocks_in_place() {
    on_few_workers(|runtime, count| {
        let jobs: Vec<_> = (0..2 * count).map(|_| runtime.spawn(async { block_for_everything() })).collect();
        jobs.into_iter().for_each(|job| runtime.block_on(job).expect("no panic"));
        // And again: by threads that have left their workers before.
        run(runtime, async { block_for_everything() });
    });
}

#[test]
fn many_more_tasks_than_workers_block_in_place_at_once() {
    on_few_workers(|runtime, _| {
        let barrier = std::sync::Arc::new(std::sync::Barrier::new(20));
        for _ in 0..3 {
            let jobs: Vec<_> = (0..20)
                .map(|_| {
                    let barrier = barrier.clone();
                    runtime.spawn(async move {
                        block_in_place(|| barrier.wait());
                        yield_now().await;
                    })
                })
                .collect();
            jobs.into_iter().for_each(|job| runtime.block_on(job).expect("no panic"));
        }
        run(runtime, async { block_for_everything() });
    });
}

/// What the worker had begun before goes on: sockets, timers, wakers.
#[test]
fn what_was_waited_for_before_is_served_meanwhile() {
    on_few_workers(|runtime, _| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = listener.local_addr().expect("an address");
        let (waits, told_of) = (Counter::default(), mpsc::channel());
        let (tell, there) = (told_of.0, waits.clone());
        let reader = runtime.spawn(async move {
            let mut stream = heist::net::TcpStream::connect(address).await.expect("connect");
            there.bump();
            let mut buffer = [0];
            assert_eq!(stream.read(&mut buffer).await.expect("read"), 1);
            tell.send(buffer[0]).expect("it is waited for");
        });
        let mut peer = listener.accept().expect("accept").0;
        eventually("it waits", || waits.get() == 1);
        let byte = run(runtime, async move {
            block_in_place(|| {
                peer.write_all(b"x").expect("write");
                told_of.1.recv().expect("the reader is served")
            })
        });
        assert_eq!(byte, b'x');
        runtime.block_on(reader).expect("no panic");
    });
}

#[test]
fn futures_are_blocked_on_in_place() {
    async fn wait_for_things() -> usize {
        heist::time::sleep(SHORT).await;
        let task = heist::spawn(async { 3 });
        let listener = heist::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("an address");
        let accept = listener.accept();
        let (accepted, connected) = futures::join!(accept, heist::net::TcpStream::connect(address));
        drop((accepted.expect("accept"), connected.expect("connect")));
        task.await.expect("no panic")
    }
    on_few_workers(|runtime, _| {
        run(runtime, async {
            assert_eq!(block_in_place(|| Handle::current().block_on(wait_for_things())), 3);
            assert_eq!(block_in_place(|| futures::executor::block_on(wait_for_things())), 3);
            // One in the other.
            let inner = || block_in_place(|| Handle::current().block_on(wait_for_things()));
            assert_eq!(block_in_place(|| Handle::current().block_on(async { inner() })), 3);
            // What comes after is a task's poll again.
            assert_eq!(wait_for_things().await, 3);
        });
        // Beside the workers: in a future that a thread blocks on.
        let handle = runtime.handle().clone();
        let got = runtime.block_on(async { block_in_place(|| handle.block_on(wait_for_things())) });
        assert_eq!(got, 3);
        // And in a runtime of another kind.
        run(runtime, async {
            block_in_place(|| {
                let other = heist::runtime::Builder::new_current_thread().build().expect("a runtime");
                assert_eq!(other.block_on(wait_for_things()), 3);
            });
        });
    });
}

#[test]
fn a_task_may_not_block_on_futures_after_it_has_blocked_in_place() {
    on_few_workers(|runtime, _| {
        let task = runtime.spawn(async {
            block_in_place(|| ());
            block_for_everything();
            Handle::current().block_on(async {});
        });
        assert!(runtime.block_on(task).expect_err("it panicked").is_panic());
    });
}

/// The budget of the task that blocks is not spent by what it blocks on.
#[test]
fn what_is_blocked_on_in_place_has_no_budget() {
    on_few_workers(|runtime, _| {
        run(runtime, async {
            while heist::task::coop::has_budget_remaining() {
                // Until the next would yield.
                let _ = futures::poll!(std::pin::pin!(heist::task::consume_budget()));
            }
            let rounds = async {
                for _ in 0..1000 {
                    assert!(heist::task::coop::has_budget_remaining());
                    heist::task::consume_budget().await;
                }
            };
            block_in_place(|| {
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                assert!(std::pin::pin!(rounds).poll(&mut context).is_ready(), "it does not yield");
            });
            assert!(!heist::task::coop::has_budget_remaining(), "the task's own is as it was");
        });
    });
}

#[test]
fn a_panic_in_place_is_the_tasks_and_the_worker_goes_on() {
    on_few_workers(|runtime, _| {
        for is_long in [false, true] {
            let task = runtime.spawn(async move {
                block_in_place(|| {
                    if is_long {
                        block_for_everything();
                    }
                    panic!("on purpose")
                })
            });
            assert!(runtime.block_on(task).expect_err("it panicked").is_panic());
            let task = runtime.spawn(async move {
                block_for_everything();
                panic!("on purpose, when the worker is another thread's")
            });
            let outcome: Result<(), _> = runtime.block_on(task);
            assert!(outcome.expect_err("it panicked").is_panic());
            run(runtime, async { block_for_everything() });
        }
    });
}

/// A runtime's guard that is held across the closure restores what the thread is, not what it was.
#[test]
fn a_guard_may_be_held_across_the_closure() {
    on_few_workers(|runtime, _| {
        let handle = runtime.handle().clone();
        run(runtime, async move {
            {
                let _inside = handle.enter();
                block_for_everything();
            }
            heist::time::sleep(SHORT).await;
            block_for_everything();
        });
        run(runtime, async { block_for_everything() });
    });
}

/// Pinned tasks wait for their thread, wherever its worker is, and run on it.
#[test]
fn local_tasks_wait_for_their_thread_and_are_not_lost() {
    on_few_workers(|runtime, _| {
        let (gate, ends) = (Gate::default(), Counter::default());
        for _ in 0..3 {
            let (gate, ends) = (gate.clone(), ends.clone());
            run(runtime, async move {
                let home = std::thread::current().id();
                let (there, wakes) = (ends.clone(), futures::channel::oneshot::channel::<()>());
                let local = spawn_local(async move {
                    wakes.1.await.expect("it is told");
                    for _ in 0..3 {
                        assert_eq!(std::thread::current().id(), home);
                        heist::time::sleep(Duration::from_millis(1)).await;
                        let inner = spawn_local(async move { std::thread::current().id() });
                        assert_eq!(inner.await.expect("no panic"), home);
                        block_for_everything();
                    }
                    there.bump();
                });
                drop(local);
                block_for_everything();
                // By now another thread has the worker, and spawns local tasks on it as well.
                heist::spawn(async move {
                    let local = spawn_local(async { block_for_everything() });
                    drop(local);
                });
                wakes.0.send(()).expect("it waits");
                drop(gate);
            });
        }
        gate.open();
        eventually("all have ended", || ends.get() == 3);
    });
}

/// What the closure waits for ends with the runtime, as it does on a thread of the blocking pool.
#[test]
fn the_end_of_a_runtime_ends_what_is_waited_for_in_place() {
    with_few_workers(|runtime, count| {
        let (begun, ended) = (Counter::default(), Counter::default());
        for index in 0..4 * count {
            let (begun, ended) = (begun.clone(), ended.clone());
            runtime.spawn(async move {
                let gate = Gate::default();
                block_in_place(|| {
                    begun.bump();
                    let waits = async {
                        match index % 4 {
                            0 => heist::time::sleep(LONG).await,
                            1 => drop(heist::spawn(std::future::pending::<()>()).await),
                            2 => {
                                let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await.expect("bind");
                                assert!(socket.recv(&mut [0]).await.is_err(), "nobody sends");
                            }
                            _ => {
                                let call = heist::task::spawn_blocking(move || gate.is_open());
                                drop(call.await);
                                heist::time::sleep(LONG).await;
                            }
                        }
                    };
                    if index % 2 == 0 {
                        Handle::current().block_on(waits)
                    } else {
                        futures::executor::block_on(waits)
                    }
                });
                ended.bump();
            });
        }
        eventually("all block", || begun.get() == 4 * count);
        drop(runtime);
        assert_eq!(ended.get(), 4 * count, "their polls have ended");
    });
}

/// Each task is dropped once, those that yield after the closure as well.
#[test]
fn the_end_of_a_runtime_drops_the_tasks_that_block_in_place() {
    with_few_workers(|runtime, _| {
        let (begun, drops, gate) = (Counter::default(), Counter::default(), Gate::default());
        for is_local in [false, true] {
            for _ in 0..3 {
                let (before, counter) = (begun.get(), begun.clone());
                let (begun, guard, gate) = (begun.clone(), drops.on_drop(), gate.clone());
                let job = async move {
                    let _guard = guard;
                    block_in_place(|| {
                        begun.bump();
                        gate.wait();
                    });
                    loop {
                        yield_now().await;
                    }
                };
                runtime.spawn(async move {
                    if is_local {
                        drop(spawn_local(job));
                    } else {
                        job.await;
                    }
                });
                // One by one: local tasks of one thread would wait for each other.
                eventually("it blocks", || counter.get() > before);
            }
        }
        let end = std::thread::spawn(move || drop(runtime));
        gate.open();
        end.join().expect("no panic");
        assert_eq!(drops.get(), 6);
    });
}

#[test]
fn the_end_with_a_deadline_does_not_wait_for_what_blocks_in_place() {
    with_few_workers(|runtime, count| {
        let (begun, drops, gate) = (Counter::default(), Counter::default(), Gate::default());
        for _ in 0..2 {
            let (begun, guard, gate) = (begun.clone(), drops.on_drop(), gate.clone());
            runtime.spawn(async move {
                let _guard = guard;
                block_in_place(|| {
                    begun.bump();
                    gate.wait();
                });
            });
        }
        eventually("both block", || begun.get() == 2);
        match count {
            1 => runtime.shutdown_background(),
            _ => runtime.shutdown_timeout(SHORT),
        }
        assert_eq!(drops.get(), 0);
        gate.open();
        eventually("they end when they can", || drops.get() == 2);
    });
}

/// As anywhere else in a task: it does not wait for itself.
#[test]
fn a_runtime_may_be_dropped_in_place_in_its_own_task() {
    with_few_workers(|runtime, _| {
        let handle = runtime.handle().clone();
        let (tell, told) = mpsc::channel();
        drop(handle.spawn(async move {
            block_in_place(|| drop(runtime));
            tell.send(()).expect("it is waited for");
        }));
        told.recv().expect("the drop returned");
    });
}

/// On a current-thread runtime the closure runs and all waits for it: there is no other thread.
#[test]
fn on_a_current_thread_runtime_everything_waits_for_the_closure() {
    for kind in backends() {
        let runtime = builder(Shape::CurrentThread, kind).build().expect("a runtime");
        watched(|| {
            runtime.block_on(async {
                let other = heist::spawn(async { 2 });
                assert_eq!(block_in_place(|| 1), 1);
                assert!(!other.is_finished());
                assert_eq!(other.await.expect("no panic"), 2);
            });
        });
    }
}

/// At the limit the worker stays where it is, and the closure runs all the same.
#[test]
fn at_the_limit_of_threads_the_closure_runs_on_its_worker() {
    for kind in backends() {
        let builder = builder(Shape::MultiThread, kind).worker_threads(2).max_blocking_threads(1).build();
        let runtime = builder.expect("a runtime");
        watched(|| {
            let (gate, begun) = (Gate::default(), Counter::default());
            let jobs: Vec<_> = (0..3)
                .map(|_| {
                    let (gate, begun) = (gate.clone(), begun.clone());
                    runtime.spawn(async move {
                        block_in_place(|| {
                            begun.bump();
                            gate.wait();
                        });
                    })
                })
                .collect();
            eventually("every thread there is blocks", || begun.get() == 3);
            gate.open();
            jobs.into_iter().for_each(|job| runtime.block_on(job).expect("no panic"));
            run(&runtime, async { block_for_everything() });
        });
    }
}

#[test]
fn a_thread_that_stood_in_serves_again() {
    on_few_workers(|runtime, count| {
        let mut threads = std::collections::HashSet::new();
        for _ in 0..50 {
            threads.insert(run(runtime, async {
                block_for_everything();
                std::thread::current().id()
            }));
        }
        assert!(threads.len() <= 4 * count, "each call had a thread of its own: {}", threads.len());
    });
}

#[test]
fn sockets_are_served_while_every_worker_computes_in_place() {
    on_few_workers(|runtime, count| {
        let gate = Gate::default();
        let begun = Counter::default();
        let (address, server) = support::echo::start(runtime);
        let mut stream = std::net::TcpStream::connect(address).expect("connect");
        stream.write_all(b"a").expect("write");
        stream.read_exact(&mut [0; 1]).expect("read");
        let jobs: Vec<_> = (0..count)
            .map(|_| {
                let (gate, begun) = (gate.clone(), begun.clone());
                runtime.spawn(async move {
                    block_in_place(|| {
                        begun.bump();
                        while !gate.is_open() {
                            std::hint::spin_loop();
                        }
                    });
                })
            })
            .collect();
        eventually("all compute", || begun.get() == count);
        for _ in 0..20 {
            stream.write_all(b"b").expect("write");
            stream.read_exact(&mut [0; 1]).expect("read");
        }
        gate.open();
        jobs.into_iter().for_each(|job| runtime.block_on(job).expect("no panic"));
        drop(stream);
        server.abort();
    });
}
