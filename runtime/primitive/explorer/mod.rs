//! The explorers as programs use them, through the room `model`: one function `explore`, with loom,
//! with shuttle, or with neither.

#[cfg(rt_loom)]
mod all_orders;
mod bounds;
#[cfg(rt_loom)]
mod depth;
#[cfg(not(rt_loom))]
mod every_step;
#[cfg(all(rt_shuttle, not(rt_loom)))]
mod naps;
#[cfg(not(any(rt_loom, rt_shuttle)))]
mod real_threads;
#[cfg(all(rt_shuttle, not(rt_loom)))]
mod schedules;

#[cfg(rt_loom)]
pub(crate) use all_orders::{KIND, explore};
pub use bounds::Depth;
pub(crate) use bounds::{Bounds, Tried};
#[cfg(rt_loom)]
pub(crate) use depth::{program_step, while_running};
#[cfg(not(rt_loom))]
pub(crate) use every_step::{program_step, while_running};
#[cfg(not(any(rt_loom, rt_shuttle)))]
pub(crate) use real_threads::{KIND, explore};
#[cfg(all(rt_shuttle, not(rt_loom)))]
pub(crate) use schedules::{KIND, explore};
