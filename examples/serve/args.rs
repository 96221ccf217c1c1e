//! What the command line may say, and what is wrong with it when it says something else.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Parser, ValueEnum};

/// Serves a directory over HTTP/1.1, to show the heist runtime at work.
///
/// Ctrl-C stops accepting, finishes what is in flight and prints totals; a second Ctrl-C exits at once.
#[derive(Debug, Parser)]
#[command(name = "serve", version)]
pub(crate) struct Args {
    /// Directory to serve
    #[arg(long, default_value = ".", value_name = "DIRECTORY")]
    pub(crate) dir: PathBuf,

    /// Address and port to listen on; port 0 takes any free port
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "HOST:PORT", value_parser = parse_addr)]
    pub(crate) addr: SocketAddr,

    /// Worker threads [default: the CPUs this process may use]
    #[arg(long, value_name = "COUNT", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub(crate) workers: Option<usize>,

    /// Threads that read files, while files are not on the ring; more of them suit slow disks [default: two per worker,
    /// at least four]
    #[arg(long, value_name = "COUNT", value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    pub(crate) file_threads: Option<usize>,

    /// How to talk to the kernel [default: HEIST_DRIVER, else auto]
    #[arg(long, value_enum)]
    pub(crate) driver: Option<Driver>,

    /// Serve and list names that begin with a dot
    #[arg(long)]
    pub(crate) hidden: bool,

    /// How long Ctrl-C waits for what is in flight
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=86400))]
    pub(crate) drain_seconds: u32,

    /// How long a client may be silent, and how long the head of its request may then take
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86400))]
    pub(crate) header_seconds: u32,

    /// How long a client may accept no byte of an answer
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86400))]
    pub(crate) stall_seconds: u32,
}

/// The back ends that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Driver {
    /// io_uring where the kernel allows it, else readiness polling
    Auto,
    /// io_uring or a clear refusal
    Uring,
    /// Readiness polling: epoll, kqueue, event ports
    Poll,
}

impl Args {
    /// Reading a cached file takes microseconds: many threads would spend more on taking turns than on files.
    pub(crate) fn file_threads(&self) -> usize {
        let cpus = thread::available_parallelism().map_or(1, NonZero::get);
        self.file_threads.unwrap_or_else(|| (2 * self.workers.unwrap_or(cpus)).max(4))
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.into())
    }

    pub(crate) fn header_timeout(&self) -> Duration {
        Duration::from_secs(self.header_seconds.into())
    }

    pub(crate) fn stall_timeout(&self) -> Duration {
        Duration::from_secs(self.stall_seconds.into())
    }
}

/// Takes `127.0.0.1:8080`, `[::1]:8080` and names such as `localhost:8080`.
fn parse_addr(text: &str) -> Result<SocketAddr, String> {
    let remedy = "write a host and a port, such as 127.0.0.1:8080";
    let mut found = text.to_socket_addrs().map_err(|error| format!("{error}; {remedy}"))?;
    found.next().ok_or_else(|| format!("the name has no address; {remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(words: &[&str]) -> Result<Args, String> {
        let line = std::iter::once("serve").chain(words.iter().copied());
        Args::try_parse_from(line).map_err(|error| error.to_string())
    }

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn defaults_serve_the_current_directory_on_loopback() {
        let args = parse(&[]).unwrap();
        assert_eq!(args.dir, PathBuf::from("."));
        assert_eq!(args.addr, "127.0.0.1:8080".parse().unwrap());
        assert_eq!((args.workers, args.driver, args.hidden), (None, None, false));
        assert_eq!(args.drain(), Duration::from_secs(10));
    }

    #[test]
    fn every_option_is_taken() {
        let args = parse(&["--dir", "x", "--addr", "[::1]:0", "--workers", "3", "--driver", "poll"]).unwrap();
        assert_eq!(args.addr, "[::1]:0".parse().unwrap());
        assert_eq!((args.workers, args.driver), (Some(3), Some(Driver::Poll)));
    }

    #[test]
    fn file_threads_follow_the_workers() {
        assert_eq!(parse(&["--workers", "1"]).unwrap().file_threads(), 4);
        assert_eq!(parse(&["--workers", "8"]).unwrap().file_threads(), 16);
        assert_eq!(parse(&["--workers", "8", "--file-threads", "1"]).unwrap().file_threads(), 1);
    }

    #[test]
    fn host_names_are_resolved() {
        assert_eq!(parse(&["--addr", "localhost:81"]).unwrap().addr.port(), 81);
    }

    #[test]
    fn bad_values_are_named() {
        assert!(parse(&["--workers", "0"]).unwrap_err().contains("0 is not in 1..=1024"));
        assert!(parse(&["--driver", "epoll"]).unwrap_err().contains("possible values: auto, uring, poll"));
        assert!(parse(&["--addr", "8080"]).unwrap_err().contains("such as 127.0.0.1:8080"));
        assert!(parse(&["--directory", "."]).unwrap_err().contains("--directory"));
        assert!(parse(&["here"]).unwrap_err().contains("here"));
    }
}
