//! Loom models of this room. Each names the invariant that it checks; `DESIGN.md` defines the tags.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::primitive::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::primitive::model;
use crate::primitive::sync::ModelArc;
use crate::primitive::thread;
use crate::task::WaitReason;

use super::Direction;
use super::completion::Completion;
#[cfg(unix)]
use super::fd::FdFlags;
use super::file::PoolCall;
use super::mailbox::{Mailbox, Posted};
use super::readiness::{Arm, Claimed, Cleared, Order, Readiness, Verdict};
use super::send::{AnyLoan, Loan};
use super::side::{Listing, Side, WaiterRef};
use super::slots::SlotId;
use super::tests::counting_waker;
use super::tests::flight::{Desk, Flight};
use super::ticket::Ticket;
use super::wake_up::WakeUp;
use super::{Interest, Ready};

/// What a dump would say of an operation.
fn of_a_test() -> WaitReason {
    WaitReason::of_process(1)
}

fn ticket() -> Ticket {
    Ticket::new(0, SlotId::from_bits(7))
}

/// A task's side of `poll_io`: tries while ready, then waits. Returns `true` if it got the data.
fn poll_for(side: &Side, data: &AtomicBool, waker: &Waker) -> bool {
    loop {
        if let Some(seen) = side.observe() {
            // Ordering: Acquire: the system call, which sees the kernel's state at the time of the
            // call.
            if data.load(Ordering::Acquire) {
                return true;
            }
            let (Cleared::Done | Cleared::Newer) = side.clear(seen, Verdict::Useful);
            continue;
        }
        match side.wait(&mut WaiterRef::Primary, waker.clone()) {
            Arm::Ready => {}
            Arm::Already | Arm::Needed(_) => return false,
        }
    }
}

/// [event-wakes], edge-triggered: the event comes once, whether or not a task waits.
#[test]
fn an_event_beside_a_clear_and_a_wait_is_not_lost() {
    model(|| {
        let shared = ModelArc::new((Side::new(), AtomicBool::new(false)));
        let kernel = {
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Release: data first, then the event, as in the kernel.
                shared.1.store(true, Ordering::Release);
                let mut wakers = Vec::new();
                shared.0.event(false, &mut wakers);
                wakers
            })
        };
        let (_count, waker) = counting_waker();
        let got_data = poll_for(&shared.0, &shared.1, &waker);
        let woken = kernel.join().unwrap();
        assert!(got_data || woken.iter().any(|woken| woken.will_wake(&waker)), "the event was lost");
    });
}

/// [event-wakes] for two tasks on one side: one may clear an event that the other has not seen.
#[test]
fn an_event_beside_two_waiters_reaches_both() {
    model(|| {
        let shared = ModelArc::new((Side::new(), AtomicBool::new(false)));
        let kernel = {
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Release: data first, then the event.
                shared.1.store(true, Ordering::Release);
                let mut wakers = Vec::new();
                shared.0.event(false, &mut wakers);
                wakers
            })
        };
        let listed = {
            let shared = shared.clone();
            thread::spawn(move || {
                let (_count, waker) = counting_waker();
                let mut listing = Listing::None;
                loop {
                    if let Some(seen) = shared.0.observe() {
                        // Ordering: Acquire: the system call.
                        if shared.1.load(Ordering::Acquire) {
                            return None;
                        }
                        let (Cleared::Done | Cleared::Newer) = shared.0.clear(seen, Verdict::Useful);
                        continue;
                    }
                    match shared.0.wait(&mut WaiterRef::Listed(&mut listing), waker.clone()) {
                        Arm::Ready => {}
                        Arm::Already | Arm::Needed(_) => return Some(waker),
                    }
                }
            })
        };
        let (_count, waker) = counting_waker();
        let got_data = poll_for(&shared.0, &shared.1, &waker);
        let waiting = listed.join().unwrap();
        let woken = kernel.join().unwrap();
        assert!(got_data || woken.iter().any(|woken| woken.will_wake(&waker)), "the poller was not woken");
        if let Some(waiting) = waiting {
            assert!(woken.iter().any(|woken| woken.will_wake(&waiting)), "the listed waiter was not woken");
        }
    });
}

