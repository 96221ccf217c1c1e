//! Which bytes a `Range` header asks for (RFC 9110, section 14).

/// What to send of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All of it: no range was asked for, or one that a server may ignore.
    Whole,
    /// Part of it; `length` is at least 1.
    Part { start: u64, length: u64 },
    /// No byte that was asked for exists.
    Unsatisfiable,
}

/// Reads a `Range` header for a file of `size` bytes.
///
/// Units other than bytes, malformed text and several ranges at once are ignored, which the standard allows.
pub(crate) fn select(header: &str, size: u64) -> Selection {
    parse(header).map_or(Selection::Whole, |wanted| match wanted {
        Wanted::From { first, .. } if first >= size => Selection::Unsatisfiable,
        Wanted::From { first, last } => {
            Selection::Part { start: first, length: last.min(size - 1) - first + 1 }
        }
        Wanted::Suffix { length } if length == 0 || size == 0 => Selection::Unsatisfiable,
        Wanted::Suffix { length } => {
            let length = length.min(size);
            Selection::Part { start: size - length, length }
        }
    })
}

enum Wanted {
    /// `first-last`, or `first-` with the largest number as `last`.
    From { first: u64, last: u64 },
    /// `-length`
    Suffix { length: u64 },
}

fn parse(header: &str) -> Option<Wanted> {
    let (unit, range) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    match (first, last) {
        ("", length) => Some(Wanted::Suffix { length: number(length)? }),
        (first, "") => Some(Wanted::From { first: number(first)?, last: u64::MAX }),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Wanted::From { first, last })
        }
    }
}

/// Digits only: no sign, no space. What is too large for the type is larger than any file.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(start: u64, length: u64) -> Selection {
        Selection::Part { start, length }
    }

    #[test]
    fn closed_open_and_suffix_ranges_are_taken() {
        assert_eq!(select("bytes=0-0", 10), part(0, 1));
        assert_eq!(select("bytes=2-5", 10), part(2, 4));
        assert_eq!(select("bytes=4-", 10), part(4, 6));
        assert_eq!(select("bytes=-3", 10), part(7, 3));
        assert_eq!(select("Bytes=2-5", 10), part(2, 4));
    }

    #[test]
    fn ends_beyond_the_file_are_cut() {
        assert_eq!(select("bytes=9-99", 10), part(9, 1));
        assert_eq!(select("bytes=-99", 10), part(0, 10));
        assert_eq!(select("bytes=0-99999999999999999999999", 10), part(0, 10));
        assert_eq!(select("bytes=0-", u64::MAX), part(0, u64::MAX));
    }

    #[test]
    fn ranges_without_a_byte_are_unsatisfiable() {
        for header in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(select(header, 10), Selection::Unsatisfiable, "{header}");
        }
        assert_eq!(select("bytes=0-", 0), Selection::Unsatisfiable);
        assert_eq!(select("bytes=-5", 0), Selection::Unsatisfiable);
    }

    #[test]
    fn what_is_malformed_or_multiple_is_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes= 1 - 2",
            "lines=1-2",
            "bytes=0-1,3-4",
            "bytes=--1",
        ] {
            assert_eq!(select(header, 10), Selection::Whole, "{header}");
        }
    }
}
