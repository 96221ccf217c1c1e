//! Parts of answers to browsers. Every text of the service is cut: an answer has a largest size.

use serde_json::{Value, json};

use crate::protocol::{Greeting, SourcePlace};
use crate::visible::shortened;

/// Columns of a name.
const NAME_WIDTH_MAX: usize = 200;

/// Columns of other texts.
const TEXT_WIDTH_MAX: usize = 500;

pub(super) fn cut(text: &str) -> String {
    shortened(text, TEXT_WIDTH_MAX).into_owned()
}

pub(super) fn cut_name(text: &str) -> String {
    shortened(text, NAME_WIDTH_MAX).into_owned()
}

/// `FILE:LINE:COLUMN`, or none.
pub(super) fn place(place: Option<&SourcePlace>) -> Option<String> {
    place.map(|place| format!("{}:{}:{}", cut(&place.file), place.line, place.column))
}

/// Which runtime was looked at.
pub(super) fn runtime(greeting: &Greeting) -> Value {
    let facts = &greeting.runtime;
    json!({ "pid": greeting.pid, "id": facts.id, "name": facts.name.as_deref().map(cut_name),
        "version": cut_name(&greeting.version), "flavor": cut_name(&facts.flavor),
        "driver": cut_name(&facts.driver), "workers": facts.workers, "observed": greeting.observed })
}
