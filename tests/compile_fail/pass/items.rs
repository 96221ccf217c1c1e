// Methods, traits, lifetimes, constants, recursion by a box.
#![deny(warnings)]
use heist::generator::{Code, Generator, async_generator, generator};

struct Tree {
    left: Option<Box<Tree>>,
    value: u32,
}

impl Tree {
    generator! {
        fn all(&self) -> yields u32 {
            if let Some(left) = &self.left {
                yield from Box::pin(left.all());
            }
            yield self.value;
        }

        fn into_all(self) -> yields u32 { yield self.value; }

        fn grow(&mut self) -> yields u32 { self.value += 1; yield self.value; }

        fn boxed(self: Box<Self>) -> yields u32 { yield self.value; }
    }

    async_generator! {
        pub(crate) fn later(&self) -> yields &u32 { yield &self.value; }
    }
}

pub trait Numbers {
    fn numbers(&self) -> Generator<u32, impl Code>;

    generator! {
        fn twice(&self) -> yields u32 { yield from self.numbers(); yield from self.numbers(); }
    }
}

impl Numbers for Tree {
    generator! {
        fn numbers(&self) -> yields u32 { yield self.value; }
    }
}

generator! {
    fn windows<'a, T, const N: usize>(list: &'a [T]) -> yields &'a [T; N] where T: Sync {
        for window in list.windows(N) {
            yield window.try_into().expect("N long");
        }
    }

    fn down(n: u32) -> yields u32 {
        yield n;
        if n > 0 {
            yield from Box::pin(down(n - 1));
        }
    }
}

fn main() {
    let mut tree = Tree { left: Some(Box::new(Tree { left: None, value: 1 })), value: 2 };
    assert_eq!(tree.all().into_iter().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(tree.twice().into_iter().count(), 2);
    assert_eq!(tree.grow().into_iter().count(), 1);
    drop(tree.later());
    assert_eq!(Box::new(Tree { left: None, value: 1 }).boxed().into_iter().count(), 1);
    assert_eq!(tree.into_all().into_iter().count(), 1);
    assert_eq!(windows::<_, 2>(&[1, 2, 3]).into_iter().count(), 2);
    assert_eq!(down(3).into_iter().collect::<Vec<_>>(), [3, 2, 1, 0]);
}
