//! A job: count the primes of a range. The slow way, because it stands for work that takes its time.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::Failure;

#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub number: u64,
    pub range: Range<u64>,
}

impl Job {
    pub fn new(number: u64, size: u64) -> Self {
        Self { number, range: number * size..(number + 1) * size }
    }

    pub fn work(&self) -> u64 {
        self.range.clone().filter(|number| is_prime(*number)).count() as u64
    }
}

fn is_prime(number: u64) -> bool {
    number >= 2
        && (2..).take_while(|divisor| divisor * divisor <= number).all(|divisor| number % divisor != 0)
}

/// The primes below a limit, counted in another way: the sum of all results.
pub fn primes_below(limit: u64) -> u64 {
    let mut is_composite = vec![false; limit as usize];
    let mut count = 0;
    for number in 2..limit as usize {
        if !is_composite[number] {
            count += 1;
            is_composite
                .iter_mut()
                .skip(number * number)
                .step_by(number)
                .for_each(|multiple| *multiple = true);
        }
    }
    count
}

/// As it stands in the queue: `7 70000 80000`.
impl fmt::Display for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.number, self.range.start, self.range.end)
    }
}

impl FromStr for Job {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let fields = text.split(' ').map(str::parse).collect::<Result<Vec<u64>, _>>();
        match fields.as_deref() {
            Ok(&[number, start, end]) => Ok(Self { number, range: start..end }),
            _ => Err(format!("no job: {text:?}").into()),
        }
    }
}
