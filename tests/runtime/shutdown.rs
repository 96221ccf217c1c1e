//! Shutdown: bounded, complete, in the right order, and safe to meet from anywhere.

use std::cell::RefCell;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::channel::oneshot;
use heist::net::{TcpListener, TcpStream};
use heist::runtime::{Handle, Runtime};

use crate::support::{
    self, Counter, Gate, Shape, echo, on_every_backend, on_every_runtime, watched, with_every_backend,
    with_every_runtime,
};

#[test]
fn dropping_the_runtime_drops_every_task_exactly_once() {
    with_every_runtime(|runtime| {
        let drops = Counter::default();
        for index in 0..200 {
            let guard = drops.on_drop();
            drop(runtime.spawn(async move {
                let _guard = guard;
                match index % 4 {
                    0 => {}
                    1 => pending().await,
                    2 => heist::time::sleep(Duration::from_secs(3600)).await,
                    _ => loop {
                        heist::task::yield_now().await;
                    },
                }
            }));
        }
        runtime.block_on(async { heist::time::sleep(Duration::from_millis(2)).await });
        drop(runtime);
        assert_eq!(drops.get(), 200);
    });
}

/// Fault C6: a thousand runtimes are built, used and dropped at every stage of waking up and going to sleep.
/// `HEIST_TEST_CYCLES` asks for more.
#[test]
fn a_thousand_runtimes_are_built_and_dropped_without_a_deadlock() {
    let cycle_count: u32 = match std::env::var("HEIST_TEST_CYCLES") {
        Ok(text) => text.parse().expect("HEIST_TEST_CYCLES is a number"),
        Err(_) => 1_000,
    };
    for kind in support::backends() {
        // The watchdog bounds a tenth of the cycles, so that slow machines with many cycles pass.
        for batch in 0..10 {
            watched(|| {
                for cycle in 0..cycle_count.div_ceil(10) {
                    let runtime = support::builder(Shape::MultiThread, kind).build().expect("available");
                    build_use_and_drop(runtime, batch + cycle);
                }
            });
        }
    }
}

fn build_use_and_drop(runtime: Runtime, cycle: u32) {
    match cycle % 5 {
        // Dropped while the workers start.
        0 => {}
        // Dropped while one is woken.
        1 => drop(runtime.spawn(async {})),
        // Dropped while tasks wait, one of them for a timer.
        2 => {
            drop(runtime.spawn(pending::<()>()));
            drop(runtime.spawn(async { heist::time::sleep(Duration::from_secs(3600)).await }));
        }
        // Dropped right after work that parks and unparks both.
        3 => runtime.block_on(async {
            for _ in 0..4 {
                heist::spawn(async { heist::task::yield_now().await }).await.expect("no panic");
            }
        }),
        // Dropped while a foreign thread spawns.
        _ => {
            let handle = runtime.handle().clone();
            let thread = std::thread::spawn(move || {
                for _ in 0..10 {
                    drop(handle.spawn(async {}));
                }
            });
            drop(runtime);
            return thread.join().expect("spawning into a closed runtime does not panic");
        }
    }
    drop(runtime);
}

/// Touches everything a destructor may touch, while the runtime goes down.
struct Farewell(Counter);

impl Drop for Farewell {
    fn drop(&mut self) {
        // The context is there while tasks are dropped; what is started in it is refused or never runs.
        let handle = Handle::try_current().expect("tasks are dropped inside their runtime's context");
        drop(handle.spawn(async {}));
        drop(heist::spawn(pending::<()>()));
        drop(heist::time::sleep(Duration::from_secs(1)));
        self.0.bump();
    }
}

