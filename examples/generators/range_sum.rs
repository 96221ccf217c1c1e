//! What a sequence costs when it is never a list: the sum of a million numbers, and the memory that it took.
//!
//! The text's figures are 48628 KiB for Python's list and 8992 KiB for Python's generator, interpreter included. A list
//! of numbers takes less here; a list of boxes, each number an object of its own as Python has it, takes nearly as much.
//!
//! ```text
//! list       499999500000  .. KiB
//! boxes      499999500000  .. KiB
//! generator  499999500000  .. KiB
//! the generator itself: 32 bytes
//! ```

use std::hint::black_box;
use std::pin::pin;
use std::process::Command;

use heist::generator::generator;

const LIMIT: u64 = 1_000_000;

fn old_range(n: u64) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut i = 0;
    while i < n {
        numbers.push(black_box(i));
        i += 1;
    }
    numbers
}

#[expect(clippy::vec_box, reason = "as Python has it: each number an object of its own")]
fn boxes(n: u64) -> Vec<Box<u64>> {
    let mut numbers = Vec::new();
    for i in 0..n {
        numbers.push(Box::new(black_box(i)));
    }
    numbers
}

generator! {
    fn new_range(n: u64) -> yields u64 {
        let mut i = 0;
        while i < n {
            yield black_box(i);
            i += 1;
        }
    }
}

/// The most memory that this process has had, in KiB; 0 where the system does not tell.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn main() {
    // Each way in a process of its own, because a peak never goes down.
    match std::env::args().nth(1).as_deref() {
        Some("list") => println!("list       {}  {} KiB", old_range(LIMIT).iter().sum::<u64>(), peak()),
        Some("boxes") => {
            println!("boxes      {}  {} KiB", boxes(LIMIT).iter().map(|i| **i).sum::<u64>(), peak())
        }
        Some("generator") => println!("generator  {}  {} KiB", pin!(new_range(LIMIT)).sum::<u64>(), peak()),
        _ => {
            for way in ["list", "boxes", "generator"] {
                let me = std::env::current_exe().expect("a program knows where it is");
                assert!(Command::new(me).arg(way).status().expect("it runs").success());
            }
            println!("the generator itself: {} bytes", size_of_val(&new_range(LIMIT)));
        }
    }
}
