//! Child processes that are talked to line by line.

use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use serde::de::DeserializeOwned;

use crate::usage::Usage;

/// This program again, with another task, or another program; ended when dropped.
pub(crate) struct Spoken {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Spoken {
    /// Starts it with these arguments.
    pub(crate) fn start(arguments: &[String]) -> Self {
        Spoken::start_build(None, arguments)
    }

    /// Starts another build of this program, if there is one.
    pub(crate) fn start_build(program: Option<&str>, arguments: &[String]) -> Self {
        let own = || std::env::current_exe().expect("a program knows its own path");
        let mut command = Command::new(program.map_or_else(own, PathBuf::from));
        command.args(arguments);
        Spoken::start_command(command)
    }

    /// Starts any program.
    pub(crate) fn start_command(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a child process");
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("piped above"));
        Spoken { child, orders, answers }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its next line.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        let count = self.answers.read_line(&mut line).expect("answers are text");
        assert_ne!(count, 0, "the child process ended before its answer; its error is above");
        line.trim_end().to_owned()
    }

    /// Its next line, which is JSON.
    pub(crate) fn answer<T: DeserializeOwned>(&mut self) -> T {
        serde_json::from_str(&self.line()).expect("what the child process prints")
    }

    /// Tells it to go on.
    pub(crate) fn order(&mut self) {
        let orders = self.orders.as_mut().expect("open until drop");
        orders.write_all(b"now\n").expect("the child process listens");
    }

    /// Waits until it has ended, which it does because nobody gives it orders any more.
    pub(crate) fn end(mut self) {
        drop(self.orders.take());
        let status = self.child.wait().expect("a child can be waited for");
        assert!(status.success(), "the child process ended with {status}; its error is above");
    }

    /// What a process that [`report_usage`] runs in has used.
    pub(crate) fn usage(&mut self) -> Usage {
        self.order();
        self.answer()
    }
}

impl Drop for Spoken {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Asked to end by the end of its stdin; whatever it still does, it has ended after this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In the child: prints what this process has used for every line it is sent, until there are no more.
pub(crate) fn report_usage() -> ExitCode {
    for line in io::stdin().lines() {
        line.expect("orders are text");
        println!("{}", serde_json::to_string(&Usage::now()).expect("numbers"));
    }
    ExitCode::SUCCESS
}
