//! Draws the figures: a function of what is to be seen, into the cells of a screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row, Table, Widget};

use super::figures::{GroupSort, TaskGroup, TopFigures, WorkerShare};
use crate::protocol::{Greeting, SourcePlace};
use crate::visible::shortened;

/// Columns of a worker: its bar, its share and its queue.
const WORKER_WIDTH: u16 = 39;
/// Columns of a bar.
const BAR_WIDTH: usize = 16;
/// Columns of the name of a group.
const NAME_WIDTH_MAX: usize = 24;
/// Lines around the workers and the groups: two of the header, two empty ones, the headings.
const OTHER_LINES: u16 = 5;

/// What is to be seen.
pub(super) struct TopView<'a> {
    pub(super) greeting: &'a Greeting,
    pub(super) uptime: String,
    pub(super) figures: &'a TopFigures,
    pub(super) sort: GroupSort,
    /// So many groups are above the screen.
    pub(super) scroll: usize,
    pub(super) has_colour: bool,
    /// The line at the bottom, with the keys; empty where nobody can press one.
    pub(super) hint: &'a str,
}

impl TopView<'_> {
    /// The lines that it takes to show everything in so many columns.
    pub(super) fn height(&self, width: u16) -> u16 {
        let groups = u16::try_from(self.figures.groups.len()).unwrap_or(u16::MAX);
        let workers = self.worker_lines(width, u16::MAX).len();
        let hint = u16::from(!self.hint.is_empty());
        let workers = u16::try_from(workers).unwrap_or(u16::MAX);
        groups.saturating_add(workers).saturating_add(OTHER_LINES + hint)
    }

    fn header(&self) -> [Line<'static>; 2] {
        let (greeting, facts, counts) = (self.greeting, &self.greeting.runtime, &self.figures.counts);
        let observed = if greeting.observed { "observed" } else { "not observed" };
        [
            Line::styled(
                format!(
                    "heist top: process {}, runtime {}, {}, {}, up {}, {observed}",
                    greeting.pid,
                    facts.label(),
                    facts.flavor,
                    facts.driver,
                    self.uptime
                ),
                Modifier::BOLD,
            ),
            Line::raw(format!(
                "tasks {}, injector {}, blocking threads {}, blocking queue {}, slow polls {}, stalls {}",
                counts.live_tasks,
                counts.injector_depth,
                counts.blocking_threads,
                counts.blocking_queue_depth,
                counts.slow_polls,
                counts.stalls
            )),
        ]
    }

    /// The workers in as many columns as fit, in `height` lines at most.
    fn worker_lines(&self, width: u16, height: u16) -> Vec<Line<'static>> {
        let column_count = usize::from((width / WORKER_WIDTH).max(1));
        let workers = &self.figures.workers;
        let mut lines: Vec<Line<'static>> = workers
            .chunks(column_count)
            .map(|workers| workers.iter().flat_map(|worker| self.worker(worker)).collect::<Vec<_>>().into())
            .collect();
        let height = usize::from(height.max(1));
        if lines.len() > height {
            lines.truncate(height - 1);
            let shown_count = lines.len() * column_count;
            lines.push(Line::raw(format!("and {} more workers", workers.len() - shown_count)));
        }
        lines
    }

    fn worker(&self, worker: &WorkerShare) -> [Span<'static>; 3] {
        let busy = worker.busy.unwrap_or(0.0).clamp(0.0, 1.0);
        // Half a mark is a mark: a worker that does little is not idle.
        let marks = (busy * BAR_WIDTH as f64).ceil() as usize;
        let bar = format!("{}{}", "|".repeat(marks), " ".repeat(BAR_WIDTH - marks));
        let colour = match busy {
            0.9.. => Color::Red,
            0.5.. => Color::Yellow,
            _ => Color::Green,
        };
        let style = if self.has_colour { Style::new().fg(colour) } else { Style::new() };
        let queue = worker.queue_depth;
        [
            Span::raw(format!("{:>4} [", worker.index)),
            Span::styled(bar, style),
            Span::raw(format!("] {:>6} q {queue:<6}", share(worker.busy))),
        ]
    }

    fn table(&self, height: u16) -> Table<'static> {
        let is_observed = self.greeting.observed;
        let mut headings = vec!["  COUNT", "    RUN", "  READY", "   WAIT"];
        let mut widths = vec![Constraint::Length(7); 4];
        if is_observed {
            headings.push("  BUSY");
            widths.push(Constraint::Length(6));
        }
        headings.extend(["NAME", "KIND", "LOCATION"]);
        let name_width =
            self.figures.groups.iter().map(|group| name(group).chars().count()).max().unwrap_or(0);
        let name_width = u16::try_from(name_width.clamp(4, NAME_WIDTH_MAX)).unwrap_or(4);
        widths.extend([Constraint::Length(name_width), Constraint::Length(8), Constraint::Fill(1)]);
        let groups = self.figures.groups.iter().skip(self.scroll).take(usize::from(height));
        let rows = groups.map(|group| {
            let counts = [group.count, group.running, group.runnable, group.waiting];
            let mut cells: Vec<String> = counts.iter().map(|count| format!("{count:>7}")).collect();
            if is_observed {
                cells.push(format!("{:>6}", share(group.busy)));
            }
            cells.extend([name(group), group.kind.to_string(), SourcePlace::text(group.place.as_ref())]);
            Row::new(cells)
        });
        let header = Row::new(headings).style(Style::new().add_modifier(Modifier::BOLD));
        Table::new(rows, widths).header(header).column_spacing(1)
    }
}

