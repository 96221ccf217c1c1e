//! Rules about architecture: imports between rooms, and words that stand in one place only.

use crate::source::{Source, is_word_byte, words};

/// The only files of the library that may contain `unsafe`. Each gives its reason in its header.
/// Tests give theirs as well. The code that macros generate calls `generator/airlock.rs`.
pub(crate) const UNSAFE_FILES: [&str; 120] = [
    "runtime/buf/aligned.rs",
    "runtime/buf/fixed.rs",
    "runtime/buf/io_buf.rs",
    "runtime/buf/parts.rs",
    "runtime/buf/pooled.rs",
    "runtime/buf/slice.rs",
    "runtime/buf/staging.rs",
    "runtime/driver/fd/epoll.rs",
    "runtime/driver/fd/portable.rs",
    "runtime/driver/file/descriptor.rs",
    "runtime/driver/file/flight.rs",
    "runtime/driver/file/perform.rs",
    "runtime/driver/file/request.rs",
    "runtime/driver/file/start.rs",
    "runtime/driver/poll/epoll.rs",
    "runtime/driver/poll/portable.rs",
    "runtime/driver/uring/worker_ring.rs",
    "runtime/driver/uring/ring.rs",
    "runtime/driver/uring/thread_usage.rs",
    "runtime/fs/file_unix.rs",
    "runtime/fs/file_windows.rs",
    "runtime/generator/airlock.rs",
    "runtime/generator/async_machine.rs",
    "runtime/generator/co.rs",
    "runtime/generator/machine.rs",
    "runtime/generator/routines.rs",
    "runtime/generator/shared.rs",
    "runtime/io/unix/register.rs",
    "runtime/net/receive.rs",
    "runtime/process/command_unix.rs",
    "runtime/process/windows/exit_watch.rs",
    "runtime/net/tcp/descriptor.rs",
    "runtime/net/unix/socket.rs",
    "runtime/queue/deque.rs",
    "runtime/queue/slot.rs",
    "runtime/scheduler/current.rs",
    "runtime/scheduler/polled.rs",
    "runtime/scheduler/stand_in.rs",
    "runtime/scheduler/token.rs",
    "runtime/signal/console.rs",
    "runtime/signal/delivery.rs",
    "runtime/sim/src/interpose/answers.rs",
    "runtime/sim/src/interpose/copies.rs",
    "runtime/sim/src/interpose/descriptors.rs",
    "runtime/sim/src/interpose/epoll.rs",
    "runtime/sim/src/interpose/futex.rs",
    "runtime/sim/src/interpose/messages.rs",
    "runtime/sim/src/interpose/names.rs",
    "runtime/sim/src/interpose/directories.rs",
    "runtime/sim/src/interpose/file_data.rs",
    "runtime/sim/src/interpose/file_names.rs",
    "runtime/sim/src/interpose/file_systems.rs",
    "runtime/sim/src/interpose/files.rs",
    "runtime/sim/src/interpose/numbered.rs",
    "runtime/sim/src/interpose/positions.rs",
    "runtime/sim/src/interpose/real_files.rs",
    "runtime/sim/src/interpose/status.rs",
    "runtime/sim/src/interpose/random.rs",
    "runtime/sim/src/interpose/real.rs",
    "runtime/sim/src/interpose/real_sockets.rs",
    "runtime/sim/src/interpose/resolved.rs",
    "runtime/sim/src/interpose/socket_addresses.rs",
    "runtime/sim/src/interpose/sockets.rs",
    "runtime/sim/src/interpose/threads.rs",
    "runtime/sim/src/interpose/time.rs",
    "runtime/sim/src/interpose/transfer.rs",
    "runtime/sim/src/kernel/network/tests.rs",
    "runtime/sim/src/run_tests/child.rs",
    "runtime/sim/src/world/baton.rs",
    "runtime/sim/src/world/current.rs",
    "runtime/sync/loan.rs",
    "runtime/sync/mutex/lock.rs",
    "runtime/sync/once_cell/definition.rs",
    "runtime/sync/rwlock/lock.rs",
    "runtime/sync/set_once.rs",
    "runtime/sync/mpsc/block.rs",
    "runtime/sync/mpsc/queue.rs",
    "runtime/sync/mpsc/receiver_waker.rs",
    "runtime/sync/mpsc/rx.rs",
    "runtime/sync/oneshot/cell.rs",
    "runtime/sync/wait_list/entry.rs",
    "runtime/sync/wait_list/list.rs",
    "runtime/sync/wait_list/waiter.rs",
    "runtime/system/access.rs",
    "runtime/sync/write_once.rs",
    "runtime/system/credentials/bsd.rs",
    "runtime/system/credentials/linux.rs",
    "runtime/system/file/cached.rs",
    "runtime/system/file/linux.rs",
    "runtime/system/file/uncached.rs",
    "runtime/system/file/unix.rs",
    "runtime/system/file/windows.rs",
    "runtime/system/poll_state/mod.rs",
    "runtime/system/segmentation/linux.rs",
    "runtime/task/allocate.rs",
    "runtime/system/splice/linux.rs",
    "runtime/task/counted_worker.rs",
    "runtime/task/depot.rs",
    "runtime/task/harness.rs",
    "runtime/task/join.rs",
    "runtime/task/list.rs",
    "runtime/task/memory.rs",
    "runtime/task/observed.rs",
    "runtime/task/owned.rs",
    "runtime/task/pinned.rs",
    "runtime/task/polled_task.rs",
    "runtime/task/raw.rs",
    "runtime/task/runnable.rs",
    "runtime/task/time_stamp.rs",
    "runtime/task/waker.rs",
    "runtime/tokio/src/fs/file.rs",
    "runtime/tokio/src/io/buf_read/fill_buf.rs",
    "runtime/tokio/src/io/read/uninit.rs",
    "runtime/tokio/src/io/read_buf.rs",
    "runtime/tokio/src/io/split.rs",
    "runtime/tokio/src/io/standard.rs",
    "runtime/tokio/src/net/fill.rs",
    "runtime/tokio/src/net/tcp/socket.rs",
    "runtime/tokio/src/net/unix/socket.rs",
    "runtime/tokio/src/process/command.rs",
];

