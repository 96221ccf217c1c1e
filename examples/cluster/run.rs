//! One command for all of it: the server, the producers, the workers, and a progress bar.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::job::primes_below;
use crate::queue::{PATIENCE, Queue};
use crate::server::Server;
use crate::{Failure, Options, ledger};

/// More workers than this do not end by themselves in one run.
const LOSSES_MAX: usize = 20;

pub async fn run(options: Options) -> Result<(), Failure> {
    if let Some(directory) = &options.ledger {
        std::fs::create_dir_all(directory)
            .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
    }
    let server = Server::find(options.server.clone()).await?;
    let queue = Queue::open(&server.url).await?;
    let mut run = Run::start(&options, &server.url)?;
    let began = Instant::now();
    let primes = tokio::select! {
        primes = run.until_all_is_done(&queue) => primes?,
        _ = tokio::signal::ctrl_c() => {
            run.stop().await?;
            let advice = if server.is_started_here() { "" } else { "; the same command goes on from here" };
            server.end().await?;
            return Err(format!("interrupted{advice}").into());
        }
    };
    run.stop().await?;
    run.bar.finish_and_clear();
    let killed = run.killed;
    let limit = options.jobs * options.size;
    let expected = primes_below(limit);
    if primes != expected {
        return Err(
            format!("{primes} primes below {limit}, and it should be {expected}: a job is lost").into()
        );
    }
    if let Some(directory) = &options.ledger {
        let ledger::Summary { deliveries, repeated } = ledger::check(directory, options.jobs)?;
        println!(
            "{deliveries} deliveries of {} jobs; {repeated} came again, none after its acknowledgement",
            options.jobs
        );
    }
    queue.delete().await?;
    server.end().await?;
    let seconds = began.elapsed().as_secs_f64();
    println!("{primes} primes below {limit}; {} jobs, {killed} workers killed, {seconds:.1} s", options.jobs);
    Ok(())
}

struct Run<'a> {
    options: &'a Options,
    url: &'a str,
    bar: ProgressBar,
    producers: JoinSet<Result<(), Failure>>,
    workers: Vec<Child>,
    killed: u64,
    lost: usize,
}

impl<'a> Run<'a> {
    fn start(options: &'a Options, url: &'a str) -> Result<Self, Failure> {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} jobs, {per_sec}, {eta} to go {msg}")?;
        let bar = ProgressBar::new(options.jobs).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(100));
        let mut run =
            Self { options, url, bar, producers: JoinSet::new(), workers: Vec::new(), killed: 0, lost: 0 };
        for producer in 0..options.producers {
            let mut child = run.command("produce").args(["--share", &producer.to_string()]).spawn()?;
            run.producers.spawn(async move {
                let status = child.wait().await?;
                if status.success() { Ok(()) } else { Err(format!("a producer ended with {status}").into()) }
            });
        }
        for _ in 0..options.workers {
            run.workers.push(run.worker()?);
        }
        Ok(run)
    }

    /// This program again, in a process that ends when this one does.
    fn command(&self, role: &str) -> Command {
        let Options { jobs, size, producers, at_once, .. } = self.options;
        // Not by its path: that may have another program by now.
        let mut command = Command::new("/proc/self/exe");
        command
            .args(["--server", self.url, "--jobs", &jobs.to_string(), "--size", &size.to_string()])
            .args(["--producers", &producers.to_string(), "--at-once", &at_once.to_string()])
            .arg(role)
            // A child reads the end of it when this process ends, in whatever way.
            .stdin(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    fn worker(&self) -> Result<Child, Failure> {
        let mut command = self.command("work");
        if let Some(directory) = &self.options.ledger {
            command.arg("--ledger").arg(absolute(directory)?);
        }
        command.spawn().map_err(|error| format!("cannot start a worker: {error}").into())
    }

    /// Sums the results; ends when each job has one and is acknowledged.
    async fn until_all_is_done(&mut self, queue: &Queue) -> Result<u64, Failure> {
        let mut results = queue.results().await?;
        let (mut count, mut sum, mut last) = (0, 0, Instant::now());
        while count < self.options.jobs {
            tokio::select! {
                result = results.try_next() => {
                    let message = result?.ok_or("the server ended the results")?;
                    sum += std::str::from_utf8(&message.payload)?.parse::<u64>()?;
                    (count, last) = (count + 1, Instant::now());
                    self.bar.set_position(count);
                }
                Some(end) = self.producers.join_next() => end??,
                // It takes no longer than that until the loss of a worker is seen.
                () = sleep(PATIENCE / 10) => {}
            }
            self.kill(count)?;
            self.replace_lost()?;
            let is_silent = last.elapsed() > PATIENCE * 5 && self.producers.is_empty();
            if is_silent && queue.job_count().await? == 0 {
                return Err(format!("{} jobs are neither queued nor done", self.options.jobs - count).into());
            }
        }
        // What a killed worker has stored and not acknowledged comes once more.
        let acknowledged = async {
            while queue.job_count().await? > 0 {
                self.replace_lost()?;
                sleep(PATIENCE / 40).await;
            }
            Ok::<(), Failure>(())
        };
        timeout(PATIENCE * 10, acknowledged)
            .await
            .map_err(|_| "jobs are left that nobody acknowledges")??;
        Ok(sum)
    }

    /// Kills as many workers as it should have by now, evenly over the run.
    fn kill(&mut self, count: u64) -> Result<(), Failure> {
        let due = self.options.kill * (count + 1) / (self.options.jobs + 1).max(1);
        while self.killed < due.min(self.options.kill) {
            let victim = self.killed as usize % self.workers.len();
            self.workers[victim].start_kill()?;
            self.killed += 1;
        }
        Ok(())
    }

    fn replace_lost(&mut self) -> Result<(), Failure> {
        for index in 0..self.workers.len() {
            if let Some(status) = self.workers[index].try_wait()? {
                self.lost += 1;
                if self.lost > LOSSES_MAX + self.options.kill as usize {
                    return Err(format!("too many workers end; the last one with {status}").into());
                }
                self.bar.println(format!("a worker ended with {status}; another one takes its place"));
                self.workers[index] = self.worker()?;
            }
        }
        Ok(())
    }

    /// Lets the workers finish what they have begun.
    async fn stop(&mut self) -> Result<(), Failure> {
        self.producers.shutdown().await;
        for worker in &mut self.workers {
            drop(worker.stdin.take());
        }
        for worker in &mut self.workers {
            if timeout(PATIENCE * 5, worker.wait()).await.is_err() {
                worker.kill().await?;
            }
        }
        Ok(())
    }
}

fn absolute(directory: &Path) -> Result<PathBuf, Failure> {
    Ok(std::path::absolute(directory)?)
}