impl Widget for &TopView<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let workers = self.worker_lines(area.width, area.height / 3);
        let worker_height = u16::try_from(workers.len()).unwrap_or(u16::MAX);
        let hint_height = u16::from(!self.hint.is_empty());
        let [header, _, worker_area, _, table, hint] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Length(1),
            Constraint::Length(worker_height),
            Constraint::Length(1),
            Constraint::Fill(1),
            Constraint::Length(hint_height),
        ])
        .areas(area);
        Paragraph::new(self.header().to_vec()).render(header, buffer);
        Paragraph::new(workers).render(worker_area, buffer);
        Widget::render(self.table(table.height.saturating_sub(1)), table, buffer);
        let text = format!("{}; sorted by {}", self.hint, self.sort.name());
        Line::styled(text, Modifier::DIM).render(hint, buffer);
    }
}

fn name(group: &TaskGroup) -> String {
    group.name.as_ref().map_or("-".to_owned(), |name| shortened(name, NAME_WIDTH_MAX).into_owned())
}

fn share(busy: Option<f64>) -> String {
    busy.map_or("-".to_owned(), |busy| format!("{:.1}%", busy * 100.0))
}

/// The cells as lines of text, without the spaces at their ends.
pub(super) fn text_of(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let line = |row: u16| {
        let mut line = String::new();
        let mut column = area.left();
        while column < area.right() {
            let symbol = buffer[(column, row)].symbol();
            line.push_str(symbol);
            // A wide letter covers the cell behind it.
            column += u16::try_from(Span::raw(symbol).width()).unwrap_or(1).max(1);
        }
        line.truncate(line.trim_end().len());
        line
    };
    (area.top()..area.bottom()).map(line).collect()
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::{Greeting, GroupSort, TaskGroup, TopFigures, TopView, WorkerShare, text_of};
    use crate::protocol::RuntimeCounts;
    use crate::visible::Visible;

    fn greeting(is_observed: bool) -> Greeting {
        let line = format!(
            r#"{{"heist":1,"version":"0.1.0","pid":123,"runtime":{{"id":7,"name":"main","flavor":"multi_thread",
            "driver":"io_uring","workers":2}},"observed":{is_observed},"uptime_ms":1234}}"#
        );
        serde_json::from_str(&line).expect("a greeting")
    }

    fn group(name: &str, count: u64, busy: Option<f64>) -> TaskGroup {
        let place = serde_json::from_str(r#"{"file":"src/a.rs","line":1,"column":5}"#).expect("a place");
        let (name, kind) = (Some(Visible::new(name)), Visible::new("shared"));
        TaskGroup { name, kind, place, count, running: 1, runnable: 0, waiting: count - 1, busy }
    }

    fn figures(workers: &[Option<f64>], groups: Vec<TaskGroup>) -> TopFigures {
        let worker = |(index, busy): (usize, &Option<f64>)| WorkerShare {
            index: index as u64,
            busy: *busy,
            queue_depth: 3,
        };
        let counts =
            RuntimeCounts { live_tasks: 12, injector_depth: 4, slow_polls: 1, ..RuntimeCounts::default() };
        TopFigures { workers: workers.iter().enumerate().map(worker).collect(), counts, groups }
    }

    fn screen(figures: &TopFigures, is_observed: bool, scroll: usize, size: (u16, u16)) -> Vec<String> {
        let greeting = greeting(is_observed);
        let (uptime, sort, hint) = ("3m02s".to_owned(), GroupSort::Count, "q quits");
        let view = TopView { greeting: &greeting, uptime, figures, sort, scroll, has_colour: true, hint };
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a screen");
        terminal.draw(|frame| frame.render_widget(&view, frame.area())).expect("it draws");
        text_of(terminal.backend().buffer())
    }

    #[test]
    fn workers_counts_and_groups_are_drawn() {
        let figures =
            figures(&[Some(0.45), None], vec![group("conn", 11, Some(0.305)), group("x\x1b", 1, None)]);
        let expected = [
            "heist top: process 123, runtime 7 \"main\", multi_thread, io_uring, up 3m02s, observed",
            "tasks 12, injector 4, blocking threads 0, blocking queue 0, slow polls 1, stalls 0",
            "",
            "   0 [||||||||        ]  45.0% q 3        1 [                ]      - q 3",
            "",
            "  COUNT     RUN   READY    WAIT   BUSY NAME    KIND     LOCATION",
            "     11       1       0      10  30.5% conn    shared   src/a.rs:1:5",
            "      1       1       0       0      - x\\u{1b} shared   src/a.rs:1:5",
            "q quits; sorted by count",
        ];
        assert_eq!(screen(&figures, true, 0, (90, 9)), expected);
    }

    #[test]
    fn a_runtime_that_is_not_observed_has_no_column_of_shares_and_groups_scroll() {
        let figures = figures(&[Some(1.0)], vec![group("a", 2, None), group("b", 1, None)]);
        let lines = screen(&figures, false, 1, (80, 8));
        assert_eq!(lines[5], "  COUNT     RUN   READY    WAIT NAME KIND     LOCATION");
        assert_eq!(lines[6], "      1       1       0       0 b    shared   src/a.rs:1:5");
        assert_eq!(lines[7], "q quits; sorted by count");
    }

    #[test]
    fn many_workers_take_a_third_of_the_screen() {
        let figures = figures(&[Some(0.01); 256], vec![group("a", 1, None)]);
        let lines = screen(&figures, false, 0, (80, 24));
        assert_eq!(lines[9], "  12 [|               ]   1.0% q 3       13 [|               ]   1.0% q 3");
        assert_eq!(lines[10], "and 242 more workers");
        assert!(lines[13].contains("src/a.rs:1:5"));
    }

    #[test]
    fn a_screen_of_any_size_is_drawn() {
        let figures = figures(&[Some(0.5); 9], vec![group("\u{4e16}\u{754c}", 1, Some(f64::NAN))]);
        for size in [(1, 1), (3, 2), (10, 5), (40, 3), (200, 60)] {
            assert_eq!(screen(&figures, true, 5, size).len(), usize::from(size.1));
        }
    }
}