/// Faults B5 and B6: destructors find their context, and a driver that still takes their sockets and timers back.
#[test]
fn destructors_of_cancelled_tasks_may_use_the_runtime() {
    with_every_runtime(|runtime| {
        let goodbyes = Counter::default();
        let (address, server) = echo::start(&runtime);
        let (waits, is_waiting) = std::sync::mpsc::channel();
        for _ in 0..4 {
            let (farewell, waits) = (Farewell(goodbyes.clone()), waits.clone());
            drop(runtime.spawn(async move {
                let mut stream = TcpStream::connect(address).await.expect("it listens");
                let mut sleep = Box::pin(heist::time::sleep(Duration::from_secs(3600)));
                let mut buffer = [0; 16];
                let _farewell = farewell;
                {
                    // A timer and a read are in flight when the task is dropped.
                    let mut read = Box::pin(stream.read(&mut buffer));
                    poll_fn(|cx| {
                        assert!(sleep.as_mut().poll(cx).is_pending());
                        assert!(read.as_mut().poll(cx).is_pending());
                        Poll::Ready(())
                    })
                    .await;
                    waits.send(()).expect("the test is listening");
                    read.await.expect("never");
                }
                sleep.await;
            }));
        }
        runtime.block_on(async {
            let mut waiting_count = 0;
            while waiting_count < 4 {
                heist::task::yield_now().await;
                waiting_count += is_waiting.try_iter().count();
            }
        });
        drop(runtime);
        assert_eq!(goodbyes.get(), 4);
        drop(server);
    });
}

/// Spawns another of its kind whenever it is dropped.
struct Hydra(Handle, Counter);

impl Drop for Hydra {
    fn drop(&mut self) {
        self.1.bump();
        // A head that is refused by a closed runtime is dropped right here, and would grow the next one: so only
        // every head of the first hundred does.
        if self.1.get() < 100 {
            let head = Hydra(self.0.clone(), self.1.clone());
            drop(self.0.spawn(async move {
                let _head = head;
                pending::<()>().await;
            }));
        }
    }
}

/// Fault B7: a destructor that spawns does not keep the runtime from ending, and what it spawned is dropped too.
#[test]
fn spawning_in_destructors_ends_with_the_runtime() {
    with_every_runtime(|runtime| {
        let heads = Counter::default();
        for _ in 0..3 {
            let head = Hydra(runtime.handle().clone(), heads.clone());
            drop(runtime.spawn(async move {
                let _head = head;
                pending::<()>().await;
            }));
        }
        drop(runtime);
        assert!(heads.get() >= 100, "every head was dropped, and its successor with it: {}", heads.get());
    });
}

