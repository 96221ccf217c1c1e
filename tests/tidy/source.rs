//! One file as rules see it: code and comments apart.

/// The end of the path of a room's design.
pub(crate) const DESIGN: &str = "/DESIGN.md";

/// One file, as text and as code without comments and literals.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// The same length and lines; comments and the insides of literals are blank.
    pub(crate) code: String,
    /// The complement: only comments are left.
    pub(crate) comments: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (code, comments) = if path.ends_with(DESIGN) { design(text) } else { split(text) };
        Source { path: path.to_owned(), text: text.to_owned(), code, comments }
    }

    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.code[..offset].matches('\n').count() + 1
    }

    pub(crate) fn complaint(&self, offset: usize, what: &str) -> String {
        format!("{}:{}: {what}", self.path, self.line_of(offset))
    }

    /// The room this file belongs to: the first name below `runtime/`.
    pub(crate) fn room(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("runtime/")?;
        let first = rest.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first)).filter(|room| {
            !matches!(*room, "guide" | "lib" | "macros" | "must_not_compile" | "sim" | "tokio" | "tool")
        })
    }

    /// Does the whole file exist for tests only?
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().expect("a path has a name");
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.contains("/fake/")
            || self.path.starts_with("runtime/scenarios/")
            || self.path.starts_with("runtime/coherence/")
            || matches!(name, "models.rs" | "tests.rs")
    }

    /// Where test modules at the end of the file begin.
    pub(crate) fn end_of_product(&self) -> usize {
        let marks = ["#[cfg(test)]\n", "#[cfg(all(test"];
        let places = marks.iter().flat_map(|mark| self.code.match_indices(mark)).map(|(place, _)| place);
        places.filter(|place| self.is_module_at(*place)).min().unwrap_or(self.code.len())
    }

    /// Whether the attribute there stands before a module with its body: tests in the middle of a
    /// file are single items.
    fn is_module_at(&self, place: usize) -> bool {
        let item = self.code[place..].split_once("]\n").map_or("", |(_, item)| item);
        let end = item.find(['{', ';']).unwrap_or(item.len());
        item.starts_with("mod ") && item[end..].starts_with('{')
    }

    pub(crate) fn product(&self) -> &str {
        if self.is_test() { "" } else { &self.code[..self.end_of_product()] }
    }
}

/// A design is all comment: its lines become those of a header, its headings rise by one rank.
fn design(text: &str) -> (String, String) {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(heading) => format!("//! {heading}\n"),
        None => format!("//! {line}\n"),
    };
    let comments: String = text.lines().map(line).collect();
    let code = comments.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    (code, comments)
}

/// Splits `text` into code and comments, each with everything else blanked and all lines kept.
pub(crate) fn split(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let (mut code, mut comments) = (vec![b' '; bytes.len()], vec![b' '; bytes.len()]);
    let mut index = 0;
    while index < bytes.len() {
        let end = match token_at(bytes, index) {
            Token::Comment(end) => {
                comments[index..end].copy_from_slice(&bytes[index..end]);
                end
            }
            Token::Literal(end) => {
                // The quotes stay: an empty string is not the same as no argument.
                code[index] = b'"';
                code[end - 1] = b'"';
                end
            }
            Token::Code => {
                code[index] = bytes[index];
                index + 1
            }
        };
        for place in index..end {
            if bytes[place] == b'\n' {
                code[place] = b'\n';
                comments[place] = b'\n';
            }
        }
        index = end;
    }
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(code), text(comments))
}

pub(crate) enum Token {
    Comment(usize),
    Literal(usize),
    Code,
}

pub(crate) fn token_at(bytes: &[u8], start: usize) -> Token {
    let rest = &bytes[start..];
    let follows_word = start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b'_');
    if rest.starts_with(b"//") {
        let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        return Token::Comment(start + length);
    }
    if rest.starts_with(b"/*") {
        let length = find(rest, b"*/").map_or(rest.len(), |place| place + 2);
        return Token::Comment(start + length);
    }
    if rest[0] == b'"' {
        return Token::Literal(start + quoted_length(rest, b'"'));
    }
    if rest[0] == b'r' && !follows_word {
        let hash_count = rest[1..].iter().take_while(|&&byte| byte == b'#').count();
        if rest.get(1 + hash_count) == Some(&b'"') {
            let closing = [&b"\""[..], &b"#".repeat(hash_count)[..]].concat();
            let body = 2 + hash_count;
            let length =
                find(&rest[body..], &closing).map_or(rest.len(), |place| body + place + closing.len());
            return Token::Literal(start + length);
        }
    }
    // A quote is a character when it closes after one, else a lifetime.
    if rest[0] == b'\'' && (rest.get(1) == Some(&b'\\') || rest.get(2) == Some(&b'\'')) {
        return Token::Literal(start + quoted_length(rest, b'\''));
    }
    Token::Code
}

pub(crate) fn quoted_length(bytes: &[u8], quote: u8) -> usize {
    let mut index = 1;
    while index < bytes.len() && bytes[index] != quote {
        index += if bytes[index] == b'\\' { 2 } else { 1 };
    }
    (index + 1).min(bytes.len())
}

pub(crate) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

pub(crate) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Every place where `word` stands as a whole word.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(place, _)| place).filter(move |&place| {
        let bytes = text.as_bytes();
        let before = place.checked_sub(1).is_none_or(|before| !is_word_byte(bytes[before]));
        before && bytes.get(place + word.len()).is_none_or(|&after| !is_word_byte(after))
    })
}
