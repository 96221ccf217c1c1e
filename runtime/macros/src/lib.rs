//! The attributes and generator macros of heist. Use them through the `heist` crate, which re-exports and documents
//! them: what they write names paths in it. The generator macros are told by heist where it is (`$crate` is the first
//! token of their input); the attributes look it up, see [`home`].
//!
//! The order of work for the generator macros: [`spelling`] makes `yield` parseable, [`form`] reads the header or the
//! item signature, [`mod@attempt`] lowers `attempt!`, [`lower`] lowers each `yield`, [`expand`] puts the body into its
//! machine. [`entry`] writes the attributes.

mod attempt;
mod entry;
mod expand;
mod form;
mod home;
mod lower;
mod spelling;

use proc_macro::TokenStream;

/// Makes an `async fn main` into a program: builds a runtime and blocks on the body.
///
/// Options: `flavor = "multi_thread"` (default) or `"current_thread"`, `worker_threads = N`,
/// `driver = "auto" | "uring" | "poll"`, `start_paused = true` (only with the current-thread flavor),
/// `crate = "path::to::heist"`.
///
/// heist is found under the name that `Cargo.toml` gives it. Where it is no dependency of the package (another crate
/// re-exports it), it is the `heist` that is in scope, or what `crate` names.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::main(arguments.into(), item.into()).into()
}

/// Makes an `async fn` into a test that runs on a runtime of its own, by default the current-thread one.
///
/// Options as for [`macro@main`].
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::test(arguments.into(), item.into()).into()
}

/// A synchronous generator: an iterator whose body yields.
#[proc_macro]
pub fn generator(input: TokenStream) -> TokenStream {
    expand::expand(input.into(), expand::Kind { is_async: false, is_coroutine: false }).into()
}

/// A synchronous coroutine: it yields, and is sent to, thrown into and closed.
#[proc_macro]
pub fn coroutine(input: TokenStream) -> TokenStream {
    expand::expand(input.into(), expand::Kind { is_async: false, is_coroutine: true }).into()
}

/// An asynchronous generator: a stream whose body yields and awaits.
#[proc_macro]
pub fn async_generator(input: TokenStream) -> TokenStream {
    expand::expand(input.into(), expand::Kind { is_async: true, is_coroutine: false }).into()
}

/// An asynchronous coroutine: it awaits, yields, and is sent to, thrown into and closed.
#[proc_macro]
pub fn async_coroutine(input: TokenStream) -> TokenStream {
    expand::expand(input.into(), expand::Kind { is_async: true, is_coroutine: true }).into()
}

/// A block that catches `?`: its value is a `Result`.
#[proc_macro]
pub fn attempt(input: TokenStream) -> TokenStream {
    attempt::expand(input.into()).into()
}
