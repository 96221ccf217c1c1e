//~ question_without_result.rs:7:39
//~ `?` in a generator that returns nothing: write `, returns Result<(), ERROR>`
use heist::generator::generator;

generator! {
    fn numbers(text: &str) -> yields i32 {
        yield text.parse::<i32>().ok()?;
    }
}

fn main() {}