/// Fault B7: tasks that wake each other in their destructors are dropped once each.
#[test]
fn destructors_that_wake_their_siblings_end_with_the_runtime() {
    struct WakesAll(Arc<std::sync::Mutex<Vec<std::task::Waker>>>, #[expect(dead_code)] support::CountedDrop);
    impl Drop for WakesAll {
        fn drop(&mut self) {
            let wakers = self.0.lock().expect("no panic").clone();
            wakers.iter().for_each(std::task::Waker::wake_by_ref);
        }
    }
    with_every_runtime(|runtime| {
        let wakers = Arc::default();
        let drops = Counter::default();
        for _ in 0..20 {
            let guard = WakesAll(Arc::clone(&wakers), drops.on_drop());
            drop(runtime.spawn(async move {
                poll_fn::<(), _>(|cx| {
                    guard.0.lock().expect("no panic").push(cx.waker().clone());
                    Poll::Pending
                })
                .await;
            }));
        }
        runtime.block_on(async {
            while wakers.lock().expect("no panic").len() < 20 {
                heist::task::yield_now().await;
            }
        });
        drop(runtime);
        assert_eq!(drops.get(), 20);
    });
}

#[test]
fn spawning_into_a_closed_runtime_is_refused_and_the_joiner_gets_an_error() {
    with_every_runtime(|runtime| {
        let handle = runtime.handle().clone();
        drop(runtime);
        let drops = Counter::default();
        let guard = drops.on_drop();
        let joined = handle.spawn(async move { drop(guard) });
        assert!(futures::executor::block_on(joined).expect_err("refused").is_cancelled());
        assert_eq!(drops.get(), 1);
        let joined = handle.spawn_blocking(|| ());
        assert!(futures::executor::block_on(joined).expect_err("refused").is_cancelled());
    });
}

/// Fault C7: a blocking call that never ends holds the shutdown up for no longer than the caller allows.
#[test]
fn shutdown_timeout_gives_up_on_a_stuck_blocking_call() {
    with_every_runtime(|runtime| {
        let (gate, entered) = (Gate::default(), Gate::default());
        let (stuck, says) = (gate.clone(), entered.clone());
        drop(runtime.spawn_blocking(move || {
            says.open();
            stuck.wait();
        }));
        entered.wait();
        let start = Instant::now();
        runtime.shutdown_timeout(Duration::from_millis(50));
        assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
        gate.open();
    });
}

/// Holds a thread up until its gate is open: as a value that is dropped, or as a waker.
struct Holds(Gate);

impl Drop for Holds {
    fn drop(&mut self) {
        self.0.wait();
    }
}

impl std::task::Wake for Holds {
    fn wake(self: Arc<Self>) {
        self.0.wait();
    }
}

/// Prepares a runtime with `hold`, then ends it with a limit, and in the background: neither waits for the gate.
fn a_limit_holds(threads_max: usize, hold: impl Fn(&Runtime, Gate)) {
    let ends: [fn(Runtime); 2] =
        [|runtime| runtime.shutdown_timeout(Duration::from_millis(50)), Runtime::shutdown_background];
    for kind in support::backends() {
        for shape in [Shape::MultiThread, Shape::CurrentThread] {
            for end in ends {
                watched(|| {
                    let mut builder = support::builder(shape, kind);
                    let runtime = builder.max_blocking_threads(threads_max).build().expect("available");
                    let gate = Gate::default();
                    hold(&runtime, gate.clone());
                    let start = Instant::now();
                    end(runtime);
                    assert!(start.elapsed() < Duration::from_secs(30), "{shape:?} on {kind:?}");
                    gate.open();
                });
            }
        }
    }
}

/// Fault C7: a task's destructor does not hold the shutdown up.
#[test]
fn a_limit_holds_for_the_destructors_of_tasks() {
    a_limit_holds(1, |runtime, gate| {
        let holds = Holds(gate);
        let begun = Gate::default();
        let says = begun.clone();
        drop(runtime.spawn(async move {
            let _holds = holds;
            says.open();
            pending::<()>().await;
        }));
        runtime.block_on(async {
            while !begun.is_open() {
                heist::task::yield_now().await;
            }
        });
    });
}

/// Fault C7: an output that nobody takes is dropped where its task ends, and there the limit counts.
#[test]
fn a_limit_holds_for_outputs_that_nobody_takes() {
    a_limit_holds(1, |runtime, gate| {
        // It is cancelled at the end, and its joiner is a task, which drops the handle and the other output.
        let (done, is_done) = oneshot::channel::<()>();
        let inner = runtime.spawn(async move {
            let _ = is_done.await;
            Holds(gate)
        });
        drop(runtime.spawn(async move {
            pending::<()>().await;
            drop(inner);
        }));
        drop(done);
        runtime.block_on(async { heist::time::sleep(Duration::from_millis(2)).await });
    });
}

/// Fault C7: a closure that waits for a thread of the pool is dropped unrun, and what it owns may take its time.
#[test]
fn a_limit_holds_for_the_destructors_of_closures_that_wait() {
    a_limit_holds(1, |runtime, gate| {
        let (entered, says, stuck) = (Gate::default(), Gate::default(), gate.clone());
        let inside = entered.clone();
        drop(runtime.spawn_blocking(move || {
            inside.open();
            stuck.wait();
        }));
        entered.wait();
        let holds = Holds(gate);
        drop(runtime.spawn_blocking(move || {
            says.open();
            drop(holds);
        }));
    });
}

/// Fault C7: so do wakers that are no task's, which the end of time calls.
#[test]
fn a_limit_holds_for_wakers() {
    a_limit_holds(1, |runtime, gate| {
        let mut sleep = Box::pin(heist::time::sleep(Duration::from_secs(3600)));
        let waker = std::task::Waker::from(Arc::new(Holds(gate)));
        {
            let _inside = runtime.enter();
            assert!(sleep.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending());
        }
        // The sleep outlives the runtime, and the waker goes with the call.
        std::mem::forget((sleep, waker));
    });
}

/// Local tasks belong to a thread: they are dropped there, before the shutdown returns, whatever the limit.
#[test]
fn a_shutdown_with_a_limit_drops_local_tasks_on_their_thread() {
    struct Here(std::thread::ThreadId, Counter);
    impl Drop for Here {
        fn drop(&mut self) {
            assert_eq!(std::thread::current().id(), self.0);
            self.1.bump();
        }
    }
    for kind in support::backends() {
        for limit in [Duration::ZERO, Duration::from_secs(60)] {
            let runtime = support::builder(Shape::CurrentThread, kind).build().expect("available");
            let drops = Counter::default();
            let (here, shared) = (Here(std::thread::current().id(), drops.clone()), drops.on_drop());
            runtime.block_on(async {
                drop(heist::task::spawn_local(async move {
                    let _here = here;
                    pending::<()>().await;
                }));
                drop(heist::spawn(async move {
                    let _shared = shared;
                    pending::<()>().await;
                }));
                heist::task::yield_now().await;
            });
            runtime.shutdown_timeout(limit);
            assert_eq!(drops.get(), 2, "both are gone when it returns");
        }
    }
}

/// With time enough everything is gone when the shutdown returns, as with a drop.
#[test]
fn a_shutdown_with_time_enough_leaves_nothing_behind() {
    with_every_runtime(|runtime| {
        let drops = Counter::default();
        for _ in 0..10 {
            let (guard, in_pool) = (drops.on_drop(), drops.on_drop());
            drop(runtime.spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            }));
            drop(runtime.spawn_blocking(move || drop(in_pool)));
        }
        runtime.block_on(async { heist::task::yield_now().await });
        let handle = runtime.handle().clone();
        runtime.shutdown_timeout(Duration::from_secs(120));
        assert_eq!(drops.get(), 20);
        assert_eq!(handle.metrics().num_alive_tasks() + handle.metrics().num_blocking_threads(), 0);
        assert!(futures::executor::block_on(handle.spawn(async {})).expect_err("refused").is_cancelled());
    });
}

