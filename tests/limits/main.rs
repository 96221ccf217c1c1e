//! Limits: rings that are too small, descriptors and memory that run out, and rings that only some workers get.
#![cfg(target_os = "linux")]

mod descriptors;
mod refusals;
mod rings;
#[path = "../support/mod.rs"]
mod support;

/// Descriptors of this process that are rings or a ring's doorbell.
pub(crate) fn rings_count() -> usize {
    let fds = std::fs::read_dir("/proc/self/fd").expect("procfs is mounted");
    let targets = fds.filter_map(|fd| std::fs::read_link(fd.expect("a readable directory").path()).ok());
    let kinds = ["anon_inode:[io_uring]", "anon_inode:[eventfd]"];
    targets.filter(|target| kinds.iter().any(|kind| target.as_os_str() == *kind)).count()
}
