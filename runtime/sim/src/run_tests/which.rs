//! Which world of a test: how it is written, and read again.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::world::Decision;

/// The schedule of a world that was decided: the choices that are not the usual ones.
pub(super) type Decisions = Arc<[Decision]>;

/// A schedule without a choice of its own, in writing.
const USUAL: &str = "usual";

/// Which world of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Which {
    pub(super) seed: u64,
    /// `None`: its seed draws its schedule.
    pub(super) decided: Option<Decisions>,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.decided {
            None => write!(f, "{}", self.seed),
            Some(decided) => write!(f, "{} {}", self.seed, write_decisions(decided)),
        }
    }
}

impl FromStr for Which {
    type Err = ();

    fn from_str(text: &str) -> Result<Which, ()> {
        let (seed, decided) = match text.trim().split_once(' ') {
            None => (text.trim(), None),
            Some((seed, decisions)) => (seed, Some(parse_decisions(decisions).ok_or(())?.into())),
        };
        Ok(Which { seed: seed.parse().map_err(|_| ())?, decided })
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

#[cfg(test)]
mod tests {
    use super::{Which, parse_decisions};
    use crate::world::Decision;

    #[test]
    fn what_is_written_is_read_again() {
        let decision = |choice, place| Decision { choice, place };
        for decided in
            [None, Some(vec![]), Some(vec![decision(3, 0)]), Some(vec![decision(3, 0), decision(17, 2)])]
        {
            let which = Which { seed: 8, decided: decided.map(Into::into) };
            assert_eq!(which.to_string().parse(), Ok(which));
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for wrong in ["", "3", "3:", ":3", "3:1,", "17:1,3:0", "3:x"] {
            assert_eq!(parse_decisions(wrong), None, "{wrong}");
        }
        assert!("x 3:1".parse::<Which>().is_err());
    }
}
