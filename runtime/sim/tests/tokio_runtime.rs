//! tokio in a world: its workers, timers, wakers, and pipes.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use heist_sim::Builder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

fn run<F>(seed: u64, main: fn() -> F) -> (F::Output, heist_sim::Report)
where
    F: Future + 'static,
    F::Output: Send + 'static,
{
    let root = move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).enable_all().build().unwrap().block_on(main())
    };
    Builder::new().seed(seed).run(root).unwrap()
}

#[test]
fn an_hour_of_timers_takes_no_time() {
    let began = Instant::now();
    let slept = || async {
        let began = tokio::time::Instant::now();
        let sleep = |minutes: u64| tokio::spawn(tokio::time::sleep(Duration::from_secs(60 * minutes)));
        for task in [sleep(60), sleep(20), sleep(40)] {
            task.await.unwrap();
        }
        began.elapsed()
    };
    for seed in 0..10 {
        let (slept, _) = run(seed, slept);
        assert!(slept >= Duration::from_secs(3600) && slept < Duration::from_secs(3601), "{slept:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(10));
}

async fn talk() -> Vec<u32> {
    let (send, mut receive) = mpsc::channel(2);
    for number in 0..4 {
        let send = send.clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                send.send(number).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
    }
    drop(send);
    let mut heard = Vec::new();
    while let Some(number) = receive.recv().await {
        heard.push(number);
    }
    heard
}

#[test]
fn a_seed_makes_the_same_order_again_and_others_differ() {
    for seed in 0..10 {
        let (heard, _) = run(seed, talk);
        assert_eq!(heard.len(), 40);
        assert_eq!(run(seed, talk).0, heard);
    }
    assert!((1..10).any(|seed| run(seed, talk).0 != run(0, talk).0));
}

#[test]
fn bytes_pass_a_pipe_between_tasks() {
    let passed = || async {
        let (mut writer, mut reader) = pipe::pipe().unwrap();
        let bytes: Vec<u8> = (0..300_000).map(|number| (number % 241) as u8).collect();
        let sent = bytes.clone();
        let task = tokio::spawn(async move { writer.write_all(&sent).await });
        let mut received = Vec::new();
        reader.read_to_end(&mut received).await.unwrap();
        task.await.unwrap().unwrap();
        received == bytes
    };
    for seed in 0..20 {
        assert!(run(seed, passed).0);
    }
}
