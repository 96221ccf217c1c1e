//! `pin!`.

/// Pins values on the stack, in place of the variables that hold them.
///
/// `pin!(a, b);` pins variables; `pin! { let a = first(); let b = second(); }` makes them as well.
#[macro_export]
macro_rules! pin {
    ($($variable:ident),* $(,)?) => {$(
        let mut $variable = $variable;
        // The value has no name any more but the pinned one.
        #[allow(unused_mut)]
        let mut $variable = unsafe { $crate::macros::support::Pin::new_unchecked(&mut $variable) };
    )*};
    ($(let $variable:ident = $value:expr;)*) => {$(
        let $variable = $value;
        $crate::pin!($variable);
    )*};
}
