//~ error[E0767]
// Another macro wraps the yield, so that only the compiler can see where it stands.
use heist::generator::async_generator;

macro_rules! wrap {
    ($($body:tt)*) => { async { $($body)* } };
}

fn main() {
    let _ = async_generator! {
        wrap! { yield 1; }.await;
        yield 2;
    };
}
