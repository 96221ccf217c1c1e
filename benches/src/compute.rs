//! Work for handlers.

use std::hint::black_box;

/// Computes for about so many microseconds. An amount of work, not of time: whoever is interrupted has not worked.
pub(crate) fn compute(micros: u32) {
    const STEPS_PER_MICRO: u64 = 600;
    let mut value = black_box(1_u64);
    for _ in 0..u64::from(micros) * STEPS_PER_MICRO {
        // Each step needs the one before, five cycles of most machines, and several do not make one: with a plain
        // multiply and add the compiler did eight at a time.
        value = (value ^ (value >> 29)).wrapping_mul(6_364_136_223_846_793_005);
    }
    black_box(value);
}
