//! `heist web`: a page for browsers on this machine. The page asks this program, which looks at the
//! service; browsers that ask at the same time share a look.

mod answers;
mod facts;
mod groups;
mod guard;
mod kept_connection;
mod looks;
mod query;
mod refusal;
mod server;
mod shared_look;

use std::future::poll_fn;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::task::Poll;

use heist::net::TcpListener;
use heist::runtime::Builder;
use heist::signal::unix::{Signal, SignalKind, signal};
use serde_json::json;

use crate::failure::Failure;
use crate::find;
use crate::options::WebOptions;
use crate::output::Output;
use crate::protocol::Greeting;

use answers::Site;
use guard::{Guard, Secret};
use looks::Looks;

pub(crate) fn run(options: &WebOptions, output: &mut Output) -> Result<(), Failure> {
    let addressed = &options.addressed;
    // The service is there, or the command fails at once. From then on it may come and go.
    let client = find::open(&addressed.service, addressed.runtime.runtime.as_deref())?;
    let (path, greeting) = (client.path.clone(), client.greeting.clone());
    drop(client);
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start a runtime: {error}")))?;
    let served = runtime.block_on(serve(options, Looks::new(path), &greeting, output));
    // A look that is under way may take long, and nobody waits for it any more.
    runtime.shutdown_background();
    served
}

/// Until Ctrl-C, or the signal that ends programs.
async fn serve(
    options: &WebOptions,
    looks: Looks,
    greeting: &Greeting,
    output: &mut Output,
) -> Result<(), Failure> {
    let unwatched = |error: io::Error| Failure::new(format!("cannot watch signals: {error}"));
    let interrupt = signal(SignalKind::interrupt()).map_err(unwatched)?;
    let terminate = signal(SignalKind::terminate()).map_err(unwatched)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(|error| {
        Failure::new(format!(
            "cannot listen on 127.0.0.1:{}: {error}; without --port, a free one is taken",
            options.port
        ))
    })?;
    let port = listener.local_addr().map_err(|error| Failure::new(format!("a lost port: {error}")))?.port();
    let secret = Secret::random().map_err(|error| Failure::new(format!("/dev/urandom: {error}")))?;
    let url = format!("http://127.0.0.1:{port}/?key={secret}");
    if options.json {
        let line = json!({ "url": url, "pid": greeting.pid, "runtime": greeting.runtime.id });
        output.line(&line.to_string())?;
    } else {
        output.line(&url)?;
    }
    output.flush()?;
    let site = Arc::new(Site::new(Guard::new(port, secret), looks));
    drop(heist::spawn(server::serve(listener, site)));
    stopped(interrupt, terminate).await;
    Ok(())
}

async fn stopped(mut interrupt: Signal, mut terminate: Signal) {
    poll_fn(|context| {
        let has_come = interrupt.poll_recv(context).is_ready() || terminate.poll_recv(context).is_ready();
        if has_come { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
