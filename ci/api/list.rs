//! Prints the public API of a crate, one item a line, from the JSON that rustdoc wrote of it.
//!
//! Not listed: implementations by `#[derive]` and for all types, and the automatic ones but for
//! `Send`, `Sync` and `Unpin`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("usage: api FILE.json")?;
    let api = public_api::Builder::from_rustdoc_json(file)
        .sorted(true)
        .omit_blanket_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    let left_out = ["::Freeze for ", "::UnsafeUnpin for ", "UnwindSafe for "];
    for item in api.items() {
        let item = item.to_string();
        if !left_out.iter().any(|name| item.contains(name)) {
            println!("{item}");
        }
    }
    Ok(())
}