/// May name std's atomics, besides `primitive`: the table of mounts and the depots of free cells
/// are the process's, and stay when a model ends; the id of a thread's task is an atomic only for a
/// watchdog, and a step of each model otherwise.
pub(crate) const ATOMIC_FILES: [&str; 4] = [
    "runtime/system/remote/mounts.rs",
    "runtime/task/depot.rs",
    "runtime/task/id.rs",
    "runtime/task/polled_task.rs",
];

/// Lists systems, each list once.
pub(crate) const SYSTEMS_FILE: &str = "runtime/system/systems.rs";

/// May ask for Linux, which is to ask whether there are rings: they choose between back ends, or
/// hold what only rings use.
pub(crate) const RING_FILES: [&str; 18] = [
    "runtime/driver/completion.rs",
    "runtime/driver/errors.rs",
    "runtime/driver/fd/mod.rs",
    "runtime/driver/file/any_flight.rs",
    "runtime/driver/file/flight.rs",
    "runtime/driver/file/mod.rs",
    "runtime/driver/file/opening/mod.rs",
    "runtime/driver/file/request.rs",
    "runtime/driver/file/stat.rs",
    "runtime/driver/leftover.rs",
    "runtime/driver/mod.rs",
    "runtime/driver/op.rs",
    "runtime/driver/poll/mod.rs",
    "runtime/driver/readiness.rs",
    "runtime/driver/send/loan.rs",
    "runtime/driver/side.rs",
    "runtime/driver/slots.rs",
    "runtime/driver/wake_up.rs",
];

/// Distinguish systems. `unix` and `windows`, which std divides its own API by, may stand anywhere.
const SYSTEM_WORDS: [&str; 4] = ["target_os", "target_vendor", "target_env", "target_family"];

/// How high a room stands. A room may import a lower one, not a higher one or one of its rank.
pub(crate) fn rank(room: &str) -> Option<u8> {
    match room {
        "primitive" => Some(0),
        "task" | "queue" | "generator" | "buf" | "system" => Some(1),
        "blocking" | "sync" => Some(2),
        "time" | "driver" => Some(3),
        "scheduler" | "io" | "net" | "fs" | "signal" | "process" => Some(4),
        "runtime" => Some(5),
        "asyncio" | "model" => Some(6),
        "scenarios" | "coherence" => Some(7),
        _ => None,
    }
}

