//~ method_without_body.rs:7:8
//~ a method without a body is declared outside of the macro
use heist::generator::generator;

trait Numbers {
    generator! {
    fn numbers(&self) -> yields u32; }
}

fn main() {}
