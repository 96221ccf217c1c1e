//! What kind of content a file holds.

use std::path::Path;

/// How many bytes of a file with an unknown name are looked at.
pub(crate) const SAMPLE_SIZE: usize = 512;

const BINARY: &str = "application/octet-stream";
const TEXT: &str = "text/plain; charset=utf-8";

/// The content type by the extension of a name; `None` when the name tells nothing.
///
/// Text is declared as UTF-8, which is what a directory of today holds.
pub(crate) fn by_name(path: &Path) -> Option<String> {
    let guess = mime_guess::from_path(path).first()?;
    let essence = guess.essence_str();
    let is_text = essence.starts_with("text/")
        || matches!(
            essence,
            "application/javascript" | "application/json" | "application/xml" | "image/svg+xml"
        );
    Some(if is_text { format!("{essence}; charset=utf-8") } else { essence.to_owned() })
}

/// The content type by the first bytes of a file: `LICENSE` and `Makefile` are text, too.
pub(crate) fn by_sample(sample: &[u8]) -> &'static str {
    let is_text = match std::str::from_utf8(sample) {
        Ok(text) => !text.contains('\0'),
        // A character may be cut in two at the end of the sample.
        Err(error) => {
            let is_cut = error.error_len().is_none() && sample.len() == SAMPLE_SIZE;
            is_cut && !sample.contains(&0)
        }
    };
    if is_text { TEXT } else { BINARY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_determine_the_type() {
        let by_name = |name: &str| by_name(Path::new(name));
        assert_eq!(by_name("a.html").as_deref(), Some("text/html; charset=utf-8"));
        assert_eq!(by_name("a.HTML").as_deref(), Some("text/html; charset=utf-8"));
        assert_eq!(by_name("a.css").as_deref(), Some("text/css; charset=utf-8"));
        assert_eq!(by_name("a.json").as_deref(), Some("application/json; charset=utf-8"));
        assert_eq!(by_name("a.png").as_deref(), Some("image/png"));
        assert_eq!(by_name("a.wasm").as_deref(), Some("application/wasm"));
        assert_eq!(by_name("LICENSE"), None);
        assert_eq!(by_name("a.unheard-of"), None);
    }

    #[test]
    fn samples_distinguish_text_from_binary() {
        assert_eq!(by_sample(b"MIT License\n"), TEXT);
        assert_eq!(by_sample(b""), TEXT);
        assert_eq!(by_sample("grün".as_bytes()), TEXT);
        assert_eq!(by_sample(b"a\0b"), BINARY);
        assert_eq!(by_sample(b"\xff\xfe"), BINARY);
    }

    #[test]
    fn a_character_cut_at_the_end_of_the_sample_is_text() {
        let mut sample = vec![b'x'; SAMPLE_SIZE - 1];
        sample.push("ü".as_bytes()[0]);
        assert_eq!(by_sample(&sample), TEXT);
        assert_eq!(by_sample(&sample[1..]), BINARY);
        sample[0] = 0;
        assert_eq!(by_sample(&sample), BINARY);
    }
}
