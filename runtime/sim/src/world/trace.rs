//! The history of a world as a trace that Perfetto and Chrome show: a track for each thread,
//! grouped by hosts. A call lasts until the next call of its thread.
//!
//! Source: "Trace Event Format", Google, 2016: complete events (`X`) and names (`M`).

use std::collections::BTreeMap;
use std::fmt::Write;

use super::World;
use super::history::Step;
use super::threads::ThreadId;
use crate::kernel::HostId;

impl World {
    /// The steps that were kept, as JSON.
    pub(super) fn trace(&self) -> String {
        let mut trace = String::from("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
        let mut pending: BTreeMap<ThreadId, Step> = BTreeMap::new();
        for step in self.history.steps() {
            if let Some(before) = pending.insert(step.thread, *step) {
                self.add_call(&mut trace, &before, step.at);
            }
        }
        for last in pending.values() {
            self.add_call(&mut trace, last, self.now);
        }
        let mut hosts: BTreeMap<u32, HostId> = BTreeMap::new();
        for (thread, host, name) in self.threads.names() {
            let kind = "thread_name";
            add_name(&mut trace, kind, host, Some(thread), if name.is_empty() { "unnamed" } else { name });
            hosts.insert(host.0, host);
        }
        for host in hosts.into_values() {
            add_name(&mut trace, "process_name", host, None, &self.kernel.hosts.get(host).name);
        }
        // The last of the events has a comma after it, which JSON does not allow.
        trace.truncate(trace.trim_end_matches(",\n").len());
        trace.push_str("]}\n");
        trace
    }

    fn add_call(&self, trace: &mut String, step: &Step, end: u64) {
        let Step { at, thread, call, which } = *step;
        let host = self.threads.get(thread).host.0;
        let _ = writeln!(
            trace,
            "{{\"ph\":\"X\",\"name\":\"{call}\",\"pid\":{host},\"tid\":{},\"ts\":{},\"dur\":{},\
             \"args\":{{\"which\":{which}}}}},",
            thread.0,
            micros(at),
            micros(end.saturating_sub(at)),
        );
    }
}

fn add_name(trace: &mut String, kind: &str, host: HostId, thread: Option<ThreadId>, name: &str) {
    let thread = thread.map_or(String::new(), |thread| format!("\"tid\":{},", thread.0));
    let _ = writeln!(
        trace,
        "{{\"ph\":\"M\",\"name\":\"{kind}\",\"pid\":{},{thread}\"args\":{{\"name\":\"{}\"}}}},",
        host.0,
        escape(name),
    );
}

/// Microseconds, the unit of the format, with the nanoseconds behind the point.
fn micros(nanos: u64) -> String {
    format!("{}.{:03}", nanos / 1000, nanos % 1000)
}

/// The text between the quotes of a JSON string.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' => escaped.extend(['\\', letter]),
            letter if letter.is_control() => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(letter));
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{escape, micros};

    #[test]
    fn names_are_escaped_and_times_are_exact() {
        assert_eq!(escape("a\"b\\c\n\u{7f}ü"), "a\\\"b\\\\c\\u000a\\u007fü");
        assert_eq!((micros(0), micros(1_002_003)), ("0.000".to_owned(), "1002.003".to_owned()));
    }
}
