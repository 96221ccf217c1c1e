//! h2 in worlds: streams side by side, with small windows on the way back, of which some are reset by
//! either end, over links that lose packets and are cut.

use std::future::poll_fn;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use heist::sim;
use http::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep, timeout};
use worlds::{Trouble, draw, draw_len, make_poor, pattern};

/// How long a stream may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Beyond the least window, so that both ends have to wait.
const BODY_BYTES: u64 = 60_000;

/// From less than a frame to what the protocol begins with.
fn window() -> u32 {
    1000 + draw(64_536) as u32
}

#[tokio::main]
async fn server() {
    let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        // A connection may break off: the client sees it as well.
        tokio::spawn(serve(stream));
    }
}

/// It keeps the window of the protocol. A client may send before it hears of a smaller one, and then a
/// stream of h2 0.4.20 stalls for ever in one of some hundred worlds, on tokio's runtime as well.
async fn serve(stream: TcpStream) -> Result<(), h2::Error> {
    let mut connection = h2::server::Builder::new().handshake::<_, Bytes>(stream).await?;
    while let Some(accepted) = connection.accept().await {
        let (request, answer) = accepted?;
        tokio::spawn(echo(request, answer));
    }
    Ok(())
}

/// Sends back what comes, as it comes. The path says after how many bytes it resets the stream.
async fn echo(request: Request<RecvStream>, mut answer: SendResponse<Bytes>) -> Result<(), h2::Error> {
    let mut left = request.uri().path().trim_start_matches('/').parse::<usize>().ok();
    let mut body = request.into_body();
    let mut back = answer.send_response(Response::new(()), false)?;
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        match &mut left {
            Some(left) if *left <= piece.len() => {
                back.send_reset(Reason::ENHANCE_YOUR_CALM);
                return Ok(());
            }
            Some(left) => *left -= piece.len(),
            None => {}
        }
        send(&mut back, piece).await?;
    }
    back.send_data(Bytes::new(), true)
}

/// Sends as the window allows.
async fn send(stream: &mut SendStream<Bytes>, mut bytes: Bytes) -> Result<(), h2::Error> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        match poll_fn(|cx| stream.poll_capacity(cx)).await {
            Some(room) => stream.send_data(bytes.split_to(room?.min(bytes.len())), false)?,
            None => return Err(Reason::STREAM_CLOSED.into()),
        }
    }
    Ok(())
}

async fn collect(body: &mut RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut received = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        received.extend_from_slice(&piece);
        if draw(4) == 0 {
            // A slow reader: the other end has to wait for its window.
            sleep(Duration::from_millis(draw(20))).await;
        }
        body.flow_control().release_capacity(piece.len())?;
    }
    Ok(received)
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Whole,
    ResetByServer,
    ResetByClient,
}

/// One stream. What comes back is what was sent, or the stream fails; returns whether it ended as its
/// kind should.
async fn exchange(sender: SendRequest<Bytes>, number: usize, kind: Kind) -> Result<(), h2::Error> {
    let sent = pattern(number, draw_len(BODY_BYTES) + 1);
    let path = if kind == Kind::ResetByServer {
        format!("{}", draw(sent.len() as u64) + 1)
    } else {
        "echo".to_owned()
    };
    let request = Request::post(format!("http://streams/{path}")).body(()).unwrap();
    let (answer, mut upload) = sender.ready().await?.send_request(request, false)?;
    let bytes = Bytes::from(sent.clone());
    if kind == Kind::ResetByClient {
        let part = bytes.slice(..draw(bytes.len() as u64) as usize);
        let _ = timeout(Duration::from_millis(draw(100)), send(&mut upload, part)).await;
        upload.send_reset(Reason::CANCEL);
        return Ok(());
    }
    let uploading = tokio::spawn(async move {
        send(&mut upload, bytes).await?;
        upload.send_data(Bytes::new(), true)
    });
    let mut body = answer.await?.into_body();
    let received = collect(&mut body).await?;
    assert!(received == sent, "stream {number}: {} bytes came back for {}", received.len(), sent.len());
    uploading.await.unwrap()
}

/// A connection with some streams side by side. Returns how many ended as they should.
async fn talk(streams_count: usize, may_fail: bool) -> Result<usize, h2::Error> {
    let stream = TcpStream::connect("streams:80").await.map_err(|_| Reason::CONNECT_ERROR)?;
    let mut builder = h2::client::Builder::new();
    let (sender, connection) = builder.initial_window_size(window()).handshake::<_, Bytes>(stream).await?;
    let connection = tokio::spawn(connection);
    let mut streams = JoinSet::new();
    for number in 0..streams_count {
        let kind = [Kind::Whole, Kind::Whole, Kind::ResetByServer, Kind::ResetByClient][draw(4) as usize];
        let sender = sender.clone();
        streams.spawn(async move { (kind, timeout(PATIENCE, exchange(sender, number, kind)).await) });
    }
    drop(sender);
    let mut good_count = 0;
    while let Some(ended) = streams.join_next().await {
        let (kind, outcome) = ended.unwrap();
        let is_good = match (&outcome, kind) {
            (Ok(Ok(())), Kind::Whole | Kind::ResetByClient) => true,
            (Ok(Err(error)), Kind::ResetByServer) => error.reason() == Some(Reason::ENHANCE_YOUR_CALM),
            _ => false,
        };
        assert!(is_good || may_fail, "a stream, {kind:?}, ended so: {outcome:?}");
        good_count += usize::from(is_good);
    }
    let end = timeout(PATIENCE, connection).await;
    assert!(may_fail || matches!(end, Ok(Ok(Ok(())))), "the connection ended so: {end:?}");
    Ok(good_count)
}

#[heist::sim::test(seeds = 30, twice = true)]
async fn streams_come_back_whole_or_are_reset_as_asked() {
    sim::host("streams").start(server);
    while TcpStream::connect("streams:80").await.is_err() {
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(talk(10, false).await.unwrap(), 10);
}

#[heist::sim::test(seeds = 30, twice = true)]
async fn streams_are_whole_or_fail_when_links_and_the_server_do() {
    let host = sim::host("streams").start(server);
    make_poor("root", "streams");
    let trouble = Trouble::begin(&host, &["root"], true);
    for _ in 0..4 {
        let _ = timeout(2 * PATIENCE, talk(6, true)).await;
    }
    trouble.end().await;
    // Whatever happened before, the server serves on.
    loop {
        if let Ok(Ok(4)) = timeout(2 * PATIENCE, talk(4, true)).await {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
}
