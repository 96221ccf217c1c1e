//! Generators that return a `Result`: no consumer loses the error.

use futures::executor::block_on;
use futures::stream::FusedStream;
use futures::{StreamExt, TryStreamExt};
use heist::generator::{
    Co, GeneratorExt, Next, Resume, Shared, Step, TryIter, async_generator, async_routine, generator, routine,
};
use std::iter::FusedIterator;
use std::num::ParseIntError;
use std::pin::{Pin, pin};
use std::rc::Rc;

generator! {
    fn numbers(text: &str) -> yields i32, returns Result<(), ParseIntError> {
        for word in text.split(' ') {
            yield word.parse()?;
        }
        Ok(())
    }
}

fn texts(items: impl Iterator<Item = Result<i32, ParseIntError>>) -> Vec<String> {
    items.map(|item| item.map_or_else(|error| error.to_string(), |number| number.to_string())).collect()
}

#[test]
fn the_error_is_the_last_item_and_comes_once() {
    let mut items = numbers("1 2 x 4").try_iter();
    assert_eq!(items.next(), Some(Ok(1)));
    assert_eq!(items.next(), Some(Ok(2)));
    assert!(matches!(items.next(), Some(Err(_))));
    for _ in 0..3 {
        assert_eq!(items.next(), None);
    }
}

#[test]
fn without_an_error_the_items_are_all() {
    assert_eq!(texts(numbers("1 2 3").try_iter()), ["1", "2", "3"]);
    assert_eq!(numbers("1 2 3").try_iter().collect::<Result<Vec<_>, _>>(), Ok(vec![1, 2, 3]));
}

#[test]
fn a_loop_stops_at_the_error_by_a_question_mark() {
    fn sum(text: &str) -> Result<i32, ParseIntError> {
        let mut sum = 0;
        for number in numbers(text).try_iter() {
            sum += number?;
        }
        Ok(sum)
    }
    assert_eq!(sum("1 2 3"), Ok(6));
    assert!(sum("1 x 3").is_err());
}

#[test]
fn pinned_and_boxed_generators_and_trait_objects_have_it() {
    let wanted = ["7", "invalid digit found in string"];
    let mut pinned = pin!(numbers("7 x"));
    assert_eq!(texts(pinned.as_mut().try_iter()), wanted);
    // It is the same body: it has ended.
    assert_eq!(texts(pinned.try_iter()), [""; 0]);
    assert_eq!(texts(Box::pin(numbers("7 x")).try_iter()), wanted);
    type Numbers<'a> = dyn Resume<Yield = i32, Argument = Next, Return = Result<(), ParseIntError>> + 'a;
    let object: Pin<Box<Numbers<'_>>> = Box::pin(numbers("7 x"));
    assert_eq!(texts(object.try_iter()), wanted);
}

#[test]
fn a_routine_has_it() {
    let body = routine(async |mut co: Co<'_, i32>| {
        co.yield_(1).await;
        Err::<(), _>("torn")
    });
    assert_eq!(Box::pin(body).try_iter().collect::<Vec<_>>(), [Ok(1), Err("torn")]);
}

#[test]
fn it_goes_on_where_the_generator_stands() {
    let mut body = pin!(numbers("1 2 x"));
    assert!(matches!(body.as_mut().resume(Some(Next)), Step::Yielded(1)));
    assert_eq!(texts(body.try_iter()), ["2", "invalid digit found in string"]);
}

#[test]
fn it_is_fused_and_drops_the_body_at_the_end() {
    fn fused<I: FusedIterator>(items: I) -> I {
        items
    }
    let owned = Rc::new(());
    let held = owned.clone();
    let mut items: TryIter<_> =
        fused(generator! { yield Rc::strong_count(&held); Err::<(), _>(()) }.try_iter());
    assert_eq!(items.next(), Some(Ok(2)));
    assert_eq!(items.next(), Some(Err(())));
    assert_eq!(Rc::strong_count(&owned), 1);
    assert_eq!(items.next(), None);
}

#[test]
fn dropping_it_early_drops_the_body() {
    let owned = Rc::new(());
    let held = owned.clone();
    let mut items = generator! { yield 1; drop(held); Ok::<(), ()>(()) }.try_iter();
    assert_eq!(items.next(), Some(Ok(1)));
    drop(items);
    assert_eq!(Rc::strong_count(&owned), 1);
}

#[test]
fn delegation_gives_the_error_to_the_outer_body() {
    let outer = generator! {
        yield 0;
        (yield from numbers("1 x"))?;
        yield 2;
        Ok::<(), ParseIntError>(())
    };
    assert_eq!(texts(outer.try_iter()), ["0", "1", "invalid digit found in string"]);
}

#[test]
fn return_values_that_may_be_dropped_are_dropped_by_loops() {
    assert_eq!(generator! { yield 1; 5_u8 }.into_iter().count(), 1);
    assert_eq!(generator! { yield 1; "text" }.into_iter().count(), 1);
    assert_eq!(generator! { yield 1; Some(String::new()) }.into_iter().count(), 1);
    assert_eq!(generator! { yield 1; vec![(1, 'a')] }.into_iter().count(), 1);
    assert_eq!(generator! { loop { yield 1; } }.into_iter().take(2).count(), 2);
    assert_eq!(Shared::new(generator! { yield 1; 2 }).try_next(), Ok(Some(1)));
}

#[test]
fn streams_of_results_end_with_the_error_and_stay_ended() {
    let mut stream = pin!(async_generator! { yield 1; Err::<(), _>("torn") }.into_try_stream());
    block_on(async {
        assert_eq!(stream.next().await, Some(Ok(1)));
        assert!(!stream.is_terminated());
        assert_eq!(stream.next().await, Some(Err("torn")));
        assert!(stream.is_terminated());
        assert_eq!(stream.next().await, None);
    });
    let routine = async_routine(async |mut co: Co<'_, i32>| {
        co.yield_(1).await;
        Err::<(), _>("torn")
    });
    assert_eq!(block_on(routine.into_try_stream().try_collect::<Vec<_>>()), Err("torn"));
}
