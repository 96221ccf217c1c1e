//~ `.await` in a synchronous generator: use `async_generator!`
use heist::generator::generator;

fn main() {
    let _ = generator! {
        std::future::ready(1).await;
        yield 2;
    };
}
