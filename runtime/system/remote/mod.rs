//! Files that another program or machine serves, so that any call on them may wait for it for
//! arbitrarily long.
//!
//! No operation on them goes to a ring. The kernel asks a FUSE server in the middle of
//! `io_uring_enter`, because it takes the file for one that can be polled: the worker then waits
//! with the ring's lock held. Where the server returns too few bytes, the kernel reads the same
//! offset twice. And the kernel's threads that wait for a server cannot be cancelled; eight of them
//! fill a ring. The last close of such a file may wait for the server as well, so a worker never
//! makes it.
//!
//! The table of mounts identifies these files, without asking the server. Symbolic links are not
//! followed: the file that such a link opens is recognised, but the open itself is left to the
//! ring. Without procfs nothing is known.

cfg_if! {
    if #[linux] {
        mod linux;
        mod mounts;
        use linux as table;
    } else {
        mod elsewhere;
        use elsewhere as table;
    }
}

pub(crate) use table::{holds, holds_path};
