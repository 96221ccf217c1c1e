//~ error[E0277]
//~ lost_error.rs:11:19
//~ LosesNothing
use heist::generator::generator;

generator! {
    fn numbers() -> yields i32, returns Result<(), String> { yield 1; Err("torn".to_string()) }
}

fn main() {
    for number in numbers() {
        println!("{number}");
    }
}
