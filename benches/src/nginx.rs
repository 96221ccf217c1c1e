//! nginx as a server of files: two workers, sendfile, no logs, and nothing outside of a temporary directory.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::rival::contract::WORKER_COUNT;
use crate::scratch::Scratch;
use crate::tools::NGINX;

/// How long nginx may take to listen and to end, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(30);

/// nginx at work; it ends when this is dropped.
pub(crate) struct Nginx {
    master: Child,
    pub(crate) address: SocketAddr,
    /// Its configuration and its process id. Dropped after the process has ended.
    _place: Scratch,
}

impl Nginx {
    /// Serves the files below `root` on a free port.
    pub(crate) fn serve(root: &Path) -> io::Result<Self> {
        let place = Scratch::make()?;
        // nginx takes a port by its number only: this one was free just now.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let file = place.path().join("nginx.conf");
        std::fs::write(&file, configuration(root, place.path(), address))?;
        let program = NGINX.path().ok_or_else(|| io::Error::other(NGINX.complaint()))?;
        let mut command = Command::new(program);
        command.arg("-p").arg(place.path()).arg("-c").arg(&file);
        // Before it has read its configuration it would complain of its usual log.
        command.args(["-e", "stderr"]).stdin(Stdio::null()).stdout(Stdio::null());
        let mut nginx = Nginx { master: command.spawn()?, address, _place: place };
        nginx.wait_until_it_listens()?;
        Ok(nginx)
    }

    /// The process id of the master, whose children are the workers.
    pub(crate) fn id(&self) -> u32 {
        self.master.id()
    }

    fn wait_until_it_listens(&mut self) -> io::Result<()> {
        let start = Instant::now();
        while let Err(error) = TcpStream::connect(self.address) {
            if let Some(status) = self.master.try_wait()? {
                return Err(io::Error::other(format!("nginx ended with {status}; its error is above")));
            }
            if start.elapsed() > PATIENCE {
                return Err(error);
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked, not killed: the workers of a master that was killed would stay.
        let id = i32::try_from(self.master.id()).expect("a process id");
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        let _ = self.master.wait();
    }
}

/// What Debian's own file has for a site, without the logs. Without `tcp_nopush` it answers 12 to 35 % fewer requests; with
/// it, some of the answers of 64 KiB wait 40 ms (2 cores, -t2 -c64, 2026-11-29). Connections stay open for as many
/// requests as come, as those of the others do.
fn configuration(root: &Path, place: &Path, address: SocketAddr) -> String {
    let (root, place) = (root.display(), place.display());
    // Whoever starts as root would otherwise serve as somebody who may not read the files.
    let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
    format!(
        "{user}
        worker_processes {WORKER_COUNT};
        daemon off;
        pid {place}/pid;
        error_log stderr crit;
        events {{ worker_connections 4096; }}
        http {{
            access_log off;
            sendfile on;
            tcp_nopush on;
            keepalive_requests 1000000000;
            client_body_temp_path {place}/body;
            proxy_temp_path {place}/proxy;
            fastcgi_temp_path {place}/fastcgi;
            uwsgi_temp_path {place}/uwsgi;
            scgi_temp_path {place}/scgi;
            types {{ application/octet-stream bin; }}
            server {{
                listen {address} backlog=4096;
                root {root};
            }}
        }}
        "
    )
}
