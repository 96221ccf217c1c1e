//~ error[E0
//~ what_is_yielded_must_not_borrow_from_the_body
// A body owns what it captures: see `pass/borrow_of_a_local.rs` for the remedy.
use heist::generator::generator;

fn main() {
    let list = vec![String::new()];
    let generator = generator! { for text in &list { yield text; } };
    assert_eq!(generator.into_iter().count(), 1);
}
