//! What is counted of the blocking pool.

use std::sync::mpsc;
use std::time::Duration;

use crate::support::{Gate, PATIENCE, Shape, backends, builder, eventually, watched};

#[test]
fn closures_wait_for_a_thread_and_threads_for_closures() {
    for kind in backends() {
        for shape in [Shape::MultiThread, Shape::CurrentThread] {
            watched(|| {
                let mut builder = builder(shape, kind);
                builder.max_blocking_threads(2).thread_keep_alive(PATIENCE.max(Duration::from_secs(600)));
                let runtime = builder.build().expect("a runtime");
                let metrics = runtime.handle().metrics();
                let figures = || {
                    let threads = (metrics.num_blocking_threads(), metrics.num_idle_blocking_threads());
                    (threads, metrics.blocking_queue_depth())
                };
                assert_eq!(figures(), ((0, 0), 0));
                let (gate, (begun, has_begun)) = (Gate::default(), mpsc::channel());
                let closures: Vec<_> = (0..5)
                    .map(|_| {
                        let (gate, begun) = (gate.clone(), begun.clone());
                        runtime.spawn_blocking(move || {
                            begun.send(()).expect("the test waits");
                            gate.wait();
                        })
                    })
                    .collect();
                for _ in 0..2 {
                    has_begun.recv().expect("it begins");
                }
                assert_eq!(figures(), ((2, 0), 3), "two of five run");
                gate.open();
                runtime.block_on(async {
                    for closure in closures {
                        closure.await.expect("no panic");
                    }
                });
                eventually("both threads wait", || figures() == ((2, 2), 0));
            });
        }
    }
}
