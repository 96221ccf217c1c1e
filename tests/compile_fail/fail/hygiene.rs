//~ cannot find value `frame` in this scope
//~ cannot find value `gate` in this scope
use heist::generator::generator;

fn main() {
    let _ = generator! {
        let _ = frame;
        let _ = &gate;
        yield 1;
    };
}