/// In the background: what is spawned after it is refused all the same.
#[test]
fn a_shutdown_in_the_background_refuses_what_comes_after_it() {
    with_every_runtime(|runtime| {
        let handle = runtime.handle().clone();
        let drops = Counter::default();
        let guard = drops.on_drop();
        drop(runtime.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        }));
        runtime.shutdown_background();
        let refused = handle.spawn(pending::<()>());
        assert!(futures::executor::block_on(refused).expect_err("refused").is_cancelled());
        support::eventually("the task is dropped", || drops.get() == 1);
    });
}

#[test]
fn shutdown_background_returns_at_once() {
    with_every_runtime(|runtime| {
        let (gate, entered) = (Gate::default(), Gate::default());
        let (stuck, says) = (gate.clone(), entered.clone());
        drop(runtime.spawn_blocking(move || {
            says.open();
            stuck.wait();
        }));
        entered.wait();
        let start = Instant::now();
        runtime.shutdown_background();
        assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
        gate.open();
    });
}

/// Fault C8: no time limit is too long or too short.
#[test]
fn shutdown_timeout_takes_any_duration() {
    with_every_runtime(|runtime| runtime.shutdown_timeout(Duration::MAX));
    with_every_runtime(|runtime| runtime.shutdown_timeout(Duration::ZERO));
}

/// Fault C1: `block_on` inside a task would stop a worker; it says so, and nothing else breaks.
#[test]
fn block_on_inside_a_task_panics_with_a_text_and_the_runtime_lives_on() {
    on_every_runtime(|runtime| {
        let handle = runtime.handle().clone();
        let error = runtime.block_on(async { heist::spawn(async move { handle.block_on(async {}) }).await });
        let payload = error.expect_err("it panicked").into_panic();
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()));
        let text = text.expect("a text");
        assert!(
            text.contains("block") && text.contains("spawn_blocking"),
            "names the cause and the remedy: {text}"
        );
        assert_eq!(runtime.block_on(async { heist::spawn(async { 1 }).await }).expect("no panic"), 1);
    });
}

/// Fault C2: a runtime dropped inside a task either goes down or panics with a text; it never hangs the thread.
#[test]
fn dropping_a_runtime_inside_a_task_never_hangs() {
    with_every_backend(|runtime| {
        let inner = support::two_workers();
        let drops = Counter::default();
        let guard = drops.on_drop();
        drop(inner.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        }));
        let outcome = runtime.block_on(async { heist::spawn(async move { drop(inner) }).await });
        // A panic is allowed; the task of the inner runtime is dropped either way.
        drop(outcome);
        support::eventually("the inner runtime's task is dropped", || drops.get() == 1);
    });
}

