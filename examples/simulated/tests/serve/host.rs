//! The server's host: its program, and the files on its disk.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::select;
use heist::net::TcpListener;
use heist::runtime::Builder;
use heist::sim::Disk;

use crate::connection::Server;
use crate::service::Site;
use crate::shutdown::Shutdown;
use crate::totals::Totals;
use crate::{acceptor, opened};

/// The server listens here for clients,
pub(crate) const PORT: u16 = 80;
/// and here for the request to end.
pub(crate) const END_PORT: u16 = 81;
/// The file that says that it has ended.
pub(crate) const ENDED: &str = "/ended";
/// The last file that is put on its disk.
const READY: &str = "/site/ready";

/// How long a client may say nothing, or accept nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// When the server has given up on each connection whose client is gone, with its files.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// The files and their sizes: nothing, what is copied, what is sent without a copy, and more than
/// hyper is given at once.
pub(crate) const FILES: [(&str, usize); 5] = [
    ("empty", 0),
    ("small.txt", 1000),
    ("folder/page.html", 4097),
    ("large", 150_000),
    ("huge.bin", 1_100_000),
];

/// Byte `at` of a file differs from its neighbours, and from that of other files.
pub(crate) fn contents(size: usize) -> Vec<u8> {
    (0..size)
        .map(|at| ((at ^ (at >> 8) ^ (at >> 16)) as u8).wrapping_mul(167).wrapping_add(size as u8))
        .collect()
}

/// Puts the files on the server's disk.
pub(crate) fn fill(disk: &Disk) {
    for (name, size) in FILES {
        disk.write(Path::new("/site").join(name), contents(size)).unwrap();
    }
    disk.write(READY, "").unwrap();
}

/// The program: the server of `examples/serve`, but for its options and signals.
pub(crate) fn program() {
    while !Path::new(READY).exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let runtime = Builder::new_multi_thread().enable_all().max_blocking_threads(4).build().unwrap();
    runtime.block_on(runtime.spawn(serve_until_asked())).unwrap();
    drop(runtime);
    std::fs::write(ENDED, "").unwrap();
    loop {
        std::thread::park();
    }
}

async fn serve_until_asked() {
    let server = Arc::new(Server {
        site: Site::new(Path::new("/site"), false).unwrap(),
        totals: Arc::new(Totals::default()),
        header_timeout: SILENCE,
        stall_timeout: SILENCE,
    });
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await.unwrap();
    let end = TcpListener::bind(("0.0.0.0", END_PORT)).await.unwrap();
    let swept = server.clone();
    drop(heist::spawn(async move {
        loop {
            heist::time::sleep(opened::AGE_MAX).await;
            swept.site.sweep();
        }
    }));
    let shutdown = Shutdown::default();
    select(pin!(end.accept()), pin!(acceptor::run(&listener, &server, &shutdown))).await;
    drop(listener);
    shutdown.begin().await;
}
