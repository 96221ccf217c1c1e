//! The credentials of a peer.

use std::io;

use socket2::Socket;

use crate::system::credentials;

/// The credentials of the process at the other end of a connection, as they were when the
/// connection was made.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let (one, _other) = heist::net::UnixStream::pair()?;
/// let peer = one.peer_cred()?;
/// println!("user {}, group {}, process {:?}", peer.uid(), peer.gid(), peer.pid());
/// # if cfg!(target_os = "linux") {
/// assert_eq!(peer.pid(), i32::try_from(std::process::id()).ok());
/// # }
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UCred {
    uid: u32,
    gid: u32,
    pid: Option<i32>,
}

impl UCred {
    /// Returns the user id.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (one, _other) = heist::net::UnixStream::pair()?;
    /// println!("user {}", one.peer_cred()?.uid());
    /// # Ok(())
    /// # }
    /// ```
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Returns the group id.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (one, _other) = heist::net::UnixStream::pair()?;
    /// println!("group {}", one.peer_cred()?.gid());
    /// # Ok(())
    /// # }
    /// ```
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// Returns the process id. It is `None` on systems other than Linux, and if the process has no
    /// number in our namespace.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (one, _other) = heist::net::UnixStream::pair()?;
    /// if let Some(pid) = one.peer_cred()?.pid() {
    ///     assert_eq!(u32::try_from(pid), Ok(std::process::id()));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pid(&self) -> Option<i32> {
        self.pid
    }

    pub(super) fn of(socket: &Socket) -> io::Result<UCred> {
        let found = credentials::of_peer(socket)?;
        Ok(UCred { uid: found.uid, gid: found.gid, pid: found.pid })
    }
}
