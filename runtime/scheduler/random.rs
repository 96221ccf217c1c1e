//! Random numbers for the choice of victims.

/// Chooses victims with a xorshift generator, because a fixed order would send all thieves to the
/// same neighbour.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: usize) -> Random {
        Random(0x9e37_79b9_7f4a_7c15 ^ ((seed as u64 + 1) << 17))
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
