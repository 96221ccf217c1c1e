//! Tests that run in many worlds, by the runner.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use heist_sim::{TestCase, run_test};

fn case(name: &str) -> TestCase {
    TestCase::new(module_path!(), name, file!())
}

/// Reads, lets others go, and writes what it read and one more.
fn add_badly(sum: &Mutex<i32>) {
    let read = *sum.lock().unwrap();
    thread::yield_now();
    *sum.lock().unwrap() = read + 1;
}

fn race() {
    println!("two threads add");
    let sum = Arc::new(Mutex::new(0));
    let other = thread::spawn({
        let sum = sum.clone();
        move || add_badly(&sum)
    });
    add_badly(&sum);
    other.join().unwrap();
    assert_eq!(*sum.lock().unwrap(), 2, "an addition was lost");
}

#[test]
fn each_world_has_statics_of_its_own() {
    fn once() {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        assert_eq!(COUNT.fetch_add(1, Ordering::Relaxed), 0);
    }
    run_test(&case("each_world_has_statics_of_its_own").seeds(20), once);
}

#[test]
fn an_expected_fault_is_found_and_its_seed_is_not_kept() {
    let case = case("an_expected_fault_is_found_and_its_seed_is_not_kept");
    let seed = heist_sim::find_failure(&case, race).expect("one of a hundred seeds loses an addition");
    assert!(!passes(seed));
    assert!(!Path::new(file!()).with_extension("seeds").exists());
}

