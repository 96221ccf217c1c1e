//! Where the bytes of a read go.

use std::mem::MaybeUninit;

/// The memory that a caller gave to be written: one slice, or those of a `readv`.
pub(crate) struct Room<'a> {
    slices: Vec<&'a mut [MaybeUninit<u8>]>,
    /// The slice that is being filled, and how far it is.
    slice: usize,
    offset: usize,
}

impl<'a> Room<'a> {
    pub(crate) fn new(slices: Vec<&'a mut [MaybeUninit<u8>]>) -> Room<'a> {
        Room { slices, slice: 0, offset: 0 }
    }

    /// How many more bytes fit.
    pub(crate) fn left(&self) -> usize {
        let rest: usize = self.slices[self.slice..].iter().map(|slice| slice.len()).sum();
        rest - self.offset
    }

    /// Writes as many of the bytes as fit, after those that are there. Returns how many.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while let Some(slice) = self.slices.get_mut(self.slice) {
            let place = &mut slice[self.offset..];
            let count = place.len().min(rest.len());
            place.iter_mut().zip(rest).for_each(|(place, byte)| {
                place.write(*byte);
            });
            rest = &rest[count..];
            self.offset += count;
            if rest.is_empty() {
                break;
            }
            (self.slice, self.offset) = (self.slice + 1, 0);
        }
        bytes.len() - rest.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{MaybeUninit, Room};

    #[test]
    fn bytes_fill_slice_after_slice_and_the_rest_does_not_fit() {
        let (mut first, mut second) = ([MaybeUninit::new(0); 3], [MaybeUninit::new(0); 4]);
        let mut room = Room::new(vec![&mut first, &mut [], &mut second]);
        assert_eq!(room.left(), 7);
        assert_eq!((room.put(b"ab"), room.left()), (2, 5));
        assert_eq!((room.put(b"cd"), room.left()), (2, 3));
        assert_eq!((room.put(b"efgh"), room.left()), (3, 0));
        assert_eq!(room.put(b"i"), 0);
    }
}