/// [event-empties]: a waiter that passed an event is no longer listed. When it is dropped, it
/// removes no other waiter.
#[test]
fn a_waiter_that_passed_an_event_is_listed_no_more() {
    model(|| {
        let side = ModelArc::new(Side::new());
        let seen = side.observe().expect("ready at first");
        assert_eq!(side.clear(seen, Verdict::Useful), Cleared::Done);
        let kernel = {
            let side = side.clone();
            thread::spawn(move || {
                let mut wakers = Vec::new();
                side.event(true, &mut wakers);
                wakers
            })
        };
        let list = |listing: &mut Listing| {
            let (_count, waker) = counting_waker();
            let (Arm::Ready | Arm::Already | Arm::Needed(_)) =
                side.wait(&mut WaiterRef::Listed(listing), waker.clone());
            waker
        };
        let (mut listing, mut later_listing) = (Listing::None, Listing::None);
        let waker = list(&mut listing);
        if let Some(seen) = side.observe() {
            listing.pass(seen);
        }
        let later = list(&mut later_listing);
        side.forget(listing);
        let woken = kernel.join().unwrap();
        let mut left = Vec::new();
        side.event(true, &mut left);
        assert!(!left.iter().any(|left| left.will_wake(&waker)), "a waiter that has gone is listed");
        let later_count = woken.iter().chain(&left).filter(|found| found.will_wake(&later)).count();
        assert_eq!(later_count, 1, "a waiter was taken away, or is listed twice");
    });
}

/// [event-empties]: wherever the waiters are stored, and even if one of them is dropped in between.
#[test]
fn an_event_takes_every_waiter() {
    model(|| {
        let side = ModelArc::new(Side::new());
        let (_count, waker) = counting_waker();
        let (_other_count, leaving) = counting_waker();
        let mut listings = [Listing::None; 3];
        for (listing, waker) in listings.iter_mut().zip([&waker, &leaving, &waker]) {
            let (Arm::Ready | Arm::Already | Arm::Needed(_)) =
                side.wait(&mut WaiterRef::Listed(listing), waker.clone());
        }
        let kernel = {
            let side = side.clone();
            thread::spawn(move || {
                let mut wakers = Vec::new();
                side.event(true, &mut wakers);
                wakers
            })
        };
        let (Arm::Ready | Arm::Already | Arm::Needed(_)) = side.wait(&mut WaiterRef::Primary, waker.clone());
        side.forget(listings[1]);
        let (Arm::Ready | Arm::Already | Arm::Needed(_)) =
            side.wait(&mut WaiterRef::Listed(&mut Listing::None), waker.clone());
        let mut woken = kernel.join().unwrap();
        side.event(true, &mut woken);
        let woken_count = woken.iter().filter(|woken| woken.will_wake(&waker)).count();
        assert_eq!(woken_count, 4, "three futures and the waiter of the traits, each once");
        assert!(woken.len() <= 5, "who went away was woken twice");
    });
}

/// [one-order]: of two waiters that find nothing ready, one places the order.
#[test]
fn two_waiters_place_one_order() {
    model(|| {
        let side = ModelArc::new(Side::new());
        let seen = side.observe().expect("ready at first");
        assert_eq!(side.clear(seen, Verdict::Useful), Cleared::Done);
        let wait = |side: &Side| {
            let (_count, waker) = counting_waker();
            side.wait(&mut WaiterRef::Listed(&mut Listing::None), waker)
        };
        let other = {
            let side = side.clone();
            thread::spawn(move || wait(&side))
        };
        let arms = [wait(&side), other.join().unwrap()];
        assert!(arms.contains(&Arm::Needed(Order::Once)) && arms.contains(&Arm::Already), "{arms:?}");
    });
}

/// [event-wakes]: a clear after an old look cannot erase a newer event.
#[test]
fn a_clear_wipes_out_only_what_was_seen() {
    model(|| {
        let readiness = ModelArc::new(Readiness::new());
        let seen = readiness.observe().expect("ready at first");
        let kernel = {
            let readiness = readiness.clone();
            thread::spawn(move || readiness.event(false))
        };
        let cleared = readiness.clear(seen, Verdict::Useful);
        kernel.join().unwrap();
        assert!(readiness.observe().is_some(), "the event was wiped out by {cleared:?}");
    });
}

/// [short-is-all]: a task that has seen the event of an end does not take a short call for all
/// there was.
#[test]
fn a_short_call_wipes_out_no_end() {
    model(|| {
        let readiness = ModelArc::new(Readiness::new());
        readiness.trust();
        let kernel = {
            let readiness = readiness.clone();
            thread::spawn(move || {
                readiness.distrust();
                readiness.event(false);
            })
        };
        readiness.clear_short(readiness.observe().expect("ready at first"));
        kernel.join().unwrap();
        assert!(readiness.observe().is_some(), "the end was wiped out");
    });
}

