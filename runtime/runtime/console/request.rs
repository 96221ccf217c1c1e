//! What a client may ask for.

use serde_json::Value;

/// What a client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConsoleRequest {
    Tasks,
    Dump,
    Text,
    Metrics,
    Stalls,
    /// Of so many milliseconds.
    Trace(u64),
}

/// What a trace lasts if the client does not say, and at most.
const TRACE_MILLIS: u64 = 1000;
const TRACE_MILLIS_MAX: u64 = 60_000;

impl ConsoleRequest {
    const ALL: [ConsoleRequest; 6] = [
        ConsoleRequest::Tasks,
        ConsoleRequest::Dump,
        ConsoleRequest::Text,
        ConsoleRequest::Metrics,
        ConsoleRequest::Stalls,
        ConsoleRequest::Trace(TRACE_MILLIS),
    ];

    fn word(self) -> &'static str {
        match self {
            ConsoleRequest::Tasks => "tasks",
            ConsoleRequest::Dump => "dump",
            ConsoleRequest::Text => "text",
            ConsoleRequest::Metrics => "metrics",
            ConsoleRequest::Stalls => "stalls",
            ConsoleRequest::Trace(_) => "trace",
        }
    }
}

impl ConsoleRequest {
    /// Reads a line. The error is for the client.
    pub(super) fn of(line: &[u8]) -> Result<ConsoleRequest, String> {
        let value: Value =
            serde_json::from_slice(line).map_err(|error| format!("a request is a line of JSON: {error}"))?;
        let known = || ConsoleRequest::ALL.map(ConsoleRequest::word).join(", ");
        let Some(word) = value.get("request").and_then(Value::as_str) else {
            return Err(format!("the field `request` is missing; it is one of: {}", known()));
        };
        let request = ConsoleRequest::ALL.into_iter().find(|request| request.word() == word);
        let request =
            request.ok_or_else(|| format!("there is no request {word:?}; the requests are: {}", known()))?;
        match (request, value.get("for_ms")) {
            (ConsoleRequest::Trace(_), Some(millis)) => trace_of(millis),
            _ => Ok(request),
        }
    }
}

fn trace_of(millis: &Value) -> Result<ConsoleRequest, String> {
    match millis.as_u64() {
        Some(count @ 1..=TRACE_MILLIS_MAX) => Ok(ConsoleRequest::Trace(count)),
        _ => Err(format!("`for_ms` is {millis}; it must be a number between 1 and {TRACE_MILLIS_MAX}")),
    }
}
