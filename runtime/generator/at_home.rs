//! The generator macros as users call them: each passes the path of heist to the procedural macro.
//! So heist is found under any name, and through crates that re-export it.

#[doc(hidden)]
#[macro_export]
macro_rules! __generator {
    ($($body:tt)*) => { $crate::generator::expansion::generator! { $crate $($body)* } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __coroutine {
    ($($body:tt)*) => { $crate::generator::expansion::coroutine! { $crate $($body)* } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __async_generator {
    ($($body:tt)*) => { $crate::generator::expansion::async_generator! { $crate $($body)* } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __async_coroutine {
    ($($body:tt)*) => { $crate::generator::expansion::async_coroutine! { $crate $($body)* } };
}
