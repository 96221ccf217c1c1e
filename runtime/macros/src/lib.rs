//! The attributes and generator macros of heist: one module per concern, and the list of them here.

use proc_macro::TokenStream;

mod entry;

/// Makes an `async fn main` into a program: builds a runtime and blocks on the body.
///
/// Options: `flavor = "multi_thread"` (default) or `"current_thread"`, `worker_threads = N`,
/// `driver = "auto" | "uring" | "poll"`.
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
