//! Attributes inside the bodies of generators: they mean what they mean in any function, wherever a macro rewrites the
//! code that they stand on.
#![allow(clippy::let_unit_value, clippy::no_effect)]
#![deny(unused_variables, unused_must_use, unfulfilled_lint_expectations)]

use futures::StreamExt;
use futures::executor::block_on;
use heist::generator::{
    CoroutineExt, GeneratorExt, Outcome, Step, async_coroutine, async_generator, attempt, coroutine,
    generator,
};
use std::future::ready;
use std::pin::pin;

/// Must not be called: the call is configured out.
#[allow(dead_code)]
fn never<T>() -> T {
    panic!("ran although it is configured out")
}

#[test]
fn a_yield_that_is_configured_out_does_not_run() {
    let items: Vec<i32> = generator! {
        #[cfg(any())]
        yield never();
        #[cfg(all())]
        yield 1;
        #[cfg(any())]
        yield from [never()];
        #[cfg(all())]
        yield from [2, 3];
        #[cfg_attr(all(), cfg(any()))]
        yield ::core::convert::identity(never());
        #[cfg_attr(any(), cfg(any()))]
        yield ::core::convert::identity(4);
        #[cfg(any())]
        yield no_such_name;
    }
    .into_iter()
    .collect();
    assert_eq!(items, [1, 2, 3, 4]);
}

#[test]
fn so_does_one_in_an_asynchronous_body_and_so_does_an_await() {
    let items: Vec<i32> = block_on(
        async_generator! {
            #[cfg(any())]
            yield never();
            #[cfg(any())]
            never::<std::future::Ready<()>>().await;
            #[cfg(all())]
            ready(()).await;
            #[cfg(any())]
            yield from [never()];
            yield 1;
            #[cfg(any())]
            ready(never::<Result<(), ()>>()).await.unwrap();
            #[cfg(all())]
            yield from futures::stream::iter([2]);
        }
        .collect(),
    );
    assert_eq!(items, [1, 2]);
}

#[test]
fn a_statement_around_a_yield_keeps_its_attributes() {
    let mut body = pin!(coroutine! { |_: i32|
        let mut sum = 0;
        #[cfg(any())]
        (yield never())?;
        #[cfg(any())]
        let sum: i32 = (yield never())?;
        #[cfg(any())]
        { sum += (yield never())?; }
        #[cfg(all())]
        { sum += (yield sum)?; }
        #[cfg(any())]
        return Ok((yield never())?);
        #[cfg(any())]
        if (yield never())? > 0 { sum = never(); }
        #[cfg(any())]
        for _ in 0..(yield never())? {}
        #[cfg(any())]
        match (yield never())? { _ => {} }
        #[allow(unused_variables)]
        let unused = (yield sum)?;
        Ok(sum)
    });
    assert_eq!(body.start(), Ok(Step::Yielded(0)));
    assert_eq!(body.send(5), Ok(Step::Yielded(5)));
    assert_eq!(body.send(6), Ok(Step::Returned(5)));
}

