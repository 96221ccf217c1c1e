//! Unix sockets: a server opens files for its clients and passes them over, as a broker does for sandboxed programs.
//!
//! ```text
//! cargo run --release --example unix_fds
//! ```

#[cfg(unix)]
#[heist::main]
async fn main() -> std::io::Result<()> {
    let path = std::env::temp_dir().join(format!("heist-{}.sock", std::process::id()));
    let listener = heist::net::UnixListener::bind(&path)?;
    heist::spawn(broker::serve(listener));
    let text = broker::read_through(&path, "Cargo.toml").await;
    // The path outlives the listener: whoever binds it removes it.
    std::fs::remove_file(&path)?;
    println!("{} lines were read through a file that somebody else has opened", text?.lines().count());
    Ok(())
}

#[cfg(unix)]
mod broker {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsFd as _;
    use std::path::Path;

    use heist::net::{UnixListener, UnixStream};

    pub(crate) async fn serve(listener: UnixListener) -> io::Result<()> {
        loop {
            let (stream, _) = listener.accept().await?;
            drop(heist::spawn(open(stream)));
        }
    }

    /// Reads a name, opens the file, and sends it back beside one byte.
    async fn open(mut stream: UnixStream) -> io::Result<()> {
        println!("user {} asks", stream.peer_cred()?.uid());
        let mut name = String::new();
        stream.read_to_string(&mut name).await?;
        let file = heist::task::spawn_blocking(|| File::open(name)).await??;
        stream.send_with_fds(b"!", &[file.as_fd()]).await?;
        Ok(())
    }

    pub(crate) async fn read_through(path: &Path, name: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(path).await?;
        stream.write_all(name.as_bytes()).await?;
        stream.shutdown().await?;
        let received = stream.recv_with_fds(&mut [0; 1], 1).await?;
        // The broker closes the connection without a file if it cannot open one.
        let file = received.fds.into_iter().next().ok_or(io::ErrorKind::NotFound)?;
        io::read_to_string(File::from(file))
    }
}

#[cfg(not(unix))]
fn main() {
    println!("this system has no such sockets");
}
