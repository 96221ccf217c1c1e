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
}

impl ConsoleRequest {
    const ALL: [ConsoleRequest; 5] = [
        ConsoleRequest::Tasks,
        ConsoleRequest::Dump,
        ConsoleRequest::Text,
        ConsoleRequest::Metrics,
        ConsoleRequest::Stalls,
    ];

    fn word(self) -> &'static str {
        match self {
            ConsoleRequest::Tasks => "tasks",
            ConsoleRequest::Dump => "dump",
            ConsoleRequest::Text => "text",
            ConsoleRequest::Metrics => "metrics",
            ConsoleRequest::Stalls => "stalls",
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
        request.ok_or_else(|| format!("there is no request {word:?}; the requests are: {}", known()))
    }
}
