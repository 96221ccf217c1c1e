//! Where a loop stands in memory.
//!
//! A loop of five instructions runs at half speed where it crosses a cache line, whoever wrote it; where the compiler
//! puts it is luck, and one unlucky copy once made 2.1 of 1.0. So each contestant is compiled several times, with
//! more and more code in front of its loop, and its figure is the median over the copies.

use std::hint::black_box;

/// How many copies of each contestant there are. The compiler aligns loops to 16 bytes, so a line of 64 has four
/// places; eight steps of some bytes each meet them all, and fewer than half of them are bad.
pub(super) const PLACES_COUNT: usize = 8;

/// All copies of one contestant.
pub(super) type Copies = [fn(u64) -> u64; PLACES_COUNT];

macro_rules! copies {
    ($($run:ident)::+) => {
        [
            $($run)::+::<0>, $($run)::+::<1>, $($run)::+::<2>, $($run)::+::<3>,
            $($run)::+::<4>, $($run)::+::<5>, $($run)::+::<6>, $($run)::+::<7>,
        ]
    };
}
pub(super) use copies;

/// Code that does nothing and takes room: more of it in each copy. It also keeps the copies from being one, as
/// equal functions are.
#[inline(always)]
pub(super) fn shift<const PLACE: usize>() {
    black_box(PLACE);
    if PLACE & 1 != 0 {
        black_box(1_u64);
    }
    if PLACE & 2 != 0 {
        black_box(2_u64);
        black_box(3_u64);
    }
    if PLACE & 4 != 0 {
        black_box(4_u64);
        black_box(5_u64);
        black_box(6_u64);
        black_box(7_u64);
    }
}
