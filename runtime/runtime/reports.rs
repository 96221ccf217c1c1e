//! The options of a builder that ask for reports, and what a new runtime starts for them.

use std::io;
#[cfg(all(unix, feature = "console"))]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::builder::Builder;
#[cfg(unix)]
use super::builder::DriverKind;
use super::options::{Stall, StallHook};
use super::owner::Runtime;
use super::slow_poll::SlowPoll;
use crate::task::Observation;

/// The variable that has runtimes observed whose builder does not say.
const OBSERVE_VARIABLE: &str = "HEIST_OBSERVE";

impl Builder {
    /// Starts the threads that report on `runtime`, if there are to be any.
    pub(super) fn start_reports(&self, runtime: &mut Runtime) -> io::Result<()> {
        #[cfg(all(unix, feature = "console"))]
        let console = self.open_console(runtime)?;
        #[cfg(not(all(unix, feature = "console")))]
        let console = None;
        if let Some((threshold, report)) = self.slow_polls.report(console) {
            runtime.watch_polls(threshold, report)?;
        }
        #[cfg(unix)]
        if self.dumps_on_quit {
            let mut listener = Builder::new_current_thread();
            // The variable is for runtimes of the program.
            #[cfg(feature = "console")]
            listener.console("");
            runtime.dump_on_quit(listener.driver(DriverKind::Poll).build()?)?;
        }
        Ok(())
    }

