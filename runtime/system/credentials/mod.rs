//! The credentials of the peer of a Unix socket.

cfg_if! {
    if #[linux_kernel] {
        mod linux;
        pub(crate) use linux::of_peer;
    } else if #[getpeereid] {
        mod bsd;
        pub(crate) use bsd::of_peer;
    } else {
        mod unknown;
        pub(crate) use unknown::of_peer;
    }
}

/// The peer as it was when it connected, or when the pair was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credentials {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) pid: Option<i32>,
}
