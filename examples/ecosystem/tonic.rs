//! tonic: a gRPC service and its client. tonic's own transport is tied to tokio; here hyper carries it, over heist.
//!
//! What `tonic-build` generates fits in the same way: its servers go into `hyper_util::service::TowerToHyperService`,
//! its clients take what [`connect`] returns. Here both are written by hand, so that no `protoc` is needed.
//!
//! `Request::set_timeout` only writes the header `grpc-timeout`: tonic's transport is what acts on it, and it is not here.
//! [`heist::time::timeout`] around the call gives it up, and hyper then resets its stream, so that the server drops the
//! handler. Left out: a server that acts on `grpc-timeout`, TLS (see `rustls.rs`), a reconnect, balancing, keep-alive.
//!
//! ```text
//! $ cargo run -p ecosystem --bin tonic
//! driver: io_uring
//! 84 / 2 is 42
//! 1 / 0: InvalidArgument, division by zero
//! 10000 messages in a stream; their sum is 50005000
//! a call that is never answered: given up
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use futures::{Stream, StreamExt, TryStreamExt, stream};
use heist::io::hyper::Executor;
use heist::net::{TcpListener, TcpStream};
use heist::time::timeout;
use http::uri::PathAndQuery;
use hyper::body::Incoming;
use hyper::client::conn::http2::handshake;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use tonic::body::Body;
use tonic::client::{Grpc, GrpcService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

type Failure = Box<dyn Error + Send + Sync>;

const DIVIDE: PathAndQuery = PathAndQuery::from_static("/arithmetic.Calculator/Divide");
const COUNT: PathAndQuery = PathAndQuery::from_static("/arithmetic.Calculator/Count");
const WAIT: PathAndQuery = PathAndQuery::from_static("/arithmetic.Calculator/Wait");

/// A request of both methods.
#[derive(Clone, PartialEq, prost::Message)]
struct Pair {
    #[prost(uint64, tag = "1")]
    left: u64,
    #[prost(uint64, tag = "2")]
    right: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Number {
    #[prost(uint64, tag = "1")]
    value: u64,
}

#[heist::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", heist::runtime::Handle::current().driver_name());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    heist::spawn(serve(listener));
    let mut client = Grpc::with_origin(connect(address).await?, format!("http://{address}").parse()?);

    let codec = ProstCodec::<Pair, Number>::default;
    for (left, right) in [(84, 2), (1, 0)] {
        client.ready().await?;
        match client.unary(Request::new(Pair { left, right }), DIVIDE, codec()).await {
            Ok(answer) => println!("{left} / {right} is {}", answer.into_inner().value),
            Err(status) => println!("{left} / {right}: {:?}, {}", status.code(), status.message()),
        }
    }
    client.ready().await?;
    let request = Request::new(Pair { left: 1, right: 10_000 });
    let numbers = client.server_streaming(request, COUNT, codec()).await?.into_inner();
    let sum = numbers.try_fold(0, async |sum, number| Ok(sum + number.value)).await?;
    println!("10000 messages in a stream; their sum is {sum}");

    client.ready().await?;
    // `set_timeout` would do nothing here: this is what bounds a call.
    let call = client.unary(Request::new(Pair { left: 1, right: 1 }), WAIT, codec());
    match timeout(Duration::from_millis(200), call).await {
        Ok(answer) => return Err(format!("answered: {answer:?}").into()),
        Err(_) => println!("a call that is never answered: given up"),
    }
    Ok(())
}

/// A channel for tonic's clients: requests over one connection of HTTP/2.
async fn connect(
    address: SocketAddr,
) -> Result<impl GrpcService<Body, ResponseBody = Incoming, Error = hyper::Error>, Failure> {
    let stream = TcpStream::connect(address).await?;
    let (sender, connection) = handshake(Executor, stream).await?;
    heist::spawn(connection);
    Ok(tower::service_fn(move |request| sender.clone().send_request(request)))
}

async fn serve(listener: TcpListener) -> Result<(), Failure> {
    loop {
        let (stream, _peer) = listener.accept().await?;
        heist::spawn(http2::Builder::new(Executor).serve_connection(stream, service_fn(route)));
    }
}

/// Finds the method; `tonic-build` generates this.
async fn route(request: http::Request<Incoming>) -> Result<http::Response<Body>, Infallible> {
    let mut grpc = tonic::server::Grpc::new(ProstCodec::<Number, Pair>::default());
    Ok(if request.uri().path() == DIVIDE.path() {
        grpc.unary(tower::service_fn(divide), request).await
    } else if request.uri().path() == COUNT.path() {
        grpc.server_streaming(tower::service_fn(count), request).await
    } else if request.uri().path() == WAIT.path() {
        grpc.unary(tower::service_fn(wait), request).await
    } else {
        Status::unimplemented("no such method").into_http()
    })
}

async fn divide(request: Request<Pair>) -> Result<Response<Number>, Status> {
    let Pair { left, right } = request.into_inner();
    let value = left.checked_div(right).ok_or_else(|| Status::invalid_argument("division by zero"))?;
    Ok(Response::new(Number { value }))
}

/// Never answers.
async fn wait(_request: Request<Pair>) -> Result<Response<Number>, Status> {
    std::future::pending().await
}

async fn count(
    request: Request<Pair>,
) -> Result<Response<impl Stream<Item = Result<Number, Status>>>, Status> {
    let Pair { left, right } = request.into_inner();
    Ok(Response::new(stream::iter(left..=right).map(|value| Ok(Number { value }))))
}
