//~ error[E0277]
//~ `i32` is not an iterator
use heist::generator::generator;

fn main() {
    let _ = generator! { let n = 5_i32; yield from n; };
}
