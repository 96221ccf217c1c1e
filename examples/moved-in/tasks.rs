//! tokio's own tasks, channels and time, as a program puts them together: runtimes of both flavors by hand, a
//! `LocalSet`, blocking code and the way back from it, an actor, a pipeline with back pressure, locks, shutdown.
//!
//! ```text
//! $ cargo run --bin tasks
//! multi-thread, driver: io_uring
//! an actor answered 1000 requests
//! a pipeline of 3 stages: 333283335000
//! at most 5 at once, 100 in all
//! a panic, an abort and a result
//! blocking code waited for tasks, inside and outside of its worker
//! readers and writers agree on 4000
//! task-locals follow their tasks
//! current-thread, driver: io_uring
//! 20 tasks that are not Send, in the order in which they were spawned
//! an hour of a paused clock
//! ```

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use moved_in::{Failure, check, soon};
use tokio::runtime::{Builder, Handle};
use tokio::sync::{Mutex, Notify, OnceCell, RwLock, Semaphore, mpsc, oneshot, watch};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, interval, sleep, timeout};

tokio::task_local! {
    static REQUEST: u32;
}

fn main() -> Result<(), Failure> {
    let counts = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
    let [started, stopped] = counts.clone();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("moved-in")
        .on_thread_start(move || _ = started.fetch_add(1, Ordering::Relaxed))
        .on_thread_stop(move || _ = stopped.fetch_add(1, Ordering::Relaxed))
        .enable_all()
        .build()?;
    runtime.block_on(async { tokio::spawn(many_threads()).await? })?;
    runtime.shutdown_timeout(moved_in::PATIENCE);
    let [started, stopped] = counts.map(|count| count.load(Ordering::Relaxed));
    check!(started >= 2 && started == stopped, "{started} threads started, {stopped} stopped");

    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, one_thread())?;
    drop(runtime);
    Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(paused())
}

async fn many_threads() -> Result<(), Failure> {
    println!("multi-thread, driver: {}", moved_in::driver()?);
    let name = std::thread::current().name().map(str::to_owned);
    check!(name.as_deref() == Some("moved-in"), "the worker's name is {name:?}");
    actor().await?;
    pipeline().await?;
    limited().await?;
    ends().await?;
    blocking().await?;
    locks().await?;
    task_locals().await
}

enum Request {
    Add(u64, oneshot::Sender<u64>),
    Stop,
}

