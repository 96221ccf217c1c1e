//~ error[E0521]
use heist::generator::{Co, routine};
use std::cell::RefCell;

fn main() {
    let stolen = RefCell::new(None);
    let thief = &stolen;
    let _ = routine(async |co: Co<'_, u32>| {
        *thief.borrow_mut() = Some(co);
    });
}
