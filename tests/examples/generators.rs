//! Every example in `examples/generators` prints what its header says, line for line; `..` stands for anything.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use crate::program;

/// The text block of a header.
fn expected(source: &str) -> Vec<String> {
    let header = source
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line));
    let text: Vec<String> = header
        .skip_while(|line| *line != "```text")
        .skip(1)
        .take_while(|line| *line != "```")
        .map(String::from)
        .collect();
    assert!(!text.is_empty(), "the header shows what is printed");
    text
}

fn is_match(line: &str, wanted: &str) -> bool {
    match wanted.split_once(" .. ") {
        Some((start, end)) => line.starts_with(start) && line.ends_with(end),
        None => line == wanted,
    }
}

fn run(name: &str) -> String {
    let mut command = Command::new(program::example(name));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("the example starts");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn each_prints_what_its_header_says() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/generators");
    let mut count = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let wanted = expected(&fs::read_to_string(&path).unwrap());
        let printed = run(name);
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines.len(), wanted.len(), "{name} printed:\n{printed}");
        for (line, wanted) in lines.iter().zip(&wanted) {
            assert!(is_match(line, wanted), "{name} printed {line:?} instead of {wanted:?}");
        }
        count += 1;
    }
    assert_eq!(count, 13, "an example was added or lost");
}

/// The figure of the text: the list needs many times the memory of the generator, which needs none of its own.
#[cfg(target_os = "linux")]
#[test]
fn a_generator_of_a_million_numbers_takes_no_memory() {
    let printed = run("range_sum");
    print!("{printed}");
    let peak = |line: &str| -> u64 { line.split_whitespace().nth(2).unwrap().parse().unwrap() };
    let mut lines = printed.lines();
    let (list, boxes, generator) =
        (peak(lines.next().unwrap()), peak(lines.next().unwrap()), peak(lines.next().unwrap()));
    assert!(generator < 3 * 1024, "{generator} KiB for the generator and the process around it");
    assert!(list > generator + 7 * 1024, "{list} KiB for the list, {generator} KiB for the generator");
    assert!(boxes > generator + 30 * 1024, "{boxes} KiB for the boxes, {generator} KiB for the generator");
}