async fn actor() -> Result<(), Failure> {
    let (requests, mut inbox) = mpsc::channel(8);
    let actor = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(Request::Add(number, reply)) = inbox.recv().await {
            sum += number;
            _ = reply.send(sum);
        }
        sum
    });
    let mut clients = JoinSet::new();
    for _ in 0..10 {
        let requests = requests.clone();
        clients.spawn(async move {
            for number in 0..100 {
                let (reply, answer) = oneshot::channel();
                requests.send(Request::Add(number, reply)).await?;
                answer.await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(end) = soon("a client", clients.join_next()).await? {
        end??;
    }
    requests.send(Request::Stop).await.map_err(|_| "the actor is gone")?;
    let sum = soon("the actor", actor).await??;
    check!(sum == 49_500, "the actor's sum is {sum}");
    println!("an actor answered 1000 requests");
    Ok(())
}

async fn pipeline() -> Result<(), Failure> {
    let (first, mut second) = mpsc::channel(4);
    let (third, mut fourth) = mpsc::channel(4);
    tokio::spawn(async move {
        for number in 1..=10_000_u64 {
            if first.send(number).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        let mut batch = Vec::new();
        while second.recv_many(&mut batch, 7).await > 0 {
            for number in batch.drain(..) {
                if third.send(number * number).await.is_err() {
                    return;
                }
            }
        }
    });
    let mut sum = 0;
    while let Some(square) = soon("a square", fourth.recv()).await? {
        sum += square;
    }
    check!(sum == 333_383_335_000, "the sum is {sum}");
    println!("a pipeline of 3 stages: {sum}");
    Ok(())
}

async fn limited() -> Result<(), Failure> {
    let permits = Arc::new(Semaphore::new(5));
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let (permits, now, most) = (permits.clone(), now.clone(), most.clone());
        tasks.spawn(async move {
            let _permit = permits.acquire_owned().await;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(1)).await;
            now.fetch_sub(1, Ordering::SeqCst);
        });
    }
    soon("all tasks", tasks.join_all()).await?;
    let most = most.load(Ordering::SeqCst);
    check!((1..=5).contains(&most), "{most} at once");
    println!("at most 5 at once, 100 in all");
    Ok(())
}

async fn ends() -> Result<(), Failure> {
    let panicking = tokio::spawn(async {
        // The text of a panic would look like a failure of this program.
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    let end = soon("the panic", panicking).await?.err().ok_or("a panic is a result")?;
    check!(end.is_panic() && end.into_panic().downcast_ref() == Some(&"on purpose"), "another panic");
    let endless = tokio::spawn(std::future::pending::<()>());
    let abort = endless.abort_handle();
    abort.abort();
    let end = soon("the abort", endless).await?.err().ok_or("an aborted task has a result")?;
    check!(end.is_cancelled() && abort.is_finished(), "aborted, and {end}");
    let result = soon("a result", tokio::spawn(async { 7 })).await??;
    check!(result == 7, "the result is {result}");
    println!("a panic, an abort and a result");
    Ok(())
}

async fn blocking() -> Result<(), Failure> {
    let handle = Handle::current();
    let outside =
        tokio::task::spawn_blocking(move || handle.block_on(async { tokio::spawn(async { 1 }).await }));
    let inside = tokio::task::block_in_place(|| {
        Handle::current().block_on(async {
            sleep(Duration::from_millis(5)).await;
            tokio::spawn(async { 2 }).await
        })
    });
    let sum = soon("blocking code", outside).await??? + inside?;
    check!(sum == 3, "the sum is {sum}");
    let (sender, mut receiver) = mpsc::channel(2);
    let thread = std::thread::spawn(move || (0..100).try_for_each(|number| sender.blocking_send(number)));
    for expected in 0..100 {
        let number = soon("a number", receiver.recv()).await?;
        check!(number == Some(expected), "not {expected}, but {number:?}");
    }
    check!(thread.join().is_ok_and(|sent| sent.is_ok()), "the thread could not send");
    println!("blocking code waited for tasks, inside and outside of its worker");
    Ok(())
}

async fn locks() -> Result<(), Failure> {
    static START: OnceCell<u64> = OnceCell::const_new();
    let (exclusive, shared) = (Arc::new(Mutex::new(0)), Arc::new(RwLock::new(0)));
    let (ready, began) = (Arc::new(Notify::new()), watch::channel(false));
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let (exclusive, shared, mut began) = (exclusive.clone(), shared.clone(), began.1.clone());
        tasks.spawn(async move {
            _ = began.wait_for(|began| *began).await;
            for _ in 0..1000 {
                *exclusive.lock().await += START.get_or_init(|| async { 1 }).await;
                *shared.write().await += 1;
                let seen = *shared.read().await;
                if seen == 0 {
                    return false;
                }
            }
            true
        });
    }
    let waiting = tokio::spawn({
        let ready = ready.clone();
        async move { ready.notified().await }
    });
    began.0.send_replace(true);
    check!(soon("the tasks", tasks.join_all()).await?.into_iter().all(|end| end), "a reader saw nothing");
    ready.notify_one();
    soon("the notice", waiting).await??;
    let (first, second) = (*exclusive.lock().await, *shared.read().await);
    check!((first, second) == (4000, 4000), "{first} and {second}");
    println!("readers and writers agree on 4000");
    Ok(())
}

async fn task_locals() -> Result<(), Failure> {
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        tasks.spawn(REQUEST.scope(number, async move {
            for _ in 0..10 {
                tokio::task::yield_now().await;
                if REQUEST.get() != number {
                    return false;
                }
            }
            true
        }));
    }
    check!(soon("the tasks", tasks.join_all()).await?.into_iter().all(|end| end), "a task saw another one's");
    check!(REQUEST.try_with(|number| *number).is_err(), "the value stands outside of its scope");
    println!("task-locals follow their tasks");
    Ok(())
}

async fn one_thread() -> Result<(), Failure> {
    println!("current-thread, driver: {}", moved_in::driver()?);
    let order = Rc::new(RefCell::new(Vec::new()));
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let order = Rc::clone(&order);
            tokio::task::spawn_local(async move { order.borrow_mut().push(number) })
        })
        .collect();
    for task in tasks {
        soon("a local task", task).await??;
    }
    check!(order.borrow().iter().copied().eq(0..20), "the order is {:?}", order.borrow());
    println!("20 tasks that are not Send, in the order in which they were spawned");
    Ok(())
}

async fn paused() -> Result<(), Failure> {
    let (began, really_began) = (Instant::now(), std::time::Instant::now());
    let mut minutes = interval(Duration::from_secs(60));
    minutes.tick().await;
    for _ in 0..59 {
        minutes.tick().await;
    }
    sleep(Duration::from_secs(60)).await;
    check!(began.elapsed() == Duration::from_secs(3600), "the clock shows {:?}", began.elapsed());
    let late = timeout(Duration::from_secs(3600), std::future::pending::<()>()).await;
    check!(
        late.is_err() && began.elapsed() == Duration::from_secs(7200),
        "the clock shows {:?}",
        began.elapsed()
    );
    check!(really_began.elapsed() < moved_in::PATIENCE, "the clock stood still");
    println!("an hour of a paused clock");
    Ok(())
}
