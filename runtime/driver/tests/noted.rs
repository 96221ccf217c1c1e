//! What is counted and logged of the operations of a ring that is observed.

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use socket2::Socket;

use crate::driver::Direction;
use crate::driver::inflight::InFlight;
use crate::driver::op::Op;
use crate::driver::readiness::Order;
use crate::driver::source::Source;
use crate::task::ObservedWorker;

/// Mutants: an event leaves the begin of the order as it was, or ends its place in the table.
#[test]
fn a_standing_order_is_one_wait_after_the_other_and_no_round_trip() {
    let observed = Arc::new(ObservedWorker::new());
    assert!(observed.log.begin());
    let mut in_flight = InFlight::new();
    in_flight.observe(observed.clone());
    let (ours, _theirs) = UnixStream::pair().expect("two sockets");
    let source = Arc::new(Source::new(Socket::from(ours)));
    let op = Op::Ready { source, direction: Direction::Read, order: Order::Standing };
    let slot = in_flight.admit(op, 0, |_, slot| slot).expect("it may begin");
    let (mut wakers, mut leftovers) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        in_flight.answer(slot, Ok(1), &mut wakers, &mut leftovers);
    }
    in_flight.end_batch();
    assert_eq!(observed.operations.under_way().len(), 1, "it waits for the next event");
    in_flight.land(slot, Ok(1), &mut wakers, &mut leftovers);
    in_flight.end_batch();
    in_flight.end_batch();

    let logged = observed.log.end().operations;
    assert_eq!(logged.len(), 3);
    assert!(logged.iter().all(|operation| operation.kind == "poll read"));
    for (one, next) in logged.iter().zip(&logged[1..]) {
        assert_eq!(one.ended, Some(next.began), "{logged:?}");
    }
    assert!(observed.operations.under_way().is_empty());
    let count = |bucket| observed.batches.count(bucket);
    assert_eq!((count(0), count(1), observed.batches.total()), (1, 1, 3), "two at once, then one");
    assert_eq!(observed.operations.round_trips.total(), 0);
}