/// [shut-or-ticket]: a registration that is dropped while its order is on the way either cancels it
/// or prevents it.
#[test]
fn an_order_is_cancelled_or_never_placed() {
    model(|| {
        let side = ModelArc::new(Side::new());
        let owner = {
            let side = side.clone();
            thread::spawn(move || side.take_ticket(ticket()))
        };
        let to_cancel = side.shut(&mut Vec::new(), || true);
        let is_started = owner.join().unwrap();
        assert_eq!(to_cancel.is_some(), is_started, "started and not cancelled, or the reverse");
    });
}

/// [shut-or-ticket] for a submission whose future is dropped.
#[test]
fn a_dropped_submission_is_cancelled_or_never_started() {
    model(|| {
        let shared = ModelArc::new((Completion::new(), AtomicBool::new(false)));
        let owner = {
            let shared = shared.clone();
            thread::spawn(move || {
                let is_started = shared.0.take_ticket(ticket());
                if is_started {
                    // Ordering: Relaxed: the lock of the completion orders it.
                    shared.1.store(true, Ordering::Relaxed);
                    shared.0.finish(Ok(0), &mut Vec::new());
                }
                is_started
            })
        };
        let to_cancel = shared.0.close();
        // Ordering: Relaxed: as above.
        let is_done = shared.1.load(Ordering::Relaxed);
        let is_started = owner.join().unwrap();
        assert!(is_started || to_cancel.is_none(), "a cancel for what was never started");
        assert!(!is_started || to_cancel.is_some() || is_done, "started when nobody waited any more");
    });
}

/// [result-wakes]: a completion beside a change of the waker wakes the last waker, or the poll sees
/// the result.
#[test]
fn a_completion_beside_a_new_waker_is_not_lost() {
    model(|| {
        let completion = ModelArc::new(Completion::new());
        assert!(completion.take_ticket(ticket()));
        let (_first_count, first) = counting_waker();
        let poll = |waker: &Waker| completion.poll_with(&mut Context::from_waker(waker), of_a_test);
        assert!(poll(&first).is_pending());
        let kernel = {
            let completion = completion.clone();
            thread::spawn(move || {
                let mut wakers = Vec::new();
                completion.finish(Err(io::ErrorKind::Other.into()), &mut wakers);
                wakers
            })
        };
        let (_second_count, second) = counting_waker();
        let outcome = poll(&second);
        let woken = kernel.join().unwrap();
        match outcome {
            Poll::Ready(result) => assert!(result.is_err()),
            Poll::Pending => assert!(woken.iter().any(|waker| waker.will_wake(&second)), "nobody was woken"),
        }
    });
}

/// [result-wakes], [owned-until-terminal]: a call on the pool wakes its future or is seen, whether
/// a thread makes it or the pool drops it; and what a future gave up beside it is freed once.
#[test]
fn a_call_on_the_pool_ends_and_frees_what_was_given_up() {
    for (is_made, is_given_up) in [(true, false), (false, false), (true, true), (false, true)] {
        model(move || {
            let freed = Arc::new(AtomicUsize::new(0));
            let flight = Arc::new(Flight::new(freed.clone()));
            let call = PoolCall::new(flight.clone());
            let pool = thread::spawn(move || if is_made { call.perform() } else { drop(call) });
            let (count, waker) = counting_waker();
            if is_given_up {
                assert!(flight.completion.close().is_none(), "only a ring cancels");
                drop(flight);
                pool.join().unwrap();
            } else {
                let outcome = flight.completion.poll_with(&mut Context::from_waker(&waker), of_a_test);
                pool.join().unwrap();
                let is_woken = count.count() == 1;
                assert!(
                    is_woken || matches!(outcome, Poll::Ready(result) if result.is_ok() == is_made),
                    "it sleeps on"
                );
                drop(flight);
            }
            // Ordering: Relaxed: the thread has ended.
            assert_eq!(freed.load(Ordering::Relaxed), 1);
        });
    }
}

/// [no-lost-message]: an owner that goes to sleep has read the request, or its sender rings.
#[test]
fn a_message_is_read_before_the_sleep_or_its_sender_rings() {
    model(|| {
        let mailbox = ModelArc::new(Mailbox::new());
        let sender = {
            let mailbox = mailbox.clone();
            thread::spawn(move || mailbox.post(1u32))
        };
        mailbox.fall_asleep();
        let mut messages = Vec::new();
        mailbox.take(&mut messages);
        // The owner sleeps from here until the sender rings.
        match sender.join().unwrap() {
            Posted::Ring => {}
            Posted::Quiet => assert_eq!(messages, [1], "the owner sleeps on a message"),
            Posted::Refused(_) => panic!("the box is open"),
        }
    });
}

