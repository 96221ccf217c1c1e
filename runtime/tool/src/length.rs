//! Lengths of time on the command line.

use std::time::Duration;

/// Reads `5s`, `500ms` or `2m`.
pub(crate) fn parse_length(text: &str) -> Result<Duration, String> {
    const MAX: Duration = Duration::from_secs(60);
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let number: u64 = digits.parse().map_err(|_| "it must be like 5s, 500ms or 1m".to_owned())?;
    let length = match &text[digits.len()..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        _ => return Err("it must be like 5s, 500ms or 1m".to_owned()),
    };
    if length.is_zero() || length > MAX {
        Err("it must be between 1ms and 1m".to_owned())
    } else {
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse_length;

    #[test]
    fn a_length_has_a_number_and_a_unit() {
        assert_eq!(parse_length("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(parse_length("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_length("1m"), Ok(Duration::from_secs(60)));
        for bad in
            ["", "5", "s", "0s", "61s", "2m", "-1s", "1.5s", "5 s", "99999999999999999999s", "5\u{e9}s"]
        {
            assert!(parse_length(bad).is_err(), "{bad:?}");
        }
    }
}
