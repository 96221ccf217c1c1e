//! [`AsyncSeekExt`]: methods of everything that has a position.

use super::AsyncSeek;
use pin_project_lite::pin_project;
use std::io::{self, SeekFrom};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// The future of [`seek`](AsyncSeekExt::seek).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Seek<'a, S: ?Sized> {
        stream: &'a mut S,
        // Gone when the seek has been started.
        target: Option<SeekFrom>,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<S: AsyncSeek + Unpin + ?Sized> Future for Seek<'_, S> {
    type Output = io::Result<u64>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.project();
        let mut stream = Pin::new(&mut **this.stream);
        if let Some(target) = *this.target {
            // Somebody may have given up a seek that is still under way.
            ready!(stream.as_mut().poll_complete(cx))?;
            stream.as_mut().start_seek(target)?;
            *this.target = None;
        }
        stream.poll_complete(cx)
    }
}

/// Methods of everything that implements [`AsyncSeek`].
pub trait AsyncSeekExt: AsyncSeek {
    /// Moves to `pos`, and returns the position from the start.
    fn seek(&mut self, pos: SeekFrom) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        Seek { stream: self, target: Some(pos), pinned: PhantomPinned }
    }

    /// Moves to the start.
    fn rewind(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Start(0))
    }

    /// The position from the start.
    fn stream_position(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Current(0))
    }
}

impl<S: AsyncSeek + ?Sized> AsyncSeekExt for S {}