/// [no-lost-message] while the owner wakes up and goes to sleep again, beside two senders.
#[test]
fn two_messages_are_read_before_the_second_sleep_or_a_sender_rings() {
    model(|| {
        let mailbox = ModelArc::new(Mailbox::new());
        let senders = [1u32, 2].map(|message| {
            let mailbox = mailbox.clone();
            thread::spawn(move || mailbox.post(message) == Posted::Ring)
        });
        let mut read = Vec::new();
        let mut messages = Vec::new();
        for _ in 0..2 {
            mailbox.fall_asleep();
            mailbox.take(&mut messages);
            read.append(&mut messages);
            mailbox.wake_up();
        }
        mailbox.fall_asleep();
        mailbox.take(&mut messages);
        read.append(&mut messages);
        let rings = senders.map(|sender| sender.join().unwrap());
        assert!(read.len() == 2 || rings.contains(&true), "the owner sleeps on a message: {read:?}");
    });
}

/// [no-lost-message], [comes-round]: while a helper reads the mailbox of a worker that seems stuck,
/// each request is read once, by one of the two, or the owner is rung for it.
#[test]
fn a_message_beside_a_helper_is_read_once_or_its_sender_rings() {
    model(|| {
        let mailbox = ModelArc::new(Mailbox::new());
        let sender = {
            let mailbox = mailbox.clone();
            thread::spawn(move || mailbox.post_batch(&mut vec![1u32, 2]))
        };
        let helper = {
            let mailbox = mailbox.clone();
            thread::spawn(move || mailbox.take_if(|message| *message == 1))
        };
        mailbox.fall_asleep();
        let mut messages = Vec::new();
        mailbox.take(&mut messages);
        let posted = sender.join().unwrap();
        let mut helped = helper.join().unwrap();
        if posted == Posted::Ring {
            // A wake-up was sent: the owner looks again.
            let mut late = Vec::new();
            mailbox.take(&mut late);
            messages.append(&mut late);
        }
        helped.append(&mut messages);
        helped.sort_unstable();
        assert_eq!(helped, [1, 2]);
    });
}

/// [ring-ends-park]: with two ringers, the owner consumes a ring before it sleeps, or one of them
/// writes to the eventfd. And the owner sees what a ringer did before it rang.
#[test]
fn a_wake_up_is_consumed_or_ends_the_sleep() {
    model(|| {
        let shared = ModelArc::new((WakeUp::new(), AtomicUsize::new(0), AtomicUsize::new(0)));
        let ringers = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Relaxed: the wake-up must publish it.
                shared.1.fetch_add(1, Ordering::Relaxed);
                if shared.0.send() {
                    // Ordering: Release: the eventfd.
                    shared.2.fetch_add(1, Ordering::Release);
                }
            })
        });
        let is_consumed = shared.0.consume();
        if is_consumed {
            // Ordering: Relaxed: ordered by the wake-up.
            assert!(shared.1.load(Ordering::Relaxed) > 0, "the ring came before what it tells of");
        }
        for ringer in ringers {
            ringer.join().unwrap();
        }
        // Ordering: Acquire: the eventfd.
        let noise_count = shared.2.load(Ordering::Acquire);
        assert!(noise_count > 0);
        // If the ring was not consumed before the sleep, the thread that struck a quiet `WakeUp`
        // wrote to the eventfd, which ends the sleep. If it was consumed and a wake-up was sent
        // again, the second write does.
        assert_eq!(usize::from(is_consumed) + usize::from(shared.0.consume()), noise_count);
    });
}

/// [ring-ends-park]: a doze ends when either of two ringers sends a wake-up, and the owner then
/// sees what that ringer did before. A ringer that finds the owner awake must end a sleep in the
/// kernel.
#[test]
fn a_bounded_sleep_ends_at_a_wake_up() {
    model(|| {
        let shared = ModelArc::new((WakeUp::new(), AtomicUsize::new(0)));
        let ringers = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Relaxed: the wake-up must publish it.
                shared.1.fetch_add(1, Ordering::Relaxed);
                shared.0.send()
            })
        });
        // At most twice: each ring ends one.
        let mut seen_count = 0;
        while seen_count < 2 {
            shared.0.doze(None);
            if shared.0.consume() {
                // Ordering: Relaxed: ordered by the wake-up.
                let count = shared.1.load(Ordering::Relaxed);
                assert!(count > seen_count, "the ring came before what it tells of");
                seen_count = count;
            }
        }
        for ringer in ringers {
            let _noise = ringer.join().unwrap();
        }
    });
}

