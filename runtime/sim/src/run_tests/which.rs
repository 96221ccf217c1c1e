//! Which world of a test: how it is written, and read again.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::world::Decision;

/// The schedule of a world that was decided: the choices that are not the usual ones.
pub(super) type Decisions = Arc<[Decision]>;

/// A schedule without a choice of its own, in writing.
const USUAL: &str = "usual";
/// The same for a world without faults.
const NONE: &str = "none";

/// Which world of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Which {
    pub(super) seed: u64,
    /// `None`: its seed draws its schedule.
    pub(super) decided: Option<Decisions>,
    /// The numbers of the faults of links that happen, if a schedule was decided. `None`: all.
    pub(super) faults: Option<Arc<[u64]>>,
}

impl Which {
    pub(super) fn with_schedule(seed: u64, decided: Decisions) -> Which {
        Which { seed, decided: Some(decided), faults: None }
    }

    /// The variables that make this world again.
    pub(super) fn variables(&self) -> String {
        let Which { seed, decided, faults } = self;
        let schedule =
            decided.as_ref().map(|decided| format!(" HEIST_SIM_SCHEDULE={}", write_decisions(decided)));
        let faults = faults.as_ref().map(|faults| format!(" HEIST_SIM_FAULTS={}", write_faults(faults)));
        format!("HEIST_SIM_SEED={seed}{}{}", schedule.unwrap_or_default(), faults.unwrap_or_default())
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seed)?;
        if let Some(decided) = &self.decided {
            write!(f, " {}", write_decisions(decided))?;
        }
        if let Some(faults) = &self.faults {
            write!(f, " {}", write_faults(faults))?;
        }
        Ok(())
    }
}

impl FromStr for Which {
    type Err = ();

    fn from_str(text: &str) -> Result<Which, ()> {
        let mut words = text.split_whitespace();
        let seed = words.next().and_then(|word| word.parse().ok()).ok_or(())?;
        let decided = words.next().map(|word| parse_decisions(word).map(Into::into).ok_or(())).transpose()?;
        let faults = words.next().map(|word| parse_faults(word).map(Into::into).ok_or(())).transpose()?;
        Ok(Which { seed, decided, faults })
    }
}

/// The decisions as words without a space between them.
pub(super) fn write_decisions(decisions: &[Decision]) -> String {
    if decisions.is_empty() {
        return USUAL.to_owned();
    }
    let word = |Decision { choice, place }: &Decision| format!("{choice}:{place}");
    decisions.iter().map(word).collect::<Vec<_>>().join(",")
}

/// `None`: these are no decisions, or they are not in their order.
pub(super) fn parse_decisions(text: &str) -> Option<Vec<Decision>> {
    if text == USUAL {
        return Some(Vec::new());
    }
    let decisions = text.split(',').map(parse_decision).collect::<Option<Vec<_>>>()?;
    decisions.is_sorted_by_key(|decision| decision.choice).then_some(decisions)
}

fn parse_decision(text: &str) -> Option<Decision> {
    let (choice, place) = text.split_once(':')?;
    Some(Decision { choice: choice.parse().ok()?, place: place.parse().ok()? })
}

/// The numbers of faults as words without a space between them.
fn write_faults(faults: &[u64]) -> String {
    if faults.is_empty() {
        return NONE.to_owned();
    }
    faults.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// `None`: these are no numbers, or they are not in their order.
pub(super) fn parse_faults(text: &str) -> Option<Vec<u64>> {
    if text == NONE {
        return Some(Vec::new());
    }
    let faults = text.split(',').map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>()?;
    faults.is_sorted().then_some(faults)
}

#[cfg(test)]
mod tests {
    use super::{Which, parse_decisions, parse_faults};
    use crate::world::Decision;

    #[test]
    fn what_is_written_is_read_again() {
        let decision = |choice, place| Decision { choice, place };
        let same = |which: Which| assert_eq!(which.to_string().parse(), Ok(which));
        same(Which { seed: 8, decided: None, faults: None });
        for decided in [vec![], vec![decision(3, 0)], vec![decision(3, 0), decision(17, 2)]] {
            let which = Which::with_schedule(8, decided.into());
            same(which.clone());
            same(Which { faults: Some([].into()), ..which.clone() });
            same(Which { faults: Some([2, 5].into()), ..which });
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for wrong in ["", "3", "3:", ":3", "3:1,", "17:1,3:0", "3:x"] {
            assert_eq!(parse_decisions(wrong), None, "{wrong}");
        }
        for wrong in ["", "x", "3,", "5,2"] {
            assert_eq!(parse_faults(wrong), None, "{wrong}");
        }
        assert!("x 3:1".parse::<Which>().is_err() && "8 3:1 x".parse::<Which>().is_err());
    }
}
