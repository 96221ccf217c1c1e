//! gather and settled. The numbers are those of the list of behaviours that CPython's own tests assert (`test_tasks`).

use std::future::pending;

use heist::asyncio::{Promise, PromiseError, TaskError, gather};

use crate::{Answer, Slots, Text};

/// Three promises and a gather of tasks that await them.
fn three() -> (Slots, heist::asyncio::Gather<u32, PromiseError<&'static str>>) {
    let slots: Slots = Default::default();
    let gathered = gather(slots.clone());
    (slots, gathered)
}

// 134
#[heist::test]
async fn gather_gives_the_values_in_the_order_of_the_tasks() {
    let ([a, b, c], gathered) = three();
    b.set_result(1).unwrap();
    a.set_result(2).unwrap();
    heist::task::yield_now().await;
    c.set_result(3).unwrap();
    assert_eq!(gathered.await.unwrap(), [2, 1, 3]);
}

// 135
#[heist::test]
async fn gather_ends_at_the_first_error_and_the_others_go_on() {
    let ([a, b, c], mut gathered) = three();
    a.set_result(1).unwrap();
    b.set_exception("zero").unwrap();
    let Err(TaskError::Failed(PromiseError::Exception(error))) = (&mut gathered).await else {
        panic!("the second task fails")
    };
    assert_eq!(error, "zero");
    drop(gathered);
    // The third task was not cancelled: it still waits, and its result goes nowhere.
    heist::task::yield_now().await;
    c.set_result(3).unwrap();
    assert_eq!(c.await, Ok(3));
}

