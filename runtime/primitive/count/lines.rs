//! The cache lines of all cores, by the rules of MESI, and what is transferred between the cores.

use std::collections::{HashMap, HashSet};
use std::ops::{AddAssign, Range};
use std::panic::Location;

/// Bytes of a cache line, and of the pair that the prefetcher of some processors fetches together.
const LINE: usize = 64;
const PAIR: usize = 128;
/// The largest number of cores.
const CORES_COUNT_MAX: usize = 1024;
/// An access to a larger value counts for its first bytes only.
const LENGTH_MAX: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LineAccess {
    Read,
    Write,
}

/// How many lines were fetched because another core had them last.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Transfers {
    /// Reads of a line that another core had written.
    pub(crate) reads: u64,
    /// Writes of a line that another core held.
    pub(crate) writes: u64,
    /// Both, if lines of 128 bytes moved.
    pub(crate) pairs: u64,
}

impl Transfers {
    pub(crate) fn lines(self) -> u64 {
        self.reads + self.writes
    }
}

impl AddAssign for Transfers {
    fn add_assign(&mut self, other: Transfers) {
        self.reads += other.reads;
        self.writes += other.writes;
        self.pairs += other.pairs;
    }
}

/// Which cores hold a line, and which one wrote it last. A line that one core holds is exclusive
/// or, if that core wrote it, modified; a line that several hold is shared.
#[derive(Clone)]
struct Line {
    holders: [u64; CORES_COUNT_MAX / 64],
    writer: Option<usize>,
}

impl Line {
    const NEW: Line = Line { holders: [0; CORES_COUNT_MAX / 64], writer: None };

    fn holds(&self, core: usize) -> bool {
        self.holders[core / 64] & 1 << (core % 64) != 0
    }

    fn is_alone(&self, core: usize) -> bool {
        let own = |word: usize| if word == core / 64 { 1 << (core % 64) } else { 0 };
        self.holders.iter().enumerate().all(|(word, bits)| bits & !own(word) == 0)
    }

    /// Makes the access, and returns whether the line comes from another core.
    fn access(&mut self, core: usize, kind: LineAccess) -> bool {
        let is_foreign = self.writer.is_some_and(|writer| writer != core);
        let is_missing = !self.holds(core);
        let is_fetched = match kind {
            LineAccess::Read => is_missing && is_foreign,
            LineAccess::Write => !self.is_alone(core) || is_missing && is_foreign,
        };
        if kind == LineAccess::Write {
            *self = Line { writer: Some(core), ..Line::NEW };
        }
        self.holders[core / 64] |= 1 << (core % 64);
        is_fetched
    }
}

#[derive(Default)]
pub(super) struct Lines {
    lines: HashMap<usize, Line>,
    pairs: HashMap<usize, Line>,
    left_out: Vec<Range<usize>>,
    by_core: Vec<Transfers>,
    marked: HashSet<usize>,
    places: HashMap<&'static Location<'static>, u64>,
    /// The places of the last count that was asked for.
    counted_places: HashMap<&'static Location<'static>, u64>,
}

impl Lines {
    /// Counts an access. Returns whether a line was fetched from another core, or `None` if the
    /// memory is left out.
    pub(super) fn access(
        &mut self,
        core: usize,
        address: usize,
        length: usize,
        kind: LineAccess,
        place: &'static Location<'static>,
    ) -> Option<bool> {
        if self.left_out.iter().any(|range| range.contains(&address)) {
            return None;
        }
        if self.by_core.len() <= core {
            self.by_core.resize(core + 1, Transfers::default());
        }
        let last = address + length.clamp(1, LENGTH_MAX) - 1;
        let mut count = 0;
        for line in address / LINE..=last / LINE {
            count += u64::from(self.lines.entry(line).or_insert(Line::NEW).access(core, kind));
        }
        let mut pairs = 0;
        for pair in address / PAIR..=last / PAIR {
            pairs += u64::from(self.pairs.entry(pair).or_insert(Line::NEW).access(core, kind));
        }
        let own = &mut self.by_core[core];
        own.pairs += pairs;
        match kind {
            LineAccess::Read => own.reads += count,
            LineAccess::Write => own.writes += count,
        }
        if count > 0 {
            *self.places.entry(place).or_default() += count;
        }
        Some(count > 0)
    }

    pub(super) fn leave_out(&mut self, range: Range<usize>) {
        self.left_out.push(range);
    }

    pub(super) fn begin_count(&mut self) {
        self.by_core.fill(Transfers::default());
        self.places.clear();
    }

    /// Keeps the places of a count that ends here.
    pub(super) fn end_count(&mut self) {
        self.counted_places = self.places.clone();
    }

    pub(super) fn of(&self, core: usize) -> Transfers {
        self.by_core.get(core).copied().unwrap_or_default()
    }

    pub(super) fn total(&self) -> Transfers {
        let mut total = Transfers::default();
        self.by_core.iter().for_each(|own| total += *own);
        total
    }

    pub(super) fn mark(&mut self, core: usize) {
        self.marked.insert(core);
    }

    /// Returns what the cores that are marked, or not, have transferred.
    pub(super) fn of_all(&self, is_marked: bool) -> Transfers {
        let mut total = Transfers::default();
        let cores = self.by_core.iter().enumerate();
        let chosen = cores.filter(|(core, _)| self.marked.contains(core) == is_marked);
        chosen.for_each(|(_, own)| total += *own);
        total
    }

    pub(super) fn places(&self) -> Vec<(&'static Location<'static>, u64)> {
        let mut places: Vec<_> = self.counted_places.iter().map(|(place, count)| (*place, *count)).collect();
        places.sort_by_key(|(place, count)| (std::cmp::Reverse(*count), place.file(), place.line()));
        places
    }
}
