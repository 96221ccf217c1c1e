//! Hosts, as a program in a world starts, stops and disturbs them.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::kernel::HostId;
use crate::world::{Here, WaitKey, enter};

const NO_WORLD: &str =
    "heist-sim: this needs a world: call it in `Builder::run` or in a test of the simulation";

/// How a host is made. [`host`] returns one.
///
/// # Examples
/// ```
/// heist_sim::Builder::new().run(|| {
///     let builder = heist_sim::host("a").cpus(4);
///     builder.start(|| {}).wait();
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[must_use = "a host begins with `start`"]
#[derive(Clone, Debug)]
pub struct HostBuilder {
    name: String,
    cpus: usize,
    clock_skew: i64,
}

/// A host of a world. Clones mean the same host; it lives on when they are dropped.
///
/// # Examples
/// ```
/// use std::thread;
/// use std::time::Duration;
///
/// heist_sim::Builder::new().run(|| {
///     let sleeper = heist_sim::host("sleeper").start(|| thread::sleep(Duration::from_secs(60)));
///     thread::sleep(Duration::from_secs(10));
///     assert!(sleeper.is_running());
///     sleeper.crash();
///     assert!(!sleeper.is_running());
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[derive(Clone)]
pub struct Host {
    id: HostId,
    name: Arc<str>,
    main: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Makes a host of this name. Programs of other hosts find its address under the name.
///
/// # Examples
/// ```
/// use std::time::{Duration, SystemTime};
///
/// heist_sim::Builder::new().run(|| {
///     let clock = heist_sim::host("clock").cpus(1).clock_ahead(Duration::from_secs(60));
///     let now = SystemTime::now();
///     clock.start(move || assert!(SystemTime::now() > now + Duration::from_secs(59))).wait();
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
pub fn host(name: impl Into<String>) -> HostBuilder {
    HostBuilder { name: name.into(), cpus: 2, clock_skew: 0 }
}

impl HostBuilder {
    /// How many processors its programs see; a runtime takes as many workers. Default: 2.
    ///
    /// # Panics
    /// Panics if `count` is 0.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("big").cpus(16);
    ///     host.start(|| {}).wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn cpus(mut self, count: usize) -> HostBuilder {
        assert!(count > 0, "a host has a processor");
        self.cpus = count;
        self
    }

    /// How far its calendar is ahead. Only `SystemTime` shows it. Default: not at all.
    ///
    /// # Examples
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// heist_sim::Builder::new().run(|| {
    ///     let early = heist_sim::host("early").clock_ahead(Duration::from_secs(60));
    ///     let now = SystemTime::now();
    ///     early.start(move || assert!(SystemTime::now() > now + Duration::from_secs(59))).wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    pub fn clock_ahead(mut self, by: Duration) -> HostBuilder {
        self.clock_skew = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        self
    }

    /// How far its calendar is behind. Only `SystemTime` shows it. Default: not at all.
    ///
    /// # Examples
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// heist_sim::Builder::new().run(|| {
    ///     let late = heist_sim::host("late").clock_behind(Duration::from_secs(60));
    ///     let now = SystemTime::now();
    ///     late.start(move || assert!(SystemTime::now() < now)).wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    pub fn clock_behind(mut self, by: Duration) -> HostBuilder {
        self.clock_skew = -i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        self
    }

    /// Starts the host: `main` begins on its first thread, at once and at each
    /// [`restart`](Host::restart). Its panic ends the world.
    ///
    /// # Panics
    /// Panics if the world has a host of this name, and outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("a").start(|| println!("it begins, and ends"));
    ///     host.wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn start(self, main: impl Fn() + Send + Sync + 'static) -> Host {
        let HostBuilder { name, cpus, clock_skew } = self;
        let added = here().step("host", 0, |world| {
            let id = world.kernel.hosts.add(&name, cpus)?;
            world.kernel.hosts.get_mut(id).skew = clock_skew;
            Some(id)
        });
        let Some(id) = added else { panic!("heist-sim: there is a host named {name:?} already") };
        let host = Host { id, name: name.into(), main: Arc::new(main) };
        host.boot();
        host
    }
}

impl Host {
    /// Its name.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     assert_eq!(heist_sim::host("a").start(|| {}).name(), "a");
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ends all of its threads where they are, as a loss of power does: nothing of them is dropped,
    /// and its sockets vanish without a word to their peers. Does nothing if it is down. A thread
    /// that crashes its own host ends here.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// use std::thread::sleep;
    /// use std::time::Duration;
    ///
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("a").start(|| sleep(Duration::from_secs(60)));
    ///     host.crash();
    ///     assert!(!host.is_running());
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn crash(&self) {
        here().kill(self.id);
    }

