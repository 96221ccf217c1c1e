//! `AsyncBufReadExt`: lines, pieces, delimiters, and what a dropped future leaves.

use crate::script::{Script, Step, gives, poll_once, run};
use std::io::ErrorKind;
use std::pin::pin;
use tokio::io::{AsyncBufReadExt, BufReader};

fn reader(steps: impl IntoIterator<Item = Step>) -> BufReader<Script> {
    BufReader::new(Script::new(steps))
}

#[test]
fn read_until_ends_with_the_delimiter_or_the_stream() {
    let mut reader = reader([gives("a"), Step::Waits, gives("b,c"), Step::Fails(ErrorKind::Interrupted)]);
    let mut bytes = b"x".to_vec();
    assert_eq!(run(reader.read_until(b',', &mut bytes)).unwrap(), 3);
    assert_eq!(run(reader.read_until(b',', &mut bytes)).unwrap(), 1);
    assert_eq!(run(reader.read_until(b',', &mut bytes)).unwrap(), 0);
    assert_eq!(bytes, b"xab,c");
}

#[test]
fn a_delimiter_that_was_there_before_does_not_end_a_read() {
    let mut bytes = b",".to_vec();
    assert_eq!(run((&b"ab,c"[..]).read_until(b',', &mut bytes)).unwrap(), 3);
    assert_eq!(bytes, b",ab,");
    assert_eq!(run((&b""[..]).read_until(b',', &mut bytes)).unwrap(), 0);
}

#[test]
fn a_dropped_read_until_leaves_what_it_has_read_in_the_buffer() {
    let mut reader = reader([gives("ab"), Step::Waits, gives("c,d")]);
    let mut bytes = Vec::new();
    {
        let mut read = pin!(reader.read_until(b',', &mut bytes));
        assert!(poll_once(read.as_mut()).is_pending());
    }
    assert_eq!(bytes, b"ab");
    assert_eq!(run(reader.read_until(b',', &mut bytes)).unwrap(), 2);
    assert_eq!(bytes, b"abc,");
}

#[test]
fn read_line_keeps_what_came_before_an_error() {
    let mut reader = reader([gives("ab"), Step::Fails(ErrorKind::TimedOut), gives("c\nd")]);
    let mut text = "x".to_owned();
    assert_eq!(run(reader.read_line(&mut text)).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(text, "xab");
    assert_eq!(run(reader.read_line(&mut text)).unwrap(), 2);
    assert_eq!(text, "xabc\n");
}

#[test]
fn a_line_that_is_no_text_leaves_the_string_as_it_was() {
    let mut text = "x".to_owned();
    let mut bytes = &b"a\xff\nok\n"[..];
    assert_eq!(run(bytes.read_line(&mut text)).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(text, "x");
    assert_eq!(run(bytes.read_line(&mut text)).unwrap(), 3);
    assert_eq!(text, "xok\n");
    let mut reader = reader([gives([0xff]), Step::Fails(ErrorKind::TimedOut)]);
    assert_eq!(run(reader.read_line(&mut text)).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(text, "xok\n");
}

#[test]
fn lines_are_without_their_ends() {
    let mut lines = (&b"a\nb\r\n\n\rc\r"[..]).lines();
    let mut all = Vec::new();
    while let Some(line) = run(lines.next_line()).unwrap() {
        all.push(line);
    }
    assert_eq!(all, ["a", "b", "", "\rc\r"]);
    assert_eq!(run(lines.next_line()).unwrap(), None);
}

#[test]
fn a_dropped_next_line_loses_nothing() {
    let mut lines = reader([gives("ab"), Step::Waits, gives("c\n"), gives("d")]).lines();
    {
        let mut next = pin!(lines.next_line());
        assert!(poll_once(next.as_mut()).is_pending());
    }
    assert_eq!(run(lines.next_line()).unwrap().as_deref(), Some("abc"));
    assert_eq!(run(lines.next_line()).unwrap().as_deref(), Some("d"));
    assert_eq!(run(lines.next_line()).unwrap(), None);
    assert!(lines.into_inner().into_inner().is_over());
}

#[test]
fn a_line_that_is_no_text_is_dropped() {
    let mut lines = (&b"a\xff\nb"[..]).lines();
    assert_eq!(run(lines.next_line()).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(run(lines.next_line()).unwrap().as_deref(), Some("b"));
}

#[test]
fn pieces_are_without_their_delimiters() {
    let mut pieces = AsyncBufReadExt::split(reader([gives("a--"), Step::Waits, gives("b-c")]), b'-');
    let mut all = Vec::new();
    while let Some(piece) = run(pieces.next_segment()).unwrap() {
        all.push(piece);
    }
    assert_eq!(all, [&b"a"[..], b"", b"b", b"c"]);
}

#[test]
fn fill_buf_returns_what_is_there_and_reads_if_that_is_nothing() {
    let mut reader = reader([Step::Waits, gives("abc"), gives("d")]);
    {
        let mut fill = pin!(reader.fill_buf());
        assert!(poll_once(fill.as_mut()).is_pending());
    }
    assert_eq!(run(reader.fill_buf()).unwrap(), b"abc");
    reader.consume(1);
    assert_eq!(run(reader.fill_buf()).unwrap(), b"bc");
    reader.consume(2);
    assert_eq!(run(reader.fill_buf()).unwrap(), b"d");
    reader.consume(1);
    assert_eq!(run(reader.fill_buf()).unwrap(), b"");
}
