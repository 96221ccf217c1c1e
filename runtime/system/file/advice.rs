//! Advice on how a range of a file will be used.

/// How a range of a file will be used: see [`File::advise`](crate::fs::File::advise).
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::fs::{Advice, File};
///
/// let file = File::open("Cargo.toml").await?;
/// file.advise(0, 4096, Advice::WillNeed).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// No advice, the default of a new file.
    Normal,
    /// From the beginning to the end: reads ahead more.
    Sequential,
    /// At random places: does not read ahead.
    Random,
    /// Soon: begins to read it into the page cache.
    WillNeed,
    /// Not any more: drops it from the page cache, except for bytes that are not on the disk yet.
    DontNeed,
    /// Only once.
    NoReuse,
}
