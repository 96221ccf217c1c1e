//~ error[E0733]
//~ recursion.rs:8:8
//~ `Box::pin`
// The name is marked, and the call.
use heist::generator::generator;

generator! {
    fn down(n: u32) -> yields u32 {
        yield n;
        if n > 0 {
            yield from down(n - 1);
        }
    }
}

fn main() {
    let _ = down(3);
}
