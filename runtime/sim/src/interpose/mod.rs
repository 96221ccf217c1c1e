//! The functions of the C library that a world takes over. Each is the real one for threads that
//! are in no world.

mod answers;
mod copies;
mod descriptors;
mod directories;
mod door;
mod epoll;
mod file_data;
mod file_names;
mod file_systems;
mod files;
mod futex;
mod keep;
mod messages;
mod names;
mod numbered;
mod positions;
mod random;
pub(crate) mod real;
mod real_files;
mod real_sockets;
mod resolved;
mod socket_addresses;
mod sockets;
mod status;
mod threads;
mod time;
mod transfer;

use answers::{NANOS_PER_SECOND, answer, fail, from_timespec, number_or_fail, to_timespec};
use door::{enter_for, is_simulated};
pub(crate) use futex::word_at;
pub(crate) use keep::keep;
pub(crate) use threads::{ThreadHandles, end_with_thread};
