//! Every pair of events, each before, during and after the first run, on futures that end in each
//! of four ways; and a short model of the expected outcome.

use super::{Arc, Count, Queue, joined, poll_once};
use crate::primitive::sync::Mutex;
use crate::task::{AbortHandle, JoinHandle};
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    WakeByRef,
    WakeByValue,
    DropWaker,
    Abort,
    PollHandle,
    DropHandle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Before,
    During,
    After,
}

/// The first poll. The second one, if there is one, is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Ready,
    Pending,
    PendingAndWoken,
    Panic,
}

const EVENTS: [Event; 6] = [
    Event::WakeByRef,
    Event::WakeByValue,
    Event::DropWaker,
    Event::Abort,
    Event::PollHandle,
    Event::DropHandle,
];
const WHENS: [When; 3] = [When::Before, When::During, When::After];
const FIRSTS: [First; 4] = [First::Ready, First::Pending, First::PendingAndWoken, First::Panic];

type Plan = [(Event, When); 2];

/// The state that the parties of one task share. Events may come from inside its poll, so nothing
/// stays locked while one happens.
struct Scene {
    plan: Plan,
    first: First,
    waker: Mutex<Option<Waker>>,
    handle: Mutex<Option<JoinHandle<Box<dyn Send>>>>,
    abort: Mutex<Option<AbortHandle>>,
    joiner: Arc<Joiner>,
    futures: Count,
    outputs: Count,
    polls: Count,
}

#[derive(Default)]
struct Joiner(Count);

impl Wake for Joiner {
    fn wake(self: Arc<Self>) {
        self.0.add();
    }
}

struct Subject {
    scene: Arc<Scene>,
    _on_drop: Box<dyn Send>,
}

impl Future for Subject {
    type Output = Box<dyn Send>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let scene = &self.scene;
        scene.polls.add();
        if scene.polls.get() == 1 {
            // A waker for the events, unless the one from before the run is still there.
            scene.waker.lock().get_or_insert_with(|| cx.waker().clone());
            scene.happen(When::During);
            match scene.first {
                First::Ready => {}
                First::Pending => return Poll::Pending,
                First::PendingAndWoken => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                First::Panic => std::panic::resume_unwind(Box::new("the plan says so")),
            }
        }
        Poll::Ready(Box::new(scene.outputs.on_drop()))
    }
}

impl Scene {
    fn happen(&self, now: When) {
        for (event, when) in self.plan {
            if when == now {
                self.do_one(event);
            }
        }
    }

