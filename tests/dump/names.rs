//! Names of tasks.

use std::future::pending;
use std::sync::Arc;

use heist::runtime::{Dump, Handle, TaskKind};
use heist::sync::{Barrier, Mutex};
use heist::task::{Id, JoinHandle, JoinSet, TaskBuilder};

use crate::support::{Gate, on_every_runtime};
use crate::{dump_when, reasons_of};

fn name_in(dump: &Dump, id: Id) -> Option<&str> {
    dump.task(id).expect("it is alive").name()
}

#[test]
fn each_way_to_spawn_gives_the_name_and_the_place_of_the_caller() {
    on_every_runtime(|rt| {
        let handle = rt.handle().clone();
        rt.block_on(async {
            let named = TaskBuilder::new().name("plain");
            let mut set = JoinSet::new();
            let first = line!() + 1;
            let plain = named.spawn(pending::<()>());
            let on = named.clone().name(String::from("on")).spawn_on(pending::<()>(), &handle);
            let member = named.clone().name("member").spawn_in(pending::<()>(), &mut set);
            let unnamed = TaskBuilder::new().spawn(pending::<()>());
            let local = heist::spawn(async {
                let local = TaskBuilder::new().name("local").spawn_local(pending::<()>());
                let dump = Handle::current().dump().await;
                assert_eq!(name_in(&dump, local.id()), Some("local"));
                assert_eq!(dump.task(local.id()).unwrap().kind(), TaskKind::Local);
                local.abort();
            });
            local.await.unwrap();
            let dump = Handle::current().dump().await;
            let names = [plain.id(), on.id(), member.id(), unnamed.id()].map(|id| name_in(&dump, id));
            assert_eq!(names, [Some("plain"), Some("on"), Some("member"), None]);
            for (line, id) in [plain.id(), on.id(), member.id(), unnamed.id()].into_iter().enumerate() {
                let location = dump.task(id).unwrap().location();
                assert_eq!((location.file(), location.line()), (file!(), first + line as u32));
            }
            [plain, on, unnamed].iter().for_each(JoinHandle::abort);
        });
    });
}

#[test]
fn closures_have_names_while_they_wait_and_run() {
    on_every_runtime(|rt| {
        let handle = rt.handle().clone();
        rt.block_on(async {
            let gate = Gate::default();
            let (opened, opened_on) = (gate.clone(), gate.clone());
            let named = TaskBuilder::new().name("hash");
            let line = line!() + 1;
            let here = named.spawn_blocking(move || opened.wait());
            let on = named.spawn_blocking_on(move || opened_on.wait(), &handle);
            let dump = Handle::current().dump().await;
            for (task, line) in [(&here, line), (&on, line + 1)] {
                assert_eq!(name_in(&dump, task.id()), Some("hash"));
                let seen = dump.task(task.id()).unwrap();
                assert_eq!((seen.kind(), seen.location().line()), (TaskKind::Blocking, line));
            }
            gate.open();
            here.await.unwrap();
            on.await.unwrap();
        });
    });
}

/// A future that is boxed, and outputs that are not `()`.
#[test]
fn named_tasks_end_as_others() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let named = TaskBuilder::new().name("worker");
            let large = [7_u8; 100_000];
            let sum = named.spawn(async move {
                heist::task::yield_now().await;
                large.iter().map(|byte| u64::from(*byte)).sum::<u64>()
            });
            assert_eq!(sum.await.unwrap(), 700_000);
            assert!(named.spawn(async { panic!("on purpose") }).await.unwrap_err().is_panic());
            let stopped = named.spawn(pending::<()>());
            stopped.abort();
            assert!(stopped.await.unwrap_err().is_cancelled());
        });
    });
}

#[test]
fn texts_have_the_names() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let sleep = || heist::time::sleep(std::time::Duration::from_secs(3600));
            let named = TaskBuilder::new().name("a \"sleeper\"\n");
            let crowd: Vec<_> = (0..5).map(|_| named.spawn(sleep())).collect();
            let others: Vec<_> = (0..5).map(|_| TaskBuilder::new().name("dreamer").spawn(sleep())).collect();
            let single = TaskBuilder::new().name("single").spawn(sleep());
            for task in crowd.iter().chain(&others).chain([&single]) {
                reasons_of(task.id()).await;
            }
            let text = Handle::current().dump().await.to_string();
            // Quoted and escaped, so that a name cannot pass for a line of the dump.
            assert!(text.contains("5 tasks \"a \\\"sleeper\\\"\\n\" ("), "{text}");
            assert!(text.contains("5 tasks \"dreamer\" ("), "{text}");
            assert!(text.contains(&format!("task {} \"single\", spawned at ", single.id())), "{text}");
            crowd.iter().chain(&others).chain([&single]).for_each(JoinHandle::abort);
        });
    });
}

#[test]
fn deadlocks_have_the_names() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
            let seated = Arc::new(Barrier::new(2));
            let sit = |name: &str, first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>| {
                let (first, second, seated) = (first.clone(), second.clone(), seated.clone());
                TaskBuilder::new().name(name).spawn(async move {
                    let _first = first.lock().await;
                    seated.wait().await;
                    let _second = second.lock().await;
                })
            };
            let tasks = [sit("plato", &left, &right), sit("kant", &right, &left)];
            let dump = dump_when("they are stuck", |dump| !dump.deadlocks().is_empty()).await;
            let [first, second] = dump.deadlocks()[0][..] else { panic!("{dump}") };
            let label = |id| format!("task {id} {:?}", name_in(&dump, id).unwrap());
            let (first, second) = (label(first), label(second));
            let line = format!("deadlock: {first} waits for {second} waits for {first}");
            assert!(dump.to_string().contains(&line), "{dump}");
            assert!(line.contains("\"plato\"") && line.contains("\"kant\""), "{line}");
            tasks.iter().for_each(JoinHandle::abort);
        });
    });
}