/// [ring-ends-park]: nothing is sent after a doze, whatever ended it, and the next striker must
/// end a sleep in the kernel.
#[test]
fn a_wake_up_after_a_bounded_sleep_rings_the_doorbell() {
    model(|| {
        let wake_up = ModelArc::new(WakeUp::new());
        let sender = wake_up.clone();
        let ringer = thread::spawn(move || sender.send());
        while !wake_up.consume() {
            wake_up.doze(None);
        }
        let _noise = ringer.join().unwrap();
        assert!(wake_up.send(), "the owner may sleep elsewhere now, and would not hear of it");
    });
}

/// [event-wakes]: a thread that observes an event sees what the waking thread did before it,
/// without another atomic.
#[test]
fn an_event_publishes_what_came_before_it() {
    model(|| {
        let shared = ModelArc::new((Readiness::new(), AtomicBool::new(false)));
        let seen = shared.0.observe().expect("ready at first");
        assert_eq!(shared.0.clear(seen, Verdict::Useful), Cleared::Done);
        let kernel = {
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Relaxed on purpose: the event must publish it.
                shared.1.store(true, Ordering::Relaxed);
                shared.0.event(false);
            })
        };
        // A separate thread, begun last. Otherwise loom would take the kernel's look at the word
        // for the relevant one, and would never schedule an earlier look of the waiter after the
        // event.
        let waiter = thread::spawn(move || {
            if shared.0.observe().is_some() {
                assert!(shared.1.load(Ordering::Relaxed), "the event came before its cause");
            }
        });
        kernel.join().unwrap();
        waiter.join().unwrap();
    });
}

/// [shut-or-ticket]: the future of an operation that the kernel has is dropped beside its
/// completion. The operation is cancelled, or it was done.
#[test]
fn a_submission_dropped_in_flight_is_cancelled() {
    model(|| {
        let shared = ModelArc::new((Completion::new(), AtomicBool::new(false)));
        assert!(shared.0.take_ticket(ticket()));
        let kernel = {
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Relaxed: the lock of the completion orders it.
                shared.1.store(true, Ordering::Relaxed);
                shared.0.finish(Ok(0), &mut Vec::new());
            })
        };
        let to_cancel = shared.0.close();
        // Ordering: Relaxed: as above.
        let is_done = shared.1.load(Ordering::Relaxed);
        assert!(to_cancel.is_some() || is_done, "it goes on, and nobody waits for it");
        kernel.join().unwrap();
    });
}

/// [owned-until-terminal], [stale-is-counted]: the owner harvests, a helper tries the same lock,
/// and a third thread drops the future. The thread that reaps the completion frees the slot, once,
/// and the late cancel never reaches the slot's next operation.
#[test]
fn a_slot_freed_beside_a_thief_and_a_drop_is_freed_once() {
    model(|| {
        let desk = ModelArc::new(Desk::new());
        let (flight, slot) = desk.begin();
        desk.complete(slot);
        let thief = {
            let desk = desk.clone();
            thread::spawn(move || desk.try_harvest(&mut Vec::new()))
        };
        let dropper = {
            let desk = desk.clone();
            thread::spawn(move || desk.give_up(flight))
        };
        desk.harvest(&mut Vec::new());
        // This uses the same slot, which is free by now, whichever thread reaped.
        let (_next, next_slot) = desk.begin();
        thief.join().unwrap();
        dropper.join().unwrap();
        desk.harvest(&mut Vec::new());
        assert_eq!((desk.in_flight(), desk.stale_count()), (1, 0));
        // Ordering: Relaxed: after the joins.
        assert_eq!(desk.freed.load(Ordering::Relaxed), 1);
        assert!(desk.is_wanted(next_slot), "the late cancel met another operation");
    });
}

