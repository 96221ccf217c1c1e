//! What a task does with files: the same code for every rival.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a random read.
pub(super) const BLOCK_BYTES: usize = 4096;
/// Bytes of a read or write in order.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// How a rival opens, reads and writes.
pub(super) trait Io: 'static {
    type File;
    type Buf;

    fn open(path: &Path, mode: Mode) -> impl Future<Output = io::Result<Self::File>>;
    fn read_at(
        file: &Self::File,
        buf: Self::Buf,
        place: u64,
    ) -> impl Future<Output = (io::Result<usize>, Self::Buf)>;
    /// Writes the whole buffer.
    fn write_at(
        file: &Self::File,
        buf: Self::Buf,
        place: u64,
    ) -> impl Future<Output = (io::Result<usize>, Self::Buf)>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    /// Past the page cache.
    ReadDirect,
    /// A new file, or an empty one.
    Write,
}

/// The orders of one task.
#[derive(Clone, Debug)]
pub(super) enum Lane {
    Random {
        path: PathBuf,
        mode: Mode,
        file_bytes: u64,
        seed: u64,
        count: u64,
    },
    ReadAll {
        path: PathBuf,
        file_bytes: u64,
    },
    WriteAll {
        path: PathBuf,
        file_bytes: u64,
    },
    Copy {
        from: PathBuf,
        to: PathBuf,
        file_bytes: u64,
    },
    /// Opens, reads and closes each.
    Small {
        paths: Vec<PathBuf>,
    },
}

/// Does all that `lane` says. `make_buf` makes room for so many bytes, all of them initialised.
pub(super) async fn follow<I: Io>(lane: Lane, make_buf: impl FnOnce(usize) -> I::Buf) -> io::Result<()> {
    match lane {
        Lane::Random { path, mode, file_bytes, seed, count } => {
            let file = I::open(&path, mode).await?;
            let mut buf = make_buf(BLOCK_BYTES);
            for place in places(seed, file_bytes).take(count as usize) {
                buf = read::<I>(&file, buf, place, BLOCK_BYTES).await?;
            }
        }
        Lane::ReadAll { path, file_bytes } => {
            let file = I::open(&path, Mode::Read).await?;
            let mut buf = make_buf(CHUNK_BYTES);
            for place in (0..file_bytes).step_by(CHUNK_BYTES) {
                buf = read::<I>(&file, buf, place, CHUNK_BYTES).await?;
            }
        }
        Lane::WriteAll { path, file_bytes } => {
            let file = I::open(&path, Mode::Write).await?;
            let mut buf = make_buf(CHUNK_BYTES);
            for place in (0..file_bytes).step_by(CHUNK_BYTES) {
                buf = write::<I>(&file, buf, place).await?;
            }
        }
        Lane::Copy { from, to, file_bytes } => {
            let (from, to) = (I::open(&from, Mode::Read).await?, I::open(&to, Mode::Write).await?);
            let mut buf = make_buf(CHUNK_BYTES);
            for place in (0..file_bytes).step_by(CHUNK_BYTES) {
                buf = read::<I>(&from, buf, place, CHUNK_BYTES).await?;
                buf = write::<I>(&to, buf, place).await?;
            }
        }
        Lane::Small { paths } => {
            let mut buf = make_buf(BLOCK_BYTES);
            for path in paths {
                let file = I::open(&path, Mode::Read).await?;
                buf = read::<I>(&file, buf, 0, BLOCK_BYTES).await?;
            }
        }
    }
    Ok(())
}

/// A rival that reads less than is there has done less than the others.
async fn read<I: Io>(file: &I::File, buf: I::Buf, place: u64, wanted: usize) -> io::Result<I::Buf> {
    let mut buf = buf;
    loop {
        let (result, back) = I::read_at(file, buf, place).await;
        buf = back;
        // A page that is just being written is not had at once: the rest is asked for again, as a whole.
        if result? == wanted {
            return Ok(buf);
        }
    }
}

async fn write<I: Io>(file: &I::File, buf: I::Buf, place: u64) -> io::Result<I::Buf> {
    let (result, buf) = I::write_at(file, buf, place).await;
    if result? == CHUNK_BYTES { Ok(buf) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Places of blocks, without end and without order.
pub(super) fn places(seed: u64, file_bytes: u64) -> impl Iterator<Item = u64> {
    let block_count = file_bytes / BLOCK_BYTES as u64;
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % block_count * BLOCK_BYTES as u64
    })
}
