//! The automatic traits of types and of futures: those of tokio. `items.txt` has the types without a parameter.

use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};

use tokio::{fs, net, runtime, task, time};

fn is_send<T: Send>(_: &T) {}
fn is_sync<T: Sync>(_: &T) {}
fn is_unpin<T: Unpin>(_: &T) {}
fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

/// A call of `is_not` compiles only for a type without the trait: otherwise two implementations fit.
trait NotUnpin<A> {
    fn is_not_unpin(&self) {}
}
impl<T: ?Sized> NotUnpin<()> for T {}
impl<T: ?Sized + Unpin> NotUnpin<u8> for T {}

trait NotSend<A> {
    fn is_not_send(&self) {}
}
impl<T: ?Sized> NotSend<()> for T {}
impl<T: ?Sized + Send> NotSend<u8> for T {}

fn future_of<F: Future>(_: impl FnOnce() -> F) -> Option<F> {
    None
}

#[test]
fn futures_of_files_and_sockets_may_go_to_another_thread_and_be_shared() {
    let reading = future_of(|| fs::read("x"));
    (is_send(&reading), is_sync(&reading));
    let text = future_of(|| fs::read_to_string("x"));
    (is_send(&text), is_sync(&text));
    let metadata = future_of(|| fs::metadata("x"));
    (is_send(&metadata), is_sync(&metadata));
    let opening = future_of(|| fs::File::open("x"));
    (is_send(&opening), is_sync(&opening));
    let connecting = future_of(|| net::TcpStream::connect("127.0.0.1:1"));
    (is_send(&connecting), is_sync(&connecting));
    let binding = future_of(|| net::UdpSocket::bind("127.0.0.1:1"));
    (is_send(&binding), is_sync(&binding));
}

#[test]
fn sleeps_and_time_limits_are_pinned() {
    let sleep = None::<time::Sleep>;
    (is_send(&sleep), is_sync(&sleep));
    sleep.is_not_unpin();
    let limited = None::<time::Timeout<std::future::Ready<()>>>;
    (is_send(&limited), is_sync(&limited));
    limited.is_not_unpin();
    let interval = None::<time::Interval>;
    (is_send(&interval), is_sync(&interval), is_unpin(&interval));
}

#[test]
fn local_sets_and_guards_stay_on_their_thread() {
    None::<task::LocalSet>.is_not_send();
    None::<runtime::LocalRuntime>.is_not_send();
    let guard = None::<runtime::EnterGuard<'_>>;
    guard.is_not_send();
    is_sync(&guard);
}

#[test]
fn runtimes_handles_and_sockets_may_be_seen_after_a_panic() {
    is_unwind_safe::<runtime::Runtime>();
    is_unwind_safe::<runtime::Handle>();
    is_unwind_safe::<task::JoinHandle<()>>();
    is_unwind_safe::<net::TcpStream>();
    is_unwind_safe::<net::TcpListener>();
    is_unwind_safe::<net::UdpSocket>();
}
