//! Takes connections off the listener and spawns a task for each.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use heist::net::TcpListener;
use heist::time::sleep;

use crate::connection::Server;
use crate::shutdown::Shutdown;

/// The pause after a failed accept. It doubles while accepting keeps failing.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Accepts for ever; drop it to stop.
pub(crate) async fn run(listener: &TcpListener, server: &Arc<Server>, shutdown: &Shutdown) {
    let mut pause = PAUSE_MIN;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                pause = PAUSE_MIN;
                heist::spawn(server.clone().serve(stream, shutdown.join()));
            }
            Err(error) if concerns_one_client(&error) => server.totals.errors.add(1),
            Err(error) => {
                // Out of descriptors or memory, most likely. To retry at once would spin; connections that end
                // meanwhile make room.
                server.totals.errors.add(1);
                eprintln!("serve: cannot accept: {error}; trying again in {} ms", pause.as_millis());
                sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

/// The client was gone before it was accepted. The next one is not affected.
fn concerns_one_client(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
