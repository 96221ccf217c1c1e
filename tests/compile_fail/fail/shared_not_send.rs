//~ cannot be sent between threads safely
// A shared handle may leave its thread only if the body may.
use heist::generator::{Shared, generator};
use std::rc::Rc;

fn main() {
    let kept = Rc::new(1);
    let shared = Shared::new(generator! { yield *kept; });
    std::thread::spawn(move || shared.try_next());
}