/// Rooms that share a rank and may know each other all the same.
pub(crate) fn are_neighbours(room: &str, other: &str) -> bool {
    const OF_IO: [&str; 5] = ["io", "net", "fs", "signal", "process"];
    OF_IO.contains(&room) && OF_IO.contains(&other)
}

pub(crate) fn imports_go_one_way(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let Some(room) = source.room() else { continue };
        let Some(own_rank) = rank(room) else {
            complaints.push(format!(
                "{}: room `{room}` has no rank; give it one in tests/tidy/architecture.rs",
                source.path
            ));
            continue;
        };
        let code = source.product();
        for (place, _) in code.match_indices("crate::") {
            for other in imported_rooms(&code[place + "crate::".len()..]) {
                let is_door = code[..place].trim_end().ends_with("pub use");
                let is_free = other == room || is_door || are_neighbours(room, &other);
                match rank(&other) {
                    Some(rank) if rank < own_rank || is_free => {}
                    Some(_) => {
                        complaints.push(source.complaint(place, &format!("`{room}` imports `{other}`")))
                    }
                    None if is_free || !is_module(sources, &other) => {}
                    None => complaints.push(source.complaint(place, &format!("`{other}` has no rank"))),
                }
            }
        }
    }
    complaints
}

/// A re-export of something that stands above the room where it is shown.
struct Door<'a> {
    source: &'a Source,
    /// The last name of the module that shows it; `crate` at the root.
    module: &'a str,
    name: String,
    leads_to: String,
}

/// Doors are for users: a room walks through one only to what it may import anyway.
pub(crate) fn doors_are_for_users(sources: &[Source]) -> Vec<String> {
    let doors: Vec<Door> = sources.iter().flat_map(doors_of).collect();
    let mut complaints = Vec::new();
    for source in sources {
        let Some(room) = source.room() else { continue };
        let code = source.product();
        for door in doors.iter().filter(|door| !may_import(room, &door.leads_to)) {
            let is_inside = door.source.room() == Some(room);
            let modules = [door.module, "super", "self"];
            for module in &modules[..if is_inside { 3 } else { 1 }] {
                for place in words(code, module) {
                    let Some(path) = code[place + module.len()..].strip_prefix("::") else { continue };
                    if imported_rooms(path).contains(&door.name) && !is_in_re_export(code, place) {
                        let what = format!(
                            "`{room}` walks through the door `{}::{}` to `{}`",
                            door.module, door.name, door.leads_to
                        );
                        complaints.push(source.complaint(place, &what));
                    }
                }
            }
        }
    }
    complaints
}

/// Whether the place is in a `pub use` itself: doors are made of longer paths, and led on to users.
fn is_in_re_export(code: &str, place: usize) -> bool {
    code[..place].rsplit(';').next().is_some_and(|statement| statement.contains("pub use "))
}

/// Whether one room may know another; a name without a rank is no room.
fn may_import(room: &str, other: &str) -> bool {
    let Some((own_rank, rank)) = rank(room).zip(rank(other)) else { return true };
    rank < own_rank || room == other || are_neighbours(room, other)
}

fn doors_of(source: &Source) -> Vec<Door<'_>> {
    let is_root = source.path == "runtime/lib.rs";
    let file = source.path.trim_end_matches("/mod.rs").trim_end_matches(".rs");
    let module = if is_root { "crate" } else { file.rsplit('/').next().unwrap_or(file) };
    let code = source.product();
    let mut doors = Vec::new();
    for (place, _) in code.match_indices("pub use ") {
        let statement = &code[place + "pub use ".len()..];
        let statement = &statement[..statement.find(';').unwrap_or(statement.len())];
        // Only the root reaches rooms by their names alone.
        let Some(path) = statement.strip_prefix("crate::").or(is_root.then_some(statement)) else { continue };
        for leads_to in imported_rooms(path) {
            let is_door =
                rank(&leads_to).is_some() && source.room().is_none_or(|room| !may_import(room, &leads_to));
            if is_door {
                let door = |name| Door { source, module, name, leads_to: leads_to.clone() };
                doors.extend(last_names(path).into_iter().map(door));
            }
        }
    }
    doors
}

/// What a path or a tree of paths brings into scope.
fn last_names(tree: &str) -> Vec<String> {
    let ends = tree.split([',', '{', '}']).map(str::trim);
    let names = ends.filter_map(|end| end.rsplit(|end: char| end == ':' || end.is_whitespace()).next());
    names.filter(|name| !name.is_empty() && *name != "self").map(str::to_owned).collect()
}

