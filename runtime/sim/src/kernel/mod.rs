//! The simulated kernel: hosts, descriptors, and what stands behind them. Plain data, in safe code:
//! `interpose/` translates the calls of programs, and `world/` decides who makes the next one.

mod bytes;
mod descriptors;
mod disk;
mod epoll;
mod eventfd;
mod files;
mod hosts;
pub(crate) mod network;
mod number_map;
mod objects;
mod pipe;
mod sockets;
mod unix_pair;

use fastrand::Rng;

use crate::world::Env;
pub(crate) use bytes::Room;
pub(crate) use descriptors::{DESCRIPTOR_MIN, Descriptor, Descriptors};
pub(crate) use disk::{
    Attributes, DiskCall, Disks, Faults, FileHandle, FileSystem, InodeId, PATH_BYTES_MAX, SeekFrom,
    StreamEntry,
};
pub(crate) use epoll::Epoll;
pub(crate) use eventfd::EventFd;
pub(crate) use hosts::{HostId, Hosts};
use network::{Network, NetworkEvent};
pub(crate) use number_map::NumberMap;
pub(crate) use objects::{
    EVENT_ANY, EVENT_ERR, EVENT_HUP, EVENT_IN, EVENT_OUT, EVENT_RDHUP, Object, Objects, OpenFile,
};
pub(crate) use pipe::Pages;
pub(crate) use unix_pair::{PairKind, UnixEnd};

/// Something that has descriptors: a socket, an end of a pipe, an epoll instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ObjectId(pub(crate) u32);

/// Something that happens in the kernel at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KernelEvent {
    Network(NetworkEvent),
}

/// The kernel of a world: one for all of its hosts.
pub(crate) struct Kernel {
    pub(crate) hosts: Hosts,
    pub(crate) descriptors: Descriptors,
    pub(crate) objects: Objects,
    pub(crate) network: Network,
    pub(crate) disks: Disks,
}

impl Kernel {
    pub(crate) fn new(_random: &mut Rng) -> Kernel {
        let start = std::env::current_dir().unwrap_or_else(|_| "/".into());
        Kernel {
            hosts: Hosts::new(),
            descriptors: Descriptors::new(),
            objects: Objects::new(),
            network: Network::new(),
            disks: Disks::new(start.into_os_string().into_encoded_bytes()),
        }
    }

    /// Lets an event happen whose time has come.
    pub(crate) fn happen(&mut self, event: KernelEvent, env: &mut Env<'_>) {
        match event {
            KernelEvent::Network(event) => self.happen_in_network(event, env),
        }
    }
}
