//! Options that Linux has: which network device a socket uses, and how soon it acknowledges.

cfg_if! {
    if #[linux_kernel] {
        mod linux;
        use linux as here;
    } else {
        mod elsewhere;
        use elsewhere as here;
    }
}

pub(crate) use here::{bind_device, device, quickack, set_quickack};
