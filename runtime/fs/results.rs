//! What a caller gets of an operation at the cursor that has ended.

use std::io::{self, SeekFrom};
use std::mem::take;

use super::lanes::{CursorOpKind, Ended, Lanes, ResultOwner};
use super::turn::Turn;
use crate::buf::Staging;
use crate::driver::file::{AT_CURSOR, Descriptor};

#[inline]
pub(super) fn read_now(file: &Descriptor, buf: &mut [u8]) -> Option<io::Result<usize>> {
    if file.may_read_now() { file.read_now(buf, AT_CURSOR) } else { None }
}

/// The kernel reports that the file has no offsets after all: the next try is one at the cursor.
pub(super) fn is_refused(file: &Descriptor, ended: &Ended) -> bool {
    let is_refused = ended.from.is_some()
        && ended.result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotSeekable);
    if is_refused {
        file.has_no_offsets();
    }
    is_refused
}

/// Whether it is the write of these bytes. A caller of a trait may continue it or start another
/// with the same bytes: if nothing else has happened to the file, one write answers both.
pub(super) fn is_answer(ended: &Ended, buf: &[u8]) -> bool {
    let is_same = ended.owner == ResultOwner::Future || buf.starts_with(&ended.bytes);
    ended.kind == CursorOpKind::Write && is_same && !ended.is_stale
}

pub(super) fn is_about(kind: CursorOpKind, to: SeekFrom) -> bool {
    matches!((kind, to), (CursorOpKind::End(asked), SeekFrom::End(offset)) if asked == offset)
}

pub(super) fn finish_read(
    file: &Descriptor,
    lanes: &mut Lanes,
    mut ended: Ended,
    turn: &mut Turn,
    buf: &mut [u8],
) -> io::Result<usize> {
    if ended.owner == ResultOwner::Trait && ended.from.is_some() && !ended.is_moved {
        // The read may be of an earlier call: reads what has been written since.
        if let Some(result) = read_now(file, buf) {
            lanes.discard(file, ended);
            return result;
        }
    }
    let read = ended.result.as_ref().map_or(0, |_| ended.bytes.len());
    let count = read.min(buf.len());
    buf[..count].copy_from_slice(&ended.bytes[..count]);
    if count < read {
        // It belongs to a read that asked for more.
        match ended.from {
            Some(_) => ended.cut(file, count as u64),
            None => drop(lanes.unread.splice(0..0, ended.bytes[count..].iter().copied())),
        }
    }
    ended.advance(file);
    let result = ended.result.map(|_| count);
    keep_spare(lanes, ended.bytes, turn);
    result
}

pub(super) fn finish_write(
    file: &Descriptor,
    lanes: &mut Lanes,
    mut ended: Ended,
    turn: &mut Turn,
) -> io::Result<usize> {
    ended.advance(file);
    keep_spare(lanes, ended.bytes, turn);
    ended.result.map(|count| count as usize)
}

fn keep_spare(lanes: &mut Lanes, bytes: Staging, turn: &mut Turn) {
    lanes.spare = bytes;
    if !turn.keeps_buffer() {
        lanes.give_back(take(&mut turn.has_large_buffer));
    }
}
