//! The pipes of a child as ends of a splice.

use super::pipes::{ChildStderr, ChildStdin, ChildStdout};
use crate::io::splice::{SealedSource, SealedTarget, SpliceSide, SpliceSource, SpliceTarget};

impl SealedTarget for ChildStdin {
    fn target(&self) -> SpliceSide<'_> {
        SpliceSide::of_pipe(self.0.registration())
    }
}

impl SealedSource for ChildStdout {
    fn source(&self) -> SpliceSide<'_> {
        SpliceSide::of_pipe(self.0.registration())
    }
}

impl SealedSource for ChildStderr {
    fn source(&self) -> SpliceSide<'_> {
        SpliceSide::of_pipe(self.0.registration())
    }
}

impl SpliceTarget for ChildStdin {}
impl SpliceSource for ChildStdout {}
impl SpliceSource for ChildStderr {}
