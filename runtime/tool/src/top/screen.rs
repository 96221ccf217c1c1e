//! The full screen: it belongs to the tool until that ends, also by a panic.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::DefaultTerminal;

use super::draw::TopView;
use super::figures::{GroupSort, TopFigures};
use super::sample::Sample;
use crate::failure::Failure;
use crate::output::{span, wants_colour};
use crate::protocol::Greeting;

/// How long a key may wait.
const KEY_PAUSE_MAX: Duration = Duration::from_millis(50);

const HINT: &str = "q quits, arrows scroll, s sorts";

/// The screen is the user's again when this is dropped. A panic restores it as well: see
/// `ratatui::try_init`.
struct OwnedScreen(DefaultTerminal);

impl OwnedScreen {
    fn take() -> io::Result<OwnedScreen> {
        match ratatui::try_init() {
            Ok(terminal) => Ok(OwnedScreen(terminal)),
            Err(error) => {
                // Some of it may be done.
                ratatui::restore();
                Err(error)
            }
        }
    }
}

impl Drop for OwnedScreen {
    fn drop(&mut self) {
        // After a panic the hook has done it: once more, and the cursor would stand in its message.
        if !thread::panicking() {
            ratatui::restore();
        }
    }
}

/// What the user has chosen.
#[derive(Default)]
struct Choice {
    sort: GroupSort,
    scroll: usize,
    has_quit: bool,
}

impl Choice {
    fn press(&mut self, key: KeyEvent, group_count: usize, is_observed: bool) {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => self.has_quit = true,
            KeyCode::Char('c') if is_control => self.has_quit = true,
            KeyCode::Down | KeyCode::Char('j') => self.scroll += 1,
            KeyCode::Up | KeyCode::Char('k') => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::PageDown => self.scroll += 10,
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(10),
            KeyCode::Char('s') => self.sort = self.sort.next(is_observed),
            _ => {}
        }
        self.scroll = self.scroll.min(group_count.saturating_sub(1));
    }
}

/// Shows the samples until the user quits, the samples fail, or there are no more.
pub(super) fn run(greeting: &Greeting, samples: &Receiver<Result<Sample, Failure>>) -> Result<(), Failure> {
    let of_terminal =
        |error: io::Error| Failure::new(format!("cannot use the terminal: {error}; try --plain"));
    let mut screen = OwnedScreen::take().map_err(of_terminal)?;
    let mut choice = Choice::default();
    let mut figures = TopFigures::default();
    let mut latest: Option<Sample> = None;
    loop {
        let uptime =
            latest.as_ref().map_or(Duration::from_millis(greeting.uptime_ms), |sample| sample.uptime);
        figures.sort(choice.sort);
        let view = TopView {
            greeting,
            uptime: span(uptime),
            figures: &figures,
            sort: choice.sort,
            scroll: choice.scroll,
            has_colour: wants_colour(),
            hint: HINT,
        };
        screen.0.draw(|frame| frame.render_widget(&view, frame.area())).map_err(of_terminal)?;
        // Until there is something new to be drawn.
        loop {
            let mut is_new = false;
            while event::poll(Duration::ZERO).map_err(of_terminal)? {
                match event::read().map_err(of_terminal)? {
                    Event::Key(key) if key.kind == KeyEventKind::Press => {
                        choice.press(key, figures.groups.len(), greeting.observed);
                    }
                    _ => {}
                }
                is_new = true;
            }
            if choice.has_quit {
                return Ok(());
            }
            match samples.recv_timeout(if is_new { Duration::ZERO } else { KEY_PAUSE_MAX }) {
                Ok(sample) => {
                    let sample = sample?;
                    figures = TopFigures::between(latest.as_ref(), &sample);
                    choice.scroll = choice.scroll.min(figures.groups.len().saturating_sub(1));
                    latest = Some(sample);
                    break;
                }
                Err(RecvTimeoutError::Timeout) if is_new => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, GroupSort, KeyCode, KeyEvent, KeyModifiers};

    #[test]
    fn keys_scroll_within_the_groups_sort_and_quit() {
        let mut choice = Choice::default();
        let mut press = |code, modifiers| {
            choice.press(KeyEvent::new(code, modifiers), 3, true);
            (choice.scroll, choice.sort, choice.has_quit)
        };
        let plain = KeyModifiers::NONE;
        assert_eq!(press(KeyCode::Char('k'), plain).0, 0);
        assert_eq!(press(KeyCode::Char('j'), plain).0, 1);
        assert_eq!(press(KeyCode::PageDown, plain).0, 2);
        assert_eq!(press(KeyCode::Up, plain).0, 1);
        assert_eq!(press(KeyCode::Char('s'), plain).1, GroupSort::Busy);
        assert_eq!(press(KeyCode::Char('s'), plain).1, GroupSort::Place);
        assert_eq!(press(KeyCode::Char('s'), plain).1, GroupSort::Count);
        assert!(!press(KeyCode::Char('c'), plain).2);
        assert!(press(KeyCode::Char('c'), KeyModifiers::CONTROL).2);
    }

    #[test]
    fn without_observation_the_order_by_busy_time_is_left_out() {
        let mut choice = Choice::default();
        choice.press(KeyEvent::new(KeyCode::Char('s'), KeyModifiers::NONE), 0, false);
        assert_eq!(choice.sort, GroupSort::Place);
        choice.press(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), 0, false);
        assert!(choice.has_quit);
    }
}
