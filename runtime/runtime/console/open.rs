//! A builder opens the console of its runtime.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::server::ConsoleServer;
use super::service::ConsoleService;
use super::slow_polls::SlowPollLog;
use crate::runtime::slow_poll::{SlowPoll, SlowPollHook};
use crate::runtime::{Builder, Runtime};

/// The variable that opens the consoles of builders that name no path.
const CONSOLE_VARIABLE: &str = "HEIST_CONSOLE";

impl Builder {
    /// Opens the console, if there is to be one. Returns what it wants to be called for slow polls.
    ///
    /// A path of the environment is for all runtimes of the process, also for those that libraries
    /// build: they do not fail because of it.
    pub(in crate::runtime) fn open_console(
        &self,
        runtime: &mut Runtime,
    ) -> io::Result<Option<Arc<SlowPollHook>>> {
        let from_environment = || std::env::var_os(CONSOLE_VARIABLE).map(PathBuf::from);
        let path = self.console.clone().or_else(from_environment);
        let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else { return Ok(None) };
        let log = Arc::new(SlowPollLog::new());
        let service = ConsoleService::new(runtime.handle().clone(), log.clone());
        match ConsoleServer::start(&path, service) {
            Ok(server) => {
                runtime.console = Some(server);
                Ok(Some(Arc::new(move |poll: &SlowPoll| log.note(poll))))
            }
            Err(error) if self.console.is_none() => {
                // Where nobody reads, nobody misses it.
                let _ = writeln!(io::stderr(), "heist: {CONSOLE_VARIABLE}: {error}");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