/// The first names of a path or of a braced list of paths.
pub(crate) fn imported_rooms(path: &str) -> Vec<String> {
    let name = |text: &str| text.bytes().take_while(|&byte| is_word_byte(byte)).count();
    if let Some(list) = path.strip_prefix('{') {
        let mut depth = 0_usize;
        let mut rooms = Vec::new();
        let mut is_start = true;
        for (place, byte) in list.bytes().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' if depth == 0 => break,
                b'}' => depth -= 1,
                b',' if depth == 0 => is_start = true,
                byte if is_start && is_word_byte(byte) => {
                    rooms.push(list[place..place + name(&list[place..])].to_owned());
                    is_start = false;
                }
                _ => {}
            }
        }
        return rooms;
    }
    vec![path[..name(path)].to_owned()]
}

pub(crate) fn is_module(sources: &[Source], name: &str) -> bool {
    sources.iter().any(|source| source.room() == Some(name))
}

/// Whether a file is the library's, the simulation's, or the crate tokio's. What the macros of
/// that one write is checked where they are used.
fn may_need_unsafe(source: &&Source) -> bool {
    let is_of_tokio = source.path.starts_with("runtime/tokio/src/");
    let is_of_sim = source.path.starts_with("runtime/sim/src/");
    source.room().is_some()
        || is_of_sim
        || is_of_tokio && !source.path.starts_with("runtime/tokio/src/macros/")
}

pub(crate) fn unsafe_has_rooms(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(may_need_unsafe) {
        // On some systems only: `cfg_attr(unix, expect(..))`.
        let expectations = attributes(source, "expect").chain(attributes(source, "cfg_attr"));
        let expectations = expectations.filter(|(_, text)| text.contains("unsafe_code"));
        let expectations: Vec<_> = expectations.collect();
        for (place, text) in &expectations {
            if !text.contains("reason = ") {
                complaints.push(source.complaint(*place, "no reason is given for `unsafe`"));
            }
        }
        for (place, text) in attributes(source, "allow") {
            if text.contains("unsafe_code") {
                complaints.push(source.complaint(place, "`expect(unsafe_code, reason)`, not `allow`"));
            }
        }
        let is_declared =
            expectations.iter().any(|(place, _)| source.is_test() || source.code[*place..].starts_with("#!"));
        let is_listed = source.is_test() || UNSAFE_FILES.contains(&source.path.as_str());
        // `unsafe fn(…)` is only a type.
        let first =
            words(&source.code, "unsafe").find(|place| !source.code[*place..].starts_with("unsafe fn("));
        match first {
            Some(place) if !(is_listed && is_declared) => {
                complaints
                    .push(source.complaint(place, "`unsafe` outside the files that are listed and say why"));
            }
            None if is_listed && !source.is_test() => {
                complaints.push(format!("{}: listed, but has no `unsafe`", source.path));
            }
            _ => {}
        }
    }
    complaints
}

/// Place and text of every `#[name(…)]` and `#![name(…)]`.
pub(crate) fn attributes<'a>(source: &'a Source, name: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    source.code.match_indices('#').filter_map(move |(place, _)| {
        let rest = &source.code[place..];
        let body = rest.trim_start_matches(['#', '!']).strip_prefix('[')?.strip_prefix(name)?;
        body.starts_with('(').then(|| (place, &rest[..rest.find(']').unwrap_or(rest.len())]))
    })
}

pub(crate) fn platforms_have_one_door(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.room().is_some()) {
        let is_ring_file = RING_FILES.contains(&source.path.as_str());
        let mut asks_for_rings = false;
        for word in SYSTEM_WORDS {
            for place in words(source.product(), word) {
                let is_of_tests = source.code[..place].ends_with("#[cfg(all(test, ");
                let is_ring = source.text[place..].starts_with("target_os = \"linux\"");
                asks_for_rings |= is_ring;
                // The simulation is of one system, whose calls it takes over.
                let is_sim = source.path == "runtime/sim/src/lib.rs";
                let may_ask = is_ring && (is_ring_file || is_sim);
                if source.path != SYSTEMS_FILE && !is_of_tests && !may_ask {
                    complaints
                        .push(source.complaint(place, "asks for the system outside of `system/systems.rs`"));
                }
            }
        }
        if is_ring_file && !asks_for_rings {
            complaints.push(format!("{}: listed, but does not ask whether there are rings", source.path));
        }
    }
    complaints
}

