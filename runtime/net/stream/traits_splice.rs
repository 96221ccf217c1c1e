//! Streams and halves as ends of a splice.

use super::byte_stream::ByteStream;
use super::family::Family;
use super::halves::borrowed::{ReadHalf, WriteHalf};
use super::halves::owned::{OwnedReadHalf, OwnedWriteHalf};
use crate::io::splice::{SealedSource, SealedTarget, SpliceSide, SpliceSource, SpliceTarget};

impl<F: Family> SealedSource for ByteStream<F> {
    fn source(&self) -> SpliceSide<'_> {
        SpliceSide::of_socket(self.registration())
    }
}

impl<F: Family> SealedTarget for ByteStream<F> {
    fn target(&self) -> SpliceSide<'_> {
        SpliceSide::of_socket(self.registration())
    }
}

impl<F: Family> SealedSource for ReadHalf<'_, F> {
    fn source(&self) -> SpliceSide<'_> {
        self.stream().source()
    }
}

impl<F: Family> SealedTarget for WriteHalf<'_, F> {
    fn target(&self) -> SpliceSide<'_> {
        self.stream().target()
    }
}

impl<F: Family> SealedSource for OwnedReadHalf<F> {
    fn source(&self) -> SpliceSide<'_> {
        self.stream().source()
    }
}

impl<F: Family> SealedTarget for OwnedWriteHalf<F> {
    fn target(&self) -> SpliceSide<'_> {
        self.stream().target()
    }
}

impl<F: Family> SpliceSource for ByteStream<F> {}
impl<F: Family> SpliceTarget for ByteStream<F> {}
impl<F: Family> SpliceSource for ReadHalf<'_, F> {}
impl<F: Family> SpliceTarget for WriteHalf<'_, F> {}
impl<F: Family> SpliceSource for OwnedReadHalf<F> {}
impl<F: Family> SpliceTarget for OwnedWriteHalf<F> {}
