//! Files: heist beside tokio, compio, monoio, glommio, a bare ring and fio.
//!
//! Every contestant reads and writes the same files in the same process, in rounds that each begin with another; fio is a
//! process of its own. What is compared is the median of the ratios within the rounds. glommio reads with `O_DIRECT` only, into
//! buffers of its own, which it makes for every read: it has no other way. compio and monoio take no part in `O_DIRECT`.
//!
//! The bare ring and fio have one thread, the runtimes two. What a cached read costs is therefore judged with heist on one
//! worker, one core against one; how fast it is, with two.

mod lane;
mod raw;
mod report;
mod rivals;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use lane::{BLOCK_BYTES, CHUNK_BYTES, Lane, Mode};
use report::{Figures, KeptRow, ONE_WORKER, Row};

use crate::record;
use crate::tools::FIO;
use crate::usage::{Neighbours, Usage};

/// Depths of random reads: operations in flight.
const DEPTHS: [usize; 3] = [1, 64, 256];

#[derive(Args)]
pub(crate) struct Options {
    /// Less of everything: shows that everything runs, and little else.
    #[arg(long)]
    quick: bool,
    /// Rounds of each row.
    #[arg(long)]
    rounds: Option<usize>,
    /// Only the rows whose title has this in it, such as `O_DIRECT` or `64 in flight`.
    #[arg(long, conflicts_with = "record")]
    only: Option<String>,
    /// Where the files are made; not in memory, for `O_DIRECT`.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Write the figures to `benches/record/<date>-files.json`.
    #[arg(long)]
    record: bool,
    /// Exit with an error when a goal is missed.
    #[arg(long)]
    check: bool,
}

/// How much of everything.
struct Scale {
    file_bytes: u64,
    cached_count: u64,
    direct_count: u64,
    small_count: usize,
    round_count: usize,
}

impl Options {
    fn wants(&self, title: &str) -> bool {
        self.only.as_ref().is_none_or(|only| title.contains(only.as_str()))
    }

    fn scale(&self) -> Scale {
        let mut scale = if self.quick {
            Scale {
                file_bytes: 256 << 20,
                cached_count: 50_000,
                direct_count: 4_000,
                small_count: 1_000,
                round_count: 3,
            }
        } else {
            Scale {
                file_bytes: 1 << 30,
                cached_count: 500_000,
                direct_count: 50_000,
                small_count: 10_000,
                round_count: 10,
            }
        };
        scale.round_count = self.rounds.unwrap_or(scale.round_count).max(1);
        scale
    }
}

/// The files, removed in the end.
struct Place {
    directory: PathBuf,
    scale: Scale,
}

impl Place {
    fn make(options: &Options) -> io::Result<Place> {
        let directory = options.dir.join(format!("heist-files-{}", std::process::id()));
        std::fs::create_dir(&directory)?;
        let place = Place { directory, scale: options.scale() };
        std::fs::write(place.big(), vec![7; place.scale.file_bytes as usize])?;
        // What is not on the disk cannot be read from there.
        std::fs::File::open(place.big())?.sync_all()?;
        std::fs::create_dir(place.directory.join("small"))?;
        for path in place.small() {
            std::fs::write(path, [7; BLOCK_BYTES])?;
        }
        Ok(place)
    }

    fn big(&self) -> PathBuf {
        self.directory.join("big")
    }

    fn small(&self) -> Vec<PathBuf> {
        (0..self.scale.small_count).map(|index| self.directory.join(format!("small/{index}"))).collect()
    }

    fn random(&self, mode: Mode, depth: usize) -> Vec<Lane> {
        let count = self.random_count(mode) / depth as u64;
        let lane =
            |seed| Lane::Random { path: self.big(), mode, file_bytes: self.scale.file_bytes, seed, count };
        (1..=depth as u64).map(lane).collect()
    }

    /// A multiple of every depth. One at a time takes its time.
    fn random_count(&self, mode: Mode) -> u64 {
        let count = if mode == Mode::ReadDirect { self.scale.direct_count } else { self.scale.cached_count };
        count.next_multiple_of(256)
    }

