//! Threads of a machine. Outside of one they are the system's.

use std::io;
use std::thread;

use super::machine::{self, Awaited};

#[derive(Debug)]
pub(crate) struct ThreadBuilder(thread::Builder);

/// A thread that can be joined.
#[derive(Debug)]
pub(crate) struct ThreadHandle<T> {
    handle: thread::JoinHandle<T>,
    number: Option<usize>,
}

impl ThreadBuilder {
    pub(crate) fn new() -> ThreadBuilder {
        ThreadBuilder(thread::Builder::new())
    }

    pub(crate) fn name(self, name: String) -> ThreadBuilder {
        ThreadBuilder(self.0.name(name))
    }

    pub(crate) fn stack_size(self, size: usize) -> ThreadBuilder {
        ThreadBuilder(self.0.stack_size(size))
    }

    pub(crate) fn spawn<T: Send + 'static>(
        self,
        f: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<ThreadHandle<T>> {
        /// Ends the thread even if it unwinds.
        struct AtEnd;
        impl Drop for AtEnd {
            fn drop(&mut self) {
                machine::end_thread();
            }
        }
        let number = machine::add_thread();
        let begun = self.0.spawn(move || {
            let Some(number) = number else { return f() };
            machine::begin_thread(number);
            let _at_end = AtEnd;
            f()
        });
        if let (Err(_), Some(number)) = (&begun, number) {
            machine::cancel_thread(number);
        }
        Ok(ThreadHandle { handle: begun?, number })
    }
}

impl<T> ThreadHandle<T> {
    pub(crate) fn join(self) -> thread::Result<T> {
        if let Some(number) = self.number {
            while !machine::has_ended(number) {
                machine::wait_for(Awaited::End(number), None);
            }
        }
        self.handle.join()
    }
}

pub(crate) fn spawn<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> ThreadHandle<T> {
    ThreadBuilder::new().spawn(f).expect("the system has room for a thread")
}

pub(crate) fn yield_now() {
    machine::step_back();
    if !machine::is_on_machine() {
        thread::yield_now();
    }
}
