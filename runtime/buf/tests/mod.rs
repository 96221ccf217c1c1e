use super::*;

mod fixed;

/// Fills the room, as an operation does.
#[expect(unsafe_code, reason = "writes to memory as the kernel does")]
fn fill(buf: &mut impl IoBufMut, byte: u8) {
    let count = buf.bytes_total();
    // SAFETY: [stable-address] the trait's promise, and just filled.
    unsafe {
        buf.as_mut_ptr().write_bytes(byte, count);
        buf.set_read(count);
    }
}

#[test]
fn a_slice_in_the_middle_cuts_nothing_off() {
    let mut part = b"0123456789".to_vec().slice(2, 3);
    fill(&mut part, b'x');
    assert_eq!(bytes_of(&part), b"xxx");
    assert_eq!(part.into_inner(), b"01xxx56789");
}

#[test]
fn a_slice_at_the_end_reaches_into_the_room() {
    let mut buf = Vec::with_capacity(16);
    buf.extend_from_slice(b"head");
    let part = buf.slice(4, 100);
    assert_eq!(part.bytes_init(), 0);
    assert_eq!(part.bytes_total(), part.get_ref().capacity() - 4);
}

#[test]
#[should_panic(expected = "beyond the 3 initialised bytes")]
fn a_slice_begins_within_what_is_initialised() {
    drop(b"abc".to_vec().slice(4, 1));
}

#[test]
fn parts_cover_the_room_once_and_join_when_all_are_there() {
    for (total_count, len) in [(10, 4), (8, 4), (1, 4), (0, 4)] {
        let mut parts = split(vec![0_u8; total_count].into_boxed_slice(), len);
        for (index, part) in parts.iter_mut().enumerate() {
            fill(part, index as u8 + 1);
        }
        let whole = join(parts).expect("all parts are there");
        let wanted: Vec<u8> = (0..total_count).map(|index| (index / len) as u8 + 1).collect();
        assert_eq!(*whole, *wanted);
    }
    let mut parts = split(vec![0_u8; 8], 4);
    let kept = parts.pop();
    assert!(join(parts).is_none(), "a part is still out");
    drop(kept);
}

#[test]
fn aligned_memory_is_aligned_and_zeroed() {
    for (len, align) in [(0, 512), (1, 512), (8192, 4096), (100, 65536)] {
        let buf = AlignedBuf::with_align(len, align);
        assert_eq!((buf.as_ptr().addr() % align, buf.len(), buf.align()), (0, len, align));
        assert!(buf.iter().all(|&byte| byte == 0));
    }
}
