//! A client: hyper's, over connections that serve as many requests as they can.

use std::collections::HashMap;
use std::net::TcpStream as BlockingStream;
use std::time::Duration;

use heist::net::TcpStream;
use heist::time::{sleep, timeout};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ETAG, HeaderValue};

use crate::asked::Asked;
use crate::draw;
use crate::host::{END_PORT, PORT};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client between two requests.
#[derive(Default)]
struct Visitor {
    connection: Option<SendRequest<Empty<Bytes>>>,
    etags: HashMap<String, HeaderValue>,
}

/// Asks so often. Each answer is whole and right; if links and disks may fail, requests may as well.
/// Returns how many were answered.
pub(crate) async fn visit(requests_count: u32, may_fail: bool) -> u32 {
    let mut visitor = Visitor::default();
    let mut answered = 0;
    for _ in 0..requests_count {
        let asked = Asked::draw(|path| visitor.etags.get(path).cloned());
        match timeout(PATIENCE, visitor.ask(&asked, may_fail)).await {
            Ok(Ok(())) => answered += 1,
            outcome => {
                assert!(may_fail, "{asked:?} has failed: {outcome:?}");
                visitor.connection = None;
            }
        }
        if draw(8) == 0 {
            sleep(Duration::from_millis(draw(2000))).await;
        }
        if draw(8) == 0 {
            // It comes back over another one.
            visitor.connection = None;
        }
    }
    answered
}

impl Visitor {
    async fn ask(&mut self, asked: &Asked, may_fail: bool) -> Result<(), Failure> {
        let mut sender = match self.connection.take() {
            Some(sender) => sender,
            None => connect().await?,
        };
        sender.ready().await?;
        let answer = sender.send_request(asked.request()).await?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        asked.check(head.status, &head.headers, &body, may_fail);
        if let Some(etag) = head.headers.get(ETAG) {
            self.etags.insert(asked.path.clone(), etag.clone());
        }
        // The server keeps every connection whose requests it has read whole.
        self.connection = Some(sender);
        Ok(())
    }
}

async fn connect() -> Result<SendRequest<Empty<Bytes>>, Failure> {
    let stream = TcpStream::connect(("web", PORT)).await?;
    let (sender, connection) = handshake(stream).await?;
    heist::spawn(connection);
    Ok(sender)
}

/// Asks the server to end.
pub(crate) fn end_server() {
    BlockingStream::connect(("web", END_PORT)).expect("the server still listens");
}
