//! Text of a service, made safe for a terminal: what could move its cursor, change its colours or
//! the order of letters is shown as an escape.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::ops::Deref;

use serde::{Deserialize, Deserializer};
use unicode_width::UnicodeWidthStr;

/// A text from which control characters are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Visible(String);

impl Visible {
    pub(crate) fn new(text: &str) -> Visible {
        Visible(text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
            push(&mut shown, character);
            shown
        }))
    }

    /// The same for a text of several lines.
    pub(crate) fn lines(text: &str) -> String {
        text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
            if character == '\n' {
                shown.push(character);
            } else {
                push(&mut shown, character);
            }
            shown
        })
    }
}

fn push(shown: &mut String, character: char) {
    if is_harmful(character) {
        shown.extend(character.escape_default());
    } else {
        shown.push(character);
    }
}

/// Control characters, separators of lines, and marks that change the direction of writing.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Deref for Visible {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Visible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Visible {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Visible, D::Error> {
        Ok(Visible::new(&Cow::<'de, str>::deserialize(deserializer)?))
    }
}

/// A line of JSON with the same meaning and no harmful character. In valid JSON, those below U+0020
/// stand between its parts only, where a space does as well.
pub(crate) fn json_line(line: &str) -> Cow<'_, str> {
    if !line.chars().any(is_harmful) {
        return Cow::Borrowed(line);
    }
    let mut shown = String::with_capacity(line.len());
    for character in line.chars() {
        if character < ' ' {
            shown.push(' ');
        } else if is_harmful(character) {
            // Writing to a string does not fail. All harmful ones have four digits.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// The text, or its beginning and a mark where it takes more columns than `width_max`.
pub(crate) fn shortened(text: &str, width_max: usize) -> Cow<'_, str> {
    if text.width() <= width_max {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if kept.width() >= width_max {
            kept.pop();
            break;
        }
    }
    kept.push('\u{2026}');
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::{Visible, json_line, shortened};

    #[test]
    fn control_characters_and_marks_of_direction_are_escaped() {
        let shown = Visible::new("a\x1b[31m\n\u{9b}\u{202e}b\u{e9}");
        assert_eq!(&*shown, "a\\u{1b}[31m\\n\\u{9b}\\u{202e}b\u{e9}");
        assert_eq!(Visible::lines("a\n\x07b"), "a\n\\u{7}b");
    }

    #[test]
    fn a_line_of_json_keeps_its_meaning_without_harmful_characters() {
        let line = "{\"a\":\t\"\u{9b}x\u{202e}\"}";
        let safe = json_line(line);
        assert_eq!(safe, "{\"a\": \"\\u009bx\\u202e\"}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("valid JSON");
        assert_eq!(value(&safe), value(line));
    }

    #[test]
    fn a_long_text_is_cut_by_columns() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "ab\u{2026}");
        // Each of these letters takes two columns.
        assert_eq!(shortened("\u{4e16}\u{754c}\u{4e16}", 4), "\u{4e16}\u{2026}");
    }
}