    /// Writes a [`Dump`](super::Dump) of all tasks to the standard error stream each time the
    /// process gets SIGQUIT (`kill -QUIT PID`, or Ctrl-\ in a terminal), and goes on. Default: the
    /// signal ends the process.
    ///
    /// Unix only. A thread of its own waits for the signal and writes, so the dump also shows a
    /// runtime whose workers are all stuck.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().dump_on_quit().build()?;
    /// let kill = format!("kill -QUIT {}", std::process::id());
    /// std::process::Command::new("sh").args(["-c", &kill]).status()?;
    /// // The process goes on, and the dump appears.
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(unix)]
    pub fn dump_on_quit(&mut self) -> &mut Self {
        self.dumps_on_quit = true;
        self
    }

    /// Whether the runtime counts what each task does: its parent, its polls, and how long it was
    /// busy, waited for a thread, and was idle. Default: what the variable `HEIST_OBSERVE` says,
    /// `1` or `0`, and without it `false`.
    ///
    /// [`TaskDump::stats`](super::TaskDump::stats) returns the figures, and the text of a dump has
    /// them. It costs 104 bytes for each task, and three readings of the clock for each wake-up and
    /// poll: about 0.1 µs. Without it nothing is counted, and it costs nothing.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    /// use std::time::Duration;
    ///
    /// let runtime = Builder::new_multi_thread().observe(true).build()?;
    /// let task = runtime.spawn(heist::time::sleep(Duration::from_secs(3600)));
    /// let dump = runtime.block_on(runtime.handle().dump());
    /// assert!(dump.task(task.id()).unwrap().stats().is_some());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn observe(&mut self, is_observed: bool) -> &mut Self {
        self.is_observed = Some(is_observed);
        self
    }

    /// Where a runtime of so many workers counts what it does, if it is observed.
    pub(super) fn observation(&self, workers_count: usize) -> io::Result<Option<Arc<Observation>>> {
        Ok(self.is_observed()?.then(|| Observation::new(workers_count)))
    }

    /// What the builder or else the variable says.
    fn is_observed(&self) -> io::Result<bool> {
        if let Some(is_observed) = self.is_observed {
            return Ok(is_observed);
        }
        let Some(word) = std::env::var_os(OBSERVE_VARIABLE) else { return Ok(false) };
        match word.to_str() {
            Some("1") => Ok(true),
            Some("0" | "") => Ok(false),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{OBSERVE_VARIABLE} is {word:?}; it must be 1 or 0"),
            )),
        }
    }

    /// Opens a console: a Unix socket at `path`, on which the runtime answers questions about its
    /// tasks while it runs. Default: none, unless the variable `HEIST_CONSOLE` names a path. An
    /// empty path opens none, whatever the variable says.
    ///
    /// Unix only. Needs the feature `console`. If `path` is a directory, the socket is in it, under
    /// the name `PID-ID.heist` with the number of the process and that of the runtime. Only the
    /// user of the process and root may connect, at most 8 clients at a time. Threads of its own
    /// serve them, so it also shows a runtime whose workers are all stuck; and a watchdog looks for
    /// slow polls, as for [`on_slow_poll`](Self::on_slow_poll). The end of the runtime removes the
    /// socket.
    ///
    /// The socket of a process that ended without removing it is replaced. If somebody listens at
    /// `path`, or if it is a file that is no socket, [`build`](Self::build) fails. A path from the
    /// variable that cannot be used is only reported on the standard error stream: it is the same
    /// for all runtimes of a process, so with several of them it is to be a directory.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    /// use std::io::{BufRead, BufReader};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("console");
    /// let runtime = Builder::new_multi_thread().console(&path).build()?;
    /// let mut greeting = String::new();
    /// BufReader::new(UnixStream::connect(&path)?).read_line(&mut greeting)?;
    /// assert!(greeting.starts_with(r#"{"heist":1,"#));
    /// drop(runtime);
    /// assert!(!path.exists());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(all(unix, feature = "console"))]
    pub fn console(&mut self, path: impl Into<PathBuf>) -> &mut Self {
        self.console = Some(path.into());
        self
    }

    /// Calls `report` when every worker of a multi-thread runtime is in a poll that has not ended
    /// for 50 ms. Default: no call.
    ///
    /// Such polls stop nothing else: reserve threads run the other tasks (up to 64 threads, if
    /// their polls do not end either) and end after a worker has finished its poll. Meanwhile
    /// sockets and timers are served every millisecond. Local tasks
    /// ([`spawn_local`](crate::task::spawn_local)) of a stuck worker wait for it, and the stuck
    /// threads use their cores. A current-thread runtime has no other thread that may run its
    /// tasks: a poll that does not end stops it, and is not reported.
    ///
    /// `report` gets one [`Stall`] each time, on a thread of the runtime that must not wait long. A
    /// panic of it is ignored. The usual cause is a loop that awaits futures that are always ready
    /// and take nothing from the budget, such as those of a channel of another crate: wrap them in
    /// [`cooperative`](crate::task::coop::cooperative).
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc;
    /// use heist::runtime::Builder;
    ///
    /// let (send, receive) = mpsc::channel();
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .on_stall(move |stall| send.send(stall.tasks()[0].line()).unwrap_or(()))
    ///     .build()?;
    /// let line = line!() + 1;
    /// let stuck = runtime.spawn(async move { receive.recv() });
    /// assert_eq!(runtime.block_on(stuck).unwrap(), Ok(line));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_stall(&mut self, report: impl Fn(&Stall) + Send + Sync + 'static) -> &mut Self {
        self.on_stall = Some(StallHook::new(report));
        self
    }

    /// Calls `report` for each poll that takes longer than the threshold, 10 ms unless
    /// [`slow_poll_threshold`](Self::slow_poll_threshold) sets another one. Default: no call.
    ///
    /// Such a poll computes for too long, or blocks: it keeps the other tasks of its worker
    /// waiting.
    /// [`spawn_blocking`](crate::task::spawn_blocking) is for what blocks, and
    /// [`yield_now`](crate::task::yield_now) divides a computation. `report` gets a [`SlowPoll`]
    /// when the poll has taken as long as the threshold, so also for one that never ends, and once
    /// more when it is over.
    ///
    /// A thread of its own looks at the workers four times within the threshold, which costs about
    /// 10 µs of CPU each time, and nothing in the workers. So a poll that ends within a quarter
    /// more than the threshold may be missed. `report` is called on that thread, and must not wait
    /// long. A panic of it is ignored.
    /// [`RuntimeMetrics::num_slow_polls`](super::RuntimeMetrics::num_slow_polls) counts the polls.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    /// use std::sync::mpsc;
    ///
    /// let (send, receive) = mpsc::channel();
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .on_slow_poll(move |poll| send.send(poll.location().unwrap().line()).unwrap_or(()))
    ///     .build()?;
    /// let line = line!() + 1;
    /// let slow = runtime.spawn(async move { receive.recv() });
    /// assert_eq!(runtime.block_on(slow).unwrap(), Ok(line));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_slow_poll(&mut self, report: impl Fn(&SlowPoll) + Send + Sync + 'static) -> &mut Self {
        self.slow_polls.report = Some(Arc::new(report));
        self
    }

    /// From when on a poll is slow: see [`on_slow_poll`](Self::on_slow_poll). Default: 10 ms. At
    /// least 1 ms.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    /// use std::time::Duration;
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .slow_poll_threshold(Duration::from_millis(50))
    ///     .on_slow_poll(|poll| eprintln!("{poll:?}"))
    ///     .build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn slow_poll_threshold(&mut self, threshold: Duration) -> &mut Self {
        self.slow_polls.threshold = threshold;
        self
    }
}
