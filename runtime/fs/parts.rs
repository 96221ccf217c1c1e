//! Large reads into an owned buffer, in parts, so that no copy blocks the worker for long.
//!
//! Cached parts are copied by the worker one after the other; the budget lets other tasks run
//! between them. From the first part on that is not fully cached, the kernel's threads do the
//! parts, several at once.

use std::collections::VecDeque;
use std::io;

use super::file::File;
use super::work::{self, given_back};
use crate::buf::{IoBufMut, join, split};

/// Longer reads are split into parts of this many bytes: half of what one poll copies.
pub(super) const PART_BYTES: usize = 512 * 1024;
/// The most parts that the kernel has at once. More do not make a disk faster.
const PART_COUNT_MAX: usize = 16;

/// The result of the parts, in their order.
struct Total {
    result: io::Result<usize>,
    /// All parts so far were full.
    is_whole: bool,
}

impl Total {
    /// Parts after one that is not full do not count.
    fn add(&mut self, result: io::Result<usize>, room_len: usize) {
        match (result, &mut self.result) {
            (Ok(count), Ok(total)) if self.is_whole => {
                *total += count;
                self.is_whole = count == room_len;
            }
            (Err(error), Ok(0)) if self.is_whole => {
                self.result = Err(error);
                self.is_whole = false;
            }
            _ => self.is_whole = false,
        }
    }
}

impl File {
    pub(super) async fn read_parts_at<B: IoBufMut>(&self, mut buf: B, offset: u64) -> (io::Result<usize>, B) {
        let (address, len) = (buf.as_mut_ptr().addr(), buf.bytes_total());
        let offsets = (offset..).step_by(PART_BYTES);
        let mut rest: VecDeque<_> = split(buf, PART_BYTES).into_iter().zip(offsets).collect();
        let mut parts = Vec::with_capacity(rest.len());
        let mut total = Total { result: Ok(0), is_whole: true };
        while let Some((part, offset)) = rest.front_mut().filter(|_| total.is_whole) {
            let Some(result) = self.read_part_now(part, *offset).await else { break };
            total.add(result, part.bytes_total());
            parts.extend(rest.pop_front().map(|(part, _)| part));
        }
        let mut works = VecDeque::new();
        loop {
            while total.is_whole && works.len() < PART_COUNT_MAX {
                let Some((part, offset)) = rest.pop_front() else { break };
                works.push_back(work::read_on_other_thread(&self.descriptor, part, offset));
            }
            let Some(work) = works.pop_front() else { break };
            let landed = work.await;
            let part = given_back(landed.resources);
            total.add(landed.result, part.bytes_total());
            parts.push(part);
        }
        parts.extend(rest.into_iter().map(|(part, _)| part));
        let result = total.result.map_err(|error| self.explain(error, Some(address), len, offset));
        (result, given_back(join(parts)))
    }

    /// All of a part, or the bytes before the end of the file. Returns None if the part is not all
    /// cached.
    async fn read_part_now<B: IoBufMut>(&self, part: &mut B, offset: u64) -> Option<io::Result<usize>> {
        let result = self.now(|file| file.descriptor.read_now_into(part, offset)).await?;
        match result {
            Ok(count) if count > 0 && count < part.bytes_total() => {
                let behind = self.descriptor.read_now(&mut [0], offset + count as u64);
                matches!(behind, Some(Ok(0))).then_some(Ok(count))
            }
            result => Some(result),
        }
    }
}
