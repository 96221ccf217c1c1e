//~ cannot be sent between threads safely
use heist::generator::async_generator;
use std::rc::Rc;

fn assert_send<T: Send>(_: T) {}

fn main() {
    // The yielded value itself is what must not change threads.
    assert_send(async_generator! { yield Rc::new(1); });
}
