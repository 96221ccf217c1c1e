//! What the worlds share: draws of the seed, bytes to recognise, and links that fail.
//!
//! The tests run crates that know nothing of heist, with the crate `tokio` of this workspace below
//! them: see `ci/sim.sh`.

use heist::sim::{self, Host, NetworkLink};
use tokio::task::JoinHandle;
use tokio::time::{Duration, sleep};

/// A number below this one, from the seed of the world.
pub fn draw(below: u64) -> u64 {
    sim::random() % below
}

/// A length below this one; small ones are as likely as large ones.
pub fn draw_len(below: u64) -> usize {
    usize::try_from(draw(below) >> draw(u64::from(below.ilog2()) + 1)).expect("lengths fit")
}

/// Bytes that differ from their neighbours, and from those of other numbers.
pub fn pattern(number: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| ((at ^ (at >> 8)) as u8).wrapping_mul(167).wrapping_add(number as u8)).collect()
}

/// Makes the links between two hosts lose packets and delay them.
pub fn make_poor(one: &str, other: &str) {
    let poor = NetworkLink::new().loss(0.03).latency(Duration::from_millis(1)..=Duration::from_millis(30));
    sim::set_link(one, other, &poor);
    sim::set_link(other, one, &poor);
}

/// What happens to links and hosts while clients work; [`Trouble::end`] ends it.
pub struct Trouble {
    task: JoinHandle<()>,
    clients: Vec<&'static str>,
    server: Host,
}

impl Trouble {
    /// Cuts links for a while, each direction for itself, stops the server, or lets it start again.
    pub fn begin(server: &Host, clients: &[&'static str], may_restart: bool) -> Trouble {
        let (host, names) = (server.clone(), clients.to_vec());
        let task = tokio::spawn(async move {
            loop {
                sleep(Duration::from_millis(draw(3000))).await;
                let name = names[draw(names.len() as u64) as usize];
                match draw(if may_restart { 4 } else { 3 }) {
                    0 => sim::cut(name, host.name()),
                    1 => sim::cut(host.name(), name),
                    2 => host.pause(),
                    _ => host.restart(),
                }
                sleep(Duration::from_millis(draw(3000))).await;
                host.resume();
                sim::rejoin(&[name], &[host.name()]);
            }
        });
        Trouble { task, clients: clients.to_vec(), server: server.clone() }
    }

    /// All links are whole again, and the server goes on.
    pub async fn end(self) {
        self.task.abort();
        let _ = self.task.await;
        self.server.resume();
        sim::rejoin(&self.clients, &[self.server.name()]);
    }
}
