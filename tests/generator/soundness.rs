//! The holes that were found in other generator crates, tried here: a hand-over recognised by an address that is used
//! again, a yield handle that outlives its body, a pointer that stays behind in a waker. Run under the address
//! sanitizer by `ci/asan.sh`; what the compiler refuses is in `compile_fail`.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures::future::Either;
use futures::stream::{Stream, StreamExt};
use heist::generator::{
    AsyncCoroutineExt, Co, CoroutineExt, Outcome, Resume, State, Step, async_generator, async_routine,
    coroutine, generator, routine,
};

generator! {
    fn texts() -> yields String { for n in 0.. { yield format!("text number {n}"); } }
    fn arrays() -> yields [usize; 3] { for n in 0.. { yield [n, n + 1, n + 2]; } }
}

fn address<T>(place: &T) -> usize {
    (&raw const *place).cast::<()>() as usize
}

// Another crate knew its slot by address: a String was made of three integers.
#[test]
fn an_address_that_is_used_again_confuses_nothing() {
    let mut place = pin!(Either::Left(texts()));
    let mut addresses = [vec![], vec![]];
    for round in 0..100 {
        if let Either::Left(mut text) = place.as_mut().as_pin_mut() {
            addresses[0].push(address(&*text));
            assert_eq!(text.next(), Some("text number 0".to_string()));
        }
        place.set(Either::Right(arrays()));
        if let Either::Right(mut array) = place.as_mut().as_pin_mut() {
            addresses[1].push(address(&*array));
            for n in 0..round % 5 {
                assert_eq!(array.next(), Some([n, n + 1, n + 2]));
            }
        }
        place.set(Either::Left(texts()));
    }
    assert_eq!(addresses[0], addresses[1], "the two kinds took turns at one address");
}

#[test]
fn bodies_resumed_inside_each_other_keep_their_frames_apart() {
    let mut outer = pin!(generator! {
        let (mut texts, mut arrays) = (pin!(texts()), pin!(arrays()));
        for _ in 0..3 {
            let (Some(text), Some(array)) = (texts.next(), arrays.next()) else { return };
            yield (text, array, pin!(generator! { yield 'a'; yield 'b'; }).collect::<String>());
        }
    });
    assert_eq!(outer.next(), Some(("text number 0".into(), [0, 1, 2], "ab".into())));
    assert_eq!(outer.next(), Some(("text number 1".into(), [1, 2, 3], "ab".into())));
    assert_eq!(outer.count(), 1);
}

// Another crate kept the address of a frame in a waker that outlived it.
#[test]
fn a_waker_taken_out_of_a_synchronous_body_does_nothing() {
    macro_rules! wait {
        ($future:expr) => {
            $future.await
        };
    }
    let taken: Rc<RefCell<Vec<Waker>>> = Rc::default();
    let sink = taken.clone();
    let mut generator = Box::pin(generator! {
        for n in 0..3 {
            wait!(poll_fn(|cx| { sink.borrow_mut().push(cx.waker().clone()); Poll::Ready(()) }));
            yield n;
        }
    });
    assert_eq!(generator.next(), Some(0));
    taken.borrow()[0].wake_by_ref();
    assert_eq!(generator.next(), Some(1));
    drop(generator);
    for waker in taken.borrow_mut().drain(..) {
        let copy = waker.clone();
        copy.wake();
        assert_eq!(waker.data(), Waker::noop().data());
    }
}

