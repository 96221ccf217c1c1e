//~ error[E0382]
// Behaviour 125: a future has one waiter.
use heist::generator::async_generator;

fn main() {
    let future = async { 1 };
    let one = async_generator! { yield future.await; };
    let two = async_generator! { yield future.await; };
    drop((one, two));
}
