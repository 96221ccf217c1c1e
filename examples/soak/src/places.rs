//! Where connections are made: a TCP port of loopback, and a Unix socket.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use heist::net::{ByteStream, Family, TcpListener, TcpStream, UnixListener, UnixStream};

/// A listener with its address.
pub(crate) trait Place: Send + Sync + 'static {
    /// What its connections are.
    type Kind: Family + Send + Sync + 'static;

    /// The next connection that a client has opened.
    fn accept(&self) -> impl Future<Output = io::Result<ByteStream<Self::Kind>>> + Send;

    /// Opens a connection.
    fn connect(&self) -> impl Future<Output = io::Result<ByteStream<Self::Kind>>> + Send;

    /// Ends a connection as roughly as its kind permits.
    fn reset(stream: ByteStream<Self::Kind>) -> io::Result<()>;
}

/// A TCP port.
#[derive(Debug)]
pub(crate) struct TcpPlace {
    listener: TcpListener,
    address: SocketAddr,
}

impl TcpPlace {
    /// Listens on a free port.
    pub(crate) async fn new() -> io::Result<TcpPlace> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok(TcpPlace { listener, address })
    }
}

impl Place for TcpPlace {
    type Kind = heist::net::tcp::Tcp;

    async fn accept(&self) -> io::Result<TcpStream> {
        Ok(self.listener.accept().await?.0)
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        TcpStream::connect(self.address).await
    }

    fn reset(stream: TcpStream) -> io::Result<()> {
        stream.set_zero_linger()
    }
}

/// A Unix socket in the directory.
#[derive(Debug)]
pub(crate) struct UnixPlace {
    listener: UnixListener,
    path: PathBuf,
}

impl UnixPlace {
    /// Listens at this path, whatever an earlier round has left there.
    pub(crate) fn new(path: PathBuf) -> io::Result<UnixPlace> {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        Ok(UnixPlace { listener, path })
    }
}

impl Place for UnixPlace {
    type Kind = heist::net::unix::Unix;

    async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.listener.accept().await?.0)
    }

    async fn connect(&self) -> io::Result<UnixStream> {
        UnixStream::connect(&self.path).await
    }

    fn reset(stream: UnixStream) -> io::Result<()> {
        // What the peer has sent and nobody has read makes this a reset as well.
        drop(stream);
        Ok(())
    }
}
