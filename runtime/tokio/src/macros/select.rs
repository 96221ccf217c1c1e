//! `select!`.
//!
//! The macro takes one branch after the other from its input, and with it a pair from a list: the
//! variant that its output gets, and the index of its future in a tuple. Then all branches are
//! known by name. `tokio-macros` declares the type of the output, and makes a pattern one that can
//! look without taking.

/// Waits for several futures in one task until the output of one of them matches its pattern, runs
/// the code of that branch, and drops the others.
///
/// The first future to be polled is chosen by chance. With `biased;` before the branches, they are
/// polled in their order. A branch is `pattern = future => code`, or with a condition `pattern =
/// future, if condition => code`; `else => code` runs when no branch is left. There are up to 64
/// branches.
#[macro_export]
macro_rules! select {
    // All branches are known.
    (@ $start:ident [$($_free:tt)*] {
        $($variant:ident $index:tt ($pattern:pat) ($future:expr) ($($guard:expr)?) ($code:expr))+
    } else ($else:expr)) => {{
        // Function-like macros can stand where items can.
        #[doc(hidden)]
        mod __tokio_select {
            $crate::select_priv_declare_output_enum!(($($index)+));
        }
        let mut disabled: __tokio_select::Mask = 0;
        $($(
            if !$guard {
                disabled |= 1 << $index;
            }
        )?)+
        let mut output = {
            // First the expressions alone, so that their temporaries live as long as the futures.
            let futures = ($($future,)+);
            // Nothing is moved out of this tuple, so that its fields are pinned.
            let mut futures = ($($crate::macros::support::IntoFuture::into_future(futures.$index),)+);
            // The closure borrows them: one that owned them could be moved with them.
            let futures = &mut futures;
            $crate::macros::support::poll_fn(|cx| {
                // A future that knows the budget would yield, and one that does not would go on for
                // ever.
                $crate::macros::support::ready!($crate::macros::support::poll_budget_available(cx));
                // Of one place, so that one reference is captured, and not one for each field.
                let futures = &mut *futures;
                let branch_count = [$($index),+].len() as u32;
                let start = $crate::macros::support::$start(branch_count);
                let mut is_pending = false;
                for turn in 0..branch_count {
                    match (start + turn) % branch_count {
                        // An output type without values makes some of it unreachable.
                        $(#[allow(unreachable_code)] $index => {
                            let bit = 1 << $index;
                            if disabled & bit != 0 {
                                continue;
                            }
                            // SAFETY: the future is never moved, see above.
                            let future = unsafe {
                                $crate::macros::support::Pin::new_unchecked(&mut futures.$index)
                            };
                            let output = match $crate::macros::support::Future::poll(future, cx) {
                                $crate::macros::support::Poll::Ready(output) => output,
                                $crate::macros::support::Poll::Pending => {
                                    is_pending = true;
                                    continue;
                                }
                            };
                            disabled |= bit;
                            #[allow(unused_variables, unused_mut)]
                            match &output {
                                $crate::select_priv_clean_pattern!($pattern) => {}
                                _ => continue,
                            }
                            return $crate::macros::support::Poll::Ready(
                                __tokio_select::Out::$variant(output),
                            );
                        })+
                        _ => unreachable!("an index is below the number of branches"),
                    }
                }
                if is_pending {
                    $crate::macros::support::Poll::Pending
                } else {
                    $crate::macros::support::Poll::Ready(__tokio_select::Out::Disabled)
                }
            })
            .await
        };
        match output {
            $(__tokio_select::Out::$variant($pattern) => $code,)+
            __tokio_select::Out::Disabled => $else,
            _ => unreachable!("failed to match bind"),
        }
    }};

    // The end of the branches.
    (@ $start:ident $free:tt $known:tt) => {
        $crate::select!(@ $start $free $known else (
            panic!("all branches are disabled and there is no else branch")
        ))
    };
    (@ $start:ident $free:tt $known:tt else => $else:expr $(,)?) => {
        $crate::select!(@ $start $free $known else ($else))
    };
    (@ $start:ident [] $known:tt $($_rest:tt)+) => {
        ::core::compile_error!("up to 64 branches supported")
    };

    // One more branch. A comma may be missing after a block, and after the last one.
    (@ $start:ident [($($name:tt)+) $($free:tt)*] {$($known:tt)*}
        $pattern:pat = $future:expr $(, if $guard:expr)? => $code:block, $($rest:tt)*) => {
        $crate::select!(@ $start [$($free)*]
            {$($known)* $($name)+ ($pattern) ($future) ($($guard)?) ($code)} $($rest)*)
    };
    (@ $start:ident [($($name:tt)+) $($free:tt)*] {$($known:tt)*}
        $pattern:pat = $future:expr $(, if $guard:expr)? => $code:block $($rest:tt)*) => {
        $crate::select!(@ $start [$($free)*]
            {$($known)* $($name)+ ($pattern) ($future) ($($guard)?) ($code)} $($rest)*)
    };
    (@ $start:ident [($($name:tt)+) $($free:tt)*] {$($known:tt)*}
        $pattern:pat = $future:expr $(, if $guard:expr)? => $code:expr) => {
        $crate::select!(@ $start [$($free)*]
            {$($known)* $($name)+ ($pattern) ($future) ($($guard)?) ($code)})
    };
    (@ $start:ident [($($name:tt)+) $($free:tt)*] {$($known:tt)*}
        $pattern:pat = $future:expr $(, if $guard:expr)? => $code:expr, $($rest:tt)*) => {
        $crate::select!(@ $start [$($free)*]
            {$($known)* $($name)+ ($pattern) ($future) ($($guard)?) ($code)} $($rest)*)
    };

    // The list of names.
    (@@ $start:ident $($branches:tt)+) => {
        $crate::select!(@ $start [
            (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7)
            (_8 8) (_9 9) (_10 10) (_11 11) (_12 12) (_13 13) (_14 14) (_15 15)
            (_16 16) (_17 17) (_18 18) (_19 19) (_20 20) (_21 21) (_22 22) (_23 23)
            (_24 24) (_25 25) (_26 26) (_27 27) (_28 28) (_29 29) (_30 30) (_31 31)
            (_32 32) (_33 33) (_34 34) (_35 35) (_36 36) (_37 37) (_38 38) (_39 39)
            (_40 40) (_41 41) (_42 42) (_43 43) (_44 44) (_45 45) (_46 46) (_47 47)
            (_48 48) (_49 49) (_50 50) (_51 51) (_52 52) (_53 53) (_54 54) (_55 55)
            (_56 56) (_57 57) (_58 58) (_59 59) (_60 60) (_61 61) (_62 62) (_63 63)
        ] {} $($branches)+)
    };

    // What a program writes.
    () => { ::core::compile_error!("select! requires at least one branch.") };
    (biased;) => { ::core::compile_error!("select! requires at least one branch.") };
    ($(biased;)? else => $else:expr $(,)?) => {{ $else }};
    (biased; $($branches:tt)+) => { $crate::select!(@@ start_at_first $($branches)+) };
    ($($branches:tt)+) => { $crate::select!(@@ start_anywhere $($branches)+) };
}
