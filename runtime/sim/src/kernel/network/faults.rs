//! Faults of links, with numbers: a world that failed is tried again without some of them.

use std::sync::Arc;

use fastrand::Rng;

/// Draws whether faults happen.
#[derive(Debug, Default)]
pub(super) struct LinkFaults {
    /// Those that were drawn so far, also those that did not happen because they are left out.
    drawn_count: u64,
    /// The numbers of those that happen, in their order. `None`: all that are drawn.
    happening: Option<Arc<[u64]>>,
}

impl LinkFaults {
    pub(super) fn new(happening: Option<Arc<[u64]>>) -> LinkFaults {
        LinkFaults { drawn_count: 0, happening }
    }

    pub(super) fn drawn_count(&self) -> u64 {
        self.drawn_count
    }

    /// Draws nothing if the outcome is certain: a world without faults makes the same choices
    /// whether or not it could have some. A fault that is left out was drawn nevertheless, so that
    /// the next draws are the same.
    pub(super) fn happens(&mut self, probability: f64, random: &mut Rng) -> bool {
        if probability <= 0.0 || random.f64() >= probability {
            return false;
        }
        self.drawn_count += 1;
        self.happening.as_ref().is_none_or(|numbers| numbers.binary_search(&self.drawn_count).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::LinkFaults;

    #[test]
    fn those_that_are_left_out_change_no_other_draw() {
        let draw = |happening: Option<&[u64]>| {
            let (mut faults, mut random) = (LinkFaults::new(happening.map(Into::into)), Rng::with_seed(1));
            let outcomes: Vec<bool> = (0..100).map(|_| faults.happens(0.2, &mut random)).collect();
            (outcomes, faults.drawn_count())
        };
        let (all, count) = draw(None);
        assert_eq!(all.iter().filter(|happens| **happens).count() as u64, count);
        assert!(count > 10, "{count}");
        let (some, same_count) = draw(Some(&[2, 5]));
        assert_eq!(same_count, count);
        let places = |outcomes: &[bool]| (0..100).filter(|at| outcomes[*at]).collect::<Vec<_>>();
        assert_eq!(places(&some), [places(&all)[1], places(&all)[4]]);
        assert_eq!(draw(Some(&[])), (vec![false; 100], count));
    }
}
