//! What each worker did, in a file of its own: a line is there before the next step begins, also when the worker is
//! killed. Two lines are enough to see a job that was done again after its acknowledgement.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::Failure;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Began,
    Acknowledged,
}

/// One delivery of one job.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    pub job: u64,
    /// The place of the job in its stream: another one if it was queued again.
    pub sequence: u64,
    /// 1 for the first delivery of this place.
    pub attempt: i64,
}

pub struct Ledger(Option<File>);

impl Ledger {
    /// A ledger in the directory, or none.
    pub fn open(directory: Option<&Path>) -> Result<Self, Failure> {
        let Some(directory) = directory else { return Ok(Self(None)) };
        let path = directory.join(format!("{}.ledger", std::process::id()));
        let file = OpenOptions::new().append(true).create(true).open(&path);
        Ok(Self(Some(file.map_err(|error| format!("cannot write {}: {error}", path.display()))?)))
    }

    pub fn note(&self, step: Step, delivery: Delivery) -> Result<(), Failure> {
        let Delivery { job, sequence, attempt } = delivery;
        if let Some(mut file) = self.0.as_ref() {
            // One write, without a buffer in this process.
            file.write_all(format!("{step:?} {job} {sequence} {attempt}\n").as_bytes())?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct History {
    began: Vec<(u64, i64)>,
    acknowledged: Vec<(u64, i64)>,
}

/// What all workers did together.
#[derive(Debug, Default, PartialEq)]
pub struct Summary {
    pub deliveries: usize,
    /// Jobs that were begun more than once, because their worker was killed before the acknowledgement.
    pub repeated: usize,
}

/// Reads all ledgers of a directory.
///
/// # Errors
/// One of the jobs was never begun, or was begun again after its acknowledgement.
pub fn check(directory: &Path, job_count: u64) -> Result<Summary, Failure> {
    let mut jobs: BTreeMap<u64, History> = BTreeMap::new();
    for entry in std::fs::read_dir(directory)? {
        let text = std::fs::read_to_string(entry?.path())?;
        // A worker may be killed in the middle of a line.
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let &[step, job, sequence, attempt] = fields.as_slice() else {
                return Err(format!("no line of a ledger: {line:?}").into());
            };
            let history = jobs.entry(job.parse()?).or_default();
            let steps = if step == "Began" { &mut history.began } else { &mut history.acknowledged };
            steps.push((sequence.parse()?, attempt.parse()?));
        }
    }
    let mut summary = Summary::default();
    for job in 0..job_count {
        let history = jobs.get(&job).ok_or_else(|| format!("job {job} was never begun"))?;
        // The server numbers the deliveries, so what came after an acknowledgement has a higher number.
        let last = history.acknowledged.iter().min();
        if let Some(after) = history.began.iter().find(|began| last.is_some_and(|last| *began > last)) {
            return Err(format!("job {job} was acknowledged as {last:?}, and done again as {after:?}").into());
        }
        summary.deliveries += history.began.len();
        summary.repeated += usize::from(history.began.len() > 1);
    }
    Ok(summary)
}
