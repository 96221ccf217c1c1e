//! hickory-resolver against a name server of the same program: UDP, TCP where an answer does not fit, names that do
//! not exist, a query that is lost and sent again, the cache.
//!
//! ```text
//! $ cargo run --bin dns
//! driver: io_uring
//! 200 names at once
//! 100 addresses for one name, by TCP
//! the second query for a name does not reach the server
//! a lost query is sent again
//! no such name
//! ```

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{RData, Record, rdata::A};
use hickory_resolver::{Resolver, TokioResolver};
use moved_in::{Failure, check, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

#[derive(Default)]
struct Zone {
    queries: AtomicUsize,
    by_tcp: AtomicUsize,
    lost: AtomicUsize,
}

impl Zone {
    /// `hostN.moved.` has one address, `many.moved.` a hundred; the first query for `lossy.moved.` is lost.
    fn answer(&self, request: &[u8]) -> Result<Option<Message>, Failure> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let request = Message::from_vec(request)?;
        let query = request.queries.first().ok_or("a request without a query")?.clone();
        let name = query.name().clone();
        let mut response = Message::response(request.metadata.id, request.metadata.op_code);
        response.metadata.recursion_desired = request.metadata.recursion_desired;
        response.metadata.recursion_available = true;
        response.add_query(query);
        let text = name.to_ascii();
        let first = text.strip_suffix(".moved.").unwrap_or_default();
        let addresses: Vec<Ipv4Addr> = match first {
            "many" => (0..100).map(|number| Ipv4Addr::new(10, 9, 0, number)).collect(),
            "lossy" if self.lost.fetch_add(1, Ordering::Relaxed) == 0 => return Ok(None),
            "lossy" => vec![Ipv4Addr::new(10, 9, 9, 9)],
            _ => first
                .strip_prefix("host")
                .and_then(|number| number.parse().ok())
                .map(address)
                .into_iter()
                .collect(),
        };
        if addresses.is_empty() {
            response.metadata.response_code = ResponseCode::NXDomain;
        }
        response.add_answers(
            addresses.into_iter().map(|ip| Record::from_rdata(name.clone(), 60, RData::A(A(ip)))),
        );
        Ok(Some(response))
    }
}

fn address(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 8, 7, number)
}

async fn by_udp(socket: UdpSocket, zone: Arc<Zone>) -> Result<(), Failure> {
    let mut buffer = [0; 4096];
    loop {
        let (length, peer) = socket.recv_from(&mut buffer).await?;
        let Some(response) = zone.answer(&buffer[..length])? else { continue };
        let mut bytes = response.to_vec()?;
        if bytes.len() > 512 {
            bytes = response.truncate().to_vec()?;
        }
        socket.send_to(&bytes, peer).await?;
    }
}

async fn by_tcp(listener: TcpListener, zone: Arc<Zone>) -> Result<(), Failure> {
    loop {
        let (stream, _peer) = listener.accept().await?;
        tokio::spawn(one_connection(stream, Arc::clone(&zone)));
    }
}

async fn one_connection(mut stream: TcpStream, zone: Arc<Zone>) -> Result<(), Failure> {
    while let Ok(length) = stream.read_u16().await {
        let mut request = vec![0; usize::from(length)];
        stream.read_exact(&mut request).await?;
        zone.by_tcp.fetch_add(1, Ordering::Relaxed);
        let Some(response) = zone.answer(&request)? else { continue };
        let bytes = response.to_vec()?;
        stream.write_u16(bytes.len().try_into()?).await?;
        stream.write_all(&bytes).await?;
    }
    Ok(())
}

/// Both protocols on one port.
async fn serve(zone: &Arc<Zone>) -> Result<SocketAddr, Failure> {
    for _ in 0..100 {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        if let Ok(socket) = UdpSocket::bind(address).await {
            tokio::spawn(by_udp(socket, Arc::clone(zone)));
            tokio::spawn(by_tcp(listener, Arc::clone(zone)));
            return Ok(address);
        }
    }
    Err("no port is free for both protocols".into())
}

fn resolver(server: SocketAddr) -> Result<TokioResolver, Failure> {
    let at_port = |mut connection: ConnectionConfig| {
        connection.port = server.port();
        connection
    };
    let connections = vec![at_port(ConnectionConfig::udp()), at_port(ConnectionConfig::tcp())];
    let name_server = NameServerConfig::new(server.ip(), true, connections);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![name_server]);
    let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().timeout = Duration::from_millis(500);
    builder.options_mut().attempts = 5;
    builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4Only;
    Ok(builder.build()?)
}

async fn look_up(resolver: &TokioResolver, name: &str) -> Result<Vec<IpAddr>, Failure> {
    let mut addresses: Vec<IpAddr> = soon(name, resolver.lookup_ip(name)).await??.iter().collect();
    addresses.sort_unstable();
    Ok(addresses)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let zone = Arc::new(Zone::default());
    let resolver = resolver(serve(&zone).await?)?;

    let mut lookups = JoinSet::new();
    for number in 0..200_u8 {
        let resolver = resolver.clone();
        lookups.spawn(async move {
            let found = look_up(&resolver, &format!("host{number}.moved.")).await?;
            Ok::<bool, Failure>(found == [IpAddr::V4(address(number))])
        });
    }
    while let Some(end) = soon("a name", lookups.join_next()).await? {
        check!(end??, "a name has another address");
    }
    println!("200 names at once");

    let many = look_up(&resolver, "many.moved.").await?;
    check!(many.len() == 100, "{} addresses", many.len());
    let tcp_count = zone.by_tcp.load(Ordering::Relaxed);
    check!(tcp_count > 0, "nothing came by TCP");
    println!("100 addresses for one name, by TCP");

    let before = zone.queries.load(Ordering::Relaxed);
    look_up(&resolver, "host7.moved.").await?;
    check!(zone.queries.load(Ordering::Relaxed) == before, "the cache did not answer");
    println!("the second query for a name does not reach the server");

    let found = look_up(&resolver, "lossy.moved.").await?;
    check!(found == [IpAddr::V4(Ipv4Addr::new(10, 9, 9, 9))], "found {found:?}");
    println!("a lost query is sent again");

    let missing = soon("an answer", resolver.lookup_ip("nobody.moved.")).await?;
    check!(missing.is_err_and(|error| error.is_nx_domain()), "a name that does not exist has an address");
    println!("no such name");
    Ok(())
}
