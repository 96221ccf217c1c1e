//! The grid: every server under every shape of load, because a gain in one shape may be a loss in another.
//!
//! A cell is a number of threads of the load, a number of connections, with or without a busy process beside the server, and
//! the server on one processor or on all of them. Each round of a cell starts each server afresh, the subject and its rivals in
//! turns, so that the ratios are of neighbours in time.

pub(crate) mod cell;
mod entrant;
mod picture;
mod report;
mod shape;
mod site;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cell::Lengths;
use clap::{Args, ValueEnum};
use entrant::{Entrant, Service};
use indicatif::{ProgressBar, ProgressStyle};
use report::Cell;
use shape::{Choice, Shape};
use site::Site;

use crate::record;
use crate::rival;
use crate::rival::contender::{Contender, OTHER_BUILD};
use crate::rival::contract::SUBJECT;
use crate::tools::{Tool, WRK};
use crate::usage::Neighbours;

/// Rows of the grid, by what they are called on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// hyper's "hello" under wrk.
    Hello,
    /// Echo of 64 bytes under this program's load.
    Echo,
    /// The example `serve` beside nginx, under wrk: a row for each size of file.
    Serve,
}

impl Kind {
    /// Its rows: what each is called, what it is, and what its servers are asked for.
    fn rows<'a>(self, site: &'a Site) -> Vec<Row<'a>> {
        let row = |name, explanation, service| Row { name, explanation, service };
        let file = |size| Service::File(site, size);
        match self {
            Kind::Hello => vec![row("hello", "hyper \"hello\" under wrk", Service::Hello)],
            Kind::Echo => vec![row("echo", "64 B of TCP echo", Service::Echo(64))],
            Kind::Serve => vec![
                row("serve 4 KiB", "a file of 4 KiB under wrk", file(site::KIB_4)),
                row("serve 64 KiB", "a file of 64 KiB under wrk", file(site::KIB_64)),
                row("serve 1 MiB", "a file of 1 MiB under wrk", file(site::MIB_1)),
            ],
        }
    }

    /// The tools that its load needs.
    fn needs(self) -> Option<Tool> {
        match self {
            Kind::Hello | Kind::Serve => Some(WRK),
            Kind::Echo => None,
        }
    }
}

/// A row of the grid.
#[derive(Clone, Copy)]
struct Row<'a> {
    name: &'static str,
    explanation: &'static str,
    service: Service<'a>,
}

#[derive(Args)]
pub(crate) struct Options {
    /// Only this row; may be given more than once.
    #[arg(long)]
    only: Vec<Kind>,
    #[command(flatten)]
    choice: Choice,
    /// These rivals beside heist instead of tokio; may be given more than once.
    #[arg(long, value_name = "NAME", value_parser = rival::by_name)]
    rival: Vec<Contender>,
    /// Another build of this program, whose heist takes part as well.
    #[arg(long, value_name = "PROGRAM")]
    against: Option<String>,
    /// Rounds of each cell; ten or more for figures that are kept.
    #[arg(long, value_name = "N", default_value_t = 10)]
    rounds: usize,
    /// Length of each load of wrk.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seconds: u64,
    /// Two cells of each row and one short round: shows that everything runs, and nothing else.
    #[arg(long, conflicts_with = "record")]
    quick: bool,
    /// Write the figures to this file, and a picture of them beside it.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the figures to `benches/record/<date>-grid.json`, and a picture of them beside it.
    #[arg(long)]
    record: bool,
}

impl Options {
    fn kinds(&self) -> Vec<Kind> {
        if self.only.is_empty() { Kind::value_variants().to_vec() } else { self.only.clone() }
    }

    fn shapes(&self) -> Vec<Shape> {
        if self.quick { Choice::quick() } else { self.choice.shapes() }
    }

    fn round_count(&self) -> usize {
        if self.quick { 1 } else { self.rounds.max(1) }
    }

    fn lengths(&self) -> Lengths {
        let (warm_up_ms, echo_ms) = if self.quick { (50, 100) } else { (150, 400) };
        Lengths { wrk_seconds: self.seconds.max(1), warm_up_ms, echo_ms }
    }