/// [owned-until-terminal], [no-lost-message]: an operation whose future is dropped elsewhere is
/// kept until the owner or a helper has reaped the cancel's completion, and is then freed. The
/// owner has read the cancel or was rung for it.
#[test]
fn an_operation_dropped_elsewhere_is_kept_until_it_lands() {
    model(|| {
        let desk = ModelArc::new(Desk::new());
        let (flight, _slot) = desk.begin();
        let thief = {
            let desk = desk.clone();
            thread::spawn(move || desk.try_harvest(&mut Vec::new()))
        };
        let dropper = {
            let desk = desk.clone();
            thread::spawn(move || desk.give_up(flight))
        };
        desk.fall_asleep(&mut Vec::new());
        thief.join().unwrap();
        if dropper.join().unwrap() {
            // A wake-up was sent: the next harvest.
            desk.harvest(&mut Vec::new());
        }
        assert_eq!((desk.in_flight(), desk.stale_count()), (0, 0));
        // Ordering: Relaxed: after the joins.
        assert_eq!(desk.freed.load(Ordering::Relaxed), 1);
    });
}

/// [result-wakes] across the lock: a completion that the owner or a helper reaps beside a poll
/// reaches the future.
#[test]
fn a_completion_reaped_by_either_reaches_a_future_polled_elsewhere() {
    model(|| {
        let desk = ModelArc::new(Desk::new());
        let (flight, slot) = desk.begin();
        desk.complete(slot);
        let thief = {
            let desk = desk.clone();
            thread::spawn(move || {
                let mut wakers = Vec::new();
                desk.try_harvest(&mut wakers);
                wakers
            })
        };
        let future = thread::spawn(move || {
            let (_count, waker) = counting_waker();
            let is_ready =
                flight.completion.poll_with(&mut Context::from_waker(&waker), of_a_test).is_ready();
            (!is_ready).then_some(waker)
        });
        let mut woken = Vec::new();
        desk.harvest(&mut woken);
        woken.append(&mut thief.join().unwrap());
        if let Some(waiting) = future.join().unwrap() {
            assert!(woken.iter().any(|waker| waker.will_wake(&waiting)), "nobody was woken");
        }
    });
}

/// [owned-until-terminal]: a buffer that two operations read comes back after both have ended, and
/// then its owner is woken or sees it.
#[test]
fn a_lent_buffer_returns_after_its_last_reader() {
    model(|| {
        let shared = ModelArc::new((Loan::new(7_u8), AtomicUsize::new(0)));
        let readers = [(); 2].map(|()| {
            shared.0.lend(|_| ());
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Relaxed: the lock of the loan orders it. This is the kernel's last look
                // at the buffer.
                shared.1.fetch_add(1, Ordering::Relaxed);
                let mut wakers = Vec::new();
                shared.0.end(false, &mut wakers);
                wakers
            })
        });
        let (_count, waker) = counting_waker();
        let mut returned = pin!(shared.0.returned());
        let outcome = returned.as_mut().poll(&mut Context::from_waker(&waker));
        // Ordering: Relaxed: as above.
        let ended_count = shared.1.load(Ordering::Relaxed);
        let woken: Vec<Waker> = readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect();
        match outcome {
            Poll::Ready(buf) => assert_eq!((buf, ended_count), (Some(7), 2), "it is still read"),
            Poll::Pending => assert!(woken.iter().any(|woken| woken.will_wake(&waker)), "nobody was woken"),
        }
    });
}

/// [sends-in-turn], [one-order]: a write after a send that was given up is not tried before the
/// send was answered, and places no order of its own. The answer wakes it.
#[test]
fn a_write_behind_a_send_waits_for_its_answer() {
    model(|| {
        let shared = ModelArc::new((Side::new(), AtomicBool::new(false)));
        assert_eq!(shared.0.claim(), Claimed::Taken, "ready at first");
        let kernel = {
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Relaxed: the event must publish it.
                shared.1.store(true, Ordering::Relaxed);
                let mut wakers = Vec::new();
                shared.0.event(true, &mut wakers);
                wakers
            })
        };
        let (_count, waker) = counting_waker();
        let is_its_turn = loop {
            if shared.0.observe().is_some() {
                break true;
            }
            match shared.0.wait(&mut WaiterRef::Primary, waker.clone()) {
                Arm::Ready => {}
                Arm::Already => break false,
                Arm::Needed(_) => panic!("the send is the order"),
            }
        };
        // Ordering: Relaxed: as above.
        assert!(!is_its_turn || shared.1.load(Ordering::Relaxed), "it overtakes the send");
        let woken = kernel.join().unwrap();
        assert!(is_its_turn || woken.iter().any(|woken| woken.will_wake(&waker)), "nobody was woken");
    });
}

