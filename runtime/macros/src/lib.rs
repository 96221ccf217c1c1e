//! The attributes and generator macros of heist.
