//! What the command line may say.

use std::str::FromStr as _;
use std::time::Duration;

use clap::Parser;
use heist::runtime::DriverKind;

use crate::plant::Plant;

/// A week.
const MINUTES_MAX: f64 = 10_080.0;

/// Does everything that heist can do, all at once, and checks that nothing is lost, doubled, reordered or leaked.
///
/// Prints a line for each round and a summary. The exit code is 1 at the first violation, which is printed with the seed.
#[derive(Clone, Debug, Parser)]
#[command(name = "soak", version)]
pub(crate) struct Args {
    /// How long to go on; fractions are permitted
    #[arg(long, default_value = "3", value_name = "MINUTES", value_parser = parse_minutes)]
    pub(crate) minutes: f64,

    /// Where the random choices begin [default: another one each time]
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// How to talk to the kernel: auto, uring or poll
    #[arg(long, default_value = "auto", value_parser = DriverKind::from_str)]
    pub(crate) driver: DriverKind,

    /// The length of a round; after each, everything must be back at the base line
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) round_seconds: u32,

    /// How long something may take that ends by itself
    #[arg(long, hide = true, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) patience_seconds: u32,

    /// A fault that must be noticed
    #[arg(long, hide = true, value_enum)]
    pub(crate) plant: Option<Plant>,

    /// This process is the one that is stopped and continued
    #[arg(long, hide = true)]
    pub(crate) supervised: bool,
}

impl Args {
    /// How long to go on.
    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }

    /// The length of a round.
    pub(crate) fn round(&self) -> Duration {
        Duration::from_secs(self.round_seconds.into())
    }

    /// How long something may take that ends by itself.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience_seconds.into())
    }
}

fn parse_minutes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(minutes) if minutes > 0.0 && minutes <= MINUTES_MAX => Ok(minutes),
        _ => Err(format!("write a number above 0, at most {MINUTES_MAX}, such as 1.5")),
    }
}

#[cfg(test)]
mod tests {
    use super::Args;
    use clap::{CommandFactory, Parser as _};
    use heist::runtime::DriverKind;
    use std::time::Duration;

    fn parse(words: &[&str]) -> Result<Args, String> {
        let line = std::iter::once("soak").chain(words.iter().copied());
        Args::try_parse_from(line).map_err(|error| error.to_string())
    }

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn options_are_taken() {
        let args = parse(&["--minutes", "1.5", "--seed", "7", "--driver", "poll"]).expect("they are right");
        assert_eq!((args.length(), args.seed), (Duration::from_secs(90), Some(7)));
        assert_eq!((args.driver, args.round()), (DriverKind::Poll, Duration::from_secs(10)));
    }

    #[test]
    fn bad_values_are_named() {
        for (words, text) in [
            (["--minutes", "0"], "write a number above 0"),
            (["--minutes", "NaN"], "write a number above 0"),
            (["--seed", "x"], "invalid digit"),
            (["--driver", "epoll"], "epoll"),
            (["--round-seconds", "0"], "0 is not in 1..=3600"),
        ] {
            let error = parse(&words).expect_err("it is wrong");
            assert!(error.contains(text), "{error}");
        }
    }

    #[test]
    fn help_does_not_mention_plants() {
        let help = Args::command().render_long_help().to_string();
        assert!(help.contains("--minutes") && !help.contains("--plant"), "{help}");
    }
}
