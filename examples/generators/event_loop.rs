//! An event loop in sixty lines: tasks are coroutines that yield what they want, and the loop sends them the answer.
//!
//! ```text
//! 0 ms main: starts two workers
//! 0 ms B: works for 10 ms
//! 0 ms A: works for 30 ms
//! 10 ms B: done
//! 30 ms A: done
//! 30 ms main: A and B returned 30 and 10
//! ```

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::pin::Pin;

use heist::generator::{CoroutineExt, Outcome, Resume, Step, coroutine};

/// What a task asks of the loop.
enum Call {
    Now,
    Sleep(u64),
    Spawn(Task),
    Join(usize),
}

type Task = Pin<Box<dyn Resume<Yield = Call, Argument = Outcome<u64>, Return = Outcome<u64>>>>;

/// The loop. Its clock jumps to the next deadline, so that the example takes no time.
#[derive(Default)]
struct Loop {
    now: u64,
    ready: VecDeque<(usize, u64)>,
    sleeping: BinaryHeap<Reverse<(u64, usize)>>,
    waiting: HashMap<usize, Vec<usize>>,
    tasks: HashMap<usize, Task>,
    results: HashMap<usize, u64>,
}

impl Loop {
    fn spawn(&mut self, task: Task) -> usize {
        let id = self.tasks.len() + self.results.len();
        self.tasks.insert(id, task);
        self.ready.push_back((id, 0));
        id
    }

    fn run(&mut self, main: Task) -> u64 {
        let main = self.spawn(main);
        while !self.results.contains_key(&main) {
            match self.ready.pop_front() {
                Some((id, answer)) => self.resume(id, answer),
                None => {
                    let Reverse((deadline, id)) = self.sleeping.pop().expect("a deadlock: all tasks wait");
                    self.now = deadline;
                    self.ready.push_back((id, deadline));
                }
            }
        }
        self.results[&main]
    }

    fn resume(&mut self, id: usize, answer: u64) {
        let mut task = self.tasks.remove(&id).expect("a ready task exists");
        let step = task.start().or_else(|_| task.send(answer)).expect("tasks do not raise");
        let placed = match step {
            Step::Returned(value) => {
                self.results.insert(id, value);
                let waiting = self.waiting.remove(&id).unwrap_or_default();
                self.ready.extend(waiting.into_iter().map(|waiter| (waiter, value)));
                return;
            }
            Step::Yielded(call) => call,
        };
        self.tasks.insert(id, task);
        match placed {
            Call::Now => self.ready.push_front((id, self.now)),
            Call::Sleep(span) => self.sleeping.push(Reverse((self.now + span, id))),
            Call::Spawn(task) => {
                let new = self.spawn(task) as u64;
                self.ready.push_back((id, new));
            }
            Call::Join(other) => match self.results.get(&other) {
                Some(value) => self.ready.push_back((id, *value)),
                None => self.waiting.entry(other).or_default().push(id),
            },
        }
    }
}

fn worker(name: &'static str, span: u64) -> Task {
    Box::pin(coroutine! { |_: u64|
        let now = (yield Call::Now)?;
        println!("{now} ms {name}: works for {span} ms");
        let now = (yield Call::Sleep(span))?;
        println!("{now} ms {name}: done");
        Ok(span)
    })
}

fn main() {
    let task: Task = Box::pin(coroutine! { |_: u64|
        println!("{} ms main: starts two workers", (yield Call::Now)?);
        let b = (yield Call::Spawn(worker("B", 10)))? as usize;
        let a = (yield Call::Spawn(worker("A", 30)))? as usize;
        let (a, b) = ((yield Call::Join(a))?, (yield Call::Join(b))?);
        println!("{} ms main: A and B returned {a} and {b}", (yield Call::Now)?);
        Ok(a + b)
    });
    assert_eq!(Loop::default().run(task), 40);
}
