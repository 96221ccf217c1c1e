//! redis: its commands, its parser and its types over a stream of heist's. `REDIS_ADDRESS` says where the server is.
//!
//! The crate's own async connections compile only together with tokio's or smol's runtime (features `tokio-comp` and
//! `smol-comp`). The rest needs none, and the part between is [`Connection`]. Who does not mind that tokio is compiled
//! and not used can hand a stream of heist's to `MultiplexedConnection::new_with_config`, without a response time-out.
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
//! ```

use std::error::Error;
use std::io::{self, Read};

use heist::net::TcpStream;
use redis::{Cmd, FromRedisValue, Parser, Pipeline, Value, cmd, from_redis_value, pipe};

type Failure = Box<dyn Error + Send + Sync>;

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

    let mut subscriber = Connection::open(&address).await?;
    subscriber.query::<()>(cmd("SUBSCRIBE").arg(&key)).await?;
    // Heard while it waits: on its own task.
    let listener = heist::spawn(async move { subscriber.reply().await });
    println!("{} subscriber", redis.query::<u64>(cmd("PUBLISH").arg(&key).arg("news")).await?);
    let (_kind, _channel, text): (String, String, String) = from_redis_value(listener.await??)?;
    println!("heard: {text}");
    redis.query(cmd("DEL").arg(&key)).await
}

/// A connection for one task at a time. Dropped in the midst of a query it must not be used again: the reply is due.
struct Connection {
    stream: TcpStream,
    parser: Parser,
}

impl Connection {
    async fn open(address: &str) -> Result<Connection, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, parser: Parser::new() })
    }

    async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Failure> {
        self.stream.write_all(&command.get_packed_command()).await?;
        Ok(from_redis_value(self.reply().await?.extract_error()?)?)
    }

    /// Sends all commands at once and reads the replies in turn.
    async fn pipeline<T: FromRedisValue>(&mut self, commands: &Pipeline) -> Result<T, Failure> {
        self.stream.write_all(&commands.get_packed_pipeline()).await?;
        let mut replies = Vec::new();
        for _ in 0..commands.len() {
            replies.push(self.reply().await?);
        }
        Ok(from_redis_value(Value::Array(replies).extract_error()?)?)
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
