//! # What
//! (under construction)
