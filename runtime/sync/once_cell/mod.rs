//! A value that is computed once.

mod definition;
mod error;

pub use definition::OnceCell;
pub use error::SetError;