    /// Crashes the host if it runs, and calls its main function on a new thread.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// heist_sim::Builder::new().run(|| {
    ///     let count = Arc::new(AtomicU32::new(0));
    ///     let lives = count.clone();
    ///     let cat = heist_sim::host("cat");
    ///     let cat = cat.start(move || drop(lives.fetch_add(1, Ordering::Relaxed)));
    ///     cat.wait();
    ///     cat.restart();
    ///     cat.wait();
    ///     assert_eq!(count.load(Ordering::Relaxed), 2);
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn restart(&self) {
        self.crash();
        self.boot();
    }

    /// Stops its threads, as SIGSTOP does, until [`resume`](Self::resume): time and packets go on.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// use std::thread::sleep;
    /// use std::time::Duration;
    ///
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("paused").start(|| sleep(Duration::from_secs(1)));
    ///     host.pause();
    ///     sleep(Duration::from_secs(60));
    ///     assert!(host.is_running());
    ///     host.resume();
    ///     host.wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn pause(&self) {
        here().pause(self.id);
    }

    /// Lets its threads go on.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// use std::thread::sleep;
    /// use std::time::Duration;
    ///
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("a").start(|| sleep(Duration::from_secs(1)));
    ///     host.pause();
    ///     sleep(Duration::from_secs(60));
    ///     host.resume();
    ///     host.wait();
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn resume(&self) {
        here().resume(self.id);
    }

    /// Whether one of its threads is alive.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("a").start(|| {});
    ///     host.wait();
    ///     assert!(!host.is_running());
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn is_running(&self) -> bool {
        here().step("is-running", 0, |world| world.threads.is_any_alive_of(self.id))
    }

    /// How many descriptors its programs have open. Those that the test's process inherited, and
    /// real files below `/proc` and its like, are not counted. A program that leaks none has as
    /// many after its work as before; one that has ended has none.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// use std::net::UdpSocket;
    /// use std::thread::{park, sleep};
    /// use std::time::Duration;
    ///
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("a").start(|| {
    ///         let _socket = UdpSocket::bind("0.0.0.0:9").unwrap();
    ///         loop {
    ///             park();
    ///         }
    ///     });
    ///     sleep(Duration::from_secs(1));
    ///     assert_eq!(host.descriptors_count(), 1);
    ///     host.crash();
    ///     assert_eq!(host.descriptors_count(), 0);
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn descriptors_count(&self) -> usize {
        here().step("count-descriptors", 0, |world| world.kernel.descriptors.all_of(self.id).len())
    }

    /// Blocks this thread until none of the host's threads is alive.
    ///
    /// # Panics
    /// Panics outside of a world.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// heist_sim::Builder::new().run(|| {
    ///     heist_sim::host("a").start(|| std::thread::sleep(Duration::from_secs(9))).wait();
    ///     assert!(heist_sim::elapsed() >= Duration::from_secs(9));
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn wait(&self) {
        let here = here();
        let first =
            |world: &mut crate::world::World| world.threads.first_alive_of(self.id).map(WaitKey::Thread);
        while here.wait_once("wait-for-host", u64::from(self.id.0), None, first).is_some() {}
    }

    pub(crate) fn id(&self) -> HostId {
        self.id
    }

    /// Starts its main function, on a thread that the system gives it.
    fn boot(&self) {
        let (main, id) = (self.main.clone(), self.id);
        here().look(|world| world.kernel.boot(id));
        let begun = here().begin_thread(id, self.name().to_owned());
        let (thread, start) = begun;
        let body = move || {
            start.take_part_as_birth();
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| main())) {
                if let Some(here) = enter() {
                    here.end_world_by_panic(panic);
                }
            }
        };
        let spawned =
            crate::world::within(|| thread::Builder::new().name(self.name().to_owned()).spawn(body));
        if let Err(error) = spawned {
            here().forget_thread(thread);
            panic!("heist-sim: the system refused a thread for a host: {error}");
        }
    }
}

/// How long the world has lasted, in its own time.
///
/// # Panics
/// Panics outside of a world.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// heist_sim::Builder::new().run(|| {
///     std::thread::sleep(Duration::from_secs(60));
///     assert!(heist_sim::elapsed() >= Duration::from_secs(60));
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[track_caller]
pub fn elapsed() -> Duration {
    Duration::from_nanos(here().look(|world| world.now))
}

/// A number from the seed of the world, for the choices of a test.
///
/// # Panics
/// Panics outside of a world.
///
/// # Examples
/// ```
/// let draw = |seed| heist_sim::Builder::new().seed(seed).run(heist_sim::random);
/// assert_eq!(draw(1)?.0, draw(1)?.0);
/// assert_ne!(draw(1)?.0, draw(2)?.0);
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[track_caller]
pub fn random() -> u64 {
    here().look(|world| world.random.u64(..))
}

/// Whether this thread is in a world.
///
/// # Examples
/// ```
/// assert!(!heist_sim::is_simulated());
/// assert!(heist_sim::Builder::new().run(heist_sim::is_simulated)?.0);
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
pub fn is_simulated() -> bool {
    crate::world::is_inside()
}

#[track_caller]
pub(crate) fn here() -> Here {
    match enter() {
        Some(here) => here,
        None => panic!("{NO_WORLD}"),
    }
}
