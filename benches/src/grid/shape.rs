//! The shapes of load: one cell of the grid for each.

use std::fmt;

use clap::{Args, ValueEnum};
use serde::Serialize;

/// Is a process that is always busy there, too?
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Beside {
    /// Only the server and its load.
    Nothing,
    /// One thread of another process that never sleeps.
    Busy,
}

/// Where the server may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// On every processor.
    Free,
    /// On one processor, with all its threads. The load may run on every one.
    Pinned,
}

/// A shape of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Shape {
    pub(crate) thread_count: usize,
    pub(crate) connection_count: usize,
    pub(crate) beside: Beside,
    pub(crate) place: Place,
}

const THREAD_COUNTS: [usize; 2] = [1, 2];
const CONNECTION_COUNTS: [usize; 5] = [1, 16, 64, 256, 1_000];

/// Which cells are wanted; everything that is not given means all.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Choice {
    /// Only these numbers of threads of the load.
    #[arg(long, value_delimiter = ',', value_name = "N")]
    threads: Vec<usize>,
    /// Only these numbers of connections.
    #[arg(long, value_delimiter = ',', value_name = "N")]
    connections: Vec<usize>,
    /// Only with nothing beside the server, or only with a busy process.
    #[arg(long)]
    beside: Option<Beside>,
    /// Only with the server on every processor, or only on one.
    #[arg(long)]
    place: Option<Place>,
}

impl Choice {
    /// The cells, in the order of the table. A thread of the load without a connection has nothing to do: with two
    /// threads and one connection there is no cell. Numbers that are not in the grid may be asked for.
    pub(crate) fn shapes(&self) -> Vec<Shape> {
        let or_all = |given: &[usize], all: &[usize]| if given.is_empty() { all } else { given }.to_vec();
        let mut shapes = Vec::new();
        for thread_count in or_all(&self.threads, &THREAD_COUNTS) {
            for connection_count in or_all(&self.connections, &CONNECTION_COUNTS) {
                for place in [Place::Free, Place::Pinned] {
                    for beside in [Beside::Nothing, Beside::Busy] {
                        shapes.push(Shape { thread_count, connection_count, beside, place });
                    }
                }
            }
        }
        shapes.retain(|shape| {
            shape.thread_count <= shape.connection_count
                && self.beside.is_none_or(|beside| beside == shape.beside)
                && self.place.is_none_or(|place| place == shape.place)
        });
        shapes
    }

    /// The two cells that show that everything runs.
    pub(crate) fn quick() -> Vec<Shape> {
        vec![
            Shape { thread_count: 1, connection_count: 64, beside: Beside::Nothing, place: Place::Free },
            Shape { thread_count: 2, connection_count: 16, beside: Beside::Busy, place: Place::Pinned },
        ]
    }
}

impl Shape {
    /// Where the server runs and what runs beside it, if that is anything to speak of.
    pub(crate) fn surroundings(self) -> String {
        let beside = match self.beside {
            Beside::Nothing => "",
            Beside::Busy => ", busy process beside",
        };
        let place = match self.place {
            Place::Free => "",
            Place::Pinned => ", one core",
        };
        format!("{place}{beside}")
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "-t{} -c{}{}", self.thread_count, self.connection_count, self.surroundings())
    }
}

#[cfg(test)]
mod tests {
    use super::{Beside, Choice, Place};

    #[test]
    fn the_whole_grid_has_a_cell_for_each_shape() {
        // Five numbers of connections for one thread and four for two, each in four surroundings.
        assert_eq!(Choice::default().shapes().len(), 9 * 4);
    }

    #[test]
    fn a_choice_leaves_the_other_cells_out() {
        let choice = Choice {
            threads: vec![2],
            connections: vec![16],
            beside: Some(Beside::Nothing),
            place: Some(Place::Free),
        };
        let shapes: Vec<String> = choice.shapes().iter().map(ToString::to_string).collect();
        assert_eq!(shapes, ["-t2 -c16"]);
    }
}
