//! Programs that need locks, channels and notifications to lose nothing when futures are dropped.

use std::sync::Arc;

use heist::sync::{Mutex, Notify, Semaphore, mpsc, oneshot as one};
use heist::task::{JoinSet, yield_now};
use heist::time::timeout;

use crate::{draw, millis, run};

async fn all<T: 'static>(mut tasks: JoinSet<T>) {
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

/// Tasks that count under a mutex, and give up at times.
pub(crate) fn mutex() {
    const TIMES: u32 = 6;
    run(async {
        let count = Arc::new(Mutex::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..5 {
            let count = count.clone();
            tasks.spawn(async move {
                for _ in 0..TIMES {
                    let mut own = match timeout(millis(draw(3)), count.lock()).await {
                        Ok(own) => own,
                        Err(_) => count.lock().await,
                    };
                    let before = *own;
                    if draw(2) == 0 {
                        heist::time::sleep(millis(1)).await;
                    }
                    *own = before + 1;
                }
            });
        }
        all(tasks).await;
        // Nobody has it: neither a task nor one of the waits that were given up.
        let count = timeout(millis(5000), count.lock()).await.expect("the mutex is free");
        assert_eq!(*count, 5 * TIMES);
    });
}

/// Tasks that take one permit or several, and give up at times: in the end all are there.
pub(crate) fn semaphore() {
    const PERMITS_COUNT: u32 = 3;
    run(async {
        let semaphore = Arc::new(Semaphore::new(PERMITS_COUNT as usize));
        let mut tasks = JoinSet::new();
        for _ in 0..5 {
            let semaphore = semaphore.clone();
            tasks.spawn(async move {
                for _ in 0..6 {
                    let count = 1 + draw(u64::from(PERMITS_COUNT)) as u32;
                    let permit = match timeout(millis(draw(3)), semaphore.acquire_many(count)).await {
                        Ok(permit) => permit,
                        Err(_) if draw(2) == 0 => continue,
                        Err(_) => semaphore.acquire_many(count).await,
                    };
                    if permit.is_ok() && draw(2) == 0 {
                        heist::time::sleep(millis(1)).await;
                    }
                }
            });
        }
        all(tasks).await;
        let whole = timeout(millis(5000), semaphore.acquire_many(PERMITS_COUNT)).await;
        drop(whole.expect("all permits are there").unwrap());
        assert_eq!(semaphore.available_permits(), PERMITS_COUNT as usize);
    });
}

/// Notifications one after the other, to one who waits and to others who give up: somebody hears
/// each of them.
pub(crate) fn notify() {
    const TIMES: u32 = 12;
    run(async {
        let (notify, heard) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
        let faithful = heist::spawn({
            let (notify, heard) = (notify.clone(), heard.clone());
            async move {
                loop {
                    notify.notified().await;
                    heard.add_permits(1);
                }
            }
        });
        let mut tasks = JoinSet::new();
        for _ in 0..TIMES {
            for _ in 0..2 {
                let (notify, heard) = (notify.clone(), heard.clone());
                tasks.spawn(async move {
                    if timeout(millis(draw(3)), notify.notified()).await.is_ok() {
                        heard.add_permits(1);
                    }
                });
            }
            match draw(3) {
                0 => heist::time::sleep(millis(draw(3))).await,
                1 => yield_now().await,
                _ => {}
            }
            notify.notify_one();
            let one = timeout(millis(5000), heard.acquire()).await;
            one.expect("somebody hears it").unwrap().forget();
        }
        all(tasks).await;
        // Some may have heard that nobody waits any more, and nobody has heard more than was said.
        assert_eq!(heard.available_permits(), 0);
        faithful.abort();
    });
}

/// Answers that come from tasks and threads, before and after somebody waits, or never.
pub(crate) fn oneshot() {
    run(async {
        let mut tasks = JoinSet::new();
        for number in 0..12 {
            let (answer, mut answered) = one::channel();
            let is_answered = draw(4) > 0;
            let reply = move || _ = is_answered.then(|| answer.send(number));
            match draw(3) {
                0 => drop(heist::task::spawn_blocking(reply)),
                1 => drop(heist::spawn(async move {
                    yield_now().await;
                    reply();
                })),
                _ => drop(heist::spawn(async move {
                    heist::time::sleep(millis(draw(3))).await;
                    reply();
                })),
            }
            tasks.spawn(async move {
                // Whoever waits at first is another task than the one that waits then.
                let first =
                    heist::spawn(async move { (timeout(millis(draw(3)), &mut answered).await, answered) });
                let outcome = match first.await.unwrap() {
                    (Ok(outcome), _) => outcome,
                    (Err(_), answered) => answered.await,
                };
                assert_eq!(outcome.ok(), is_answered.then_some(number));
            });
        }
        all(tasks).await;
    });
}

/// A channel with little room; sends and waits for room are given up at times.
pub(crate) fn channel() {
    const ROOM: usize = 2;
    run(async {
        let (send, mut receive) = mpsc::channel(ROOM);
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let send = send.clone();
            tasks.spawn(async move {
                let mut sent = 0;
                for _ in 0..8 {
                    match timeout(millis(draw(3)), send.reserve()).await {
                        Ok(Ok(room)) if draw(4) > 0 => {
                            room.send(());
                            sent += 1;
                        }
                        // The room goes back.
                        Ok(room) => drop(room.unwrap()),
                        Err(_) => {}
                    }
                    if draw(4) == 0 {
                        send.send(()).await.unwrap();
                        sent += 1;
                    }
                }
                sent
            });
        }
        let counting = heist::spawn(async move {
            let mut received = 0;
            while receive.recv().await.is_some() {
                received += 1;
                if draw(3) == 0 {
                    heist::time::sleep(millis(1)).await;
                }
            }
            received
        });
        let mut sent = 0;
        while let Some(task) = tasks.join_next().await {
            sent += task.unwrap();
        }
        let room = timeout(millis(5000), send.reserve_many(ROOM)).await;
        drop(room.expect("all the room is there").unwrap());
        drop(send);
        assert_eq!(counting.await.unwrap(), sent);
    });
}