#[test]
fn dropping_a_runtime_in_a_blocking_call_of_another_works() {
    with_every_backend(|runtime| {
        let inner = support::two_workers();
        runtime.block_on(async { heist::task::spawn_blocking(move || drop(inner)).await }).expect("no panic");
    });
}

#[test]
fn dropping_a_runtime_in_a_blocking_call_of_its_own_never_hangs() {
    with_every_backend(|runtime| {
        let (sender, receiver) = std::sync::mpsc::channel();
        let handle = runtime.handle().clone();
        drop(handle.spawn_blocking(move || {
            drop(runtime);
            sender.send(()).expect("the test is listening");
        }));
        receiver.recv().expect("the call came back from the drop");
    });
}

/// Fault C11: timers and sockets that outlive their runtime fail or stay silent; they do not bring the thread down.
#[test]
fn what_outlives_the_runtime_is_harmless_when_used_and_dropped() {
    with_every_runtime(|runtime| {
        let (address, server) = echo::start(&runtime);
        let (mut stream, mut sleep) = runtime.block_on(async {
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            drop(echo::round_trip(&mut stream, b"warm").await);
            let mut sleep = Box::pin(heist::time::sleep(Duration::from_millis(20)));
            // Where the system stops this thread, it may be over before it is looked at: another one then.
            while futures::poll!(sleep.as_mut()).is_ready() {
                sleep = Box::pin(heist::time::sleep(Duration::from_millis(20)));
            }
            (stream, sleep)
        });
        drop(runtime);
        drop(server);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut buffer = [0; 8];
            let mut read = Box::pin(stream.read(&mut buffer));
            drop(read.as_mut().poll(&mut cx));
        }));
        // An error or a panic with a text are both clear; a hang or a crash would end the test otherwise.
        drop(outcome);
        drop(catch_unwind(AssertUnwindSafe(|| sleep.as_mut().poll(&mut cx).is_ready())));
        drop(sleep);
        drop(stream);
    });
}

/// Fault E23: the port of a listener that dies with its runtime is free at once.
#[test]
fn a_port_is_free_as_soon_as_its_runtime_is_gone() {
    with_every_runtime(|runtime| {
        let (address, server) = echo::start(&runtime);
        let clients: Vec<_> =
            (0..50).map(|_| runtime.block_on(TcpStream::connect(address)).expect("it listens")).collect();
        drop(server);
        drop(runtime);
        // An inherited accept or a ring that still holds the socket would keep the port busy.
        let again = std::net::TcpListener::bind(address).expect("the port is free again");
        drop(again);
        drop(clients);
    });
}

/// Fault E13: operations started by a thread that has exited still complete.
#[test]
fn an_operation_outlives_the_thread_that_started_it() {
    on_every_backend(|runtime| {
        let (address, server) = echo::start(runtime);
        let handle = runtime.handle().clone();
        let (future, open) = std::thread::spawn(move || {
            handle.block_on(async move {
                let mut stream = TcpStream::connect(address).await.expect("it listens");
                let (open, gate) = oneshot::channel::<()>();
                let is_in_flight = Gate::default();
                let in_flight = is_in_flight.clone();
                let mut future = Box::pin(async move {
                    let mut answer = [0; 4];
                    let (mut reader, mut peer) = pair().await;
                    drop(echo::round_trip(&mut stream, b"warm").await);
                    let mut filled = Box::pin(reader.read(&mut answer));
                    assert!(futures::poll!(filled.as_mut()).is_pending());
                    in_flight.open();
                    gate.await.expect("opened below");
                    peer.write_all(b"late").await.expect("write");
                    assert_eq!(filled.await.expect("read"), 4);
                    drop(echo::round_trip(&mut stream, b"more").await);
                });
                // Polled here until the read is in flight, and in the kernel's hands; then this thread ends.
                while !is_in_flight.is_open() {
                    assert!(futures::poll!(future.as_mut()).is_pending());
                    heist::time::sleep(Duration::from_millis(1)).await;
                }
                heist::time::sleep(Duration::from_millis(5)).await;
                (future, open)
            })
        })
        .join()
        .expect("no panic");
        open.send(()).expect("the future waits");
        runtime.block_on(async { heist::spawn(future).await }).expect("no panic");
        server.abort();
    });
}