#[test]
fn the_parts_of_expressions_keep_theirs() {
    struct Both {
        one: Outcome<i32>,
        #[cfg(any())]
        other: i32,
    }
    let mut body = pin!(coroutine! { |_: i32|
        let both = Both {
            one: yield 1,
            #[cfg(any())]
            other: yield never(),
        };
        let mut list = Vec::new();
        list.extend([#[cfg(any())] yield never(), #[cfg(all())] yield 2]);
        list.push(#[cfg(all())] yield 3);
        let pair = (#[cfg(any())] yield never(), yield 4,);
        let chosen = match both.one? {
            #[cfg(any())]
            _ => never(),
            #[allow(unreachable_patterns)]
            n => (yield n)?,
        };
        Ok(chosen + list.len() as i32 + pair.0?)
    });
    assert_eq!(body.start(), Ok(Step::Yielded(1)));
    assert_eq!(body.send(10), Ok(Step::Yielded(2)));
    assert_eq!(body.send(0), Ok(Step::Yielded(3)));
    assert_eq!(body.send(0), Ok(Step::Yielded(4)));
    assert_eq!(body.send(100), Ok(Step::Yielded(10)));
    assert_eq!(body.send(1000), Ok(Step::Returned(1102)));
}

#[test]
fn the_last_expression_of_a_block_keeps_its_attributes() {
    let items: Vec<i32> = generator! {
        { #[cfg(any())] yield never() }
        { yield 1; #[cfg(all())] yield 2 }
        #[cfg(any())]
        yield never()
    }
    .into_iter()
    .collect();
    assert_eq!(items, [1, 2]);
}

#[test]
fn lints_of_a_yield_are_those_of_its_attributes() {
    let items: Vec<i32> = generator! {
        #[expect(unused_variables)]
        yield { let unused = 1; 2 };
        #[allow(unused_variables, unused_must_use)]
        yield { let unused = 1; Ok::<(), ()>(()); 3 };
        #[rustfmt::skip]
        yield 4;
        #[expect(unused_variables)]
        { let unused = (yield 5); }
    }
    .into_iter()
    .collect();
    assert_eq!(items, [2, 3, 4, 5]);
    let awaited: Vec<i32> = block_on(
        async_generator! {
            #[expect(unused_must_use)]
            ready(Ok::<(), ()>(())).await;
            yield 1;
        }
        .collect(),
    );
    assert_eq!(awaited, [1]);
}

#[test]
fn a_body_may_begin_with_attributes_of_its_own() {
    let items = generator! {
        #![allow(unused_variables)]
        let unused = 1;
        yield 1;
    };
    assert_eq!(items.into_iter().count(), 1);
    generator! {
        fn item() -> yields i32 {
            #![expect(unused_variables)]
            let unused = 1;
            yield 1;
        }
    }
    assert_eq!(item().into_iter().count(), 1);
    let mut talk = pin!(async_coroutine! { |_: u8|
        #![allow(unused_variables)]
        let unused = (yield 1)?;
        Ok(())
    });
    block_on(async {
        use heist::generator::AsyncCoroutineExt;
        assert_eq!(talk.astart().await, Ok(Step::Yielded(1)));
    });
}

#[test]
fn items_and_their_parameters_keep_their_attributes() {
    generator! {
        #[cfg(any())]
        fn numbers() -> yields String { yield never(); }

        #[cfg(all())]
        fn numbers(#[cfg(any())] missing: i32, #[allow(unused_variables)] n: i32) -> yields i32 { yield 1; }
    }
    assert_eq!(numbers(0).into_iter().collect::<Vec<_>>(), [1]);
}

#[test]
fn attempts_keep_their_attributes() {
    let mut body = pin!(coroutine! { |_: i32, String|
        #[cfg(any())]
        attempt! { (yield never())?; };
        #[cfg(any())]
        attempt!((yield never())?);
        #[expect(unused_variables)]
        let unused: Outcome<i32, String> = attempt! { (yield 1)? };
        let caught: Outcome<i32, String> = attempt! {
            #![allow(unused_variables)]
            #[cfg(any())]
            (yield never())?;
            #[cfg(any())]
            Err(never::<String>())?;
            let unused = 1;
            2
        };
        caught
    });
    assert_eq!(body.start(), Ok(Step::Yielded(1)));
    assert_eq!(body.send(0), Ok(Step::Returned(2)));
    let outside: Result<i32, String> = attempt! {
        #[cfg(any())]
        Err(never::<String>())?;
        #[cfg(all())]
        Ok::<(), String>(())?;
        3
    };
    assert_eq!(outside, Ok(3));
}

macro_rules! block {
    ($($body:tt)*) => { { $($body)* } };
}

#[test]
fn attributes_inside_of_other_macros_stay() {
    let items: Vec<i32> = generator! {
        block! { #[cfg(any())] yield never(); #[cfg(all())] yield 1; }
        block! { #[cfg(any())] yield from [never()]; yield 2 }
    }
    .into_iter()
    .collect();
    assert_eq!(items, [1, 2]);
}

#[test]
fn wrong_code_that_is_configured_out_is_no_error() {
    let items: Vec<i32> = generator! {
        #[cfg(any())]
        ready(1).await;
        #[cfg(any())]
        [1].iter().for_each(|n| yield *n);
        #[cfg(any())]
        let later = async { yield 1; };
        #[cfg(any())]
        fn inner() { yield 1; }
        #[cfg(any())]
        yield from;
        yield 1;
    }
    .into_iter()
    .collect();
    assert_eq!(items, [1]);
    generator! {
        fn plain() -> yields i32 {
            #[cfg(any())]
            "1".parse::<i32>()?;
            yield 1;
        }
    }
    assert_eq!(plain().into_iter().count(), 1);
}

#[test]
fn a_fallible_body_keeps_them_too() {
    let mut items = pin!(generator! {
        #[cfg(any())]
        never::<Result<(), &str>>()?;
        yield 1;
        #[cfg(all())]
        Err("torn")?;
        Ok(())
    });
    let items: Vec<Result<i32, &str>> = items.as_mut().try_iter().collect();
    assert_eq!(items, [Ok(1), Err("torn")]);
}