    /// Who takes part, the subject first; or what the subject lacks.
    fn entrants(&self, kind: Kind) -> Result<Vec<Entrant>, String> {
        if kind == Kind::Serve {
            return self.servers_of_files();
        }
        let named = |name| rival::by_name(name).expect("a rival that exists");
        let subject = named(SUBJECT);
        let mut all = vec![subject];
        all.extend(self.rival.iter().filter(|rival| rival.name != SUBJECT).copied());
        if self.rival.is_empty() {
            all.push(named("tokio"));
        }
        // Once in the life of the program.
        let other = self.against.clone().map(|program| subject.built_otherwise(program.leak()));
        all.extend(other);
        all.retain(|rival| match kind {
            Kind::Hello => rival.serve_hello.is_some(),
            Kind::Echo => rival.serve_echo.is_some(),
            Kind::Serve => false,
        });
        Ok(all.into_iter().map(Entrant::Rival).collect())
    }

    fn servers_of_files(&self) -> Result<Vec<Entrant>, String> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut all = vec![Entrant::Serve(SUBJECT, site::example(&own)?), Entrant::Nginx];
        if let Some(program) = &self.against {
            all.push(Entrant::Serve(OTHER_BUILD, site::example(Path::new(program))?));
        }
        Ok(all)
    }
}

/// Runs the cells and prints them.
pub(crate) fn run(options: &Options) -> ExitCode {
    let (jobs, missing) = plan(options);
    for complaint in &missing {
        eprintln!("{complaint}");
    }
    if options.record && !missing.is_empty() {
        eprintln!("error: a record is of the whole grid: install what is missing");
        return ExitCode::FAILURE;
    }
    let neighbours = Neighbours::watch();
    let site = Site::make().expect("there is room for the files");
    let mut cells = Vec::new();
    for (kind, entrants) in jobs {
        for row in kind.rows(&site) {
            let of_row = run_row(options, row, &entrants);
            report::print(row.name, row.explanation, &of_row);
            cells.extend(of_row);
        }
    }
    report::print_end(options.round_count(), neighbours.share());
    let mut files: Vec<PathBuf> = options.json.clone().into_iter().collect();
    files.extend(options.record.then(|| record::dated_file("-grid")));
    for file in &files {
        if let Err(error) = keep(file, &cells, neighbours.share()) {
            eprintln!("error: cannot write {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
        println!("written: {}, and the picture beside it", file.display());
    }
    ExitCode::SUCCESS
}

fn keep(file: &Path, cells: &[Cell], neighbours_share: f64) -> io::Result<()> {
    std::fs::write(file.with_extension("svg"), picture::draw(cells))?;
    record::write_rows(file, &["heist", "tokio", "hyper"], Some(neighbours_share), cells)
}

/// The kinds of rows with those who take part, and complaints of what is missing.
fn plan(options: &Options) -> (Vec<(Kind, Vec<Entrant>)>, Vec<String>) {
    let (mut jobs, mut missing) = (Vec::new(), Vec::new());
    for kind in options.kinds() {
        let load = kind.needs().filter(|tool| !tool.is_installed());
        missing.extend(load.map(Tool::complaint));
        match options.entrants(kind) {
            Err(complaint) => missing.push(complaint),
            Ok(mut entrants) => {
                missing.extend(entrants.iter().filter_map(Entrant::missing).map(Tool::complaint));
                entrants.retain(|entrant| entrant.missing().is_none());
                if load.is_none() {
                    jobs.push((kind, entrants));
                }
            }
        }
    }
    missing.sort();
    missing.dedup();
    (jobs, missing)
}

fn run_row(options: &Options, row: Row<'_>, entrants: &[Entrant]) -> Vec<Cell> {
    let shapes = options.shapes();
    let progress = ProgressBar::new((shapes.len() * entrants.len() * options.round_count()) as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}, {eta} left: {msg}");
    progress.set_style(style.expect("a template with known keys"));
    let cell = |&shape| Cell::new(row.name, shape, entrants.iter().map(Entrant::name));
    let mut cells: Vec<Cell> = shapes.iter().map(cell).collect();
    for round in 0..options.round_count() {
        for cell in &mut cells {
            progress.set_message(cell.shape.to_string());
            for turn in 0..entrants.len() {
                // Each round begins with another one: the first finds the machine as the last one left it.
                let index = (round + turn) % entrants.len();
                cell.add(index, cell::measure(&entrants[index], row.service, cell.shape, options.lengths()));
                progress.inc(1);
            }
        }
    }
    progress.finish_and_clear();
    cells
}
