// What a body captures is moved into it; a reference that was made before is captured as such.
#![deny(warnings)]
use heist::generator::{Code, Generator, generator};

fn chars(text: &str) -> Generator<char, impl Code> {
    generator! { for c in text.chars() { yield c; } }
}

fn owned(text: String) -> Generator<char, impl Code> {
    generator! { for c in text.chars() { yield c } }
}

fn main() {
    let text = String::from("ab");
    let moved = generator! { for c in text.chars() { yield c } };
    assert_eq!(moved.into_iter().count(), 2);
    let list = vec![String::from("cd")];
    let lent = &list;
    let borrowing = generator! { for text in lent { yield text.as_str(); } };
    assert_eq!(borrowing.into_iter().count() + list.len(), 2);
    assert_eq!(chars("ab").into_iter().count() + owned("ab".to_string()).into_iter().count(), 4);
}
