//! Signals that arrive while nobody listens for them: between the last listener of a signal and the
//! next one [between-listeners].

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::io;
use std::sync::{Arc, OnceLock};

use super::delivery;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;

/// A signal has come, and nobody listened.
const CAME: usize = 1;
/// One listener. The number of listeners stands above the bit.
const LISTENER_ONE: usize = 2;

/// How many listen for one signal, and whether it has come while there were none.
#[derive(Debug)]
pub(super) struct KeptWord(AtomicUsize);

impl KeptWord {
    pub(super) fn new() -> KeptWord {
        KeptWord(AtomicUsize::new(0))
    }

    /// The signal has come. Notes it if nobody listens. Called in the handler [only-a-send].
    pub(super) fn came(&self) {
        let note = |word| if word < LISTENER_ONE { Some(CAME) } else { None };
        // Ordering: Relaxed: the word is all there is to it; it publishes nothing, and each change
        // is one exchange of the whole word.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, note);
    }

    /// A listener comes. Returns whether a signal was noted, which is its own from now on.
    pub(super) fn enter(&self) -> bool {
        let enter = |word: usize| Some((word & !CAME) + LISTENER_ONE);
        // Ordering: Relaxed: as in `came`.
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter);
        before.is_ok_and(|word| word & CAME != 0)
    }

    /// A listener goes.
    pub(super) fn leave(&self) {
        // Ordering: Relaxed: as in `came`.
        self.0.fetch_sub(LISTENER_ONE, Ordering::Relaxed);
    }
}

/// Counts a listener. Dropping it takes the listener off.
#[derive(Debug)]
pub(super) struct ListenerCount(Arc<KeptWord>);

impl ListenerCount {
    /// Counts a listener that has its delivery already. Returns as well whether the signal has come
    /// since the last listener went.
    pub(super) fn enter(word: Arc<KeptWord>) -> (ListenerCount, bool) {
        let has_come = word.enter();
        (ListenerCount(word), has_come)
    }
}

impl Drop for ListenerCount {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// The word of a signal. From the first call on the process handles the signal, for good.
pub(super) fn word_of(signal: c_int) -> io::Result<Arc<KeptWord>> {
    static WORDS: OnceLock<Mutex<BTreeMap<c_int, Arc<KeptWord>>>> = OnceLock::new();
    let mut words = WORDS.get_or_init(|| Mutex::new(BTreeMap::new())).lock();
    if let Some(word) = words.get(&signal) {
        return Ok(word.clone());
    }
    let word = Arc::new(KeptWord::new());
    delivery::note_for_good(signal, word.clone(), KeptWord::came)?;
    words.insert(signal, word.clone());
    Ok(word)
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::*;

    /// [between-listeners]
    #[test]
    fn a_signal_is_noted_only_while_nobody_listens_and_only_once() {
        let word = KeptWord::new();
        word.came();
        word.came();
        assert!(word.enter(), "it came before the first listener");
        assert!(!word.enter(), "the first listener has it");
        word.came();
        word.leave();
        assert!(!word.enter(), "one was listening");
        word.leave();
        word.leave();
        word.came();
        assert!(word.enter());
        word.leave();
        assert!(!word.enter());
    }
}
