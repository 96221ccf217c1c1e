//! A descriptor of a process, which is readable when the process has ended.

cfg_if! {
    if #[pidfds] {
        mod linux;
        use linux as here;
    } else {
        mod elsewhere;
        use elsewhere as here;
    }
}

pub(crate) use here::open;
