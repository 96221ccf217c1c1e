//! `#[tokio::main]` and `#[tokio::test]` with their options.

use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant;

#[tokio::test]
async fn a_test_runs_on_the_current_thread() {
    assert_eq!(Handle::current().runtime_flavor(), RuntimeFlavor::CurrentThread);
    tokio::spawn(async {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_may_have_workers() {
    assert_eq!(Handle::current().runtime_flavor(), RuntimeFlavor::MultiThread);
    assert_eq!(Handle::current().metrics().num_workers(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_test_may_start_with_a_paused_clock() {
    let start = Instant::now();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(3600));
}

#[tokio::test(name = "named")]
async fn a_test_may_name_its_runtime() {
    assert_eq!(Handle::current().name(), Some("named"));
}

#[tokio::test(flavor = "local")]
async fn a_test_may_be_local() {
    let text = std::rc::Rc::new("text");
    let length = tokio::task::spawn_local(async move { text.len() });
    assert_eq!(length.await.unwrap(), 4);
}

mod renamed {
    pub(super) use ::tokio as elsewhere;
}

#[tokio::test(crate = "renamed::elsewhere")]
async fn a_test_finds_the_crate_where_it_is_told() -> Result<(), std::io::Error> {
    tokio::task::yield_now().await;
    Ok(())
}

#[tokio::main]
async fn sum(numbers: &[u32]) -> u32 {
    assert_eq!(Handle::current().runtime_flavor(), RuntimeFlavor::MultiThread);
    let numbers = numbers.to_vec();
    tokio::spawn(async move { numbers.iter().sum() }).await.unwrap()
}

#[tokio::main(flavor = "current_thread")]
async fn fails() -> Result<(), String> {
    Err("failed".to_owned())
}

#[test]
fn main_is_for_any_function() {
    assert_eq!(sum(&[1, 2, 3]), 6);
    assert_eq!(fails(), Err("failed".to_owned()));
}
