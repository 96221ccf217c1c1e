//~ error[E0499]
use heist::generator::{Co, routine};

fn main() {
    let _ = routine(async |mut co: Co<'_, u32>| {
        let one = co.yield_(1);
        let two = co.yield_(2);
        one.await;
        two.await;
    });
}
