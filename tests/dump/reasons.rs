//! What a task waits for, one kind after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use heist::net::{TcpListener, TcpStream, UdpSocket};
use heist::runtime::WaitReason;
use heist::sync::{
    Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce, broadcast, mpsc, oneshot, watch,
};

use crate::reasons_of;
use crate::support::on_every_runtime;

const AN_HOUR: Duration = Duration::from_secs(3600);

/// What the one reason of a task that runs `future` is.
async fn reason_for<F: Future<Output: Send> + Send + 'static>(future: F) -> WaitReason {
    let task = heist::spawn(future);
    let mut reasons = reasons_of(task.id()).await;
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(!task.is_finished(), "a dump ends nothing");
    task.abort();
    reasons.remove(0)
}

fn primitive(reason: &WaitReason) -> &'static str {
    let WaitReason::Sync { primitive, .. } = reason else { panic!("{reason:?} is not of heist::sync") };
    primitive
}

fn readiness(reason: &WaitReason) -> (&'static str, &str) {
    let WaitReason::Readiness { operation, object } = reason else {
        panic!("{reason:?} is of no descriptor")
    };
    (operation, object)
}

#[test]
fn a_socket_is_named_by_its_addresses() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let mut ours = TcpStream::connect(address).await.unwrap();
            let _theirs = listener.accept().await.unwrap().0;
            let here = ours.local_addr().unwrap();

            let reason = reason_for(async move { ours.read(&mut [0; 8]).await }).await;
            assert_eq!(readiness(&reason), ("read", &*format!("TCP {here} -> {address}")));

            let reason = reason_for(async move { listener.accept().await }).await;
            assert_eq!(readiness(&reason), ("read", &*format!("TCP listener {address}")));

            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let _silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let mut theirs = listener.accept().await.unwrap().0;
            let reason = reason_for(async move {
                loop {
                    theirs.write_all(&[0; 64 * 1024]).await.unwrap();
                }
            })
            .await;
            assert_eq!(readiness(&reason).0, "write");

            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let name = format!("UDP {}", socket.local_addr().unwrap());
            let reason = reason_for(async move { socket.recv(&mut [0; 8]).await }).await;
            assert_eq!(readiness(&reason), ("read", &*name));
        });
    });
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_named_by_its_path() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("socket");
            let listener = heist::net::UnixListener::bind(&path).unwrap();
            let reason = reason_for(async move { listener.accept().await }).await;
            assert_eq!(readiness(&reason), ("read", &*format!("Unix listener {}", path.display())));
        });
    });
}

#[test]
fn a_timer_is_named_by_its_deadline() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (earliest, latest) = (Instant::now() + AN_HOUR, Instant::now() + 2 * AN_HOUR);
            let is_expected = |reason: WaitReason| match reason {
                WaitReason::Timer { deadline } => deadline >= earliest && deadline < latest,
                _ => false,
            };
            assert!(is_expected(reason_for(heist::time::sleep(AN_HOUR)).await));
            assert!(is_expected(
                reason_for(async {
                    let mut ticks = heist::time::interval(AN_HOUR);
                    ticks.tick().await;
                    ticks.tick().await
                })
                .await
            ));
            // It does not know what it waits for besides.
            let pending = std::future::pending::<()>();
            assert!(is_expected(reason_for(heist::time::timeout(AN_HOUR, pending)).await));
        });
    });
}

#[test]
fn all_branches_are_named() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_sender, receiver) = oneshot::channel::<()>();
            let task = heist::spawn(heist::time::timeout(AN_HOUR, receiver));
            let reasons = reasons_of(task.id()).await;
            assert!(
                matches!(reasons[..], [WaitReason::Sync { .. }, WaitReason::Timer { .. }]),
                "{reasons:?}"
            );
            task.abort();
        });
    });
}

#[test]
fn a_join_is_named_by_the_other_task() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let awaited = heist::spawn(std::future::pending::<()>());
            let (id, abort) = (awaited.id(), awaited.abort_handle());
            let reason = reason_for(async move { awaited.await.is_ok() }).await;
            assert_eq!(reason, WaitReason::Task { id });
            abort.abort();
        });
    });
}

#[test]
fn a_mutex_names_the_task_that_has_it() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mutex = Arc::new(Mutex::new(0));
            let (has, is_had) = oneshot::channel();
            let theirs = mutex.clone();
            let holder = heist::spawn(async move {
                let _guard = theirs.lock().await;
                has.send(()).unwrap();
                std::future::pending::<()>().await;
            });
            is_had.await.unwrap();
            let theirs = mutex.clone();
            let reason = reason_for(async move { *theirs.lock().await }).await;
            let WaitReason::Sync { primitive: "Mutex", holder: Some(found), .. } = reason else {
                panic!("{reason:?}")
            };
            assert_eq!(found, holder.id());
            holder.abort();
            holder.await.unwrap_err();

            // Somebody who is no task.
            let guard = mutex.lock().await;
            let theirs = mutex.clone();
            let reason = reason_for(async move { *theirs.lock().await }).await;
            assert!(
                matches!(reason, WaitReason::Sync { primitive: "Mutex", holder: None, .. }),
                "{reason:?}"
            );
            drop(guard);
        });
    });
}

