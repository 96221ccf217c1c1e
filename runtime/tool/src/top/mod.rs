//! `heist top`

mod draw;
mod figures;
mod sample;
mod screen;

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::client::ConsoleClient;
use crate::failure::Failure;
use crate::find;
use crate::options::TopOptions;
use crate::output::{Output, span};
use crate::protocol::Greeting;
use crate::visible::json_line;

use draw::{TopView, text_of};
use figures::{GroupSort, TopFigures};
use sample::Sample;

/// After a longer pause each look has a connection of its own: a service closes those on which it
/// hears nothing, and has room for few.
const QUIET_PAUSE_MAX: Duration = Duration::from_secs(1);

/// Columns and lines of a screen that is printed.
const PLAIN_WIDTH: u16 = 120;
const PLAIN_HEIGHT_MAX: u16 = 60;

pub(crate) fn run(options: &TopOptions, output: &mut Output) -> Result<(), Failure> {
    let addressed = &options.addressed;
    let client = find::open(&addressed.service, addressed.runtime.runtime.as_deref())?;
    let greeting = client.greeting.clone();
    // Two samples are the first look.
    let count = options.iterations.map(|looks| looks.saturating_add(1));
    let samples = sample_in_the_background(client, Duration::from_millis(options.interval), count);
    if options.plain || options.json || !io::stdout().is_terminal() {
        print(options, &greeting, &samples, output)
    } else {
        screen::run(&greeting, &samples)
    }
}

/// The screen answers to keys while a service takes its time. The thread ends when there are enough
/// samples, with the first failure, or when nobody wants another one.
fn sample_in_the_background(
    mut client: ConsoleClient,
    interval: Duration,
    count: Option<u64>,
) -> Receiver<Result<Sample, Failure>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut taken_count = 0;
        while count.is_none_or(|count| taken_count < count) {
            let begin = Instant::now();
            let is_quiet = taken_count > 0 && interval > QUIET_PAUSE_MAX;
            let opened = if is_quiet { client.reopen() } else { Ok(()) };
            let sample = opened.and_then(|()| Sample::take(&mut client));
            let has_failed = sample.is_err();
            if sender.send(sample).is_err() || has_failed {
                return;
            }
            taken_count += 1;
            if count != Some(taken_count) {
                thread::sleep(interval.saturating_sub(begin.elapsed()));
            }
        }
    });
    receiver
}

fn print(
    options: &TopOptions,
    greeting: &Greeting,
    samples: &Receiver<Result<Sample, Failure>>,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut earlier: Option<Sample> = None;
    while let Ok(sample) = samples.recv() {
        let sample = sample?;
        if let Some(earlier) = &earlier {
            let mut figures = TopFigures::between(Some(earlier), &sample);
            figures.sort(GroupSort::Count);
            if options.json {
                output.line(&json_line(&figures.object(&sample).to_string()))?;
            } else {
                print_screen(greeting, &figures, &sample, output)?;
            }
            output.flush()?;
        }
        earlier = Some(sample);
    }
    Ok(())
}

fn print_screen(
    greeting: &Greeting,
    figures: &TopFigures,
    sample: &Sample,
    output: &mut Output,
) -> Result<(), Failure> {
    let (uptime, sort) = (span(sample.uptime), GroupSort::Count);
    let view = TopView { greeting, uptime, figures, sort, scroll: 0, has_colour: false, hint: "" };
    let height = view.height(PLAIN_WIDTH).min(PLAIN_HEIGHT_MAX);
    let mut buffer = Buffer::empty(Rect::new(0, 0, PLAIN_WIDTH, height));
    view.render(buffer.area, &mut buffer);
    text_of(&buffer).iter().try_for_each(|line| output.line(line))?;
    output.line("")
}
