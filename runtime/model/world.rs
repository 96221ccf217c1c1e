//! One run of a program: a runtime of its own, with a simulated kernel under an explorer.

use std::future::{Future, poll_fn};
#[cfg(any(rt_loom, rt_shuttle))]
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
#[cfg(all(rt_shuttle, not(rt_loom)))]
use std::sync::Arc;

#[cfg(all(rt_shuttle, not(rt_loom)))]
use crate::driver::fake::Kernel;
use crate::primitive::explorer::{program_step, while_running};
#[cfg(any(rt_loom, rt_shuttle))]
use crate::primitive::let_others_run;
#[cfg(all(rt_shuttle, not(rt_loom)))]
use crate::primitive::thread;
#[cfg(any(rt_loom, rt_shuttle))]
use crate::runtime::DriverKind;
use crate::runtime::{Builder, Runtime};

/// The stack of a worker's thread under an explorer. loom counts it in words.
#[cfg(any(rt_loom, rt_shuttle))]
const STACK: usize = if cfg!(rt_loom) { 0x8000 } else { 0x4_0000 };
/// Threads of the blocking pool in a model.
#[cfg(any(rt_loom, rt_shuttle))]
const BLOCKING_THREADS_MAX: usize = 2;

/// Runs the program once, from the start of its runtime to the end.
#[cfg(not(any(rt_loom, rt_shuttle)))]
pub(super) fn run<P: Future<Output = ()>>(workers: usize, program: impl FnOnce() -> P) {
    // The future is made inside of the runtime, as it is in a model.
    let runtime = build(workers);
    while_running(|| runtime.block_on(in_steps(program)));
}

/// Runs the program once, from the start of its runtime to the end. If it panics, nothing is ended:
/// no other thread takes a step after that, so that no second panic hides the first one.
#[cfg(any(rt_loom, rt_shuttle))]
pub(super) fn run<P: Future<Output = ()>>(workers: usize, program: impl FnOnce() -> P) {
    let runtime = build(workers);
    // loom drops threads that have not begun outside of the model, if the program panics at once.
    let_others_run();
    #[cfg(all(rt_shuttle, not(rt_loom)))]
    let clock = ModelClock::start(&runtime);
    let outcome = catch_unwind(AssertUnwindSafe(|| while_running(|| runtime.block_on(in_steps(program)))));
    if let Err(payload) = outcome {
        std::mem::forget(runtime);
        resume_unwind(payload);
    }
    drop(runtime);
    #[cfg(all(rt_shuttle, not(rt_loom)))]
    clock.stop();
}

/// The program's own future, each poll of which is a step of the program.
async fn in_steps<P: Future<Output = ()>>(program: impl FnOnce() -> P) {
    let mut running = pin!(async { program().await });
    poll_fn(|cx| {
        let _step = program_step();
        running.as_mut().poll(cx)
    })
    .await;
}

fn build(workers: usize) -> Runtime {
    let mut builder = match workers {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(workers);
    #[cfg(any(rt_loom, rt_shuttle))]
    builder.driver(DriverKind::Fake).thread_stack_size(STACK).max_blocking_threads(BLOCKING_THREADS_MAX);
    match builder.build() {
        Ok(runtime) => runtime,
        Err(error) => panic!("a runtime for a run of the model could not be built: {error}"),
    }
}

/// The thread that lets time pass under shuttle.
#[cfg(all(rt_shuttle, not(rt_loom)))]
struct ModelClock {
    kernel: Arc<Kernel>,
    thread: thread::JoinHandle<()>,
}

#[cfg(all(rt_shuttle, not(rt_loom)))]
impl ModelClock {
    fn start(runtime: &Runtime) -> ModelClock {
        let kernel = runtime.handle().shared().driver().kernel().clone();
        let there = kernel.clone();
        ModelClock { kernel, thread: thread::spawn(move || there.run_clock()) }
    }

    fn stop(self) {
        self.kernel.stop_clock();
        self.thread.join().expect("the clock does not panic");
    }
}
