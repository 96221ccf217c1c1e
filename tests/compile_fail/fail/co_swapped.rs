//~ error[E0521]
// Two bodies' handles are of different types: they cannot be exchanged.
use heist::generator::{Co, routine};
use std::pin::pin;

fn main() {
    let _ = routine(async |mut outer: Co<'_, u32>| {
        let inner = routine(async |mut inner: Co<'_, u32>| {
            std::mem::swap(&mut inner, &mut outer);
        });
        pin!(inner).next();
    });
}
