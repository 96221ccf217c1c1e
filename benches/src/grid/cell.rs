//! One cell of the grid: one server under one shape of load.

use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use super::entrant::{Entrant, Service};
use super::shape::{Beside, Shape};
use crate::child::{self, Spoken};
use crate::echo::WarmLoad;
use crate::load::Load;
use crate::procfs::{Machine, Threads};
use crate::usage::Latency;
use crate::wrk::Wrk;

/// How long a load lasts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    pub(super) wrk_seconds: u64,
    pub(super) warm_up_ms: u64,
    pub(super) echo_ms: u64,
}

/// What one round of one cell showed of one server.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Figures {
    pub(super) requests_per_second: f64,
    /// CPU time of the server per request.
    pub(super) cpu_micros: f64,
    /// Time per request that runnable threads of the server waited for a processor.
    pub(super) delay_micros: f64,
    /// Context switches of the server per request.
    pub(super) switches: f64,
    /// The share of the machine in which no processor worked.
    pub(super) idle_share: f64,
    pub(super) latency: Latency,
}

/// Counts from the moment before a load until the moment after it.
struct Watch {
    threads: Threads,
    machine: Machine,
    id: u32,
}

impl Watch {
    fn start(id: u32) -> Self {
        Watch { threads: Threads::of(id), machine: Machine::now(), id }
    }

    fn figures(&self, request_count: u64, time: Duration, latency: Latency) -> Figures {
        let idle_share = Machine::now().idle_share_since(self.machine);
        let used = Threads::of(self.id).since(self.threads);
        let count = request_count as f64;
        Figures {
            requests_per_second: count / time.as_secs_f64(),
            cpu_micros: used.run.as_secs_f64() * 1e6 / count,
            delay_micros: used.delay.as_secs_f64() * 1e6 / count,
            switches: (used.voluntary_count + used.involuntary_count) as f64 / count,
            idle_share,
            latency,
        }
    }
}

/// A round: a fresh server under a fresh load.
pub(super) fn measure(entrant: &Entrant, service: Service<'_>, shape: Shape, lengths: Lengths) -> Figures {
    let _neighbour = (shape.beside == Beside::Busy).then(|| Spoken::start(&["burn".into()]));
    let server = entrant.start(service, shape.place);
    let by_wrk = |file: &str| {
        let load = Wrk {
            thread_count: shape.thread_count,
            connection_count: shape.connection_count,
            seconds: lengths.wrk_seconds,
        };
        let watch = Watch::start(server.id());
        let seen = load.run(&format!("http://{}/{file}", server.address));
        assert_eq!(seen.error_count, 0, "errors of {} at {shape}", entrant.name());
        watch.figures(seen.request_count, seen.time, seen.latency)
    };
    match service {
        Service::Hello => by_wrk(""),
        Service::File(_, size) => by_wrk(size.name),
        Service::Echo(message_size) => {
            let load = Load {
                connections: shape.connection_count,
                threads: shape.thread_count,
                message_size,
                ..Load::default()
            };
            let runs_ms = [lengths.warm_up_ms, lengths.echo_ms];
            let mut generator = WarmLoad::start(&server.address, &load, &runs_ms);
            let watch = Watch::start(server.id());
            let seen = generator.run();
            watch.figures(seen.request_count, Duration::from_nanos(seen.nanos), seen.latency)
        }
    }
}

/// In the child: one thread works until stdin ends.
pub(crate) fn burn() -> ExitCode {
    std::thread::spawn(|| {
        loop {
            std::hint::spin_loop();
        }
    });
    child::report_usage()
}
