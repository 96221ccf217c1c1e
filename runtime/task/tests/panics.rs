//! Panics from every place of a task's life, in every combination with abort, join and detach. The
//! worker survives, and the future, the output and the memory are each dropped exactly once.

use super::{Count, OnDrop, Queue, joined, poll_once};
use crate::primitive::sync::Mutex;
use crate::task::{AbortHandle, JoinHandle};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// A payload that panics again when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        resume_unwind(Box::new(Bomb));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payload {
    Text,
    Bomb,
}

impl Payload {
    /// Panics without the hook's message, which would flood the output.
    fn throw(self) -> ! {
        match self {
            Payload::Text => resume_unwind(Box::new("on purpose")),
            Payload::Bomb => resume_unwind(Box::new(Bomb)),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Case {
    panics_on_run: bool,
    panics_on_future_drop: bool,
    panics_on_output_drop: bool,
    payload: Payload,
    aborted: Moment,
    handle: Handle,
    is_pinned: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Never,
    BeforeRun,
    DuringFirstPoll,
    WhileWaiting,
    DuringLastPoll,
    AfterRun,
}

impl Moment {
    /// Returns whether an abort at this moment keeps the task from its end.
    fn cancels(self) -> bool {
        matches!(self, Moment::BeforeRun | Moment::DuringFirstPoll | Moment::WhileWaiting)
    }
}

/// What happens to the join handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handle {
    DroppedBeforeRun,
    DroppedWhileWaiting,
    /// Its waker is with the task by then.
    PolledAndDroppedWhileWaiting,
    DroppedAfterRun,
    Joined,
    PolledAndJoined,
}

const MOMENTS: [Moment; 6] = [
    Moment::Never,
    Moment::BeforeRun,
    Moment::DuringFirstPoll,
    Moment::WhileWaiting,
    Moment::DuringLastPoll,
    Moment::AfterRun,
];
const HANDLES: [Handle; 6] = [
    Handle::DroppedBeforeRun,
    Handle::DroppedWhileWaiting,
    Handle::PolledAndDroppedWhileWaiting,
    Handle::DroppedAfterRun,
    Handle::Joined,
    Handle::PolledAndJoined,
];

type Output = OnDrop<Box<dyn FnMut() + Send>>;

fn on_drop(count: &Count, panic: Option<Payload>) -> Output {
    let count = count.clone();
    OnDrop(Box::new(move || {
        count.add();
        if let Some(payload) = panic {
            // A panic while another one unwinds would end the process: that is the language's rule.
            if !std::thread::panicking() {
                payload.throw();
            }
        }
    }))
}

fn play(case: Case) {
    let (queue, futures, outputs) = (Queue::new(), Count::default(), Count::default());
    let captured = on_drop(&futures, case.panics_on_future_drop.then_some(case.payload));
    let made = outputs.clone();
    let own_abort: Arc<Mutex<Option<AbortHandle>>> = Arc::new(Mutex::new(None));
    let abort_inside = own_abort.clone();
    let mut polls_count = 0;
    let future = poll_fn(move |cx| {
        let _captured = &captured;
        polls_count += 1;
        let now = if polls_count == 1 { Moment::DuringFirstPoll } else { Moment::DuringLastPoll };
        if case.aborted == now {
            abort_inside.lock().as_ref().expect("set before the run").abort();
        }
        if polls_count == 1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if case.panics_on_run {
            case.payload.throw();
        }
        Poll::Ready(on_drop(&made, case.panics_on_output_drop.then_some(case.payload)))
    });
    let handle = if case.is_pinned { queue.spawn_local(future) } else { queue.spawn(future) };
    let abort = handle.abort_handle();
    *own_abort.lock() = Some(handle.abort_handle());
    let joiner = Arc::new(Joiner);
    let mut handle = Some(handle);
    let steps = [
        (Moment::BeforeRun, Handle::DroppedBeforeRun),
        (Moment::WhileWaiting, Handle::DroppedWhileWaiting),
        (Moment::AfterRun, Handle::DroppedAfterRun),
    ];
    for (moment, drop_now) in steps {
        if case.aborted == moment {
            abort.abort();
        }
        poll_early(case, moment, &joiner, &mut handle);
        let is_polled_and_dropped = case.handle == Handle::PolledAndDroppedWhileWaiting;
        if case.handle == drop_now || is_polled_and_dropped && moment == Moment::WhileWaiting {
            drop(handle.take());
        }
        queue.run_one();
    }
    queue.run_all();
    assert!(abort.is_finished());
    assert_eq!(futures.get(), 1, "drops of the future");
    let is_cancelled = case.aborted.cancels();
    if let Some(handle) = handle {
        check(case, handle, is_cancelled);
    }
    let outputs_count = usize::from(!is_cancelled && !case.panics_on_run);
    assert_eq!(outputs.get(), outputs_count, "drops of the output");
    assert_eq!(Arc::strong_count(&joiner), 1, "a join waker is left");
    *own_abort.lock() = None;
    drop(abort);
    queue.assert_all_freed();
}

struct Joiner;

impl Wake for Joiner {
    fn wake(self: Arc<Self>) {}
}

/// A poll of the handle before the task has ended, where the case asks for one.
fn poll_early(case: Case, moment: Moment, joiner: &Arc<Joiner>, handle: &mut Option<JoinHandle<Output>>) {
    let is_polled = matches!(case.handle, Handle::PolledAndDroppedWhileWaiting | Handle::PolledAndJoined);
    let Some(handle) = handle.as_mut().filter(|handle| is_polled && !handle.is_finished()) else { return };
    if moment == Moment::WhileWaiting {
        let waker = Waker::from(joiner.clone());
        assert!(Pin::new(handle).poll(&mut Context::from_waker(&waker)).is_pending());
    }
}

/// A panic takes precedence over a cancellation: the destructor's panic is reported.
fn check(case: Case, handle: JoinHandle<Output>, is_cancelled: bool) {
    match joined(handle) {
        Ok(output) => {
            assert!(!is_cancelled && !case.panics_on_run);
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(output)));
            assert_eq!(dropped.is_err(), case.panics_on_output_drop);
            std::mem::forget(dropped);
        }
        Err(error) if is_cancelled => {
            assert_eq!(error.is_panic(), case.panics_on_future_drop);
            std::mem::forget(error);
        }
        Err(error) => {
            assert!(case.panics_on_run);
            let payload = error.try_into_panic().expect("it panicked");
            assert_eq!(payload.is::<Bomb>(), case.payload == Payload::Bomb);
            std::mem::forget(payload);
        }
    }
}

