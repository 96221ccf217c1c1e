//! `copy`, `copy_buf`, `copy_bidirectional`: counts, flushes, ends that are passed on, errors.

use crate::script::{Script, Step, gives, poll_once, run};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use tokio::io::{
    AsyncReadExt, AsyncWriteExt, BufReader, copy, copy_bidirectional, copy_bidirectional_with_sizes,
    copy_buf, duplex, join,
};

#[test]
fn copy_moves_everything_and_flushes() {
    let mut reader = Script::new([gives("abc"), Step::Fails(ErrorKind::Interrupted), gives("def")]);
    let mut writer = Script::new([Step::Takes(2), Step::Waits, Step::Fails(ErrorKind::Interrupted)]);
    assert_eq!(run(copy(&mut reader, &mut writer)).unwrap(), 6);
    assert_eq!((&writer.written[..], writer.flush_count), (&b"abcdef"[..], 1));
}

#[test]
fn copy_reads_on_while_the_writer_waits() {
    let mut reader = Script::new([gives("ab"), gives("cd"), gives("ef")]);
    let mut writer = Script::new([Step::Waits, Step::Waits]);
    assert_eq!(run(copy(&mut reader, &mut writer)).unwrap(), 6);
    assert_eq!(writer.writes, [[2], [6], [6]], "once while the writer waits, once before the next write");
}

#[test]
fn copy_flushes_before_it_waits_for_the_reader() {
    let mut reader = Script::new([gives("ab"), Step::Waits, Step::Waits]);
    let mut writer = Script::default();
    {
        let mut copy = pin!(copy(&mut reader, &mut writer));
        assert!(poll_once(copy.as_mut()).is_pending());
        assert!(poll_once(copy.as_mut()).is_pending());
    }
    assert_eq!((&writer.written[..], writer.flush_count), (&b"ab"[..], 1), "once, not in each poll");
}

#[test]
fn copy_fails_where_either_side_fails() {
    let mut reader = Script::new([gives("ab"), Step::Fails(ErrorKind::ConnectionReset)]);
    assert_eq!(run(copy(&mut reader, &mut Vec::new())).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let mut writer = Script::new([Step::Takes(1), Step::Fails(ErrorKind::BrokenPipe)]);
    assert_eq!(run(copy(&mut &b"ab"[..], &mut writer)).unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut writer = Script::new([Step::Takes(0)]);
    assert_eq!(run(copy(&mut &b"ab"[..], &mut writer)).unwrap_err().kind(), ErrorKind::WriteZero);
}

#[test]
fn copy_buf_writes_from_the_readers_buffer() {
    let mut reader = BufReader::new(Script::new([
        gives("abc"),
        Step::Waits,
        Step::Fails(ErrorKind::Interrupted),
        gives("d"),
    ]));
    let mut writer = Script::new([Step::Takes(2), Step::Waits, Step::Fails(ErrorKind::Interrupted)]);
    assert_eq!(run(copy_buf(&mut reader, &mut writer)).unwrap(), 4);
    assert_eq!(
        (&writer.written[..], writer.flush_count),
        (&b"abcd"[..], 2),
        "before it waits, and at the end"
    );
    let mut reader = BufReader::new(Script::new([gives("ab"), Step::Waits, Step::Waits]));
    let mut writer = Script::default();
    run(copy_buf(&mut reader, &mut writer)).unwrap();
    assert_eq!(writer.flush_count, 2, "not in each poll");
    let mut writer = Script::new([Step::Takes(0)]);
    assert_eq!(run(copy_buf(&mut &b"ab"[..], &mut writer)).unwrap_err().kind(), ErrorKind::WriteZero);
}

#[test]
fn a_dropped_copy_buf_leaves_the_rest_in_the_reader() {
    let mut reader = &b"abcd"[..];
    let mut writer = Script::new([Step::Takes(2), Step::Waits]);
    {
        let mut copy = pin!(copy_buf(&mut reader, &mut writer));
        assert!(poll_once(copy.as_mut()).is_pending());
    }
    assert_eq!((reader, &writer.written[..]), (&b"cd"[..], &b"ab"[..]));
}

#[test]
fn both_ways_pass_the_end_on_and_count() {
    let (mut client, mut near) = duplex(4);
    let (mut far, mut server) = duplex(4);
    let relay = async { copy_bidirectional(&mut near, &mut far).await.unwrap() };
    let talk = async {
        client.write_all(b"ping pong").await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let serve = async {
        let mut question = String::new();
        server.read_to_string(&mut question).await.unwrap();
        server.write_all(question.to_uppercase().as_bytes()).await.unwrap();
        server.write_all(b"!").await.unwrap();
        server.shutdown().await.unwrap();
    };
    let (counts, answer, ()) = run(async { tokio_join(relay, talk, serve).await });
    assert_eq!((counts, answer.as_str()), ((9, 10), "PING PONG!"));
}

/// Polls three futures until all are over.
async fn tokio_join<A, B, C>(
    a: impl Future<Output = A>,
    b: impl Future<Output = B>,
    c: impl Future<Output = C>,
) -> (A, B, C) {
    let (mut a, mut b, mut c) = (pin!(a), pin!(b), pin!(c));
    let (mut left, mut middle, mut right) = (None, None, None);
    std::future::poll_fn(|cx| {
        fn go_on<F: Future>(
            place: &mut Option<F::Output>,
            future: std::pin::Pin<&mut F>,
            cx: &mut std::task::Context<'_>,
        ) {
            if place.is_none() {
                if let std::task::Poll::Ready(output) = future.poll(cx) {
                    *place = Some(output);
                }
            }
        }
        go_on(&mut left, a.as_mut(), cx);
        go_on(&mut middle, b.as_mut(), cx);
        go_on(&mut right, c.as_mut(), cx);
        let is_over = left.is_some() && middle.is_some() && right.is_some();
        if is_over { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    (left.unwrap(), middle.unwrap(), right.unwrap())
}

#[test]
fn an_error_of_either_direction_ends_both() {
    let mut failing = Script::new([Step::Fails(ErrorKind::ConnectionReset)]);
    let (mut end, _other) = duplex(4);
    let error = run(copy_bidirectional(&mut failing, &mut end)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn each_end_is_shut_down_once() {
    let mut left = join(&b"ab"[..], Script::default());
    let mut right = join(&b"c"[..], Script::default());
    assert_eq!(run(copy_bidirectional_with_sizes(&mut left, &mut right, 1, 1)).unwrap(), (2, 1));
    assert_eq!((&left.writer().written[..], left.writer().shutdown_count), (&b"c"[..], 1));
    assert_eq!(
        (&right.writer().writes[..], right.writer().shutdown_count),
        (&[[1], [1]].map(Vec::from)[..], 1)
    );
}

#[test]
fn buffers_without_room_panic() {
    for (there, back) in [(0, 1), (1, 0)] {
        let (mut a, mut b) = (tokio::io::empty(), tokio::io::empty());
        let copy = AssertUnwindSafe(|| run(copy_bidirectional_with_sizes(&mut a, &mut b, there, back)));
        let panic = catch_unwind(copy).expect_err("it panics");
        assert!(panic.downcast_ref::<&str>().unwrap().ends_with("must be greater than 0"));
    }
}
