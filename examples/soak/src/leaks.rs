//! The planted faults that belong to no other room: things that stay after a round.

use std::future::pending;
use std::hint::black_box;
use std::mem::forget;
use std::time::Duration;

use futures::poll;
use heist::net::UnixDatagram;
use heist::time::sleep;

use crate::plant::Plant;
use crate::violation::{MustWork, Violation};

/// Above what the base line permits in one round.
const MEMORY_BYTES: usize = 64 << 20;

/// Leaks what is to be leaked, once.
pub(crate) async fn leak(plant: Plant) -> Result<(), Violation> {
    match plant {
        Plant::LeakedDescriptor => forget(std::fs::File::open("/dev/null").must("open")?),
        Plant::LeakedTask => drop(heist::spawn(pending::<()>())),
        // Without a name it would have that of the worker which starts it, as stand-ins do.
        Plant::LeakedThread => {
            drop(std::thread::Builder::new().name("leaked".to_owned()).spawn(park_for_ever))
        }
        Plant::LeakedMemory => forget(black_box(vec![1_u8; MEMORY_BYTES])),
        Plant::LeakedTimer => {
            let mut timer = Box::pin(sleep(Duration::from_secs(3600)));
            assert!(poll!(timer.as_mut()).is_pending(), "an hour is long");
            forget(timer);
        }
        Plant::LeakedOperation => {
            let (left, right) = UnixDatagram::pair().must("pair")?;
            let mut receiving = Box::pin(async move { right.recv(&mut [0; 8]).await });
            assert!(poll!(receiving.as_mut()).is_pending(), "nothing has been sent");
            forget((left, receiving));
        }
        Plant::StuckTask => heist::spawn(pending::<()>()).await.expect("it never ends"),
        _ => {}
    }
    Ok(())
}

fn park_for_ever() {
    loop {
        std::thread::park();
    }
}
