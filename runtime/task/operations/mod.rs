//! The operations of a worker's ring while its runtime is observed: what is under way, and how long
//! it takes.

cfg_if! {
    if #[linux] {
        mod linux;
        pub(super) use linux::ObservedOperations;
    } else {
        mod elsewhere;
        pub(super) use elsewhere::ObservedOperations;
    }
}

/// An operation of a ring. Its times are those of `time_stamp.rs`.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(all(unix, feature = "console")), expect(dead_code, reason = "only traces read it"))]
pub(crate) struct LoggedOperation {
    /// For example "read".
    pub(crate) kind: &'static str,
    pub(crate) began: u64,
    /// `None`: the kernel has not answered.
    pub(crate) ended: Option<u64>,
}
