//! The grid as a picture: a row of cells for each row and rival, coloured by the ratio of requests in a given time.

use std::fmt::Write;

use super::report::Cell;

const CELL_WIDTH: f64 = 62.0;
const CELL_HEIGHT: f64 = 24.0;
const LABEL_WIDTH: f64 = 330.0;
const HEAD_HEIGHT: f64 = 92.0;

/// An SVG file: a line for each row, rival and surroundings, a column for each load.
pub(super) fn draw(cells: &[Cell]) -> String {
    let columns = distinct(cells.iter().map(Cell::load));
    let lines = distinct(cells.iter().flat_map(Cell::lines));
    let (width, height) = (
        LABEL_WIDTH + CELL_WIDTH * columns.len() as f64 + 12.0,
        HEAD_HEIGHT + CELL_HEIGHT * lines.len() as f64 + 12.0,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    let title = "requests in a given time, heist divided by the other: green is ahead, red is behind";
    text(&mut svg, 12.0, 22.0, "start", title);
    for (index, column) in columns.iter().enumerate() {
        let x = LABEL_WIDTH + CELL_WIDTH * (index as f64 + 0.5);
        for (line, words) in column.split(' ').enumerate() {
            text(&mut svg, x, 54.0 + 16.0 * line as f64, "middle", words);
        }
    }
    for (index, line) in lines.iter().enumerate() {
        let y = HEAD_HEIGHT + CELL_HEIGHT * index as f64;
        text(&mut svg, LABEL_WIDTH - 10.0, y + 16.0, "end", line);
        for cell in cells {
            let Some(ratio) = cell.ratio_of_line(line) else { continue };
            let column = columns.iter().position(|column| *column == cell.load()).expect("it is among them");
            square(&mut svg, LABEL_WIDTH + CELL_WIDTH * column as f64, y, ratio);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Each once, in the order in which they come first.
fn distinct(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

fn square(svg: &mut String, x: f64, y: f64, ratio: f64) {
    let (width, height) = (CELL_WIDTH - 2.0, CELL_HEIGHT - 2.0);
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
        color(ratio)
    );
    text(svg, x + width / 2.0, y + 16.0, "middle", &format!("{ratio:.2}"));
}

/// White at one, full green at one and a half, full red at two thirds.
fn color(ratio: f64) -> String {
    let share = (ratio.ln() / 1.5_f64.ln()).clamp(-1.0, 1.0);
    let (red, green, blue) = if share >= 0.0 { (98.0, 178.0, 140.0) } else { (222.0, 110.0, 96.0) };
    let mixed = |full: f64| 255.0 + (full - 255.0) * share.abs();
    format!("#{:02x}{:02x}{:02x}", mixed(red) as u8, mixed(green) as u8, mixed(blue) as u8)
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"{anchor}\">{words}</text>");
}

#[cfg(test)]
mod tests {
    use super::{color, distinct};

    #[test]
    fn a_draw_is_white_and_what_is_off_the_scale_has_the_last_colour() {
        assert_eq!(color(1.0), "#ffffff");
        assert_eq!(color(100.0), color(1.5));
        assert_eq!(color(0.01), color(2.0 / 3.0));
    }

    #[test]
    fn the_first_of_two_that_are_the_same_has_the_place() {
        let all = ["b", "a", "b"].map(str::to_owned);
        assert_eq!(distinct(all.into_iter()), ["b", "a"]);
    }
}
