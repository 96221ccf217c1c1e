//~ error[E0277]
//~ `{integer}` is not a future
// Behaviour 124.
use heist::generator::async_generator;

fn main() {
    let _ = async_generator! {
        5.await;
        yield 1;
    };
}
