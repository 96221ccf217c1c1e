//! Signals (under construction).
