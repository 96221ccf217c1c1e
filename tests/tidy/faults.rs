//! The rule about the table of faults: each fault of the list is there, with what provokes it.

use std::collections::BTreeMap;

use crate::notes::claims_hold;
use crate::proof;
use crate::source::Source;

const TABLE: &str = "tests/FAULTS.md";

/// The groups of the list, each with the priorities of its faults in their order. A group of the
/// table may have more.
const GROUPS: [(&str, &str); 13] = [
    ("A", "000000100001211001"),
    ("B", "100100000211111211"),
    ("C", "211000120211"),
    ("D", "1001111111121"),
    ("E", "11110010011000000112100"),
    ("F", "00000000100001100"),
    ("G", "00011111112111"),
    ("H", "001122100211110"),
    ("I", "11000101111"),
    ("J", "1111111111"),
    ("K", "120000011"),
    ("L", "11111011"),
    ("M", "1111"),
];

/// One line of the table.
struct Row<'a> {
    /// Where it stands, for complaints.
    place: String,
    id: &'a str,
    priority: &'a str,
    provoked_by: &'a str,
    mutants: &'a str,
}

impl Row<'_> {
    fn complaint(&self, text: &str) -> String {
        format!("{}: {} {text}", self.place, self.id)
    }
}

/// The table has each fault of the list, in its order, with a test or the reason why there is none,
/// and with the mutants that a test of the row notices.
pub(crate) fn table_of_faults_is_whole(sources: &[Source]) -> Vec<String> {
    let mut complaints = claims_hold(sources, TABLE);
    let text = sources.iter().find(|source| source.path == TABLE).map_or("", |source| &source.text);
    let rows: Vec<Row<'_>> = text.lines().enumerate().filter_map(|(index, line)| row(index, line)).collect();
    complaints.extend(each_fault_is_there(&rows));
    let mutants = match proof::mutants(sources) {
        Ok(mutants) => mutants,
        Err(errors) => return [complaints, errors].concat(),
    };
    let tests_of: BTreeMap<&str, &[String]> =
        mutants.iter().map(|mutant| (mutant.name.as_str(), &mutant.tests[..])).collect();
    for row in &rows {
        complaints.extend(row_has_its_proof(row));
        for name in row.mutants.split('`').skip(1).step_by(2) {
            let is_seen = |test: &String| {
                let name = test.rsplit("::").next().expect("a path has an end");
                row.provoked_by.contains(&format!(".rs::{name}`"))
            };
            match tests_of.get(name) {
                None => complaints.push(row.complaint(&format!("names {name}, which is no mutant"))),
                Some(tests) if !tests.iter().any(is_seen) => {
                    complaints.push(row.complaint(&format!("has no test that notices {name}")));
                }
                Some(_) => {}
            }
        }
    }
    complaints
}

/// Reads `| id | P | fault | provoked by | mutants |`; the head of a table is no row.
fn row(index: usize, line: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.trim_end().trim_end_matches('|').split(" | ").collect();
    let id = cells[0].trim();
    let is_id = id.len() > 1 && id[1..].bytes().all(|byte| byte.is_ascii_digit());
    let cell = |number: usize| cells.get(number).map_or("", |cell| cell.trim());
    is_id.then(|| Row {
        place: format!("{TABLE}:{}", index + 1),
        id,
        priority: cell(1),
        provoked_by: cell(3),
        mutants: cell(4),
    })
}

/// Each fault of the list has a row with its priority, and the rows stand in the order of the list.
fn each_fault_is_there(rows: &[Row<'_>]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (group, priorities) in GROUPS {
        for (index, priority) in priorities.chars().enumerate() {
            let id = format!("{group}{}", index + 1);
            let own: Vec<&Row<'_>> = rows.iter().filter(|row| row.id == id).collect();
            if own.is_empty() {
                complaints.push(format!("{TABLE}: {id} has no row"));
            }
            let others = own.iter().filter(|row| row.priority != priority.to_string());
            complaints.extend(others.map(|row| row.complaint(&format!("is of P {priority}"))));
        }
    }
    let place_of = |row: &Row<'_>| (row.id[..1].to_owned(), row.id[1..].parse::<u32>().ok());
    let pairs = rows.windows(2).filter(|pair| place_of(&pair[0]) > place_of(&pair[1]));
    complaints.extend(pairs.map(|pair| pair[1].complaint("stands behind a later one")));
    complaints
}

/// A row names a test or says why there is none. A row of P 0 names a mutant, or says that it has
/// none.
fn row_has_its_proof(row: &Row<'_>) -> Option<String> {
    let reasons = ["not applicable: ", "needs a ", "not done yet: "];
    match row.provoked_by.strip_prefix("none: ") {
        None if !row.provoked_by.contains(".rs") => return Some(row.complaint("has no test")),
        Some(reason) if !reasons.iter().any(|start| reason.starts_with(start)) => {
            return Some(row.complaint("has no test, and none of the reasons"));
        }
        _ => {}
    }
    let is_named = row.mutants == "no mutant" || row.mutants.starts_with('`');
    (row.priority == "0" && !is_named).then(|| row.complaint("names no mutant and does not say so"))
}
