//! Which systems have which call: every list of systems of the crate, each once
//! [listed-once].
//!
//! A room that differs between systems has a file for each way, with the same functions in each,
//! and chooses among them by the name of a list:
//!
//! ```text
//! cfg_if! {
//!     if #[linux_kernel] {
//!         mod linux;
//!         use linux as here;
//!     } else {
//!         mod elsewhere;
//!         use elsewhere as here;
//!     }
//! }
//! ```
//!
//! The macro bears the name of a well-known crate's, because rustfmt looks for modules in macros of
//! this name only.

macro_rules! cfg_if {
    // Linux itself, but not Android: io_uring may be there, and the libraries' wrappers are.
    (if #[linux] $($rest:tt)*) => { cfg_if! { @[target_os = "linux"] $($rest)* } };
    // Linux's kernel, on which Android runs as well.
    (if #[linux_kernel] $($rest:tt)*) => {
        cfg_if! { @[any(target_os = "android", target_os = "linux")] $($rest)* }
    };
    // Bytes go from a file to a socket without a copy. With `rt_portable` the tests are of the
    // copy.
    (if #[splices] $($rest:tt)*) => {
        cfg_if! { @[all(target_os = "linux", not(rt_portable))] $($rest)* }
    };
    // A process has a descriptor that is readable when it has ended. With `rt_portable` the tests
    // are of the signal.
    (if #[pidfds] $($rest:tt)*) => {
        cfg_if! { @[all(target_os = "linux", not(rt_portable))] $($rest)* }
    };
    // The call that makes a descriptor also makes it close-on-exec and non-blocking. With
    // `rt_portable` the tests are of the other way.
    (if #[made_with_flags] $($rest:tt)*) => { cfg_if! { @made_with_flags[not(rt_portable)] $($rest)* } };
    // So does the call that receives a descriptor in a message. The crate `rustix` does not know it
    // of illumos.
    (if #[received_with_flags] $($rest:tt)*) => {
        cfg_if! { @made_with_flags[not(any(rt_portable, target_os = "illumos"))] $($rest)* }
    };
    (@made_with_flags[$and:meta] $($rest:tt)*) => {
        cfg_if! {
            @[all($and, any(
                target_os = "android",
                target_os = "dragonfly",
                target_os = "freebsd",
                target_os = "illumos",
                target_os = "linux",
                target_os = "netbsd",
                target_os = "openbsd",
            ))]
            $($rest)*
        }
    };
    // A flag of each send suppresses SIGPIPE. Apple's sockets have an option instead.
    (if #[send_flag_stops_sigpipe] $($rest:tt)*) => {
        cfg_if! { @[all(unix, not(target_vendor = "apple"))] $($rest)* }
    };
    // Several sockets can share an address (`SO_REUSEPORT`).
    (if #[shares_ports] $($rest:tt)*) => {
        cfg_if! {
            @[all(unix, not(any(target_os = "cygwin", target_os = "illumos", target_os = "solaris")))]
            $($rest)*
        }
    };
    // A socket can be asked whether it listens. With `rt_portable` the tests are of the guess.
    (if #[knows_listeners] $($rest:tt)*) => {
        cfg_if! {
            @[all(not(rt_portable), any(target_os = "android", target_os = "freebsd", target_os = "linux"))]
            $($rest)*
        }
    };
    // The credentials of a peer come from `getpeereid(3)`.
    (if #[getpeereid] $($rest:tt)*) => {
        cfg_if! {
            @[any(
                target_os = "dragonfly",
                target_os = "freebsd",
                target_os = "netbsd",
                target_os = "openbsd",
                target_vendor = "apple",
            )]
            $($rest)*
        }
    };

    // Both options that mark packets for routers are there.
    (if #[marks_traffic] $($rest:tt)*) => {
        cfg_if! {
            @[any(
                target_os = "android",
                target_os = "dragonfly",
                target_os = "freebsd",
                target_os = "linux",
                target_os = "macos",
                target_os = "netbsd",
                target_os = "openbsd",
            )]
            $($rest)*
        }
    };

    (@[$condition:meta] { $($there:item)* } else { $($elsewhere:item)* }) => {
        $(#[cfg($condition)] $there)*
        $(#[cfg(not($condition))] $elsewhere)*
    };
    (@[$condition:meta] { $($there:item)* } else if $($rest:tt)*) => {
        $(#[cfg($condition)] $there)*
        #[cfg(not($condition))]
        cfg_if! { if $($rest)* }
    };
}
