//! redis: its commands, its parser and its types over a stream of heist's. `REDIS_ADDRESS` says where the server is.
//!
//! The crate's own async connections compile only together with tokio's or smol's runtime (features `tokio-comp` and
//! `smol-comp`). The rest needs none, and the part between is [`Connection`]. Who does not mind that tokio is compiled
//! and not used can hand a stream of heist's to `MultiplexedConnection::new_with_config`, with its response time-out set to none: any
//! other panics.
//!
//! [`Connection`] waits [`RESPONSE`] for a reply and connects anew after a failure. A command that blocks, such as BLPOP,
//! needs a time-out of its own that is shorter. One that is given up costs its connection, and until the server sees
//! that, it may still take an element, which is lost: BLMOVE keeps a copy.
//!
//! Left out: AUTH and SELECT (send them after each connect), TLS, clusters, many tasks on one connection, a back-off
//! between reconnects, a second try of a command that failed, a subscription that is renewed.
//!
//! ```text
//! $ REDIS_ADDRESS=127.0.0.1:6379 cargo run -p ecosystem --bin redis
//! driver: io_uring
//! PING: PONG
//! 100 replies to one write; the sum is 5050
//! refused: "WRONGTYPE": Operation against a key holding the wrong kind of value
//! a million letters: 1000000
//! 1 subscriber
//! heard: news
//! a BLPOP is given up; PING on a new connection: PONG
//! ```

use std::error::Error;
use std::io::{self, Read};
use std::time::Duration;

use heist::net::TcpStream;
use heist::time::timeout;
use redis::{Cmd, FromRedisValue, Parser, Pipeline, Value, cmd, from_redis_value, pipe};

type Failure = Box<dyn Error + Send + Sync>;

/// The time that a connect may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The time that the replies of one query or pipeline may take.
const RESPONSE: Duration = Duration::from_secs(5);

#[heist::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", heist::runtime::Handle::current().driver_name());
    let address =
        std::env::var("REDIS_ADDRESS").map_err(|_| "REDIS_ADDRESS is not set; see the head of this file")?;
    let mut redis = Connection::open(&address).await?;
    println!("PING: {}", redis.query::<String>(&cmd("PING")).await?);

    let key = format!("heist:{}", std::process::id());
    let mut hundred = pipe();
    for number in 1..=100 {
        hundred.cmd("INCRBY").arg(&key).arg(number);
    }
    let sums: Vec<u64> = redis.pipeline(&hundred).await?;
    println!("{} replies to one write; the sum is {}", sums.len(), sums[99]);
    // An error of the server is a reply like any other: the connection goes on.
    match redis.query::<()>(cmd("LPUSH").arg(&key).arg("x")).await {
        Ok(()) => return Err("a number took an element".into()),
        Err(error) => println!("refused: {error}"),
    }
    redis.query::<()>(cmd("SETEX").arg(&key).arg(60).arg(vec![b'x'; 1_000_000])).await?;
    println!("a million letters: {}", redis.query::<String>(cmd("GET").arg(&key)).await?.len());

    let mut subscriber = Line::open(&address).await?;
    subscriber.exchange(&cmd("SUBSCRIBE").arg(&key).get_packed_command(), 1).await?;
    // Heard while it waits: on its own task.
    let listener = heist::spawn(async move { subscriber.reply().await });
    println!("{} subscriber", redis.query::<u64>(cmd("PUBLISH").arg(&key).arg("news")).await?);
    let (_kind, _channel, text): (String, String, String) = from_redis_value(listener.await??)?;
    println!("heard: {text}");
    redis.query::<()>(cmd("DEL").arg(&key)).await?;

    let blocked = cmd("BLPOP").arg(&key).arg(0).to_owned();
    if timeout(Duration::from_millis(100), redis.query::<Value>(&blocked)).await.is_ok() {
        return Err("BLPOP answered, though nothing was pushed".into());
    }
    println!("a BLPOP is given up; PING on a new connection: {}", redis.query::<String>(&cmd("PING")).await?);
    Ok(())
}

/// A connection for one task at a time. A query that fails, times out or is dropped in its midst costs the line, for
/// its reply may still be due: the next query opens a new one. Nothing is sent twice.
struct Connection {
    address: String,
    line: Option<Line>,
}

impl Connection {
    async fn open(address: &str) -> Result<Connection, Failure> {
        let line = Some(Line::open(address).await?);
        Ok(Connection { address: address.to_owned(), line })
    }

    async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Failure> {
        let reply = self.exchange(&command.get_packed_command(), 1).await?.remove(0);
        Ok(from_redis_value(reply.extract_error()?)?)
    }

    /// Sends all commands at once and reads the replies in turn.
    async fn pipeline<T: FromRedisValue>(&mut self, commands: &Pipeline) -> Result<T, Failure> {
        let replies = self.exchange(&commands.get_packed_pipeline(), commands.len()).await?;
        Ok(from_redis_value(Value::Array(replies).extract_error()?)?)
    }

    async fn exchange(&mut self, commands: &[u8], count: usize) -> Result<Vec<Value>, Failure> {
        // Taken out: only an exchange that has ended puts it back.
        let mut line = match self.line.take() {
            Some(line) => line,
            None => Line::open(&self.address).await?,
        };
        let replies = timeout(RESPONSE, line.exchange(commands, count)).await;
        let replies = replies.map_err(|_| format!("{}: no reply in {RESPONSE:?}", self.address))??;
        self.line = Some(line);
        Ok(replies)
    }
}

/// One connection to the server, as long as it lasts.
struct Line {
    stream: TcpStream,
    parser: Parser,
}

impl Line {
    async fn open(address: &str) -> Result<Line, Failure> {
        let stream = timeout(CONNECT, TcpStream::connect(address)).await;
        let stream = stream.map_err(|_| format!("{address}: no connection in {CONNECT:?}"))??;
        stream.set_nodelay(true)?;
        Ok(Line { stream, parser: Parser::new() })
    }

    async fn exchange(&mut self, commands: &[u8], count: usize) -> Result<Vec<Value>, Failure> {
        self.stream.write_all(commands).await?;
        let mut replies = Vec::new();
        for _ in 0..count {
            replies.push(self.reply().await?);
        }
        Ok(replies)
    }

    /// The next reply. The parser keeps what it has of one that is not whole yet.
    async fn reply(&mut self) -> Result<Value, Failure> {
        loop {
            match self.parser.parse_value(Arrived(&self.stream)) {
                // It would have blocked.
                Err(error) if error.is_timeout() => self.stream.readable().await?,
                parsed => return Ok(parsed?),
            }
        }
    }
}

/// Reads what has arrived, and does not wait for more.
struct Arrived<'a>(&'a TcpStream);

impl Read for Arrived<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}