/// An order, its only event, and a call that would nevertheless block, `count` times. Returns the
/// orders. The side is not ready afterwards.
fn futile_orders(side: &Side, count: usize) -> Vec<Order> {
    let seen = side.observe().expect("ready");
    assert_eq!(side.clear(seen, Verdict::Useful), Cleared::Done);
    let one = |_| {
        let order = order(side);
        side.event(true, &mut Vec::new());
        let seen = side.observe().expect("an event");
        assert_eq!(side.clear(seen, Verdict::Futile), Cleared::Done);
        order
    };
    (0..count).map(one).collect()
}

fn order(side: &Side) -> Order {
    let (_count, waker) = counting_waker();
    match side.wait(&mut WaiterRef::Primary, waker) {
        Arm::Needed(order) => order,
        Arm::Ready | Arm::Already => panic!("an idle side"),
    }
}

/// [no-spin]: whatever is reported, futile orders become a standing one, and then have a pause in
/// between.
#[test]
fn orders_of_no_use_become_one_that_stands_and_then_pauses() {
    model(|| {
        let side = Side::new();
        let orders = futile_orders(&side, 11);
        assert_eq!(orders[..3], [Order::Once; 3]);
        assert_eq!(orders[3..7], [Order::Standing; 4]);
        assert_eq!(orders[7..], [Order::Rest, Order::Standing, Order::Rest, Order::Standing]);
        // An event does not end a standing order, and a call that did something ends the count.
        let side = Side::new();
        futile_orders(&side, 3);
        assert_eq!(order(&side), Order::Standing);
        for _ in 0..8 {
            side.event(false, &mut Vec::new());
            let seen = side.observe().expect("an event");
            assert_eq!(side.clear(seen, Verdict::Futile), Cleared::Done);
        }
        side.event(true, &mut Vec::new());
        let seen = side.observe().expect("an event");
        assert_eq!(side.clear(seen, Verdict::Futile), Cleared::Done);
        assert_eq!(order(&side), Order::Standing);
        let side = ModelArc::new(side);
        let there = side.clone();
        let kernel = thread::spawn(move || there.event(true, &mut Vec::new()));
        // Another event beside it changes nothing.
        side.event(true, &mut Vec::new());
        kernel.join().unwrap();
        assert_eq!(futile_orders(&side, 1), [Order::Once]);
    });
}

/// [no-spin], [event-wakes], [one-order]: the events of a standing order come beside calls that
/// would block and beside waits. None is lost, and none leads to another order.
#[test]
fn the_events_of_an_order_that_stands_are_not_lost() {
    model(|| {
        let side = Side::new();
        futile_orders(&side, 3);
        let (_count, waker) = counting_waker();
        assert_eq!(order(&side), Order::Standing);
        let shared = ModelArc::new((side, AtomicBool::new(false)));
        let kernel = {
            let shared = shared.clone();
            thread::spawn(move || {
                let mut wakers = Vec::new();
                // The state at the time of the order, and the change.
                shared.0.event(false, &mut wakers);
                wakers.clear();
                // Ordering: Release: data first, then the event, as in the kernel.
                shared.1.store(true, Ordering::Release);
                shared.0.event(false, &mut wakers);
                wakers
            })
        };
        let got_data = loop {
            if let Some(seen) = shared.0.observe() {
                // Ordering: Acquire: the system call.
                if shared.1.load(Ordering::Acquire) {
                    break true;
                }
                let (Cleared::Done | Cleared::Newer) = shared.0.clear(seen, Verdict::Futile);
                continue;
            }
            match shared.0.wait(&mut WaiterRef::Primary, waker.clone()) {
                Arm::Ready => {}
                Arm::Already => break false,
                Arm::Needed(order) => panic!("{order:?} beside an order that stands"),
            }
        };
        let woken = kernel.join().unwrap();
        // A waiter that the first event has taken would look again.
        let waits = !got_data && shared.0.observe().is_none();
        assert!(!waits || woken.iter().any(|woken| woken.will_wake(&waker)), "the event was lost");
    });
}

/// [level-at-arm], [sends-in-turn], [short-is-all]: beside a standing order nothing erases its
/// event unseen, and no send takes the side.
#[test]
fn an_order_that_stands_is_taken_for_no_other() {
    model(|| {
        let side = Side::new();
        side.trust();
        futile_orders(&side, 3);
        assert_eq!(order(&side), Order::Standing);
        let side = ModelArc::new(side);
        let kernel = {
            let side = side.clone();
            thread::spawn(move || side.event(false, &mut Vec::new()))
        };
        assert_ne!(side.claim(), Claimed::Taken, "the events would let other writes pass");
        side.clear_level(Verdict::Useful);
        if let Some(seen) = side.observe() {
            side.clear_short(seen);
        }
        kernel.join().unwrap();
        assert!(side.observe().is_some(), "the event was wiped out");
    });
}

