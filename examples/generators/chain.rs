//! `itertools.chain` in two lines of `yield from`, over iterables of any kind.
//!
//! ```text
//! hello world
//! [1, 2, 3, 4, 5, 6, 104, 105]
//! ```

use heist::generator::generator;

generator! {
    fn chain<I>(iterables: Vec<I>) -> yields I::Item where I: IntoIterator {
        for iterable in iterables {
            yield from iterable;
        }
    }
    fn mixed() -> yields u8 {
        yield from [1, 2, 3];
        // A tuple is no iterable in Rust; an array of its parts is.
        let tuple: [u8; 3] = (4, 5, 6).into();
        yield from tuple;
        yield from "hi".bytes();
    }
}

fn main() {
    let words = vec!["hello".chars(), " ".chars(), "world".chars()];
    println!("{}", chain(words).into_iter().collect::<String>());
    println!("{:?}", mixed().into_iter().collect::<Vec<_>>());
}
