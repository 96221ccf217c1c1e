//! `join!` and `try_join!`.
//!
//! Both take one expression after the other from their input and the index of its future from a
//! list, so that the futures stand in a tuple whose fields have names. Outputs stay in the tuple
//! until all are there.

/// Waits for several futures in one task, and returns all of their outputs as a tuple.
///
/// The futures take turns in being polled first. With `biased;` before them, they are polled in
/// their order.
#[macro_export]
macro_rules! join {
    () => { async {}.await };
    (biased;) => { async {}.await };
    (biased; $($future:expr),+ $(,)?) => { $crate::__join_indexed!(join_polled Biased $($future,)+) };
    ($($future:expr),+ $(,)?) => { $crate::__join_indexed!(join_polled Rotating $($future,)+) };
}

/// Waits for several futures in one task until one of them fails, and returns its error or a tuple
/// of outputs.
///
/// The futures take turns in being polled first. With `biased;` before them, they are polled in
/// their order.
#[macro_export]
macro_rules! try_join {
    () => { async { $crate::macros::support::Result::Ok(()) }.await };
    (biased;) => { async { $crate::macros::support::Result::Ok(()) }.await };
    (biased; $($future:expr),+ $(,)?) => { $crate::__join_indexed!(try_join_polled Biased $($future,)+) };
    ($($future:expr),+ $(,)?) => { $crate::__join_indexed!(try_join_polled Rotating $($future,)+) };
}

/// Gives each future its index, and goes on with one of the rules at the end.
#[doc(hidden)]
#[macro_export]
macro_rules! __join_indexed {
    (@ $then:ident $turns:ident [$($_free:tt)*] {$($index:tt ($future:expr))+}) => {{
        // Nothing is moved out of the tuple, so that its fields are pinned.
        let mut futures = ($($crate::macros::support::maybe_done($future),)+);
        // The closure borrows them: one that owned them could be moved with them.
        let futures = &mut futures;
        let mut turns =
            <$crate::macros::support::$turns<{ [$($index),+].len() as u32 }> as ::core::default::Default>::default();
        $crate::macros::support::poll_fn(move |cx| {
            $crate::__join_indexed!($then futures turns cx $($index)+)
        })
        .await
    }};
    (@ $then:ident $turns:ident [$index:tt $($free:tt)*] {$($done:tt)*} $future:expr, $($rest:tt)*) => {
        $crate::__join_indexed!(@ $then $turns [$($free)*] {$($done)* $index ($future)} $($rest)*)
    };
    (@ $then:ident $turns:ident [] {$($_done:tt)*} $($_rest:tt)+) => {
        ::core::compile_error!("up to 64 futures are supported")
    };

    // The body of a poll, in which `$ready` has a look at each output.
    (@poll $futures:ident $turns:ident $cx:ident [$($index:tt)+] |$future:ident| $ready:expr) => {{
        let count = [$($index),+].len() as u32;
        let first = $crate::macros::support::FirstTurn::advance(&mut $turns);
        let mut is_pending = false;
        for turn in 0..count {
            match (first + turn) % count {
                $($index => {
                    // SAFETY: the future is never moved, see above.
                    let mut $future = unsafe {
                        $crate::macros::support::Pin::new_unchecked(&mut $futures.$index)
                    };
                    match $crate::macros::support::Future::poll($future.as_mut(), $cx) {
                        $crate::macros::support::Poll::Ready(()) => $ready,
                        $crate::macros::support::Poll::Pending => is_pending = true,
                    }
                })+
                _ => unreachable!("an index is below the number of futures"),
            }
        }
        if is_pending {
            return $crate::macros::support::Poll::Pending;
        }
    }};
    (@output $futures:ident $index:tt) => {{
        // SAFETY: the future is never moved, see above.
        let future = unsafe { $crate::macros::support::Pin::new_unchecked(&mut $futures.$index) };
        future.take_output().expect("expected completed future")
    }};

    (join_polled $futures:ident $turns:ident $cx:ident $($index:tt)+) => {{
        $crate::__join_indexed!(@poll $futures $turns $cx [$($index)+] |future| {});
        // An output type without values makes this unreachable.
        #[allow(unreachable_code)]
        {
            $crate::macros::support::Poll::Ready(($($crate::__join_indexed!(@output $futures $index),)+))
        }
    }};
    (try_join_polled $futures:ident $turns:ident $cx:ident $($index:tt)+) => {{
        $crate::__join_indexed!(@poll $futures $turns $cx [$($index)+] |future| {
            if future.as_mut().output_mut().expect("expected completed future").is_err() {
                let output = future.take_output().expect("expected completed future");
                // An error type without values: no expression of that type may stand here.
                return $crate::macros::support::Poll::Ready(
                    output.err().map($crate::macros::support::Result::Err).expect("it is an error"),
                );
            }
        });
        // An output type without values makes this unreachable.
        #[allow(unreachable_code)]
        {
            $crate::macros::support::Poll::Ready($crate::macros::support::Result::Ok((
                $($crate::__join_indexed!(@output $futures $index).ok().expect("expected Ok(_)"),)+
            )))
        }
    }};

    ($then:ident $turns:ident $($future:expr,)+) => {
        $crate::__join_indexed!(@ $then $turns [
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
        ] {} $($future,)+)
    };
}
