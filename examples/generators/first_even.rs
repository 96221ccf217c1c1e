//! A sequence with a name composes: the first ten even numbers of a million, and of all numbers there are.
//!
//! ```text
//! [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
//! [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
//! ```

use std::pin::pin;

use heist::generator::generator;

generator! {
    fn range(n: u64) -> yields u64 { for i in 0..n { yield i; } }
    fn naturals() -> yields u64 { for i in 0.. { yield i; } }
}

fn first_even(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    numbers.filter(|n| n % 2 == 0).take(10).collect()
}

fn main() {
    println!("{:?}", first_even(pin!(range(1_000_000))));
    println!("{:?}", first_even(pin!(naturals())));
}
