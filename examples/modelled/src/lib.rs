//! Two structures for tasks that share them, and the models in which every order of the tasks is
//! tried: a queue without locks, and a pool of connections.
//!
//! ```sh
//! cargo test -p modelled                                          # on real threads
//! RUSTFLAGS="--cfg rt_loom" cargo test --release -p modelled      # every interleaving
//! RUSTFLAGS="--cfg rt_shuttle" cargo test --release -p modelled   # random schedules
//! ```
//! Each structure has models of it as it is, and of it with a fault, which the explorers find.

pub mod pool;
pub mod queue;