#[test]
fn what_is_in_sync_is_named_by_its_type() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (sender, mut receiver) = mpsc::channel::<u32>(1);
            let reason = reason_for(async move { receiver.recv().await }).await;
            assert_eq!(primitive(&reason), "mpsc channel, for a message");
            drop(sender);

            let (sender, _receiver) = mpsc::channel::<u32>(1);
            sender.send(1).await.unwrap();
            assert_eq!(
                primitive(&reason_for(async move { sender.send(2).await }).await),
                "mpsc channel, for room"
            );

            let (_sender, receiver) = oneshot::channel::<u32>();
            assert_eq!(primitive(&reason_for(receiver).await), "oneshot channel, for its value");

            let (mut sender, _receiver) = oneshot::channel::<u32>();
            assert_eq!(
                primitive(&reason_for(async move { sender.closed().await }).await),
                "oneshot channel, to close"
            );

            let (_sender, mut receiver) = watch::channel(1);
            assert_eq!(primitive(&reason_for(async move { receiver.changed().await }).await), "watch");

            let (_sender, mut receiver) = broadcast::channel::<u32>(4);
            assert_eq!(
                primitive(&reason_for(async move { receiver.recv().await }).await),
                "broadcast channel"
            );

            let notify = Arc::new(Notify::new());
            assert_eq!(primitive(&reason_for(notify.notified_owned()).await), "Notify");

            let semaphore = Arc::new(Semaphore::new(0));
            assert_eq!(primitive(&reason_for(semaphore.acquire_owned()).await), "Semaphore");

            let barrier = Barrier::new(2);
            assert_eq!(
                primitive(&reason_for(async move { barrier.wait().await.is_leader() }).await),
                "Barrier"
            );

            let once = SetOnce::<u32>::new();
            assert_eq!(primitive(&reason_for(async move { *once.wait().await }).await), "SetOnce");

            let lock = Arc::new(RwLock::new(1));
            let reader = lock.clone().read_owned().await;
            assert_eq!(primitive(&reason_for(lock.write_owned()).await), "RwLock");
            drop(reader);

            let cell = Arc::new(OnceCell::<u32>::new());
            let (first, second) = (cell.clone(), cell);
            let first = heist::spawn(async move { *first.get_or_init(std::future::pending).await });
            reasons_settle(&first).await;
            let reason = reason_for(async move { *second.get_or_init(std::future::pending).await }).await;
            assert_eq!(primitive(&reason), "OnceCell");
            first.abort();
        });
    });
}

/// Waits until a task waits for something that no dump can name.
async fn reasons_settle<T>(task: &heist::task::JoinHandle<T>) {
    let is_waiting = |dump: &heist::runtime::Dump| {
        dump.task(task.id()).is_some_and(|task| task.activity() == heist::runtime::TaskActivity::Waiting)
    };
    crate::dump_when("the task waits", is_waiting).await;
}

#[test]
fn futures_that_know_no_budget_hide_nothing_below_them() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_sender, receiver) = oneshot::channel::<u32>();
            let reason = reason_for(heist::task::unconstrained(receiver)).await;
            assert_eq!(primitive(&reason), "oneshot channel, for its value");
            let (_sender, receiver) = oneshot::channel::<u32>();
            let reason = reason_for(heist::task::coop::cooperative(receiver)).await;
            assert_eq!(primitive(&reason), "oneshot channel, for its value");
        });
    });
}

#[cfg(unix)]
#[test]
fn an_operation_on_a_file_is_named_by_its_path() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().canonicalize().unwrap().join("fifo");
            rustix::fs::mknodat(
                rustix::fs::CWD,
                &path,
                rustix::fs::FileType::Fifo,
                rustix::fs::Mode::RWXU,
                0,
            )
            .unwrap();
            // With a writer it is open at once, and stays empty.
            let both = std::fs::File::options().read(true).write(true).open(&path).unwrap();
            let file = heist::fs::File::open(&path).await.unwrap();
            let mut file = file;
            let reason = reason_for(async move { file.read(&mut [0; 8]).await }).await;
            let named = match &reason {
                WaitReason::Operation { operation, object } | WaitReason::Readiness { operation, object } => {
                    (*operation, &**object)
                }
                _ => panic!("{reason:?}"),
            };
            assert_eq!(named.0, "read");
            if cfg!(target_os = "linux") {
                assert_eq!(named.1, path.to_str().unwrap());
            }
            drop(both);
        });
    });
}

#[cfg(unix)]
#[test]
fn a_child_process_is_named() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut child =
                heist::process::Command::new("sleep").arg("1000").kill_on_drop(true).spawn().unwrap();
            let reason = reason_for(async move { child.wait().await }).await;
            assert!(
                matches!(
                    reason,
                    WaitReason::Readiness { operation: "read", .. }
                        | WaitReason::Operation { operation: "wait", .. }
                ),
                "{reason:?}"
            );
        });
    });
}
