//! Where the bytes of a read go.

use std::mem::MaybeUninit;

/// The memory that a caller gave to be written: one slice, or those of a `readv`.
pub(crate) struct Room<'a> {
    /// What is free of the slice that is being filled.
    current: &'a mut [MaybeUninit<u8>],
    rest: std::vec::IntoIter<&'a mut [MaybeUninit<u8>]>,
}

impl<'a> Room<'a> {
    pub(crate) fn new(slices: Vec<&'a mut [MaybeUninit<u8>]>) -> Room<'a> {
        Room { current: &mut [], rest: slices.into_iter() }
    }

    /// One slice.
    pub(crate) fn of(slice: &'a mut [MaybeUninit<u8>]) -> Room<'a> {
        Room { current: slice, rest: Vec::new().into_iter() }
    }

    /// How many more bytes fit.
    pub(crate) fn left(&self) -> usize {
        let rest: usize = self.rest.as_slice().iter().map(|slice| slice.len()).sum();
        self.current.len() + rest
    }

    /// Writes as many of the bytes as fit, after those that are there. Returns how many.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = self.current.len().min(rest.len());
            let (place, free) = std::mem::take(&mut self.current).split_at_mut(count);
            place.iter_mut().zip(rest).for_each(|(place, byte)| {
                place.write(*byte);
            });
            (self.current, rest) = (free, &rest[count..]);
            if self.current.is_empty() {
                let Some(next) = self.rest.next() else { break };
                self.current = next;
            }
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
