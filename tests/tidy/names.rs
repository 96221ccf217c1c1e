//! A rule about words: the name of a type stands once in the product.

use std::collections::BTreeMap;

use crate::source::{Source, is_word_byte, words};

/// May stand more than once, with the reason.
pub(crate) const TWINS: [(&str, &str); 30] = [
    ("Attempt", "how a file is opened: two ways on Linux, one elsewhere"),
    ("Events", "what a poller reports; one of two pollers is compiled"),
    ("FdEvents", "as `Events`, for descriptors of the program"),
    ("FdPoller", "as `Poller`, for descriptors of the program"),
    ("Id", "public, as in tokio: of a task and of a runtime"),
    ("Locked", "what is behind a lock that is held: a worker's timers, and a list of waiters"),
    ("Mutex", "the lock of `primitive`, and the public one, which has tokio's name"),
    ("ObservedOperations", "of a ring, and the empty ones of systems without rings"),
    ("OpenOptions", "public: of a file and of a pipe, as tokio has them"),
    ("OwnedReadHalf", "public: generic, and an alias for TCP and for Unix sockets"),
    ("OwnedWriteHalf", "as above"),
    ("PathForm", "a string of C on Unix, a path elsewhere"),
    ("Pipe", "the pipe of a splice on Linux, and the empty one of other systems"),
    ("PipeEnd", "of a child's pipe: one on Unix, one on Windows"),
    ("Poller", "one of two is compiled: epoll's and the portable one"),
    ("ReadHalf", "as the owned one"),
    ("Receiver", "public: tokio has one per kind of channel"),
    ("RecvError", "as the receiver"),
    ("ReuniteError", "as the halves"),
    ("Rings", "those of io_uring, and the ones that cannot be where there is none"),
    ("Sender", "public: tokio has one per kind of channel"),
    ("SendError", "public: tokio's, of channels, and that of coroutines"),
    ("Stat", "what a ring writes, and the empty one of systems without"),
    ("Stream", "of the standard streams: one on Unix, one on other systems"),
    ("StreamReadiness", "one on Unix, and the empty one of other systems"),
    ("TryRecvError", "as the receiver"),
    ("Waiter", "for a file that is being opened, and in the lists of `sync`"),
    ("WatchedChild", "one on Unix, one on Windows"),
    ("WeakSender", "as the sender"),
    ("WriteHalf", "as the owned one"),
];

/// What is not the library, and has names of its own.
const PRODUCTS: [&str; 2] = ["runtime/sim/", "runtime/tool/"];

/// A name means one thing: no two types of the product share one. The tool and the simulation are
/// products of their own, which speak of the same things.
pub(crate) fn types_have_names_of_their_own(sources: &[Source]) -> Vec<String> {
    types_share_no_name_but(&TWINS, sources)
}

pub(crate) fn types_share_no_name_but(twins: &[(&str, &str)], sources: &[Source]) -> Vec<String> {
    let is_apart = |path: &str| PRODUCTS.iter().any(|product| path.starts_with(product));
    let mut complaints = names_shared_in(twins, sources, |path| !is_apart(path));
    for product in PRODUCTS {
        complaints.extend(names_shared_in(&[], sources, |path| path.starts_with(product)));
    }
    complaints
}

/// The names that files of one product share.
fn names_shared_in(
    twins: &[(&str, &str)],
    sources: &[Source],
    is_of_product: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    // The crate `tokio` has tokio's names, which many of ours are as well.
    let is_ours = |path: &str| path.starts_with("runtime/") && !path.starts_with("runtime/tokio/");
    for source in sources.iter().filter(|source| is_ours(&source.path) && is_of_product(&source.path)) {
        for (name, place) in types(source.product()) {
            places.entry(name).or_default().push(format!("{}:{}", source.path, source.line_of(place)));
        }
    }
    let is_twin = |name: &str| twins.iter().any(|(twin, _)| *twin == name);
    let shared = places.iter().filter(|(name, places)| places.len() > 1 && !is_twin(name));
    let mut complaints: Vec<String> = shared
        .map(|(name, places)| {
            let (first, others) = places.split_first().expect("a name has a place");
            format!("{first}: the name `{name}` stands also in {}", others.join(", "))
        })
        .collect();
    for (twin, _) in twins.iter().filter(|(twin, _)| places.get(twin).is_none_or(|places| places.len() < 2)) {
        complaints.push(format!("tests/tidy/names.rs: `{twin}` may stand twice, but does not any more"));
    }
    complaints
}

/// Name and place of every type that is defined here, without the associated types of traits.
fn types(code: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    for keyword in ["struct", "enum", "trait", "union", "type"] {
        for place in words(code, keyword) {
            let rest = code[place + keyword.len()..].trim_start();
            let name = &rest[..rest.bytes().take_while(|&byte| is_word_byte(byte)).count()];
            let is_type = name.starts_with(|first: char| first.is_ascii_uppercase());
            if is_type && begins_an_item(code, place) && !(keyword == "type" && is_associated(code, place)) {
                found.push((name, place));
            }
        }
    }
    found
}

/// Whether only a visibility, `unsafe` or an attribute stands before the keyword.
fn begins_an_item(code: &str, place: usize) -> bool {
    let before = code[..place].trim_end();
    let before = before.strip_suffix("unsafe").unwrap_or(before).trim_end();
    before.is_empty()
        || before.ends_with([';', '{', '}', ']', ')'])
        || words(before, "pub").last().is_some_and(|pub_| pub_ + "pub".len() == before.len())
}

/// Whether the innermost block around the place is an `impl` or a `trait`.
fn is_associated(code: &str, place: usize) -> bool {
    let mut depth = 0_usize;
    let open = code[..place].rfind(|byte: char| {
        match byte {
            '}' => depth += 1,
            '{' if depth == 0 => return true,
            '{' => depth -= 1,
            _ => {}
        }
        false
    });
    let Some(open) = open else { return false };
    let head = &code[..open];
    let head = &head[head.rfind([';', '{', '}']).map_or(0, |end| end + 1)..];
    ["impl", "trait"].iter().any(|keyword| words(head, keyword).next().is_some())
}
