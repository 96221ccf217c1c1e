//! One connection from accept to close: hyper speaks HTTP, heist carries it.

use std::error::Error;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use heist::net::TcpStream;
use heist::time::timeout;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};

use crate::content::Content;
use crate::guard::Guard;
use crate::service::Site;
use crate::shutdown::Member;
use crate::totals::Totals;
use crate::wire::{Files, Wire};

/// The most that one connection holds of a request's head, and about what it queues of an answer.
pub(crate) const BUFFER_SIZE: usize = 64 * 1024;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) site: Site,
    pub(crate) totals: Arc<Totals>,
    pub(crate) header_timeout: Duration,
    pub(crate) stall_timeout: Duration,
}

impl Server {
    /// Serves one client until it leaves, fails, or everyone is told to finish.
    pub(crate) async fn serve(self: Arc<Self>, stream: TcpStream, mut member: Member) {
        self.totals.connections.add(1);
        // Answers are written whole; waiting for more to send would only delay them. A failure is harmless.
        let _ = stream.set_nodelay(true);
        if self.speaks(&stream, &mut member).await {
            // On the heap and only now: a client that has not spoken yet costs a small task and no buffers.
            Box::pin(self.converse(stream, member)).await;
        }
    }

    /// Waits for the first byte. `false`: there is nobody to answer.
    async fn speaks(&self, stream: &TcpStream, member: &mut Member) -> bool {
        let mut byte = [0];
        let first = pin!(timeout(self.header_timeout, stream.peek(&mut byte)));
        match select(first, member).await {
            // The end of the stream is hyper's to judge, as it is after a request.
            Either::Left((Ok(Ok(_)), _)) => return true,
            Either::Left((Ok(Err(_)), _)) => self.totals.errors.add(1),
            Either::Left((Err(_), _)) => self.totals.timeouts.add(1),
            Either::Right(((), _)) => {}
        }
        false
    }

    async fn converse(self: Arc<Self>, stream: TcpStream, mut member: Member) {
        let files = Files::of_connection();
        let guard = Guard::new(Wire::new(stream, files.clone()), self.stall_timeout, self.totals.clone());
        // Boxed: hyper keeps room for an answer in the making as long as the connection lives.
        let service = service_fn(|request| Box::pin(self.clone().answer(request, files.clone())));
        let connection = http1::Builder::new()
            .timer(heist::io::hyper::Timer)
            .header_read_timeout(self.header_timeout)
            .max_buf_size(BUFFER_SIZE)
            .half_close(true)
            .serve_connection(guard, service);
        let mut connection = pin!(connection);
        let outcome = match select(connection.as_mut(), &mut member).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(((), _)) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            self.count(&error);
        }
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        files: Option<Files>,
    ) -> Result<Response<Content>, io::Error> {
        self.totals.requests.add(1);
        // A body would be dropped here unread; hyper then closes the connection after the answer.
        let request = request.map(drop);
        let response = self.site.respond(&request, files.as_ref()).await;
        if response.status().is_server_error() {
            self.totals.errors.add(1);
        }
        Ok(response)
    }

    fn count(&self, error: &hyper::Error) {
        if is_timeout(error) {
            self.totals.timeouts.add(1);
            return;
        }
        self.totals.errors.add(1);
        // The client's own faults are counted; ours are also told.
        if error.is_user() {
            let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            eprintln!("serve: a connection was cut: {error}{cause}");
        }
    }
}

/// Whether the client was silent (hyper's clock) or stopped reading (the guard's).
fn is_timeout(error: &hyper::Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    error.is_timeout() || source.is_some_and(|source| source.kind() == io::ErrorKind::TimedOut)
}
