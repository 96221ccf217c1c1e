//! Opening on systems that cannot report whether the other end of a FIFO is there. Each open that
//! waits has its own thread, for which no runtime waits when it ends. An open whose future was
//! dropped continues to wait, and its peer then gets an end that closes at once.

use std::io;
use std::path::Path;

use crate::driver::file::Descriptor;
use crate::driver::file::pool;
use crate::system::open::OpenHow;

pub(super) async fn open(path: &Path, how: &OpenHow) -> io::Result<Descriptor> {
    let (place, options) = (path.to_owned(), how.to_std());
    let (is_append, is_direct) = (how.is_append, how.is_direct());
    #[cfg(unix)]
    if pool({
        let place = place.clone();
        move || Ok(waits(&place))
    })
    .await?
    {
        let file = alone::run(move || options.open(place))?.await?;
        return Ok(Descriptor::new(file, is_append, is_direct));
    }
    pool(move || Ok(Descriptor::new(options.open(place)?, is_append, is_direct))).await
}

#[cfg(unix)]
fn waits(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(unix)]
mod alone {
    //! A call on its own thread, for which only the future waits.

    use std::future::{Future, poll_fn};
    use std::io;
    use std::sync::Arc;
    use std::task::{Poll, Waker};
    use std::thread;

    use crate::primitive::sync::Mutex;

    struct AloneState<R> {
        result: Option<io::Result<R>>,
        waker: Option<Waker>,
    }

    pub(super) fn run<R: Send + 'static>(
        call: impl FnOnce() -> io::Result<R> + Send + 'static,
    ) -> io::Result<impl Future<Output = io::Result<R>>> {
        let shared = Arc::new(Mutex::new(AloneState { result: None, waker: None }));
        let there = shared.clone();
        thread::Builder::new().name("heist-open".to_owned()).stack_size(64 * 1024).spawn(move || {
            let result = call();
            let mut shared = there.lock();
            shared.result = Some(result);
            let waker = shared.waker.take();
            drop(shared);
            waker.into_iter().for_each(Waker::wake);
        })?;
        Ok(poll_fn(move |cx| {
            let fresh = cx.waker().clone();
            let mut shared = shared.lock();
            if let Some(result) = shared.result.take() {
                return Poll::Ready(result);
            }
            let old = shared.waker.replace(fresh);
            drop(shared);
            drop(old);
            Poll::Pending
        }))
    }
}