struct Kept(Mutex<Vec<&'static str>>);

impl Wake for Kept {
    fn wake(self: Arc<Self>) {
        self.0.lock().unwrap().push("woken");
    }
}

#[test]
fn a_waker_taken_out_of_an_asynchronous_body_is_the_tasks() {
    let kept = Arc::new(Kept(Mutex::new(vec![])));
    let waker = Waker::from(kept.clone());
    let taken: Rc<RefCell<Option<Waker>>> = Rc::default();
    let sink = taken.clone();
    let mut stream = Box::pin(async_generator! {
        poll_fn(|cx| { *sink.borrow_mut() = Some(cx.waker().clone()); Poll::Ready(()) }).await;
        yield 1;
    });
    assert!(stream.as_mut().poll_next(&mut Context::from_waker(&waker)).is_ready());
    drop(stream);
    taken.borrow_mut().take().unwrap().wake();
    assert_eq!(*kept.0.lock().unwrap(), ["woken"]);
}

// Another crate wrote through a handle into memory that was free: dropped at every point, with values under way.
#[test]
fn machines_with_values_under_way_are_dropped_whole() {
    for steps in 0..4 {
        let value = Rc::new(());
        let (sent, inside) = (value.clone(), value.clone());
        let mut coroutine = Box::pin(coroutine! { |_: Rc<()>|
            let mut got = (yield inside)?;
            loop { got = (yield got)?; }
            #[allow(unreachable_code)]
            Ok(())
        });
        for step in 0..steps {
            let answer = if step == 0 { coroutine.start().ok() } else { coroutine.send(sent.clone()).ok() };
            assert!(matches!(answer, Some(Step::Yielded(_))));
        }
        drop((coroutine, sent));
        assert_eq!(Rc::strong_count(&value), 1, "after {steps} steps");
    }
}

#[test]
fn an_argument_that_the_body_never_takes_is_dropped() {
    let value = Rc::new(());
    let mut coroutine = Box::pin(coroutine! { |_: Rc<()>| let _got = (yield 1)?; Ok(()) });
    // Resuming a new body drops the argument: there is no yield to receive it.
    let step = coroutine.as_mut().resume(Some(Ok(value.clone())));
    assert!(matches!(step, Step::Yielded(1)));
    assert_eq!(Rc::strong_count(&value), 1);
    let mut routine = Box::pin(routine(async |mut co: Co<'_, u8, Outcome<Rc<()>>>| {
        let early = pin!(co.yield_(1));
        let _ = futures::poll!(early);
        std::future::ready(()).await;
        Outcome::<()>::Ok(())
    }));
    // The yield was polled and dropped, and the body went on to its end in the same poll.
    assert_eq!(routine.start(), Ok(Step::Returned(())));
    drop(routine);
    assert_eq!(Rc::strong_count(&value), 1);
}

#[test]
fn two_yields_polled_in_turn_lose_a_value_and_nothing_else() {
    // Both yields of a `select` over re-made futures are polled: the later value replaces the earlier one.
    let value = Rc::new(());
    let (a, b) = (value.clone(), value.clone());
    let mut stream = pin!(async_routine(async move |mut co: Co<'_, Rc<()>>| {
        let first = futures::poll!(pin!(co.yield_(a)));
        assert!(first.is_pending());
        let second = pin!(co.yield_(b));
        second.await;
    }));
    let items = futures::executor::block_on(stream.by_ref().collect::<Vec<_>>());
    assert_eq!(items.len(), 1);
    drop(items);
    assert_eq!(Rc::strong_count(&value), 1);
}

#[test]
fn what_was_sent_to_a_dropped_yield_is_not_given_to_the_next() {
    let mut routine = pin!(async_routine(async |mut co: Co<'_, u8, Outcome<char>>| {
        assert!(futures::poll!(pin!(co.yield_(1))).is_pending());
        // The routine is suspended here, with the first value out; what is sent for it finds no taker.
        futures::pending!();
        let mut second = pin!(co.yield_(2));
        assert!(futures::poll!(second.as_mut()).is_pending());
        assert!(
            futures::poll!(second.as_mut()).is_pending(),
            "it was given an argument that was not its own"
        );
        second.await
    }));
    futures::executor::block_on(async {
        assert_eq!(routine.astart().await, Ok(Step::Yielded(1)));
        assert_eq!(routine.asend('a').await, Ok(Step::Yielded(2)));
        assert_eq!(routine.asend('b').await, Ok(Step::Returned('b')));
    });
}

#[test]
fn a_body_that_yields_from_its_own_drop_writes_into_a_live_slot() {
    struct YieldsInDrop<'co, 'g>(&'co mut Co<'g, String>);
    impl Drop for YieldsInDrop<'_, '_> {
        fn drop(&mut self) {
            let mut late = pin!(self.0.yield_("from the drop".to_string()));
            assert!(
                std::future::Future::poll(late.as_mut(), &mut Context::from_waker(Waker::noop()))
                    .is_pending()
            );
        }
    }
    let mut routine = Box::pin(routine(async |mut co: Co<'_, String>| {
        co.yield_("first".to_string()).await;
        let guard = YieldsInDrop(&mut co);
        guard.0.yield_("second".to_string()).await;
    }));
    assert_eq!(routine.next(), Some("first".to_string()));
    assert_eq!(routine.next(), Some("second".to_string()));
    drop(routine);
}

#[test]
fn a_panicking_destructor_runs_once() {
    struct Panics(Rc<RefCell<u32>>);
    impl Drop for Panics {
        fn drop(&mut self) {
            *self.0.borrow_mut() += 1;
            panic!("in a destructor");
        }
    }
    let count: Rc<RefCell<u32>> = Rc::default();
    let inside = count.clone();
    let mut generator = Box::pin(generator! { let _local = Panics(inside); yield 1; });
    assert_eq!(generator.next(), Some(1));
    let aborted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| generator.as_mut().abort()));
    assert!(aborted.is_err());
    assert_eq!(generator.state(), State::Closed);
    drop(generator);
    assert_eq!(*count.borrow(), 1);
}
