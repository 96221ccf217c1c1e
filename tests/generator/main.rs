//! Generators and coroutines. `tests/GENERATORS.md` has the list of behaviours that the numbers are of; what must not
//! compile is in `tests/compile_fail`.

mod asynchronous;
mod attributes;
mod delegation;
mod fallible;
mod iteration;
mod native;
mod protocol;
mod soundness;
mod threads;
