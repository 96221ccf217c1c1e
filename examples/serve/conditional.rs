//! Conditional requests: whether the client's copy is still good (RFC 9110, section 13).

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::header::{
    HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE,
};

use crate::response::text;

/// What tells one version of a file from another.
#[derive(Debug, Clone)]
pub(crate) struct Validators {
    /// Made of size and time of change, in nanoseconds where the file system keeps them. Quoted.
    pub(crate) etag: HeaderValue,
    /// In whole seconds, as HTTP writes it. Absent when before 1970 or in the future, which HTTP cannot use.
    pub(crate) modified: Option<SystemTime>,
    /// The same as text.
    pub(crate) last_modified: Option<HeaderValue>,
}

/// What the preconditions of a request say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Answer as if there were none.
    Proceed,
    /// The client has this version: 304.
    NotModified,
    /// The client wanted another version: 412.
    Failed,
}

impl Validators {
    pub(crate) fn of(metadata: &Metadata, now: SystemTime) -> Validators {
        let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let etag = format!("\"{:x}-{:x}\"", metadata.len(), since.map_or(0, |since| since.as_nanos()));
        let modified = since.map(|since| UNIX_EPOCH + Duration::from_secs(since.as_secs()));
        let modified = modified.filter(|&time| time <= now);
        let last_modified = modified.map(|time| text(&httpdate::fmt_http_date(time)));
        Validators { etag: text(&etag), modified, last_modified }
    }

    /// Evaluates the preconditions in the order the standard gives them.
    pub(crate) fn judge(&self, headers: &HeaderMap) -> Verdict {
        if headers.contains_key(IF_MATCH) {
            if !self.is_among(headers, &IF_MATCH, Comparison::Strong) {
                return Verdict::Failed;
            }
        } else if self.modified > date(headers, &IF_UNMODIFIED_SINCE).or(self.modified) {
            return Verdict::Failed;
        }
        if headers.contains_key(IF_NONE_MATCH) {
            if self.is_among(headers, &IF_NONE_MATCH, Comparison::Weak) {
                return Verdict::NotModified;
            }
        } else if self.modified.is_some() && self.modified <= date(headers, &IF_MODIFIED_SINCE) {
            return Verdict::NotModified;
        }
        Verdict::Proceed
    }

    /// Whether a range may be cut from this version: `If-Range` is absent or names it exactly.
    pub(crate) fn allow_range(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(IF_RANGE) else { return true };
        *value == self.etag || (self.modified.is_some() && self.modified == date(headers, &IF_RANGE))
    }

    fn is_among(&self, headers: &HeaderMap, name: &HeaderName, comparison: Comparison) -> bool {
        let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        // Our own tags hold no comma, so a foreign one that does cannot yield ours when it is cut in two.
        lines.flat_map(|line| line.split(',')).map(str::trim).any(|tag| {
            let tag = match comparison {
                Comparison::Strong => tag,
                Comparison::Weak => tag.strip_prefix("W/").unwrap_or(tag),
            };
            tag == "*" || self.etag == tag
        })
    }
}

#[derive(Clone, Copy)]
enum Comparison {
    /// The same bytes.
    Strong,
    /// The same meaning: `W/` makes no difference.
    Weak,
}

