//! heist against its peers.
fn main() {}
