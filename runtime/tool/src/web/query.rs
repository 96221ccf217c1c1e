//! What a request may ask for after the `?` of its address.

use std::str::FromStr;
use std::time::Duration;

use hyper::StatusCode;

use super::groups::GroupOrder;
use super::looks::TREE_LINES_MAX;
use super::refusal::Refusal;

#[derive(Debug)]
pub(super) struct Query<'a> {
    pub(super) key: Option<&'a str>,
    /// How often the page looks.
    pub(super) interval: Duration,
    pub(super) order: GroupOrder,
    /// Lines of a tree.
    pub(super) limit: usize,
}

impl<'a> Query<'a> {
    /// Fields with other names are ignored.
    pub(super) fn parse(text: &'a str) -> Result<Query<'a>, Refusal> {
        let mut query =
            Query { key: None, interval: Duration::from_millis(1000), order: GroupOrder::Count, limit: 1000 };
        for (name, value) in text.split('&').map(|field| field.split_once('=').unwrap_or((field, ""))) {
            match name {
                "key" => query.key = Some(value),
                "interval" => query.interval = Duration::from_millis(number(name, value, 100, 5000)?),
                "limit" => query.limit = number(name, value, 1, TREE_LINES_MAX)?,
                "sort" => {
                    let unknown = || refusal("sort is one of count, busy, polls, location, name".to_owned());
                    query.order = GroupOrder::parse(value).ok_or_else(unknown)?;
                }
                _ => {}
            }
        }
        Ok(query)
    }
}

fn number<T>(name: &str, value: &str, min: T, max: T) -> Result<T, Refusal>
where
    T: FromStr + PartialOrd + std::fmt::Display,
{
    let number = value.parse().ok().filter(|number| min <= *number && *number <= max);
    number.ok_or_else(|| refusal(format!("{name} is a number from {min} to {max}")))
}

fn refusal(text: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, text)
}

#[cfg(test)]
mod tests {
    use super::{Duration, GroupOrder, Query, StatusCode};

    #[test]
    fn fields_have_defaults_and_bounds() {
        let query = Query::parse("").expect("a query");
        assert_eq!((query.key, query.interval.as_millis(), query.limit), (None, 1000, 1000));
        let query = Query::parse("limit=5&x&key=a=b&sort=busy&interval=100").expect("a query");
        assert_eq!((query.key, query.interval, query.limit), (Some("a=b"), Duration::from_millis(100), 5));
        assert_eq!(query.order, GroupOrder::Busy);
        for wrong in ["limit=0", "limit=5001", "limit=", "limit", "interval=99", "interval=-1", "sort=x"] {
            assert_eq!(Query::parse(wrong).expect_err(wrong).status, StatusCode::BAD_REQUEST);
        }
    }
}
