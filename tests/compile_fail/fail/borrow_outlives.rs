//~ error[E0597]
use heist::generator::generator;

fn main() {
    let generator;
    {
        let list = vec![1, 2, 3];
        let lent = &list;
        generator = generator! { for n in lent { yield *n; } };
    }
    assert_eq!(generator.into_iter().count(), 3);
}
