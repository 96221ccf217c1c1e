//! How to ask a node.

use std::io;

use heist::net::TcpStream;
use heist::time::{Duration, sleep, timeout};

use crate::message::{Answer, Refusal, Request};
use crate::node::PORT;

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// Asks a node, and waits for its answer for a while.
///
/// # Errors
/// Fails if the node cannot be reached, or does not answer in time.
pub async fn call(node: &str, request: &Request) -> io::Result<Answer> {
    let ask = async {
        let mut stream = TcpStream::connect((node, PORT)).await?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        stream.shutdown().await?;
        let mut answer = Vec::new();
        read_to_end(&mut stream, &mut answer).await?;
        Ok(serde_json::from_slice(&answer)?)
    };
    timeout(PATIENCE, ask).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

pub(crate) async fn read_to_end(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut part = [0; 4096];
    loop {
        match stream.read(&mut part).await? {
            0 => return Ok(()),
            count => bytes.extend_from_slice(&part[..count]),
        }
    }
}

/// Asks one node after the other until one has committed the command. A command may be committed
/// twice if an answer was lost: it should be one that may be.
pub async fn propose(nodes: &[&str], command: &str) -> u64 {
    let mut next = 0;
    loop {
        let node = nodes[next % nodes.len()];
        match call(node, &Request::Propose(command.to_owned())).await {
            Ok(Answer::Proposed(Ok(place))) => return place,
            Ok(Answer::Proposed(Err(Refusal::NotLeader(Some(leader))))) if leader != node => {
                next = nodes.iter().position(|node| *node == leader).unwrap_or(next + 1);
            }
            _ => next += 1,
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// The commands that a node has committed, and the term that it leads in.
///
/// # Errors
/// Fails if the node cannot be reached, or does not answer in time.
pub async fn log_of(node: &str) -> io::Result<(Vec<String>, Option<u64>)> {
    match call(node, &Request::Read).await? {
        Answer::Log { commands, leads_in } => Ok((commands, leads_in)),
        other => Err(io::Error::other(format!("{other:?} is no answer to this"))),
    }
}