    fn do_one(&self, event: Event) {
        match event {
            Event::WakeByRef => {
                let waker = self.waker.lock().clone();
                if let Some(waker) = waker {
                    waker.wake_by_ref();
                }
            }
            Event::WakeByValue => {
                let waker = self.waker.lock().take();
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            Event::DropWaker => {
                let waker = self.waker.lock().take();
                drop(waker);
            }
            Event::Abort => self.abort.lock().as_ref().expect("kept to the end").abort(),
            Event::PollHandle => {
                let handle = self.handle.lock().take();
                if let Some(mut handle) = handle {
                    let waker = Waker::from(self.joiner.clone());
                    // A finished handle is not polled, because its output is taken at the end.
                    if !handle.is_finished() {
                        assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
                    }
                    *self.handle.lock() = Some(handle);
                }
            }
            Event::DropHandle => {
                let handle = self.handle.lock().take();
                drop(handle);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Output,
    Panic,
    Cancelled,
}

/// The expected outcome of the plan: how many polls, and how it ends. A task that waits at the end
/// is cancelled by the shutdown.
fn expected(first: First, plan: Plan) -> (usize, Outcome) {
    let has = |event: Event, when: When| plan.contains(&(event, when));
    // Wakers come from the first poll. One that is used up during the poll is not there afterwards.
    let mut has_waker = true;
    let mut is_woken = first == First::PendingAndWoken;
    if has(Event::Abort, When::Before) {
        return (0, Outcome::Cancelled);
    }
    let mut is_cancelled = false;
    for when in [When::During, When::After] {
        for (event, _) in plan.iter().filter(|(_, at)| *at == when) {
            match event {
                Event::WakeByRef => is_woken |= has_waker,
                Event::WakeByValue => {
                    is_woken |= has_waker;
                    has_waker = false;
                }
                Event::DropWaker => has_waker = false,
                Event::Abort => is_cancelled = true,
                Event::PollHandle | Event::DropHandle => {}
            }
        }
        match first {
            First::Ready => return (1, Outcome::Output),
            First::Panic => return (1, Outcome::Panic),
            First::Pending | First::PendingAndWoken if is_cancelled => return (1, Outcome::Cancelled),
            First::Pending | First::PendingAndWoken if is_woken => return (2, Outcome::Output),
            First::Pending | First::PendingAndWoken => {}
        }
    }
    (1, Outcome::Cancelled)
}

fn play(first: First, plan: Plan) {
    let queue = Queue::new();
    let scene = Arc::new(Scene {
        plan,
        first,
        waker: Mutex::new(None),
        handle: Mutex::new(None),
        abort: Mutex::new(None),
        joiner: Arc::default(),
        futures: Count::default(),
        outputs: Count::default(),
        polls: Count::default(),
    });
    let on_drop = Box::new(scene.futures.on_drop());
    let handle = queue.spawn(Subject { scene: scene.clone(), _on_drop: on_drop });
    *scene.abort.lock() = Some(handle.abort_handle());
    *scene.handle.lock() = Some(handle);

    scene.happen(When::Before);
    queue.run_all();
    scene.happen(When::After);
    queue.run_all();
    queue.shut_down();

    let (polls_count, outcome) = expected(first, plan);
    assert_eq!(scene.polls.get(), polls_count, "polls");
    assert_eq!(scene.futures.get(), 1, "drops of the future");
    check_handle(&scene, outcome);
    assert_eq!(scene.outputs.get(), usize::from(outcome == Outcome::Output), "drops of the output");
    assert_eq!(Arc::strong_count(&scene.joiner), 1, "a join waker is left");
    let waker = scene.waker.lock().take();
    drop(waker);
    *scene.abort.lock() = None;
    assert_eq!(Arc::strong_count(&scene), 1, "the future is left");
    queue.assert_all_freed();
}

fn check_handle(scene: &Scene, outcome: Outcome) {
    let Some(handle) = scene.handle.lock().take() else {
        assert!(scene.plan.iter().any(|(event, _)| *event == Event::DropHandle));
        return;
    };
    assert!(handle.is_finished());
    match joined(handle) {
        Ok(_) => assert_eq!(outcome, Outcome::Output),
        Err(error) if error.is_panic() => assert_eq!(outcome, Outcome::Panic),
        Err(_) => assert_eq!(outcome, Outcome::Cancelled),
    }
    let was_polled_pending = scene.plan.contains(&(Event::PollHandle, When::Before));
    if was_polled_pending {
        assert_eq!(scene.joiner.0.get(), 1, "wakes of the joiner");
    }
}

#[test]
fn every_pair_of_events_before_during_and_after_a_run_comes_out_as_expected() {
    let moments = || EVENTS.iter().flat_map(|event| WHENS.iter().map(|when| (*event, *when)));
    let mut count = 0;
    for first in FIRSTS {
        for one in moments() {
            for other in moments() {
                let plan = [one, other];
                if let Err(payload) = std::panic::catch_unwind(|| play(first, plan)) {
                    eprintln!("in the combination {first:?} {plan:?}:");
                    std::panic::resume_unwind(payload);
                }
                count += 1;
            }
        }
    }
    assert_eq!(count, FIRSTS.len() * (EVENTS.len() * WHENS.len()).pow(2));
}

#[test]
fn a_handle_polled_after_it_returned_the_output_panics_and_says_so() {
    let queue = Queue::new();
    let mut handle = queue.spawn(async {});
    queue.run_all();
    assert!(poll_once(&mut handle).is_ready());
    let payload =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll_once(&mut handle))).unwrap_err();
    let message = payload.downcast_ref::<String>().map_or("", String::as_str);
    let text = payload.downcast_ref::<&str>().copied().unwrap_or(message);
    assert!(text.contains("polled after it had returned"), "{text:?}");
    drop(handle);
    queue.assert_all_freed();
}