/// A task's side of `async_io` on a watched descriptor: calls while a flag is set, then waits.
/// Returns `true` if it got the data.
#[cfg(unix)]
fn poll_flags_for(
    data: &AtomicBool,
    flags: &FdFlags,
    mut poll: impl FnMut() -> Poll<io::Result<super::fd::ReadyEvent>>,
) -> bool {
    while let Poll::Ready(seen) = poll() {
        // Ordering: Acquire: the system call, which sees the kernel's state at the time of the
        // call.
        if data.load(Ordering::Acquire) {
            return true;
        }
        let seen = seen.expect("the driver is there");
        flags.clear(seen, seen.ready);
    }
    false
}

/// [clear-at-tick], [event-wakes]: a flag that is set again beside the clear of its first event,
/// and beside a wait, is seen or wakes the waiter.
#[cfg(unix)]
#[test]
fn a_flag_that_is_set_beside_its_clear_and_a_wait_is_not_lost() {
    model(|| {
        let shared = ModelArc::new((FdFlags::new(), AtomicBool::new(false)));
        shared.0.event(Ready::READABLE, &mut Vec::new());
        let kernel = {
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Release: data first, then the event, as in the kernel.
                shared.1.store(true, Ordering::Release);
                let mut wakers = Vec::new();
                shared.0.event(Ready::READABLE, &mut wakers);
                wakers
            })
        };
        let (_count, waker) = counting_waker();
        let mut cx = Context::from_waker(&waker);
        let got_data = poll_flags_for(&shared.1, &shared.0, || shared.0.poll_ready(Direction::Read, &mut cx));
        let woken = kernel.join().unwrap();
        assert!(got_data || woken.iter().any(|woken| woken.will_wake(&waker)), "the event was lost");
    });
}

/// [clear-at-tick], [event-wakes] for a future and a poll function: one may clear a flag that the
/// other has not seen.
#[cfg(unix)]
#[test]
fn a_flag_that_is_set_beside_two_waiters_reaches_both() {
    model(|| {
        let shared = ModelArc::new((FdFlags::new(), AtomicBool::new(false)));
        let kernel = {
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Release: data first, then the event.
                shared.1.store(true, Ordering::Release);
                let mut wakers = Vec::new();
                shared.0.event(Ready::READABLE, &mut wakers);
                wakers
            })
        };
        let listed = {
            let shared = shared.clone();
            thread::spawn(move || {
                let (_count, waker) = counting_waker();
                let mut cx = Context::from_waker(&waker);
                // Leaked, because a future that is dropped takes its waker along.
                let mut future = std::mem::ManuallyDrop::new(shared.0.ready(Interest::READABLE));
                let got_data = poll_flags_for(&shared.1, &shared.0, || Pin::new(&mut *future).poll(&mut cx));
                (got_data, waker)
            })
        };
        let (_count, waker) = counting_waker();
        let mut cx = Context::from_waker(&waker);
        let got_data = poll_flags_for(&shared.1, &shared.0, || shared.0.poll_ready(Direction::Read, &mut cx));
        let woken = kernel.join().unwrap();
        let is_woken = |waker: &Waker| woken.iter().any(|woken| woken.will_wake(waker));
        assert!(got_data || is_woken(&waker), "the poll function lost the event");
        let (got_data, waker) = listed.join().unwrap();
        assert!(got_data || is_woken(&waker), "the future lost the event");
    });
}

/// [event-wakes]: who sees a flag sees what the thread did that has set it.
#[cfg(unix)]
#[test]
fn a_flag_publishes_what_came_before_it() {
    model(|| {
        let shared = ModelArc::new((FdFlags::new(), AtomicBool::new(false)));
        let kernel = {
            let shared = shared.clone();
            thread::spawn(move || {
                // Ordering: Relaxed on purpose: the event must publish it.
                shared.1.store(true, Ordering::Relaxed);
                shared.0.event(Ready::READABLE, &mut Vec::new());
            })
        };
        // A thread of its own, begun last, as above.
        let waiter = thread::spawn(move || {
            if shared.0.observe(Ready::READABLE).is_some() {
                assert!(shared.1.load(Ordering::Relaxed), "the event came before its cause");
            }
        });
        kernel.join().unwrap();
        waiter.join().unwrap();
    });
}
