//~ missing_semicolon.rs:8:9
//~ expected `;`
use heist::generator::generator;

fn main() {
    let _ = generator! {
        yield 1
        yield 2;
    };
}
