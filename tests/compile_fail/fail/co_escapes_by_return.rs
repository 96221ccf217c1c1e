//~ error
//~ lifetime
use heist::generator::{Co, routine};

fn main() {
    let _ = routine(async |co: Co<'_, u32>| co);
}
