//! The server: one that runs, or one that is started here and ends with this program.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::Failure;

/// Where a NATS server listens by default.
const USUAL: &str = "127.0.0.1:4222";

/// The time that a server may take to start.
const START: Duration = Duration::from_secs(10);

pub struct Server {
    pub url: String,
    started: Option<Started>,
}

struct Started {
    child: Child,
    /// Its jobs, until the end.
    _directory: TempDir,
}

impl Server {
    /// The server at `url`; or the one at the usual place; or a new one.
    pub async fn find(url: Option<String>) -> Result<Self, Failure> {
        if let Some(url) = url {
            return Ok(Self { url, started: None });
        }
        if TcpStream::connect(USUAL).await.is_ok() {
            println!("queue: the NATS server at {USUAL}");
            return Ok(Self { url: format!("nats://{USUAL}"), started: None });
        }
        let server =
            timeout(START, Self::start()).await.map_err(|_| "nats-server did not start within 10 s")??;
        println!("queue: nats-server, started here, at {}", server.url);
        Ok(server)
    }

    async fn start() -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let log = directory.path().join("log");
        let mut child = Command::new(program())
            .args(["--addr", "127.0.0.1", "--port", "-1", "--jetstream", "--store_dir"])
            .arg(directory.path().join("store"))
            .arg("--log")
            .arg(&log)
            .arg("--ports_file_dir")
            .arg(directory.path())
            .stdin(Stdio::null())
            // Ctrl-C is for this program alone, which ends its server last.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                format!(
                    "cannot start nats-server ({error}): install it, or name a running one by --server URL"
                )
            })?;
        let ports = directory.path().join(format!("nats-server_{}.ports", child.id().unwrap_or_default()));
        loop {
            if let Some(url) = read_url(&ports).await {
                return Ok(Self { url, started: Some(Started { child, _directory: directory }) });
            }
            if let Some(status) = child.try_wait()? {
                let log = tokio::fs::read_to_string(&log).await.unwrap_or_default();
                return Err(format!("nats-server ended with {status}:\n{log}").into());
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    pub fn is_started_here(&self) -> bool {
        self.started.is_some()
    }

    /// Ends the server, if it was started here.
    pub async fn end(self) -> Result<(), Failure> {
        if let Some(mut started) = self.started {
            started.child.kill().await?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
}

/// The server writes the file when it listens.
async fn read_url(ports: &PathBuf) -> Option<String> {
    let text = tokio::fs::read(ports).await.ok()?;
    let ports: Ports = serde_json::from_slice(&text).ok()?;
    ports.nats.into_iter().next()
}

/// Debian keeps it where only the administrator's shell looks.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let everywhere = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let mut programs = everywhere.map(|directory| directory.join("nats-server"));
    programs.find(|program| program.exists()).unwrap_or_else(|| "nats-server".into())
}
