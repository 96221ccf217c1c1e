//~ error[E0767]
use heist::generator::generator;

macro_rules! wrap {
    ($($body:tt)*) => { fn inner() { $($body)* } };
}

fn main() {
    let _ = generator! {
        wrap! { yield 1; }
        yield 2;
    };
}
