//! What needs a process of its own: descriptors that are counted.

use std::time::Duration;

use heist::time::{sleep, timeout};

use super::{bound, is_pending_once, pair};
use crate::support::process::{fds_fall_to, in_a_child, open_fds_count};

#[test]
fn dropped_sockets_and_receives_leak_no_descriptor() {
    in_a_child("process::dropped_sockets_and_receives_leak_no_descriptor", |rt| {
        rt.block_on(async {
            sleep(Duration::from_millis(1)).await;
            let before = open_fds_count();
            for round in 0..200 {
                let (left, right) = pair().await;
                let mut buf = [0; 8];
                match round % 3 {
                    0 => assert!(is_pending_once(left.recv(&mut buf)).await),
                    1 => {
                        assert!(timeout(Duration::from_micros(100), right.recv_from(&mut buf)).await.is_err())
                    }
                    _ => drop(bound().await.into_std().unwrap()),
                }
            }
            fds_fall_to(before).await;
        });
    });
}
