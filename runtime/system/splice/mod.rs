//! From a file to a socket without a copy: the pages of the file go into a pipe, and from there
//! into the socket. Pages that are in the page cache already need no pipe of ours.

cfg_if! {
    if #[splices] {
        mod linux;
        pub(crate) use linux::{Pipe, send_file};
    } else {
        mod elsewhere;
        pub(crate) use elsewhere::{Pipe, send_file};
    }
}