/// Public API that only some platforms have says so: an item in its own docs, a module or a
/// re-export on the page of its room.
pub(crate) fn platform_api_names_its_platform(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.room().is_some()) {
        let lines: Vec<&str> = source.text.lines().collect();
        let product_line_count = source.product().lines().count();
        let header: String = lines.iter().take_while(|line| line.starts_with("//!")).copied().collect();
        for (index, line) in lines.iter().enumerate().take(product_line_count) {
            let platforms = [("#[cfg(unix)]", "Unix"), ("#[cfg(windows)]", "Windows")];
            let Some((_, platform)) = platforms.iter().find(|(cfg, _)| line.trim() == *cfg) else { continue };
            let is_attribute = |line: &&str| line.trim_start().starts_with("#[");
            let is_docs = |line: &&str| line.trim_start().starts_with("///");
            let item = lines[index..].iter().find(|line| !is_attribute(line) && !is_docs(line));
            let Some(item) = item.and_then(|item| item.trim_start().strip_prefix("pub ")) else { continue };
            let docs: String = if item.starts_with("mod ") || item.starts_with("use ") {
                header.clone()
            } else {
                let above =
                    lines[..index].iter().rev().take_while(|line| is_attribute(line) || is_docs(line));
                above.copied().collect()
            };
            let phrases =
                [format!("{platform} only"), format!("need {platform}"), format!("needs {platform}")];
            if !phrases.iter().any(|phrase| docs.contains(phrase.as_str())) {
                let what = format!(
                    "public on one platform only, but does not say \"{platform} only\" or \"needs {platform}\""
                );
                complaints.push(format!("{}:{}: {what}", source.path, index + 1));
            }
        }
    }
    complaints
}

pub(crate) fn atomics_have_one_door(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with("runtime/")) {
        let is_door = source.path.starts_with("runtime/primitive/") || source.room().is_none();
        // Models are tests that must go through the door; other tests never run under loom.
        let is_plain_test = source.is_test() && !source.path.ends_with("models.rs");
        if is_door || is_plain_test || ATOMIC_FILES.contains(&source.path.as_str()) {
            continue;
        }
        for library in ["std", "core"] {
            for place in words(&source.code, library) {
                let rest = &source.code[place..];
                let end = if is_use(&source.code, place) { rest.find(';') } else { path_end(rest) };
                let statement = &rest[..end.unwrap_or(rest.len())];
                for word in ["atomic", "UnsafeCell"] {
                    if words(statement, word).next().is_some() {
                        complaints
                            .push(source.complaint(place, &format!("{library}'s {word}, not the shim's")));
                    }
                }
            }
        }
        for place in words(&source.code, "loom") {
            complaints.push(source.complaint(place, "loom comes in through `primitive` only"));
        }
    }
    complaints
}

/// Make the entries of a ring, and name the op-codes that a kernel is asked for.
pub(crate) const ENTRY_FILES: [&str; 2] =
    ["runtime/driver/uring/entries.rs", "runtime/driver/uring/encode_file.rs"];

/// An op-code that no probe asks for would fail on an older kernel only.
pub(crate) fn used_op_codes_are_probed(sources: &[Source]) -> Vec<String> {
    let of_entries = || sources.iter().filter(|source| ENTRY_FILES.contains(&source.path.as_str()));
    let mut complaints = Vec::new();
    for source in of_entries() {
        for place in words(&source.code, "opcode") {
            let path = &source.code[place..][..path_end(&source.code[place..]).unwrap_or(0)];
            let Some(name) = path.strip_prefix("opcode::").and_then(|name| name.strip_suffix("::new")) else {
                continue;
            };
            let number = format!("opcode::{name}::CODE");
            if !of_entries().any(|source| source.code.contains(&number)) {
                complaints
                    .push(source.complaint(place, &format!("{name} is used, and no probe asks for it")));
            }
        }
    }
    complaints
}

pub(crate) fn is_use(code: &str, place: usize) -> bool {
    code[..place].trim_end().ends_with("use") || code[..place].trim_end().ends_with("use ::")
}

pub(crate) fn path_end(rest: &str) -> Option<usize> {
    rest.bytes().position(|byte| !is_word_byte(byte) && byte != b':')
}
