//~ error[E0277]
//~ is not an iterator
// Behaviour 113.
fn main() {
    let future = async { 1 };
    for _ in future {}
}
