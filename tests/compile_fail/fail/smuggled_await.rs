//~ error[E0767]
// Another macro wraps the operand of a yield, an await in it, into a block of its own.
use heist::generator::async_generator;

macro_rules! wrap {
    ($($inner:tt)*) => { async { $($inner)* } };
}

fn main() {
    let _ = async_generator! { wrap!(yield std::future::ready(1).await).await; };
}
