//! The thread that writes a dump at each SIGQUIT.

use std::io;

use crate::primitive::thread;
use crate::sync::oneshot;

/// The thread, as its runtime has it. It ends soon after this is dropped.
pub(super) struct QuitDumps {
    close: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl QuitDumps {
    /// Starts the thread with `work`, which is to end when what it gets is closed.
    pub(super) fn start(work: impl FnOnce(oneshot::Receiver<()>) + Send + 'static) -> io::Result<QuitDumps> {
        let (close, closed) = oneshot::channel();
        let builder = thread::Builder::new().name("heist-quit-dump".to_owned());
        let thread = builder.spawn(move || work(closed)).map_err(|error| {
            let text = format!("the system refused a thread for dumps at SIGQUIT: {error}");
            io::Error::new(error.kind(), text)
        })?;
        Ok(QuitDumps { close, thread })
    }

    /// Ends the thread, and waits for it.
    pub(super) fn end(self) {
        drop(self.close);
        // If it has panicked, there are no dumps any more, and nothing else is lost.
        let _ = self.thread.join();
    }
}
