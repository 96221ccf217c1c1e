//! A look that many browsers share: while it is new enough it answers all of them, and one that is
//! under way is waited for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use heist::sync::Mutex;
use heist::task::spawn_blocking;

/// What was seen, or why nothing was.
pub(super) type Seen<T> = Result<Arc<T>, Arc<str>>;

pub(super) struct SharedLook<T> {
    take: Box<dyn Fn() -> Result<T, String> + Send + Sync>,
    /// With the end of the look. A failure counts as well: not every browser asks a service that
    /// does not answer.
    latest: Mutex<Option<(Instant, Seen<T>)>>,
}

impl<T: Send + Sync + 'static> SharedLook<T> {
    /// `take` may block.
    pub(super) fn new(take: impl Fn() -> Result<T, String> + Send + Sync + 'static) -> Arc<SharedLook<T>> {
        Arc::new(SharedLook { take: Box::new(take), latest: Mutex::new(None) })
    }

    /// The latest look if it is as new as this or ended after the call, or else a new one.
    pub(super) async fn no_older_than(self: &Arc<SharedLook<T>>, age_max: Duration) -> Seen<T> {
        let (look, asked_at) = (Arc::clone(self), Instant::now());
        // A task of its own: a browser that goes away does not stop a look for which others wait.
        let seeing = heist::spawn(async move { look.see(age_max, asked_at).await });
        seeing.await.unwrap_or_else(|error| Err(Arc::from(format!("a look failed: {error}"))))
    }

    async fn see(self: Arc<SharedLook<T>>, age_max: Duration, asked_at: Instant) -> Seen<T> {
        let mut latest = self.latest.lock().await;
        if let Some((ended_at, seen)) = &*latest {
            if *ended_at >= asked_at || ended_at.elapsed() <= age_max {
                return seen.clone();
            }
        }
        let look = Arc::clone(&self);
        let seen = match spawn_blocking(move || (look.take)()).await {
            Ok(seen) => seen.map(Arc::new).map_err(Arc::from),
            Err(error) => Err(Arc::from(format!("a look failed: {error}"))),
        };
        *latest = Some((Instant::now(), seen.clone()));
        seen
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use super::SharedLook;

    fn runtime() -> heist::runtime::Runtime {
        heist::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
    }

    #[test]
    fn those_who_ask_during_a_look_share_it_and_a_later_one_starts_another() {
        let (counter, (go, gate)) = (Arc::new(AtomicUsize::new(0)), mpsc::channel::<()>());
        let (begun, has_begun) = mpsc::channel();
        let asked = Arc::new(AtomicUsize::new(0));
        let (counted, gate) = (Arc::clone(&counter), std::sync::Mutex::new((gate, begun)));
        let look = SharedLook::new(move || {
            let gate = gate.lock().expect("no panic");
            gate.1.send(()).expect("the test waits");
            gate.0.recv().expect("the test opens the gate");
            Ok(counted.fetch_add(1, Ordering::SeqCst))
        });
        runtime().block_on(async {
            let ask = |age_max| {
                let (look, asked) = (Arc::clone(&look), Arc::clone(&asked));
                heist::spawn(async move {
                    // Nothing waits between this and the time at which it asks.
                    asked.fetch_add(1, Ordering::SeqCst);
                    look.no_older_than(age_max).await
                })
            };
            let first = ask(Duration::ZERO);
            heist::task::spawn_blocking(move || has_begun.recv().map(|()| has_begun))
                .await
                .expect("no panic")
                .expect("a look");
            let others: Vec<_> = (0..10).map(|_| ask(Duration::ZERO)).collect();
            while asked.load(Ordering::SeqCst) < 11 {
                heist::task::yield_now().await;
            }
            go.send(()).expect("a look waits");
            assert_eq!(first.await.expect("no panic").as_deref(), Ok(&0));
            for other in others {
                assert_eq!(other.await.expect("no panic").as_deref(), Ok(&0));
            }
            assert_eq!(ask(Duration::from_secs(3600)).await.expect("no panic").as_deref(), Ok(&0));
        });
        assert_eq!(counter.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn an_old_look_is_repeated_and_a_failure_is_shared_too() {
        let counter = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&counter);
        let look = SharedLook::<()>::new(move || Err(counted.fetch_add(1, Ordering::SeqCst).to_string()));
        runtime().block_on(async {
            for (age_max, expected) in [(Duration::ZERO, "0"), (Duration::MAX, "0"), (Duration::ZERO, "1")] {
                assert_eq!(look.no_older_than(age_max).await, Err(Arc::from(expected)));
            }
        });
    }

    #[test]
    fn a_look_goes_on_when_the_one_who_asked_goes_away() {
        let (begun, has_begun) = mpsc::channel();
        let (go, gate) = mpsc::channel::<()>();
        let ends = std::sync::Mutex::new((begun, gate));
        let look = SharedLook::new(move || {
            let ends = ends.lock().expect("no panic");
            ends.0.send(()).map_err(|_| "a second look".to_owned())?;
            ends.1.recv().map_err(|_| "a second look".to_owned())
        });
        runtime().block_on(async {
            let asking = Arc::clone(&look);
            let gone = heist::spawn(async move { asking.no_older_than(Duration::ZERO).await.is_ok() });
            heist::task::spawn_blocking(move || has_begun.recv()).await.expect("no panic").expect("a look");
            gone.abort();
            assert!(gone.await.is_err());
            go.send(()).expect("the look goes on");
            assert_eq!(look.no_older_than(Duration::MAX).await, Ok(Arc::new(())));
        });
    }
}