#[heist::test]
async fn after_the_first_error_the_other_tasks_still_run_to_their_end() {
    let (gate, done) = (Text::new(), Text::new());
    let (wait_for, tell) = (gate.clone(), done.clone());
    let slow = async move {
        let _ = wait_for.await;
        tell.set_result("ran to its end").map_err(|_| "twice")
    };
    let tasks: [futures::future::BoxFuture<'static, Result<(), &str>>; 2] =
        [Box::pin(slow), Box::pin(async { Err("at once") })];
    assert!(gather(tasks).await.is_err());
    gate.set_result("go").unwrap();
    assert_eq!(done.await, Ok("ran to its end"));
}

// 136
#[heist::test]
async fn settled_returns_every_outcome_at_its_index() {
    let ([a, b, c], gathered) = three();
    c.set_exception("third").unwrap();
    a.set_result(3).unwrap();
    b.cancel();
    let outcomes: Vec<String> = gathered
        .settled()
        .await
        .into_iter()
        .map(|outcome| outcome.map_or_else(|error| error.to_string(), |value| value.to_string()))
        .collect();
    assert_eq!(outcomes, ["3", "the promise was cancelled", "third"]);
}

// 137
#[heist::test]
async fn the_cancellation_of_one_task_is_its_error() {
    let (gate, gathered) = {
        let ([a, _b, _c], gathered) = three();
        (a, gathered)
    };
    gate.cancel();
    let error = gathered.await.unwrap_err();
    assert_eq!(error.failure(), Some(PromiseError::Cancelled));
}

struct OnDrop(Text);

impl Drop for OnDrop {
    fn drop(&mut self) {
        let _ = self.0.set_result("dropped");
    }
}

// 138
#[heist::test]
async fn cancelling_a_gather_cancels_all_of_its_tasks() {
    let (begun, dropped): ([Text; 2], [Text; 2]) = Default::default();
    let tasks: Vec<_> = begun.clone().into_iter().zip(dropped.clone()).collect();
    let gathered = gather(tasks.into_iter().map(|(begun, text)| async move {
        let _guard = OnDrop(text);
        begun.set_result("begun").unwrap();
        pending::<()>().await;
        Answer::Ok(1)
    }));
    for text in &begun {
        assert_eq!(text.await, Ok("begun"));
    }
    gathered.cancel();
    assert!(gathered.await.unwrap_err().is_cancelled());
    for text in &dropped {
        assert_eq!(text.await, Ok("dropped"));
    }
}

#[heist::test]
async fn dropping_a_gather_cancels_all_of_its_tasks() {
    let (begun, dropped) = (Text::new(), Text::new());
    let (tell, inside) = (begun.clone(), dropped.clone());
    let gathered = gather([async move {
        let _guard = OnDrop(inside);
        tell.set_result("begun").unwrap();
        pending::<()>().await;
        Answer::Ok(1)
    }]);
    assert_eq!(begun.await, Ok("begun"));
    drop(gathered);
    assert_eq!(dropped.await, Ok("dropped"));
}

// 139
#[heist::test]
async fn the_same_promise_gathered_twice_is_made_once() {
    let promise: Promise<u32, &'static str> = Promise::new();
    let gathered = gather([promise.clone(), promise.clone(), promise.clone()]);
    promise.set_result(7).unwrap();
    assert_eq!(gathered.await.unwrap(), [7, 7, 7]);
}

// 140
#[heist::test]
async fn a_gather_of_nothing_is_empty() {
    let none: [std::future::Ready<Answer>; 0] = [];
    assert!(gather(none).await.unwrap().is_empty());
}

// A gather answers once, and forgets nothing.

#[heist::test]
async fn after_a_failure_settled_has_an_outcome_at_each_index() {
    for fails in 0..4 {
        for also_fails in 0..4 {
            let slots: [Promise<usize, &'static str>; 4] = Default::default();
            let mut gathered = gather(slots.clone());
            slots[fails].set_exception("first").unwrap();
            let error = (&mut gathered).await.unwrap_err();
            assert_eq!(error.failure(), Some(PromiseError::Exception("first")));
            assert!(matches!((&mut gathered).await, Err(TaskError::Answered)), "it answers once");
            let later = gathered.settled();
            for (place, slot) in slots.iter().enumerate().filter(|(place, _)| *place != fails) {
                match place == also_fails {
                    true => slot.set_exception("second").unwrap(),
                    false => slot.set_result(place).unwrap(),
                }
            }
            let outcomes = later.await;
            assert_eq!(outcomes.len(), 4);
            for (place, outcome) in outcomes.into_iter().enumerate() {
                match outcome {
                    Err(TaskError::Answered) => assert_eq!(place, fails),
                    Err(error) => {
                        assert_eq!(error.failure(), Some(PromiseError::Exception("second")));
                        assert!(place == also_fails && place != fails);
                    }
                    Ok(value) => assert!(value == place && place != fails && place != also_fails),
                }
            }
        }
    }
}

#[heist::test]
async fn a_gather_that_has_answered_says_so() {
    let mut gathered = gather((0..3).map(|n| async move { Answer::Ok(n) }));
    assert_eq!((&mut gathered).await.unwrap(), [0, 1, 2]);
    for _ in 0..2 {
        let again = (&mut gathered).await.unwrap_err();
        assert!(matches!(again, TaskError::Answered) && !again.is_cancelled());
        assert_eq!(again.to_string(), "the gather has given this outcome out before");
    }
    let mut settled = gathered.settled();
    for _ in 0..2 {
        let outcomes = (&mut settled).await;
        assert!(matches!(outcomes[..], [Err(TaskError::Answered), Err(TaskError::Answered), _]));
        assert_eq!(outcomes.len(), 3);
    }
    // Also where the outcomes are taken by it, and a panic is among them.
    let tasks: [futures::future::BoxFuture<'static, Answer>; 2] =
        [Box::pin(async { panic!("on purpose") }), Box::pin(async { Ok(1) })];
    let mut settled = gather(tasks).settled();
    assert!(matches!((&mut settled).await[..], [Err(TaskError::Join(_)), Ok(1)]));
    assert!(matches!((&mut settled).await[..], [Err(TaskError::Answered), Err(TaskError::Answered)]));
}

#[heist::test]
async fn an_iterator_that_panics_leaves_no_gathered_task_behind() {
    let dropped = Text::new();
    let inside = dropped.clone();
    let tasks = (0..2).map(move |n| {
        assert!(n == 0, "the iterator");
        let guard = OnDrop(inside.clone());
        async move {
            let _guard = guard;
            pending::<Answer>().await
        }
    });
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(gather(tasks))));
    assert!(panicked.is_err());
    assert_eq!(dropped.await, Ok("dropped"));
}
