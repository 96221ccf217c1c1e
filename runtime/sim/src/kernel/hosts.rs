//! The hosts of a world: machines with a name, an address, a calendar and processors.

/// A host; 0 is the root's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct HostId(pub(crate) u32);

impl HostId {
    pub(crate) const ROOT: HostId = HostId(0);
}

pub(crate) struct SimHost {
    pub(crate) name: String,
    /// What its calendar shows beside the world's, in nanoseconds.
    pub(crate) skew: i64,
    pub(crate) cpus: usize,
}

/// The hosts of a world.
pub(crate) struct Hosts {
    all: Vec<SimHost>,
}

impl Hosts {
    pub(crate) fn new() -> Hosts {
        Hosts { all: vec![SimHost { name: "root".to_owned(), skew: 0, cpus: 2 }] }
    }

    /// Adds a host. `None`: there is one of this name.
    pub(crate) fn add(&mut self, name: &str, cpus: usize) -> Option<HostId> {
        if self.find(name).is_some() {
            return None;
        }
        self.all.push(SimHost { name: name.to_owned(), skew: 0, cpus });
        Some(HostId(u32::try_from(self.all.len() - 1).expect("fewer hosts than numbers")))
    }

    pub(crate) fn find(&self, name: &str) -> Option<HostId> {
        let place = self.all.iter().position(|host| host.name == name)?;
        Some(HostId(u32::try_from(place).expect("fewer hosts than numbers")))
    }

    /// `None`: there is no such host.
    pub(crate) fn name_of(&self, id: HostId) -> Option<&str> {
        self.all.get(id.0 as usize).map(|host| host.name.as_str())
    }

    pub(crate) fn get(&self, id: HostId) -> &SimHost {
        &self.all[id.0 as usize]
    }

    pub(crate) fn get_mut(&mut self, id: HostId) -> &mut SimHost {
        &mut self.all[id.0 as usize]
    }
}
