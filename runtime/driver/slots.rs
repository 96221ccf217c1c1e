//! A table whose entries are named by index and generation, so that a stale name never reaches a
//! newer entry.

use std::convert::Infallible;

/// The name of an entry. The generation changes whenever the slot is reused [stale-is-counted].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlotId {
    index: u32,
    generation: u32,
}

impl SlotId {
    /// An index that no entry ever has. Back ends build their own names on it.
    pub(super) const RESERVED_INDEX: u32 = u32::MAX;

    /// Its place in the table.
    #[cfg(target_os = "linux")]
    pub(super) fn place(self) -> usize {
        self.index as usize
    }

    pub(super) fn to_bits(self) -> u64 {
        (u64::from(self.generation) << 32) | u64::from(self.index)
    }

    pub(super) fn from_bits(bits: u64) -> SlotId {
        SlotId { index: bits as u32, generation: (bits >> 32) as u32 }
    }
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    state: SlotState<T>,
}

#[derive(Debug)]
enum SlotState<T> {
    /// The next vacant slot, or the reserved index.
    Vacant {
        next: u32,
    },
    Held(T),
}

#[derive(Debug)]
pub(super) struct Slots<T> {
    slots: Vec<Slot<T>>,
    /// The first vacant slot, or the reserved index.
    vacant: u32,
    held_count: u32,
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots::new()
    }
}

impl<T> Slots<T> {
    pub(super) const fn new() -> Slots<T> {
        Slots { slots: Vec::new(), vacant: SlotId::RESERVED_INDEX, held_count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.held_count as usize
    }

    pub(super) fn insert(&mut self, value: T) -> SlotId {
        let Ok(id) = self.try_insert(|id| Ok::<_, Infallible>((value, id)));
        id
    }

    /// Adds the entry that `make` makes for this name, unless it refuses.
    pub(super) fn try_insert<R, E>(
        &mut self,
        make: impl FnOnce(SlotId) -> Result<(T, R), E>,
    ) -> Result<R, E> {
        if self.vacant != SlotId::RESERVED_INDEX {
            let index = self.vacant;
            let slot = &mut self.slots[index as usize];
            let SlotState::Vacant { next } = slot.state else {
                unreachable!("a held slot on the vacant list")
            };
            let (value, made) = make(SlotId { index, generation: slot.generation })?;
            self.vacant = next;
            self.held_count += 1;
            slot.state = SlotState::Held(value);
            return Ok(made);
        }
        let index = u32::try_from(self.slots.len()).unwrap_or(SlotId::RESERVED_INDEX);
        assert!(index != SlotId::RESERVED_INDEX, "more than four thousand million operations at once");
        if self.slots.is_empty() {
            // Most tables of a socket never have a second entry, and there is one table for each of
            // thousands of sockets.
            self.slots.reserve_exact(1);
        }
        let (value, made) = make(SlotId { index, generation: 0 })?;
        self.held_count += 1;
        self.slots.push(Slot { generation: 0, state: SlotState::Held(value) });
        Ok(made)
    }

    pub(super) fn get_mut(&mut self, id: SlotId) -> Option<&mut T> {
        match self.slots.get_mut(id.index as usize) {
            Some(Slot { generation, state: SlotState::Held(value) }) if *generation == id.generation => {
                Some(value)
            }
            _ => None,
        }
    }

    /// The entry at this index, of any generation.
    #[cfg(not(all(target_os = "linux", not(rt_portable))))]
    pub(super) fn get_mut_of_index(&mut self, index: u32) -> Option<&mut T> {
        match self.slots.get_mut(index as usize) {
            Some(Slot { state: SlotState::Held(value), .. }) => Some(value),
            _ => None,
        }
    }

    pub(super) fn remove(&mut self, id: SlotId) -> Option<T> {
        self.get_mut(id)?;
        Some(self.vacate(id.index))
    }

    /// Takes every entry out. The table keeps its memory.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        let mut index = 0;
        std::iter::from_fn(move || {
            while let Some(slot) = self.slots.get(index as usize) {
                index += 1;
                if matches!(slot.state, SlotState::Held(_)) {
                    return Some(self.vacate(index - 1));
                }
            }
            None
        })
    }

    #[cfg(unix)]
    pub(super) fn ids(&self) -> impl Iterator<Item = SlotId> + '_ {
        self.slots.iter().enumerate().filter_map(|(index, slot)| match slot.state {
            SlotState::Held(_) => Some(SlotId { index: index as u32, generation: slot.generation }),
            SlotState::Vacant { .. } => None,
        })
    }

    #[cfg(unix)]
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| match &slot.state {
            SlotState::Held(value) => Some(value),
            SlotState::Vacant { .. } => None,
        })
    }

    fn vacate(&mut self, index: u32) -> T {
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        let SlotState::Held(value) =
            std::mem::replace(&mut slot.state, SlotState::Vacant { next: self.vacant })
        else {
            unreachable!("a vacant slot was vacated")
        };
        self.vacant = index;
        self.held_count -= 1;
        value
    }
}
