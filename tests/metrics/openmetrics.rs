//! The text of all figures: that it has the form that OpenMetrics 1.0 asks for, and the numbers. `ci/openmetrics.sh` shows it
//! to Prometheus' own parser.

use std::collections::BTreeMap;

use heist::runtime::Runtime;
use heist::task::yield_now;

use crate::support::{eventually, on_every_runtime};

/// A family of samples, as it stands in a text.
struct Family {
    kind: String,
    unit: Option<String>,
    /// What stands between the name and the value, beside the value.
    samples: Vec<(String, String)>,
}

/// Reads a text as strictly as the standard asks, as far as this text uses it.
fn parse(text: &str) -> Result<BTreeMap<String, Family>, String> {
    let lines = text.strip_suffix("# EOF\n").ok_or("it does not end with # EOF")?;
    let mut families = BTreeMap::new();
    let mut lines = lines.lines().peekable();
    while let Some(line) = lines.next() {
        let of_type = line.strip_prefix("# TYPE ").ok_or(format!("a family begins with its type: {line}"))?;
        let (name, kind) = of_type.split_once(' ').ok_or(format!("no type: {line}"))?;
        if !name.starts_with("heist_") || !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_')) {
            return Err(format!("not a name: {name}"));
        }
        let mut unit = None;
        if let Some(of_unit) = lines.next_if(|line| line.starts_with("# UNIT ")) {
            let of_unit =
                of_unit.strip_prefix(&format!("# UNIT {name} ")).ok_or(format!("another's: {of_unit}"))?;
            if !name.ends_with(&format!("_{of_unit}")) {
                return Err(format!("{name} does not end with its unit"));
            }
            unit = Some(of_unit.to_owned());
        }
        let help = lines.next().and_then(|line| line.strip_prefix(&format!("# HELP {name} ")));
        if help.is_none_or(|help| help.is_empty() || help.contains(['\\', '"'])) {
            return Err(format!("{name} has no help, or one that needs an escape"));
        }
        let suffix = match kind {
            "counter" => "_total",
            "gauge" => "",
            other => return Err(format!("{name} is a {other}")),
        };
        let mut samples = Vec::new();
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let (key, value) = sample.rsplit_once(' ').ok_or(format!("no value: {sample}"))?;
            let labels =
                key.strip_prefix(&format!("{name}{suffix}")).ok_or(format!("not of {name}: {sample}"))?;
            let is_of_worker = labels.strip_prefix("{worker=\"").and_then(|rest| rest.strip_suffix("\"}"));
            if !labels.is_empty() && is_of_worker.is_none_or(|worker| worker.parse::<usize>().is_err()) {
                return Err(format!("other labels than were meant: {sample}"));
            }
            if value.parse::<f64>().map_or(true, |value| value < 0.0 || !value.is_finite()) {
                return Err(format!("not a number: {sample}"));
            }
            samples.push((labels.to_owned(), value.to_owned()));
        }
        let family = Family { kind: kind.to_owned(), unit, samples };
        if families.insert(name.to_owned(), family).is_some() {
            return Err(format!("{name} stands twice"));
        }
    }
    Ok(families)
}

#[test]
fn a_broken_text_is_noticed() {
    let sound = "# TYPE heist_a counter\n# HELP heist_a What.\nheist_a_total 1\n# EOF\n";
    assert!(parse(sound).is_ok());
    let broken = [
        sound.replace("# EOF\n", ""),
        sound.replace("_total", ""),
        sound.replace("counter", "gauge"),
        sound.replace("What.", ""),
        sound.replace(" 1\n", " one\n"),
        sound.replace("# HELP", "# UNIT heist_a seconds\n# HELP"),
        sound.replacen("# TYPE", &format!("{}# TYPE", sound.replace("# EOF\n", "")), 1),
    ];
    for text in broken {
        assert!(parse(&text).is_err(), "{text}");
    }
}

fn text_of(runtime: &Runtime) -> BTreeMap<String, Family> {
    let text = runtime.handle().metrics().openmetrics();
    parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn the_text_has_the_form_of_openmetrics() {
    on_every_runtime(|runtime| {
        let families = text_of(runtime);
        for (name, family) in &families {
            let labels: Vec<_> = family.samples.iter().map(|(labels, _)| labels.clone()).collect();
            let expected = match name.starts_with("heist_worker_") {
                true => (0..runtime.workers()).map(|worker| format!("{{worker=\"{worker}\"}}")).collect(),
                false => vec![String::new()],
            };
            assert_eq!(labels, expected, "{name}");
            assert_eq!(family.unit.as_deref(), name.ends_with("_seconds").then_some("seconds"), "{name}");
        }
        let kind_of = |name: &str| families[name].kind.as_str();
        assert_eq!([kind_of("heist_workers"), kind_of("heist_worker_polls")], ["gauge", "counter"]);
    });
}

/// A figure that someone adds to the functions and forgets in the text is not found here; but no row is lost.
#[test]
fn the_text_has_every_figure() {
    on_every_runtime(|runtime| {
        let names: Vec<_> = text_of(runtime).into_keys().collect();
        let expected = [
            "alive_tasks",
            "blocking_queue_depth",
            "blocking_runs",
            "blocking_threads",
            "budget_forced_yields",
            "global_queue_depth",
            "idle_blocking_threads",
            "leaked_operations",
            "operations_in_flight",
            "remote_schedules",
            "reserve_threads",
            "slow_polls",
            "stale_completions",
            "stalls",
            "timers",
            "worker_busy_seconds",
            "worker_local_queue_depth",
            "worker_mean_poll_seconds",
            "worker_noops",
            "worker_overflows",
            "worker_parks",
            "worker_polls",
            "worker_steals",
            "worker_stolen_tasks",
            "workers",
        ];
        assert_eq!(names, expected.map(|name| format!("heist_{name}")));
    });
}

#[test]
fn the_text_has_the_numbers_that_the_functions_return() {
    on_every_runtime(|runtime| {
        let metrics = runtime.handle().metrics();
        let endless = runtime.spawn(std::future::pending::<()>());
        runtime.block_on(async {
            heist::spawn(async {
                for _ in 0..50 {
                    yield_now().await;
                }
            })
            .await
            .expect("no panic");
        });
        let value = |name: &str, labels: &str| {
            let families = text_of(runtime);
            let sample = families[name].samples.iter().find(|(of_sample, _)| of_sample == labels);
            sample.expect("it is there").1.parse::<f64>().expect("a number")
        };
        assert_eq!(value("heist_workers", ""), runtime.workers() as f64);
        // A task is there a little longer than its output.
        eventually("one task is left", || value("heist_alive_tasks", "") == 1.0);
        assert_eq!(value("heist_remote_schedules", ""), metrics.remote_schedule_count() as f64);
        let of_each = |name: &str| -> Vec<f64> {
            (0..runtime.workers()).map(|worker| value(name, &format!("{{worker=\"{worker}\"}}"))).collect()
        };
        // The workers go on between two reads, until they sleep for long.
        eventually("nothing moves between two reads", || {
            let polls = of_each("heist_worker_polls");
            polls
                == (0..runtime.workers())
                    .map(|worker| metrics.worker_poll_count(worker) as f64)
                    .collect::<Vec<_>>()
        });
        eventually("the busy time is that of the workers", || {
            let seconds = of_each("heist_worker_busy_seconds");
            let busy = |worker| metrics.worker_total_busy_duration(worker).as_secs_f64();
            seconds.iter().enumerate().all(|(worker, seconds)| (seconds - busy(worker)).abs() < 1e-6)
        });
        endless.abort();
    });
}
