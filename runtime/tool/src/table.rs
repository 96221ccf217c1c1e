//! Tables of text.

use unicode_width::UnicodeWidthStr;

/// A table whose columns are as wide as their widest cell; the last one is not padded.
pub(crate) struct TextTable {
    headings: Vec<(&'static str, Alignment)>,
    rows: Vec<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alignment {
    Left,
    Right,
}

impl TextTable {
    pub(crate) fn new(headings: &[(&'static str, Alignment)]) -> TextTable {
        TextTable { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// A row has as many cells as there are columns.
    pub(crate) fn push(&mut self, row: Vec<String>) {
        debug_assert_eq!(row.len(), self.headings.len());
        self.rows.push(row);
    }

    /// The line of headings, and the line of each row.
    pub(crate) fn lines(&self) -> (String, Vec<String>) {
        let mut widths: Vec<usize> = self.headings.iter().map(|(heading, _)| heading.len()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let headings = self.line(&widths, self.headings.iter().map(|(heading, _)| *heading));
        let rows = self.rows.iter().map(|row| self.line(&widths, row.iter().map(String::as_str)));
        (headings, rows.collect())
    }

    fn line<'a>(&self, widths: &[usize], cells: impl Iterator<Item = &'a str>) -> String {
        let mut line = String::new();
        for ((cell, width), (_, alignment)) in cells.zip(widths).zip(&self.headings) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) =
                if *alignment == Alignment::Right { (&*padding, "") } else { ("", &*padding) };
            line.extend([before, cell, after]);
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::{Alignment, TextTable};

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = TextTable::new(&[
            ("ID", Alignment::Right),
            ("NAME", Alignment::Left),
            ("LOCATION", Alignment::Left),
        ]);
        table.push(vec!["7".to_owned(), "\u{4e16}\u{754c}\u{4e16}".to_owned(), "a.rs:1:2".to_owned()]);
        table.push(vec!["1234".to_owned(), String::new(), "b.rs:3:4".to_owned()]);
        let (headings, rows) = table.lines();
        assert_eq!(headings, "  ID  NAME    LOCATION");
        assert_eq!(rows, ["   7  \u{4e16}\u{754c}\u{4e16}  a.rs:1:2", "1234          b.rs:3:4"]);
    }
}
