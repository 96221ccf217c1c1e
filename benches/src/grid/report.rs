//! The tables of the grid.

use serde::Serialize;

use super::cell::Figures;
use super::shape::Shape;
use crate::compare::Spread;

/// What came of one cell.
#[derive(Debug, Serialize)]
pub(super) struct Cell {
    row: &'static str,
    #[serde(flatten)]
    pub(super) shape: Shape,
    /// The subject first; each has as many rounds.
    servers: Vec<Served>,
}

/// The rounds of one server in one cell.
#[derive(Debug, Serialize)]
struct Served {
    name: &'static str,
    /// The subject's requests in a given time divided by this one's: more is better for the subject.
    speed_ratio: Option<Spread>,
    /// The subject's CPU time divided by this one's: less is better for the subject.
    cpu_ratio: Option<Spread>,
    rounds: Vec<Figures>,
}

/// A column of the table.
type Column = (&'static str, usize, usize, fn(&Figures) -> f64);

const COLUMNS: [Column; 8] = [
    ("requests/s", 10, 0, |figures| figures.requests_per_second),
    ("CPU us", 7, 2, |figures| figures.cpu_micros),
    ("delay us", 8, 2, |figures| figures.delay_micros),
    ("switches", 8, 3, |figures| figures.switches),
    ("idle %", 6, 0, |figures| figures.idle_share * 100.0),
    ("p50 us", 8, 0, |figures| figures.latency.p50_micros),
    ("p99 us", 8, 0, |figures| figures.latency.p99_micros),
    ("p999 us", 8, 0, |figures| figures.latency.p999_micros),
];

/// Ratios: the subject's figure divided by the rival's.
const RATIOS: [Column; 5] = [
    ("req/s", 6, 2, |figures| figures.requests_per_second),
    ("CPU", 6, 2, |figures| figures.cpu_micros),
    ("p50", 6, 2, |figures| figures.latency.p50_micros),
    ("p99", 6, 2, |figures| figures.latency.p99_micros),
    ("p999", 6, 2, |figures| figures.latency.p999_micros),
];

impl Cell {
    pub(super) fn new(row: &'static str, shape: Shape, names: impl Iterator<Item = &'static str>) -> Self {
        let served = |name| Served { name, speed_ratio: None, cpu_ratio: None, rounds: Vec::new() };
        Cell { row, shape, servers: names.map(served).collect() }
    }

    /// One more round of the server at `index`.
    pub(super) fn add(&mut self, index: usize, figures: Figures) {
        self.servers[index].rounds.push(figures);
        let is_round_over =
            self.servers.iter().all(|server| server.rounds.len() == self.servers[0].rounds.len());
        if is_round_over {
            for index in 1..self.servers.len() {
                let ratio = |figure| Some(self.ratio(index, figure));
                let (speed, cpu) = (ratio(RATIOS[0].3), ratio(RATIOS[1].3));
                self.servers[index].speed_ratio = speed;
                self.servers[index].cpu_ratio = cpu;
            }
        }
    }

    /// What the load is, for the columns of the picture.
    pub(super) fn load(&self) -> String {
        format!("-t{} -c{}", self.shape.thread_count, self.shape.connection_count)
    }

    /// Whom it compares the subject with and in which surroundings, for the lines of the picture.
    pub(super) fn lines(&self) -> Vec<String> {
        let surroundings = self.shape.surroundings();
        let line = |server: &Served| format!("{}, {}{surroundings}", self.row, server.name);
        self.servers.iter().skip(1).map(line).collect()
    }

    /// The ratio of requests in a given time that belongs to such a line.
    pub(super) fn ratio_of_line(&self, line: &str) -> Option<f64> {
        let index = self.lines().iter().position(|own| own == line)? + 1;
        Some(self.servers[index].speed_ratio?.median)
    }

    /// The subject's figure divided by that of the server at `index`, round by round.
    fn ratio(&self, index: usize, figure: fn(&Figures) -> f64) -> Spread {
        let pairs = self.servers[0].rounds.iter().zip(&self.servers[index].rounds);
        Spread::of(pairs.map(|(subject, other)| figure(subject) / figure(other)))
    }
}

/// Prints the cells of a row, and which are the worst and the best.
pub(super) fn print(name: &str, explanation: &str, cells: &[Cell]) {
    println!("\n{name}: {explanation}");
    println!("medians of the rounds; ratios are heist's figure divided by the rival's");
    print!("  {:44} {:12}", "cell", "server");
    for (title, width, ..) in COLUMNS {
        print!(" {title:>width$}");
    }
    print!(" |");
    for (title, width, ..) in RATIOS {
        print!(" {title:>width$}");
    }
    println!("  req/s, the middle half");
    for cell in cells {
        print_cell(cell);
    }
    let Some(first) = cells.first() else { return };
    for index in 1..first.servers.len() {
        print_extremes(cells, index);
    }
}

fn print_cell(cell: &Cell) {
    for (index, server) in cell.servers.iter().enumerate() {
        let label = if index == 0 { cell.shape.to_string() } else { String::new() };
        print!("  {label:44} {:12}", server.name);
        for (_, width, decimals, figure) in COLUMNS {
            let median = Spread::of(server.rounds.iter().map(figure)).median;
            print!(" {median:>width$.decimals$}");
        }
        if index > 0 {
            print!(" |");
            for (_, width, decimals, figure) in RATIOS {
                print!(" {:>width$.decimals$}", cell.ratio(index, figure).median);
            }
            let speed = cell.ratio(index, RATIOS[0].3);
            print!("  [{:.2} {:.2}]", speed.low, speed.high);
        }
        println!();
    }
}

/// Which cells are the worst and the best against the server at `index`.
fn print_extremes(cells: &[Cell], index: usize) {
    let name = cells[0].servers[index].name;
    for (what, _, _, figure) in RATIOS {
        let is_more_better = what == RATIOS[0].0;
        let ratio = |cell: &&Cell| cell.ratio(index, figure).median;
        let order = |one: &&Cell, other: &&Cell| ratio(one).total_cmp(&ratio(other));
        let (low, high) = (cells.iter().min_by(order), cells.iter().max_by(order));
        let (worst, best) = if is_more_better { (low, high) } else { (high, low) };
        let (Some(worst), Some(best)) = (worst, best) else { return };
        println!(
            "  against {name}, {what:5}: worst {:.2} at {}; best {:.2} at {}",
            ratio(&worst),
            worst.shape,
            ratio(&best),
            best.shape
        );
    }
}

/// Prints what the figures are worth.
pub(super) fn print_end(round_count: usize, neighbours_share: f64) {
    const ROUND_COUNT_MIN: usize = 10;
    if round_count < ROUND_COUNT_MIN {
        println!("\nfewer than {ROUND_COUNT_MIN} rounds: no figures to keep");
    }
    // The busy processes of the cells have ended: they count as this program's.
    println!("other processes took {:.0} % of the machine meanwhile", 100.0 * neighbours_share);
}
