//~ async_item.rs:8:5
//~ `generator!` is synchronous: write `fn`, or, if the body awaits, `async_generator!` and `fn`
//~ write `fn` without `async`: what `async_generator!` makes is asynchronous already
//~ a function of `generator!` cannot be `unsafe`: write `fn`
use heist::generator::{async_generator, generator};

generator! {
    async fn range(n: u32) -> yields u32 { for i in 0..n { yield i; } }
}

async_generator! {
    pub async fn pages(n: u32) -> yields u32 { for i in 0..n { yield i; } }
}

generator! {
    unsafe fn raw() -> yields u32 { yield 1; }
}

fn main() {}