/// The date in a header; `None` when it is absent or no HTTP date.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn validators() -> Validators {
        let modified = httpdate::parse_http_date(SAME).ok();
        Validators { etag: text("\"5-abc\""), modified, last_modified: Some(text(SAME)) }
    }

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(name, value.parse().unwrap());
        }
        map
    }

    fn judge(lines: &[(HeaderName, &str)]) -> Verdict {
        validators().judge(&headers(lines))
    }

    #[test]
    fn without_preconditions_the_answer_proceeds() {
        assert_eq!(judge(&[]), Verdict::Proceed);
    }

    #[test]
    fn a_known_tag_is_not_modified() {
        for tags in ["\"5-abc\"", "W/\"5-abc\"", "\"x\", \"5-abc\"", "*"] {
            assert_eq!(judge(&[(IF_NONE_MATCH, tags)]), Verdict::NotModified, "{tags}");
        }
        assert_eq!(judge(&[(IF_NONE_MATCH, "\"x\""), (IF_NONE_MATCH, "\"5-abc\"")]), Verdict::NotModified);
        for tags in ["\"x\"", "5-abc", "\"5-ABC\"", "\"x,5-abc\""] {
            assert_eq!(judge(&[(IF_NONE_MATCH, tags)]), Verdict::Proceed, "{tags}");
        }
    }

    #[test]
    fn dates_decide_when_no_tag_does() {
        assert_eq!(judge(&[(IF_MODIFIED_SINCE, EARLIER)]), Verdict::Proceed);
        assert_eq!(judge(&[(IF_MODIFIED_SINCE, SAME)]), Verdict::NotModified);
        assert_eq!(judge(&[(IF_MODIFIED_SINCE, LATER)]), Verdict::NotModified);
        assert_eq!(judge(&[(IF_MODIFIED_SINCE, "yesterday")]), Verdict::Proceed);
        assert_eq!(judge(&[(IF_NONE_MATCH, "\"x\""), (IF_MODIFIED_SINCE, LATER)]), Verdict::Proceed);
    }

    #[test]
    fn a_client_that_wants_another_version_fails() {
        assert_eq!(judge(&[(IF_MATCH, "\"x\"")]), Verdict::Failed);
        assert_eq!(judge(&[(IF_MATCH, "W/\"5-abc\"")]), Verdict::Failed);
        assert_eq!(judge(&[(IF_MATCH, "\"5-abc\"")]), Verdict::Proceed);
        assert_eq!(judge(&[(IF_MATCH, "*")]), Verdict::Proceed);
        assert_eq!(judge(&[(IF_UNMODIFIED_SINCE, EARLIER)]), Verdict::Failed);
        assert_eq!(judge(&[(IF_UNMODIFIED_SINCE, SAME)]), Verdict::Proceed);
        assert_eq!(judge(&[(IF_UNMODIFIED_SINCE, "never")]), Verdict::Proceed);
    }

    #[test]
    fn ranges_need_the_very_version() {
        let allow = |value: &str| validators().allow_range(&headers(&[(IF_RANGE, value)]));
        assert!(validators().allow_range(&HeaderMap::new()));
        assert!(allow("\"5-abc\"") && allow(SAME));
        assert!(!allow("W/\"5-abc\"") && !allow("\"x\"") && !allow(EARLIER) && !allow(LATER) && !allow("?"));
    }

    #[test]
    fn a_file_without_a_usable_date_matches_no_date() {
        let undated = Validators { etag: text("\"1-0\""), modified: None, last_modified: None };
        for name in [IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE] {
            assert_eq!(undated.judge(&headers(&[(name, LATER)])), Verdict::Proceed);
        }
        assert!(!undated.allow_range(&headers(&[(IF_RANGE, LATER)])));
    }

    #[test]
    fn times_http_cannot_write_are_left_out() {
        let scratch = Scratch::new();
        let file = scratch.write("x", b"12345");
        let now = SystemTime::now();
        let at = |time| {
            file.set_modified(time).unwrap();
            Validators::of(&file.metadata().unwrap(), now)
        };
        assert_eq!(at(now + Duration::from_secs(3600)).modified, None);
        assert_eq!(at(UNIX_EPOCH - Duration::from_secs(3600)).modified, None);
        let past = at(UNIX_EPOCH + Duration::from_millis(1500));
        assert_eq!(past.modified, Some(UNIX_EPOCH + Duration::from_secs(1)));
        assert_eq!(past.etag, format!("\"5-{:x}\"", 1_500_000_000));
        assert_ne!(past.etag, at(UNIX_EPOCH + Duration::from_millis(1501)).etag);
    }
}
