//~ error[E0521]
use heist::generator::{Co, routine};

fn main() {
    let _ = routine(async |mut co: Co<'_, u32>| {
        std::thread::spawn(move || drop(co.yield_(1)));
    });
}
