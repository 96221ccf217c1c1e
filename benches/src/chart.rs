//! The record as a picture: for each workload heist's figure divided by tokio's, as a bar on a logarithmic scale.

use std::fmt::Write;

use crate::compare::Outcome;
use crate::goal::{Figure, Goal, Yardstick};

const ROW_HEIGHT: f64 = 26.0;
const LABEL_WIDTH: f64 = 190.0;
const CHART_WIDTH: f64 = 560.0;
const VALUE_WIDTH: f64 = 90.0;
const HEAD_HEIGHT: f64 = 64.0;

/// The scale goes from a tenth to the double.
const RATIO_MIN: f64 = 0.1;
const RATIO_MAX: f64 = 2.0;

struct Bar {
    label: String,
    ratio: f64,
    aim: Option<f64>,
}

/// An SVG file; `None` if there is nothing to compare.
pub(crate) fn draw(outcomes: &[Outcome]) -> Option<String> {
    let bars: Vec<Bar> = outcomes.iter().flat_map(bars_of).collect();
    if bars.is_empty() {
        return None;
    }
    let (width, height) =
        (LABEL_WIDTH + CHART_WIDTH + VALUE_WIDTH, HEAD_HEIGHT + ROW_HEIGHT * (bars.len() as f64 + 1.0));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    text(
        &mut svg,
        12.0,
        22.0,
        "start",
        "heist divided by tokio: shorter is better; the line is tokio, the mark is the aim",
    );
    for tick in [0.1, 0.2, 0.5, 1.0, 2.0] {
        let stroke = if tick == 1.0 { "#444" } else { "#ddd" };
        let bottom = height - ROW_HEIGHT / 2.0;
        line(&mut svg, place(tick), HEAD_HEIGHT - 12.0, bottom, stroke);
        text(&mut svg, place(tick), HEAD_HEIGHT - 18.0, "middle", &tick.to_string());
    }
    for (index, bar) in bars.iter().enumerate() {
        draw_bar(&mut svg, bar, HEAD_HEIGHT + ROW_HEIGHT * index as f64);
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

/// One for each figure that is held against tokio's.
fn bars_of(outcome: &Outcome) -> Vec<Bar> {
    let bar = |goal: &Goal| {
        let (Yardstick::Ratio("tokio") | Yardstick::SpeedUp("tokio")) = goal.yardstick else { return None };
        let (heist, tokio) = (outcome.entry(goal.subject)?, outcome.entry("tokio")?);
        let what = match goal.figure {
            Figure::Time => "time",
            Figure::Cpu => "CPU",
            _ => goal.what,
        };
        let is_more_better = matches!(goal.yardstick, Yardstick::SpeedUp(_));
        Some(Bar {
            label: format!("{}, {what}", outcome.workload.name),
            ratio: Outcome::ratio(heist, tokio, goal.figure).median,
            aim: goal.aim.map(|aim| if is_more_better { aim.recip() } else { aim }),
        })
    };
    outcome.workload.goals.iter().filter_map(bar).collect()
}

fn draw_bar(svg: &mut String, bar: &Bar, top: f64) {
    let (start, end) = (place(RATIO_MIN), place(bar.ratio));
    let color = if bar.ratio <= 1.0 { "#2a7f62" } else { "#b5483a" };
    text(svg, LABEL_WIDTH - 10.0, top + 17.0, "end", &bar.label);
    let (x, y, width, height) = (start, top + 4.0, end - start, ROW_HEIGHT - 8.0);
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{color}\"/>"
    );
    if let Some(aim) = bar.aim {
        line(svg, place(aim), top + 2.0, top + ROW_HEIGHT - 2.0, "#e0a100");
    }
    text(svg, LABEL_WIDTH + CHART_WIDTH + 12.0, top + 17.0, "start", &format!("{:.2}", bar.ratio));
}

/// Where a ratio lies from left to right; what is beyond the scale lies at its end.
fn place(ratio: f64) -> f64 {
    let share = (ratio.clamp(RATIO_MIN, RATIO_MAX) / RATIO_MIN).ln() / (RATIO_MAX / RATIO_MIN).ln();
    LABEL_WIDTH + CHART_WIDTH * share
}

fn line(svg: &mut String, x: f64, top: f64, bottom: f64, stroke: &str) {
    let _ = writeln!(
        svg,
        "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.1}\" y2=\"{bottom:.1}\" stroke=\"{stroke}\" stroke-width=\"2\"/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
}

#[cfg(test)]
mod tests {
    use super::{LABEL_WIDTH, place};

    #[test]
    fn ratios_beyond_the_scale_stay_in_the_picture() {
        assert!(place(0.0).to_bits() == LABEL_WIDTH.to_bits());
        assert!(place(1.0) < place(50.0) && place(50.0) <= place(2.0));
    }
}
