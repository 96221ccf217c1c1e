//! Models of the queue. Two values through a queue with room for one: the second goes into the slot
//! of the first.

use heist::model::Explorer;
use heist::model::sync::atomic::Ordering;
use heist::task::yield_now;

use super::{Receiver, Sender, publishing};

async fn send(mut sender: Sender<String>, texts: &'static [&'static str]) {
    for text in texts {
        let mut value = (*text).to_owned();
        while let Err(back) = sender.push(value) {
            value = back;
            yield_now().await;
        }
    }
}

async fn receive(mut receiver: Receiver<String>, count: usize) -> Vec<String> {
    let mut values = Vec::new();
    while values.len() < count {
        match receiver.pop() {
            Some(value) => values.push(value),
            None => yield_now().await,
        }
    }
    values
}

async fn two_values_pass(publish: Ordering) {
    let (sender, receiver) = publishing(1, publish);
    let sending = heist::spawn(send(sender, &["first", "second"]));
    assert_eq!(receive(receiver, 2).await, ["first", "second"]);
    sending.await.unwrap();
}

#[test]
fn values_pass_in_their_order() {
    let explored = Explorer::new().check(|| two_values_pass(Ordering::Release));
    assert!(explored.runs() > 1);
}

/// Without `Release` the receiver may see the counter and not the value. Shuttle knows no such
/// order, and a processor of x86 has none.
#[test]
#[cfg(rt_loom)]
#[should_panic(expected = "Causality violation")]
fn a_value_that_is_not_published_is_found() {
    Explorer::new().check(|| two_values_pass(Ordering::Relaxed));
}
