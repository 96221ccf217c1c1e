//! What the test and the program that it starts say to each other.

/// The environment variable that tells a program that it is the one for a single test.
pub(super) const PART: &str = "HEIST_SIM_PART";
/// What begins the line with the verdict that this program prints.
pub(super) const VERDICT: &str = "heist-sim verdict: ";
