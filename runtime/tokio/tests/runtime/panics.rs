//! Panics and errors by which programs know tokio.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::{Builder, Handle, Runtime, is_rt_shutdown_err};
use tokio::time::{Duration, sleep};

fn text_of_panic(call: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(call)).expect_err("a panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast_ref::<&str>().expect("a text")).to_owned(),
    }
}

#[test]
fn a_runtime_dropped_in_a_task_panics_and_one_ended_in_the_background_does_not() {
    let outer = Runtime::new().unwrap();
    let inner = Runtime::new().unwrap();
    let text = outer.block_on(async { text_of_panic(|| drop(inner)) });
    assert!(text.starts_with("Cannot drop a runtime in a context where blocking is not allowed"), "{text}");
    let inner = Runtime::new().unwrap();
    outer.block_on(async { inner.shutdown_background() });
    let inner = Runtime::new().unwrap();
    outer.block_on(async { tokio::task::spawn_blocking(|| drop(inner)).await }).unwrap();
}

#[test]
fn sockets_need_enable_io_and_sleeps_need_enable_time() {
    let bare = Builder::new_current_thread().build().unwrap();
    let text = text_of_panic(|| drop(bare.block_on(TcpListener::bind("127.0.0.1:0"))));
    assert!(text.contains("IO is disabled"), "{text}");
    #[cfg(unix)]
    {
        let (end, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let text = text_of_panic(|| drop(bare.block_on(async { tokio::io::unix::AsyncFd::new(end) })));
        assert!(text.contains("IO is disabled"), "{text}");
    }
    let text = text_of_panic(|| bare.block_on(async { sleep(Duration::from_millis(1)).await }));
    assert!(text.contains("timers are disabled"), "{text}");
    let with_io = Builder::new_current_thread().enable_io().build().unwrap();
    with_io.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let with_time = Builder::new_current_thread().enable_time().build().unwrap();
    with_time.block_on(async { sleep(Duration::from_millis(1)).await });
}

#[test]
fn a_sleep_panics_where_it_is_made_outside_of_a_runtime() {
    let text = text_of_panic(|| drop(sleep(Duration::from_millis(1))));
    assert!(text.contains("there is no reactor running"), "{text}");
    let text = text_of_panic(|| drop(tokio::spawn(async {})));
    assert!(text.contains("there is no reactor running"), "{text}");
    assert!(Handle::try_current().unwrap_err().is_missing_context());
}

#[test]
#[cfg(feature = "io-std")]
fn the_standard_streams_take_no_bytes_after_the_end_of_the_runtime() {
    use tokio::io::AsyncWriteExt;

    let runtime = Runtime::new().unwrap();
    let handle = runtime.handle().clone();
    let _guard = handle.enter();
    runtime.shutdown_timeout(Duration::from_secs(60));
    let error = handle.block_on(async { tokio::io::stdout().write_all(b"x").await }).unwrap_err();
    assert!(is_rt_shutdown_err(&error), "{error}");
    let error = handle.block_on(async { tokio::io::stderr().write_all(b"x").await }).unwrap_err();
    assert!(is_rt_shutdown_err(&error), "{error}");
}

#[test]
fn block_on_in_a_task_panics() {
    let runtime = Runtime::new().unwrap();
    let text = runtime.block_on(async { text_of_panic(|| Handle::current().block_on(async {})) });
    assert!(text.starts_with("Cannot start a runtime from within a runtime"), "{text}");
}

#[test]
fn block_in_place_panics_on_a_current_thread_runtime_only() {
    let one = Builder::new_current_thread().build().unwrap();
    let text = one.block_on(async { text_of_panic(|| tokio::task::block_in_place(|| {})) });
    assert_eq!(text, "can call blocking only when running on the multi-threaded runtime");
    let many = Runtime::new().unwrap();
    let nested = || Handle::current().block_on(async { 5 });
    assert_eq!(many.block_on(async { tokio::task::block_in_place(nested) }), 5);
}

#[test]
fn a_runtime_that_has_ended_refuses_sockets_with_its_error() {
    let runtime = Runtime::new().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let error = handle.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap_err();
    assert!(is_rt_shutdown_err(&error), "{error}");
}
