//! Pipes as ends of a splice.

use super::pipe::{PipeReader, PipeWriter};
use super::splice::{SealedSource, SealedTarget, SpliceSide, SpliceSource, SpliceTarget};

impl SealedSource for PipeReader {
    fn source(&self) -> SpliceSide<'_> {
        if self.may_lack_writer() {
            return SpliceSide::of_named_pipe(self.registration());
        }
        SpliceSide::of_pipe(self.registration())
    }
}

impl SealedTarget for PipeWriter {
    fn target(&self) -> SpliceSide<'_> {
        SpliceSide::of_pipe(self.registration())
    }
}

impl SpliceSource for PipeReader {}
impl SpliceTarget for PipeWriter {}