/// Faults E12 and E13: the single-threaded loop moves to another thread with operations in flight.
#[test]
fn the_single_threaded_loop_may_be_driven_by_one_thread_after_another() {
    for kind in support::backends() {
        watched(|| {
            let runtime = Arc::new(support::builder(Shape::CurrentThread, kind).build().expect("available"));
            let (address, server) = echo::start(&runtime);
            let client = runtime.block_on(TcpStream::connect(address)).expect("it listens");
            let mut client = Some(client);
            for _ in 0..4 {
                let runtime = runtime.clone();
                let mut stream = client.take().expect("handed from thread to thread");
                let driven = std::thread::spawn(move || {
                    runtime.block_on(async {
                        assert_eq!(echo::round_trip(&mut stream, b"ping").await, b"ping");
                        heist::time::sleep(Duration::from_millis(1)).await;
                    });
                    stream
                });
                client = Some(driven.join().expect("no panic"));
            }
            drop(server);
        });
    }
}

/// Fault C13: when such a runtime ends, other storage of the thread, in which the runtime is entered, is gone already.
#[test]
fn a_runtime_in_the_storage_of_a_thread_ends_with_it() {
    thread_local! {
        static RUNTIME: RefCell<Option<Runtime>> = const { RefCell::new(None) };
    }
    with_every_runtime(|runtime| {
        let drops = Counter::default();
        let (in_task, in_call) = (drops.on_drop(), drops.on_drop());
        let thread = std::thread::spawn(move || {
            RUNTIME.set(Some(runtime));
            RUNTIME.with_borrow(|runtime| {
                let runtime = runtime.as_ref().expect("just put there");
                runtime.block_on(async {
                    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                    drop(heist::spawn(async move {
                        let _guard = in_task;
                        let accept = listener.accept();
                        drop(heist::time::timeout(Duration::from_secs(3600), accept).await);
                    }));
                    heist::task::spawn_blocking(move || drop(in_call)).await.expect("no panic");
                    heist::time::sleep(Duration::from_millis(2)).await;
                });
            });
        });
        thread.join().expect("no panic");
        assert_eq!(drops.get(), 2);
    });
}

/// Fault C12: descriptors and threads are given back.
#[cfg(target_os = "linux")]
#[test]
fn many_runtimes_leave_no_descriptors_and_no_threads_behind() {
    let test = "shutdown::many_runtimes_leave_no_descriptors_and_no_threads_behind";
    if support::process::role().is_none() {
        // In a process of its own: the other tests open and close descriptors meanwhile.
        support::process::expect_success(&mut support::process::again(test, "counts"));
        return;
    }
    for kind in support::backends() {
        for shape in [Shape::MultiThread, Shape::CurrentThread] {
            let use_one = || {
                let runtime = support::builder(shape, kind).build().expect("available");
                let (address, server) = echo::start(&runtime);
                runtime.block_on(async {
                    let mut stream = TcpStream::connect(address).await.expect("it listens");
                    drop(echo::round_trip(&mut stream, b"x").await);
                    heist::task::spawn_blocking(|| ()).await.expect("no panic");
                });
                drop(server);
            };
            watched(|| {
                use_one();
                let (fds_count, threads_count) = counts();
                for _ in 0..20 {
                    use_one();
                }
                // The kernel takes a ring apart in the background, and a joined thread leaves /proc a little later.
                support::eventually("descriptors and threads are back", || {
                    counts().0 <= fds_count && counts().1 <= threads_count
                });
            });
        }
    }
}

#[cfg(target_os = "linux")]
fn counts() -> (usize, usize) {
    (support::process::open_fds_count(), support::process::threads_count())
}

/// Two connected sockets of this runtime.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (near, far) = futures::join!(TcpStream::connect(address), listener.accept());
    (near.expect("it listens"), far.expect("accept").0)
}
