//~ cannot be sent between threads safely
use heist::generator::generator;
use std::rc::Rc;

fn main() {
    let mut generator = Box::pin(generator! {
        let local = Rc::new(1);
        yield *local;
        drop(local);
    });
    std::thread::spawn(move || generator.next());
}
