// The macros serve crates of the previous edition.
#![forbid(unsafe_code)]
use heist::generator::{coroutine, generator, CoroutineExt};
use std::pin::pin;

struct Words(Vec<String>);

impl Words {
    generator! {
        fn words(&self) -> yields &str { for word in &self.0 { yield word.as_str(); } }
    }
}

fn main() {
    let words = Words(vec!["a".to_string()]);
    assert_eq!(words.words().into_iter().count(), 1);
    let mut talk = pin!(coroutine! { |_: u8| let got = (yield 1)?; Ok(got) });
    assert!(talk.start().is_ok());
}