#[test]
fn no_combination_of_panics_leaks_or_escapes() {
    const BOOLS: [bool; 2] = [false, true];
    let mut count = 0;
    for bits in 0..32_u8 {
        let has = |bit: u8| BOOLS[usize::from(bits >> bit & 1)];
        for aborted in MOMENTS {
            for handle in HANDLES {
                let case = Case {
                    panics_on_run: has(0),
                    panics_on_future_drop: has(1),
                    panics_on_output_drop: has(2),
                    payload: if has(3) { Payload::Bomb } else { Payload::Text },
                    aborted,
                    handle,
                    is_pinned: has(4),
                };
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| play(case))) {
                    eprintln!("in the case {case:?}:");
                    resume_unwind(payload);
                }
                count += 1;
            }
        }
    }
    assert_eq!(count, 32 * MOMENTS.len() * HANDLES.len());
}

#[test]
fn the_message_of_a_panic_is_in_the_error() {
    let queue = Queue::new();
    let handle = queue.spawn(async { resume_unwind(Box::new(String::from("out of luck"))) });
    queue.run_all();
    let id = handle.id();
    let error: crate::task::JoinError = joined::<()>(handle).unwrap_err();
    assert!(error.is_panic() && !error.is_cancelled());
    assert_eq!(error.id(), id);
    assert_eq!(error.to_string(), format!("task {id} panicked with message \"out of luck\""));
    let error = std::io::Error::from(error);
    assert_eq!(error.kind(), std::io::ErrorKind::Other);
    let source = error.into_inner().unwrap().downcast::<crate::task::JoinError>().unwrap();
    assert_eq!(*source.into_panic().downcast::<String>().unwrap(), "out of luck");
    queue.assert_all_freed();
}

#[test]
fn a_cancelled_task_has_no_panic_to_take() {
    let queue = Queue::new();
    let handle = queue.spawn(async {});
    handle.abort();
    queue.run_all();
    let error = joined(handle).unwrap_err();
    assert!(error.to_string().ends_with("was cancelled"));
    let error = error.try_into_panic().unwrap_err();
    assert!(error.is_cancelled());
    queue.assert_all_freed();
}

/// Panics in each of its functions, after it was switched on.
struct BadWaker {
    panics_on_drop: bool,
}

impl Wake for BadWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        Payload::Bomb.throw();
    }
}

impl Drop for BadWaker {
    fn drop(&mut self) {
        if self.panics_on_drop && !std::thread::panicking() {
            Payload::Bomb.throw();
        }
    }
}

#[test]
fn a_join_waker_that_panics_harms_neither_the_task_nor_the_worker() {
    for panics_on_drop in [false, true] {
        for drops_handle in [false, true] {
            let queue = Queue::new();
            let mut handle = queue.spawn(async { 7 });
            let waker = Waker::from(Arc::new(BadWaker { panics_on_drop }));
            let mut cx = std::task::Context::from_waker(&waker);
            assert!(std::pin::Pin::new(&mut handle).poll(&mut cx).is_pending());
            // From here on the task has the only waker.
            std::mem::forget(catch_unwind(AssertUnwindSafe(|| drop(waker))));
            if drops_handle {
                drop(handle);
                queue.run_all();
            } else {
                queue.run_all();
                let joined = catch_unwind(AssertUnwindSafe(|| poll_once(&mut handle)));
                match joined {
                    Ok(Poll::Ready(Ok(output))) => assert_eq!(output, 7),
                    Ok(other) => panic!("{other:?}"),
                    Err(payload) => std::mem::forget(payload),
                }
                drop(handle);
            }
            queue.assert_all_freed();
        }
    }
}