#[test]
fn two_worlds_of_a_seed_are_the_same() {
    fn talk() {
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(thread::yield_now)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
    run_test(&case("two_worlds_of_a_seed_are_the_same").seeds(20).twice(true), talk);
}

/// A copy of this file's name in a folder of its own, so that seeds are kept there.
fn case_in(folder: &Path, name: &str) -> TestCase {
    let file = folder.join("seeds.rs");
    std::fs::write(&file, "").unwrap();
    TestCase::new(module_path!(), name, file.to_str().unwrap().to_owned().leak())
}

/// The variable by which a test tells a failing one where to keep its seeds.
const FOLDER: &str = "TEST_OF_SEEDS_FOLDER";

fn failing_case(name: &str) -> TestCase {
    match std::env::var(FOLDER) {
        Ok(folder) => case_in(Path::new(&folder), name),
        Err(_) => panic!("{name} fails by intent: another test runs it"),
    }
}

#[test]
#[ignore = "fails by intent: other tests run it"]
fn a_race_for_the_runner() {
    run_test(&failing_case("a_race_for_the_runner"), race);
}

#[test]
#[ignore = "fails by intent: another test runs it"]
fn a_world_that_is_not_simulated() {
    fn depends_on_the_process() {
        for _ in 0..std::process::id() % 1000 {
            thread::yield_now();
        }
    }
    run_test(&failing_case("a_world_that_is_not_simulated").twice(true), depends_on_the_process);
}

#[test]
#[ignore = "fails by intent: another test runs it"]
fn a_world_that_aborts() {
    run_test(&failing_case("a_world_that_aborts"), || std::process::abort());
}

fn impatient_case(name: &str) -> TestCase {
    failing_case(name).seeds(1).real_time_limit(Duration::from_millis(500))
}

#[test]
#[ignore = "fails by intent: another test runs it"]
fn a_world_that_computes_for_ever() {
    fn compute() {
        loop {
            std::hint::spin_loop();
        }
    }
    run_test(&impatient_case("a_world_that_computes_for_ever"), compute);
}

#[test]
#[ignore = "fails by intent: another test runs it"]
fn a_world_that_prints_much_and_fails() {
    fn print() {
        (0..20_000).for_each(|number| println!("line {number}"));
        panic!("all was printed");
    }
    run_test(&impatient_case("a_world_that_prints_much_and_fails"), print);
}

#[test]
#[ignore = "fails by intent: another test runs it"]
fn a_world_with_many_faults() {
    /// Fails if the fifth of forty datagrams is lost, on a link that loses one in four.
    fn miss_the_fifth() {
        let target = UdpSocket::bind("0.0.0.0:9").unwrap();
        target.set_read_timeout(Some(Duration::from_secs(9))).unwrap();
        let _sender = heist_sim::host("sender").start(|| {
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            thread::sleep(Duration::from_secs(1));
            (0..40).for_each(|number| assert_eq!(socket.send_to(&[number], "root:9").unwrap(), 1));
        });
        heist_sim::set_link("sender", "root", &heist_sim::NetworkLink::new().loss(0.25));
        let mut came = [false; 40];
        let mut number = [0];
        while target.recv(&mut number).is_ok() {
            came[usize::from(number[0])] = true;
        }
        assert!(came[4], "the fifth is missing");
    }
    run_test(&failing_case("a_world_with_many_faults"), miss_the_fifth);
}

#[test]
#[ignore = "fails by intent: another test runs it"]
fn a_world_that_goes_in_circles() {
    fn circle() {
        loop {
            thread::yield_now();
        }
    }
    run_test(&impatient_case("a_world_that_goes_in_circles"), circle);
}

#[test]
#[ignore = "fails by intent: another test runs it"]
fn a_world_that_fails_once() {
    /// A pair of real sockets, which all worlds share.
    static PAIR: OnceLock<(UnixStream, UnixStream)> = OnceLock::new();
    fn fail_if_first() {
        thread::yield_now();
        let mut there = &PAIR.get().unwrap().1;
        assert!(there.read(&mut [0]).is_err(), "this one was the first");
    }
    let (mut here, there) = UnixStream::pair().unwrap();
    there.set_nonblocking(true).unwrap();
    here.write_all(b"!").unwrap();
    PAIR.set((here, there)).unwrap();
    run_test(&failing_case("a_world_that_fails_once").seeds(1), fail_if_first);
}

#[test]
#[ignore = "fails by intent: another test runs it"]
fn a_race_for_all_schedules() {
    /// Others come between only if the schedule passes the turn on at the call.
    fn add_badly(sum: &Mutex<i32>) {
        let read = *sum.lock().unwrap();
        assert!(!Path::new("/nowhere").exists());
        *sum.lock().unwrap() = read + 1;
    }
    fn race() {
        let sum = Arc::new(Mutex::new(0));
        let there = sum.clone();
        let other = thread::spawn(move || add_badly(&there));
        add_badly(&sum);
        other.join().unwrap();
        assert_eq!(*sum.lock().unwrap(), 2, "an addition was lost");
    }
    run_test(&failing_case("a_race_for_all_schedules").exhaustive(2), race);
}

#[test]
#[ignore = "fails by intent: another test runs it"]
fn a_test_that_is_too_large_for_all_schedules() {
    fn talk() {
        let threads: Vec<_> = (0..40).map(|_| thread::spawn(thread::yield_now)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
    run_test(&failing_case("a_test_that_is_too_large_for_all_schedules").exhaustive(9), talk);
}

/// Runs a test of this program that fails by intent, and returns what it prints.
fn output_of(name: &str, folder: &Path, variables: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--ignored"])
        .env(FOLDER, folder)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(!output.status.success(), "it passed");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_failure_names_the_seed_the_command_and_the_reason_and_is_tried_first_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_race_for_the_runner", folder.path(), &[]);
    let seed = told.split_once("the world of seed ").unwrap().1.split_once(' ').unwrap().0.to_owned();
    let command = format!("HEIST_SIM_SEED={seed} cargo test a_race_for_the_runner -- --exact");
    assert!(told.contains(&command), "{told}");
    assert!(told.contains("an addition was lost") && told.contains("two threads add"), "{told}");
    assert!(told.contains("thread 1") && told.contains("futex") || told.contains("yield"), "{told}");
    let kept = std::fs::read_to_string(folder.path().join("seeds.seeds")).unwrap();
    assert!(kept.ends_with(&format!("a_race_for_the_runner {seed}\n")), "{kept}");

    // Kept seeds come first: the range that is asked for has no world that could fail.
    let one_seed_that_passes = (0..1000).find(|seed| passes(*seed)).unwrap();
    let range = format!("{one_seed_that_passes}..{}", one_seed_that_passes + 1);
    let told = output_of("a_race_for_the_runner", folder.path(), &[("HEIST_SIM_SEEDS", &range)]);
    assert!(told.contains(&format!("the world of seed {seed} failed")), "{told}");
    let kept_again = std::fs::read_to_string(folder.path().join("seeds.seeds")).unwrap();
    assert_eq!(kept_again, kept, "a seed is kept once");

    let told = output_of("a_race_for_the_runner", folder.path(), &[("HEIST_SIM_SEED", &seed)]);
    assert!(told.contains(&format!("the world of seed {seed} failed")), "{told}");
}

fn passes(seed: u64) -> bool {
    heist_sim::Builder::new().seed(seed).run(race).is_ok()
}

#[test]
fn a_program_that_is_not_simulated_whole_is_found_by_running_seeds_twice() {
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_world_that_is_not_simulated", folder.path(), &[]);
    assert!(told.contains("two worlds of this seed differ") && told.contains("yield"), "{told}");
}

#[test]
fn a_world_that_ends_its_process_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_world_that_aborts", folder.path(), &[]);
    assert!(told.contains("its process ended without an answer"), "{told}");
}

#[test]
fn a_world_that_takes_too_long_says_what_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_world_that_computes_for_ever", folder.path(), &[]);
    assert!(told.contains("it was not over after 500ms of real time"), "{told}");
    assert!(
        told.contains("it makes no more") && told.contains("thread 0 (root) of host 0: running"),
        "{told}"
    );
    let told = output_of("a_world_that_goes_in_circles", folder.path(), &[]);
    assert!(told.contains("of them, and") && told.contains("yield"), "{told}");
}

#[test]
fn a_world_may_print_as_much_as_it_likes() {
    fn print() {
        (0..20_000).for_each(|number| println!("line {number}"));
    }
    run_test(&case("a_world_may_print_as_much_as_it_likes").seeds(1), print);
    run_test(&case("a_world_may_print_as_much_as_it_likes").seeds(4).twice(true), print);
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_world_that_prints_much_and_fails", folder.path(), &[]);
    assert!(told.contains("all was printed") && told.contains("line 19999"), "{told}");
}

#[test]
fn a_failure_that_is_not_repeated_is_told_nevertheless() {
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_world_that_fails_once", folder.path(), &[]);
    assert!(told.contains("this one was the first"), "{told}");
    assert!(told.contains("did not fail when it was run once more") && told.contains("yield"), "{told}");
}

#[test]
fn all_schedules_of_a_small_program_are_tried() {
    /// Adds one by two calls of the system, so that others may come between.
    fn add_well(sum: &Mutex<i32>) {
        let mut sum = sum.lock().unwrap();
        thread::yield_now();
        *sum += 1;
    }
    fn two_add_well() {
        let sum = Arc::new(Mutex::new(0));
        let there = sum.clone();
        let other = thread::spawn(move || add_well(&there));
        add_well(&sum);
        other.join().unwrap();
        assert_eq!(*sum.lock().unwrap(), 2);
    }
    run_test(&case("all_schedules_of_a_small_program_are_tried").exhaustive(2), two_add_well);
}

#[test]
fn the_first_schedule_that_fails_has_as_few_delays_as_any_and_is_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_race_for_all_schedules", folder.path(), &[]);
    assert!(told.contains("an addition was lost"), "{told}");
    assert!(told.contains("turns at the wrong time: 1\n"), "{told}");
    let schedule = told.split_once("HEIST_SIM_SCHEDULE=").unwrap().1.split_once(' ').unwrap().0;
    let kept = std::fs::read_to_string(folder.path().join("seeds.seeds")).unwrap();
    assert!(kept.ends_with(&format!("a_race_for_all_schedules 0 {schedule}\n")), "{kept}");

    let variables = [("HEIST_SIM_SEED", "0"), ("HEIST_SIM_SCHEDULE", schedule)];
    let again = output_of("a_race_for_all_schedules", folder.path(), &variables);
    assert!(again.contains("an addition was lost"), "{again}");
    let kept = output_of("a_race_for_all_schedules", folder.path(), &[]);
    assert!(kept.contains("an addition was lost"), "{kept}");
}

