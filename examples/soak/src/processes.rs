//! Child processes: pipes, exit codes, kills, and waits that are dropped.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::Duration;

use fastrand::Rng;
use futures::future::join;
use heist::process::{Child, Command};
use heist::time::{sleep, timeout};

use crate::ledger::Count;
use crate::messages::{Checker, message, payload_bytes};
use crate::plant::Plant;
use crate::shift::{Shift, pause};
use crate::violation::Violation;

const SIGKILL: i32 = 9;

/// Child after child, until the shift is over.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let mut rng = shift.rng(7000);
    while !shift.is_over() {
        let since = shift.scarcity.epoch();
        let outcome = match rng.u8(0..4) {
            0 | 1 => pipe_through(&shift, &mut rng).await,
            2 => exit_with(&shift, &mut rng).await,
            _ => kill(&shift, &mut rng).await,
        };
        match outcome {
            Ok(()) => shift.count(Count::Processes),
            // A child inherits the low limit, too, and then cannot even load its libraries.
            Err(_) if shift.scarcity.was_low(since) => shift.count(Count::Shortages),
            Err(violation) => return Err(violation),
        }
        sleep(pause(&mut rng, 60_000)).await;
    }
    Ok(())
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> Violation {
    move |error| Violation::of_call(what, &error)
}

/// `cat` returns every message.
async fn pipe_through(shift: &Shift, rng: &mut Rng) -> Result<(), Violation> {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(failed("the start of cat"))?;
    let mut stdin = child.stdin.take().expect("it is a pipe");
    let mut stdout = child.stdout.take().expect("it is a pipe");
    let (connection, count) = (rng.u64(..), rng.u64(1..30));
    let mut lengths = rng.fork();
    let writing = async move {
        for number in 0..count {
            stdin.write_all(&message(connection, number, payload_bytes(&mut lengths))).await?;
        }
        io::Result::Ok(())
    };
    let mut checker = Checker::new(connection);
    let reading = async {
        let mut buf = vec![0; 16 * 1024];
        loop {
            match stdout.read(&mut buf).await.map_err(failed("a read from cat"))? {
                0 => return Ok(()),
                count => checker.take(&buf[..count])?,
            }
        }
    };
    let both = timeout(shift.patience, join(writing, reading)).await;
    let (written, read) = both.map_err(|_| Violation::new("cat has not returned everything"))?;
    written.map_err(failed("a write to cat"))?;
    read?;
    if checker.complete() != count || checker.is_within() {
        return Err(Violation::new(format!("lost: cat returned {} of {count}", checker.complete())));
    }
    expect_code(shift, &mut child, 0).await
}

async fn exit_with(shift: &Shift, rng: &mut Rng) -> Result<(), Violation> {
    let code = rng.u8(0..100);
    let printed = i32::from(code) + i32::from(shift.plants(Plant::WrongExit));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exit {printed}")]).stdin(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(failed("the start of sh"))?;
    // A wait that is dropped loses nothing.
    if timeout(pause(rng, 2000), child.wait()).await.is_err() {
        shift.count(Count::Cancels);
    }
    expect_code(shift, &mut child, code.into()).await
}

async fn expect_code(shift: &Shift, child: &mut Child, code: i32) -> Result<(), Violation> {
    let ended = timeout(shift.patience, child.wait()).await;
    let ended = ended.map_err(|_| Violation::new("the end of a child is not noticed"))?;
    let status = ended.map_err(failed("a wait for a child"))?;
    if status.code() == Some(code) {
        return Ok(());
    }
    Err(Violation::new(format!("a child ended with {status} instead of code {code}")))
}

/// A child that would sleep for an hour is killed, or dropped.
async fn kill(shift: &Shift, rng: &mut Rng) -> Result<(), Violation> {
    let mut command = Command::new("sleep");
    command.arg("3600").stdin(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(failed("the start of sleep"))?;
    let id = child.id();
    if timeout(pause(rng, 2000), child.wait()).await.is_err() {
        shift.count(Count::Cancels);
    }
    if rng.bool() {
        child.start_kill().map_err(failed("a kill"))?;
        let ended = timeout(shift.patience, child.wait()).await;
        let ended = ended.map_err(|_| Violation::new("the end of a killed child is not noticed"))?;
        let status = ended.map_err(failed("a wait for a killed child"))?;
        if status.signal() != Some(SIGKILL) {
            return Err(Violation::new(format!("a killed child ended with {status}")));
        }
        return Ok(());
    }
    drop(child);
    // Dropped, it is killed and reaped: no zombie stays.
    let Some(id) = id else { return Err(Violation::new("a child that runs has no process id")) };
    let deadline = std::time::Instant::now() + shift.patience;
    while is_ours(id) {
        if std::time::Instant::now() > deadline {
            return Err(Violation::new(format!("the dropped child {id} is not reaped")));
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Whether the process is a child of this one, dead or alive.
fn is_ours(id: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{id}/stat")) else { return false };
    // The name is in brackets and may have spaces.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields);
    let parent = fields.and_then(|fields| fields.split_whitespace().nth(1));
    parent == Some(std::process::id().to_string().as_str())
}
