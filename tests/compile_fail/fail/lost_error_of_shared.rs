//~ error[E0599]
//~ try_next
use heist::generator::{Shared, generator};

fn main() {
    let shared = Shared::new(generator! { yield 1; Err::<(), &str>("torn") });
    let _ = shared.try_next();
}
