//! System calls that have nothing to do with waiting, in the form that each system has them.
//!
//! `DESIGN.md` in this directory has the rules and the rejected designs. Read the files in this
//! order:
//!
//! - `systems.rs`: which systems have which call.
//! - `socket/`: making and accepting sockets and pipes, their options, the meaning of errors.
//! - `describe.rs`: what a descriptor is, in words.
//! - `device/`, `traffic/`: options of sockets that some systems have.
//! - `segmentation/`: many UDP datagrams in one call.
//! - `ancillary/`: descriptors beside bytes. `credentials/`: who a peer is. `unix_address/`: the
//!   addresses of Unix sockets.
//! - `poll_state/`: what the kernel reports of a descriptor. `access.rs`: how it was opened.
//! - `path.rs`: a path as the system takes it. `open/`: how a file is opened. `file/`: calls on an
//!   open file. `remote/`: which files are on a server. `splice/`: from a file to a socket.
//! - `pidfd/`: a descriptor of a process.

#[macro_use]
mod systems;

#[cfg(unix)]
pub(crate) mod access;
#[cfg(unix)]
pub(crate) mod ancillary;
#[cfg(unix)]
pub(crate) mod credentials;
pub(crate) mod describe;
pub(crate) mod device;
pub(crate) mod file;
pub(crate) mod open;
pub(crate) mod path;
#[cfg(unix)]
pub(crate) mod pidfd;
#[cfg(unix)]
pub(crate) mod poll_state;
pub(crate) mod remote;
pub(crate) mod segmentation;
pub(crate) mod socket;
pub(crate) mod splice;
pub(crate) mod traffic;
#[cfg(unix)]
pub(crate) mod unix_address;
