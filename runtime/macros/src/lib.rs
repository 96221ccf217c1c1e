//! The attributes and generator macros of heist. Use them through the `heist` crate, which
//! re-exports and documents them, because their expansion names paths in it. The generator macros
//! receive the path of heist: `$crate` is the first token of their input. The attributes look it
//! up, see [`home`].
//!
//! The generator macros work in this order: [`spelling`] makes `yield` parseable, [`form`] reads
//! the header or the item signature, [`mod@attempt`] lowers `attempt!`, [`lower`] lowers each
//! `yield`, [`expand`] puts the body into its machine. [`entry`] writes the attributes.

mod attempt;
mod body;
mod entry;
mod expand;
mod form;
mod home;
mod lower;
mod spelling;

use proc_macro::TokenStream;

/// Makes an `async fn main` into a program: builds a runtime and blocks on the body.
///
/// | Option | Default | Effect |
/// |---|---|---|
/// | `flavor = "multi_thread"`, `"current_thread"` | `"multi_thread"` | several threads, or one |
/// | `worker_threads = N`, at least 1 | one per core | workers of a multi-thread runtime |
/// | `driver = "auto"`, `"uring"` or `"poll"` | as in `Builder` | which engine does the I/O |
/// | `start_paused = true` | `false` | starts with a paused clock; current-thread flavor only |
/// | `crate = "path::to::heist"` | looked up | the path by which the expansion names heist |
///
/// The macro finds heist under the name that `Cargo.toml` gives it. If heist is not a dependency of
/// the package, because another crate re-exports it, the macro uses the `heist` that is in scope,
/// or the path that `crate` names.
///
/// # Panics
/// The program panics if the runtime cannot start.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::main(arguments.into(), item.into()).into()
}

/// Makes an `async fn` into a test that runs on its own runtime. The options are those of
/// [`macro@main`], but the default flavor is `"current_thread"`, and `"multi_thread"` if
/// `worker_threads` is given.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::test(arguments.into(), item.into()).into()
}

/// Makes a function into a test that runs in simulated worlds, one for each seed. An `async fn`
/// runs on a runtime of its own in each world.
///
/// | Option | Default | Effect |
/// |---|---|---|
/// | `seeds = N`, at least 1 | 100 | how many worlds: the seeds from 0 on |
/// | `twice = true` | `false` | makes each world twice, and fails if the two differ |
/// | `exhaustive = N` | no | every schedule with up to N choices that are not the usual ones, for small programs; then `seeds` is 1 by default |
/// | those of [`macro@main`] | as there | the runtime of an `async fn` |
#[proc_macro_attribute]
pub fn sim_test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::sim_test(arguments.into(), item.into()).into()
}

/// Makes a synchronous generator: an iterator whose body yields.
#[proc_macro]
pub fn generator(input: TokenStream) -> TokenStream {
    expand::expand(input.into(), expand::MacroKind { is_async: false, is_coroutine: false }).into()
}

/// Makes a synchronous coroutine: it yields, and its caller can send to it, throw into it and close
/// it.
#[proc_macro]
pub fn coroutine(input: TokenStream) -> TokenStream {
    expand::expand(input.into(), expand::MacroKind { is_async: false, is_coroutine: true }).into()
}

/// Makes an asynchronous generator: a stream whose body yields and awaits.
#[proc_macro]
pub fn async_generator(input: TokenStream) -> TokenStream {
    expand::expand(input.into(), expand::MacroKind { is_async: true, is_coroutine: false }).into()
}

/// Makes an asynchronous coroutine: it awaits and yields, and its caller can send to it, throw into
/// it and close it.
#[proc_macro]
pub fn async_coroutine(input: TokenStream) -> TokenStream {
    expand::expand(input.into(), expand::MacroKind { is_async: true, is_coroutine: true }).into()
}

/// Makes a block that catches `?`: the value of the block is a `Result`.
#[proc_macro]
pub fn attempt(input: TokenStream) -> TokenStream {
    attempt::expand(input.into()).into()
}