#[test]
fn a_test_that_is_too_large_for_all_schedules_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_test_that_is_too_large_for_all_schedules", folder.path(), &[]);
    assert!(told.contains("more than 1000000 schedules have up to 9 delays"), "{told}");
}

#[test]
fn a_world_is_written_as_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.json");
    let seed = (0..1000).find(|seed| !passes(*seed)).unwrap().to_string();
    let variables = [("HEIST_SIM_SEED", seed.as_str()), ("HEIST_SIM_TRACE", path.to_str().unwrap())];
    output_of("a_race_for_the_runner", folder.path(), &variables);
    let trace: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let names_of = |phase: &str| -> Vec<String> {
        let of_phase = events.iter().filter(|event| event["ph"] == phase);
        of_phase.map(|event| event["args"]["name"].as_str().unwrap_or("").to_owned()).collect()
    };
    assert_eq!(names_of("M"), ["root", "unnamed", "root"], "two threads, and their host");
    let yields = events.iter().filter(|event| event["name"] == "yield");
    let threads: Vec<_> = yields.map(|event| event["tid"].as_u64().unwrap()).collect();
    assert!(threads.contains(&0) && threads.contains(&1), "{threads:?}");
    for thread in 0..2 {
        let mut ends_at = 0.0;
        for event in events.iter().filter(|event| event["ph"] == "X" && event["tid"] == thread) {
            let (begins_at, length) = (event["ts"].as_f64().unwrap(), event["dur"].as_f64().unwrap());
            assert!(begins_at >= ends_at - 1e-9, "calls of a thread do not overlap: {event}");
            ends_at = begins_at + length;
        }
        assert!(ends_at > 0.0, "thread {thread} made calls");
    }
}

#[test]
fn a_failure_is_told_with_only_the_faults_that_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_world_with_many_faults", folder.path(), &[]);
    assert!(told.contains("the fifth is missing") && told.contains("faults of links: 1, of "), "{told}");
    let short = told.split_once("only these: ").unwrap().1.split_once(" cargo").unwrap().0;
    let variables: Vec<_> = short.split(' ').map(|variable| variable.split_once('=').unwrap()).collect();
    assert_eq!(variables.len(), 3, "{short}");
    let again = output_of("a_world_with_many_faults", folder.path(), &variables);
    assert!(again.contains("the fifth is missing"), "{again}");
}

#[test]
fn a_trace_is_of_one_world() {
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_race_for_the_runner", folder.path(), &[("HEIST_SIM_TRACE", "trace.json")]);
    assert!(told.contains("HEIST_SIM_TRACE is for one world"), "{told}");
}

#[test]
fn a_variable_that_makes_no_sense_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = output_of("a_race_for_the_runner", folder.path(), &[("HEIST_SIM_SEEDS", "many")]);
    assert!(told.contains("HEIST_SIM_SEEDS=many is neither"), "{told}");
}
