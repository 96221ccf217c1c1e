//! Maps of numbers: of sockets, objects, descriptors and addresses.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys are numbers. Its order is the same in each run, but says nothing: what depends
/// on an order sorts first.
pub(crate) type NumberMap<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;

/// Odd, with as many ones as zeros: the fractional part of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash for keys that no attacker chooses, without a seed: one multiplication for each number.
#[derive(Debug, Default)]
pub(crate) struct NumberHasher {
    state: u64,
}

impl NumberHasher {
    fn add(&mut self, number: u64) {
        self.state = (self.state.rotate_left(5) ^ number).wrapping_mul(FACTOR);
    }
}

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut number = [0; 8];
            number[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(number));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.add(u64::from(number));
    }

    fn write_u16(&mut self, number: u16) {
        self.add(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.add(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.add(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }

    /// A map looks at the lowest bits, which the multiplication alone mixes least.
    fn finish(&self) -> u64 {
        self.state ^ (self.state >> 32)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    use super::{NumberHasher, NumberMap};

    #[test]
    fn numbers_in_sequence_fall_into_different_places() {
        let hasher = BuildHasherDefault::<NumberHasher>::default();
        let places: BTreeSet<u64> = (0_u32..1000).map(|number| hasher.hash_one(number) % 4096).collect();
        assert!(places.len() > 850, "{}", places.len());
    }

    #[test]
    fn two_maps_with_one_history_have_one_order() {
        let fill = || (0_u32..1000).map(|number| (number * 7, ())).collect::<NumberMap<u32, ()>>();
        assert!(fill().into_keys().eq(fill().into_keys()));
    }
}
