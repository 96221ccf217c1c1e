//~ error[E0133]
fn main() {
    let _ = heist::generator::airlock::tie::<u8, heist::generator::Next>();
}
