//! How packets of a socket are marked for routers.

cfg_if! {
    if #[marks_traffic] {
        mod marked;
        use marked as here;
    } else {
        mod unmarked;
        use unmarked as here;
    }
}

pub(crate) use here::{set_tclass_v6, set_tos_v4, tclass_v6, tos_v4};