    /// Lanes of a row that is no random read, and how many operations they are.
    fn others(&self, title: &str) -> (Vec<Lane>, u64) {
        const SMALL_LANES: usize = 16;
        let (file_bytes, chunk_count) = (self.scale.file_bytes, self.scale.file_bytes / CHUNK_BYTES as u64);
        let to = self.directory.join("written");
        match title {
            "read" => (vec![Lane::ReadAll { path: self.big(), file_bytes }], chunk_count),
            "write" => (vec![Lane::WriteAll { path: to, file_bytes }], chunk_count),
            "copy" => (vec![Lane::Copy { from: self.big(), to, file_bytes }], chunk_count),
            _ => {
                let paths = self.small();
                let share = paths.len().div_ceil(SMALL_LANES);
                let lanes = paths.chunks(share).map(|paths| Lane::Small { paths: paths.to_vec() }).collect();
                (lanes, self.scale.small_count as u64)
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("error: cannot remove {}: {error}", self.directory.display());
        }
    }
}

/// Runs everything and prints it.
pub(crate) fn run(options: &Options) -> ExitCode {
    if options.record && !FIO.is_installed() {
        eprintln!("{}", FIO.complaint());
        eprintln!("error: a record has everyone in it: install what is missing");
        return ExitCode::FAILURE;
    }
    match compare_and_keep(options) {
        Ok(is_met) if is_met || !options.check => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

type Drive = fn(Vec<Lane>) -> io::Result<()>;

const RUNTIMES: [(&str, Drive); 4] = [
    ("heist", rivals::Heist::drive),
    ("tokio", rivals::Tokio::drive),
    ("compio", rivals::Compio::drive),
    ("monoio", rivals::Monoio::drive),
];

/// Heist with buffers that its rings have registered: two workers, and one.
const FIXED: [(&str, Drive); 2] =
    [("fixed", rivals::HeistFixed::drive), ("1 fixed", rivals::HeistFixed::drive_by_one)];

/// Those that read what is cached, one block at a time.
const CACHED: [(&str, Drive); 7] = [
    RUNTIMES[0],
    FIXED[0],
    (ONE_WORKER, rivals::Heist::drive_by_one),
    FIXED[1],
    RUNTIMES[1],
    RUNTIMES[2],
    RUNTIMES[3],
];

/// Those whose buffers in this comparison are aligned.
const DIRECT: [(&str, Drive); 6] = [
    RUNTIMES[0],
    FIXED[0],
    (ONE_WORKER, rivals::Heist::drive_by_one),
    FIXED[1],
    RUNTIMES[1],
    ("glommio", rivals::Glommio::drive),
];

/// The floor, and the floor with registered buffers.
const RINGS: [(&str, bool); 2] = [("ring", false), ("fix ring", true)];

/// Whose versions are kept with the figures.
const PACKAGES: [&str; 6] = ["heist", "tokio", "compio", "monoio", "glommio", "io-uring"];

fn compare_and_keep(options: &Options) -> io::Result<bool> {
    let neighbours = Neighbours::watch();
    let (rows, is_met) = compare(options)?;
    let share = neighbours.share();
    println!("\nother processes took {:.0} % of the machine", share * 100.0);
    if options.record {
        let file = record::dated_file("-files");
        record::write_rows(&file, &PACKAGES, Some(share), &rows)?;
        println!("written: {}", file.display());
    }
    Ok(is_met)
}

fn compare(options: &Options) -> io::Result<(Vec<KeptRow>, bool)> {
    let place = Place::make(options)?;
    let mut kept = Vec::new();
    for (mode, name, who) in [
        (Mode::Read, "cached", "two workers, then 1, against one ring"),
        (Mode::ReadDirect, "O_DIRECT", "two workers against one ring"),
    ] {
        for depth in DEPTHS {
            let title = format!("{name} random 4 KiB reads, {depth} in flight: {who}");
            if !options.wants(&title) {
                continue;
            }
            let row = random_row(&place, mode, depth)?;
            kept.push(row.keep(&title, &report::goals(mode, depth)));
        }
    }
    for (title, unit) in
        [("read", "MiB"), ("write", "MiB"), ("copy", "MiB"), ("small files: open, read, close", "file")]
    {
        if !options.wants(title) {
            continue;
        }
        let (lanes, count) = place.others(title);
        let mut row = Row::default();
        for round in 0..place.scale.round_count {
            for index in 0..RUNTIMES.len() {
                let (name, drive) = RUNTIMES[(index + round) % RUNTIMES.len()];
                row.add(name, measure(count, || drive(lanes.clone()))?);
            }
        }
        kept.push(row.keep(&format!("{title}, per {unit}"), &[]));
    }
    let is_met = kept.iter().all(KeptRow::is_met);
    Ok((kept, is_met))
}

fn random_row(place: &Place, mode: Mode, depth: usize) -> io::Result<Row> {
    let count = place.random_count(mode);
    let (path, file_bytes) = (place.big(), place.scale.file_bytes);
    let runtimes = if mode == Mode::ReadDirect { &DIRECT[..] } else { &CACHED[..] };
    let mut row = Row::default();
    for round in 0..place.scale.round_count {
        let contestants_count = runtimes.len() + RINGS.len();
        for index in 0..contestants_count {
            let index = (index + round) % contestants_count;
            match runtimes.get(index) {
                Some((name, drive)) => row.add(name, measure(count, || drive(place.random(mode, depth)))?),
                None => {
                    let (name, is_fixed) = RINGS[index - runtimes.len()];
                    let read = || raw::random_read(&path, mode, is_fixed, file_bytes, depth, count);
                    row.add(name, measure(count, read)?);
                }
            }
        }
        if mode == Mode::ReadDirect {
            add_fio(&mut row, &path, file_bytes, depth, count)?;
        }
    }
    Ok(row)
}

fn add_fio(row: &mut Row, path: &Path, file_bytes: u64, depth: usize, count: u64) -> io::Result<()> {
    match raw::fio(path, file_bytes, depth, count)? {
        Some((per_second, cpu_micros)) => row.add("fio", Figures { per_second, cpu_micros }),
        None => eprintln!("{}", FIO.complaint()),
    }
    Ok(())
}

fn measure(count: u64, work: impl FnOnce() -> io::Result<()>) -> io::Result<Figures> {
    let (start, before) = (Instant::now(), Usage::now());
    work()?;
    let per_second = count as f64 / start.elapsed().as_secs_f64();
    Ok(Figures { per_second, cpu_micros: Usage::now().since(before).cpu_micros / count as f64 })
}
