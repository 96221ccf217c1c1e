//! From a file to a socket without a copy: the pages of the file go into a pipe, and from there
//! into the socket.

cfg_if! {
    if #[splices] {
        mod linux;
        pub(crate) use linux::Pipe;
    } else {
        mod elsewhere;
        pub(crate) use elsewhere::Pipe;
    }
}
