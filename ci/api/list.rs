//! Prints the public API of a crate, one item a line, from the JSON that rustdoc wrote of it.
//!
//! Not listed: implementations by `#[derive]` and for all types, and the automatic ones but for
//! `Send`, `Sync` and `Unpin`. Blocks with the same head are one, so that a function may move from
//! file to file.

const LEFT_OUT: [&str; 3] = ["::Freeze for ", "::UnsafeUnpin for ", "UnwindSafe for "];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("usage: api FILE.json")?;
    let api = public_api::Builder::from_rustdoc_json(file)
        .sorted(true)
        .omit_blanket_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    // The blocks of the current head, and the lines in them.
    let (mut head, mut blocks, mut members) = (String::new(), Vec::new(), Vec::new());
    for item in api.items() {
        let line = item.to_string();
        if LEFT_OUT.iter().any(|name| line.contains(name)) {
            continue;
        }
        let is_head = line.starts_with("impl");
        if is_head && line == head {
            blocks.push(item.id());
        } else if item.parent_id().is_some_and(|parent| blocks.contains(&parent)) {
            members.push(line);
        } else {
            print_sorted(&mut members);
            println!("{line}");
            (head, blocks) = if is_head { (line, vec![item.id()]) } else { Default::default() };
        }
    }
    print_sorted(&mut members);
    Ok(())
}

fn print_sorted(lines: &mut Vec<String>) {
    lines.sort();
    lines.drain(..).for_each(|line| println!("{line}"));
}
