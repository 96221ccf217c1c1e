//! Receives into the runtime's own buffers, on every back end: what arrives, who holds a buffer, and where it goes.

mod cancel;
mod counting;
mod datagram;
mod hold;
#[cfg(unix)]
mod local_datagram;
#[cfg(unix)]
mod memory;
mod stream;
#[path = "../support/mod.rs"]
mod support;

use counting::Counting;
use futures::join;
use heist::net::{TcpListener, TcpStream};
use heist::runtime::Runtime;

use support::{Shape, backends, builder, watched};

#[global_allocator]
static ALLOCATOR: Counting = Counting::new();

/// Two ends of one connection.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (client, accepted) = join!(TcpStream::connect(address), listener.accept());
    (client.expect("connected"), accepted.expect("accepted").0)
}

/// Runs `test` on every runtime, with buffers of this length, of which each worker keeps so many.
#[track_caller]
pub(crate) fn with_buffers(bytes: usize, kept_max: usize, test: impl Fn(Runtime)) {
    for kind in backends() {
        for shape in [Shape::MultiThread, Shape::CurrentThread] {
            let mut builder = builder(shape, kind);
            builder.recv_buffer_bytes(bytes).recv_buffers_kept_max(kept_max);
            let runtime = builder.build().expect("this back end was just available");
            eprintln!("running: {shape:?} on {kind:?}");
            watched(|| test(runtime));
        }
    }
}
