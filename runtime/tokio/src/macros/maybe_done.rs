//! A future that keeps its output, for `join!` and `try_join!`.

use pin_project_lite::pin_project;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// A future, its output, or nothing.
    // A layout without niches: to look for the variant must not read the memory of a future that
    // has references to itself.
    #[repr(C)]
    #[derive(Debug)]
    #[project = MaybeDonePinned]
    #[project_replace = MaybeDoneTaken]
    pub enum MaybeDone<F: Future> {
        Running { #[pin] future: F },
        Done { output: F::Output },
        Taken,
    }
}

/// Makes a future that keeps its output.
pub fn maybe_done<F: IntoFuture>(future: F) -> MaybeDone<F::IntoFuture> {
    MaybeDone::Running { future: future.into_future() }
}

impl<F: Future> MaybeDone<F> {
    /// Looks at the output, if it is there.
    pub fn output_mut(self: Pin<&mut Self>) -> Option<&mut F::Output> {
        match self.project() {
            MaybeDonePinned::Done { output } => Some(output),
            MaybeDonePinned::Running { .. } | MaybeDonePinned::Taken => None,
        }
    }

    /// Takes the output, if it is there. A future that still runs goes on.
    pub fn take_output(mut self: Pin<&mut Self>) -> Option<F::Output> {
        self.as_mut().output_mut()?;
        match self.project_replace(MaybeDone::Taken) {
            MaybeDoneTaken::Done { output } => Some(output),
            MaybeDoneTaken::Running { .. } | MaybeDoneTaken::Taken => None,
        }
    }
}

impl<F: Future> Future for MaybeDone<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let output = match self.as_mut().project() {
            MaybeDonePinned::Running { future } => ready!(future.poll(cx)),
            MaybeDonePinned::Done { .. } => return Poll::Ready(()),
            MaybeDonePinned::Taken => panic!("MaybeDone polled after value taken"),
        };
        self.set(MaybeDone::Done { output });
        Poll::Ready(())
    }
}
