//! Having a file drawn: starting the child, feeding it, taking down what it says until its end,
//! whatever that is.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};

use super::{Bounds, Comparison, Line, Order};
use crate::domain::source::{ReadAt, for_each_chunk};

/// Has files drawn; clones share their places.
#[derive(Clone, Debug)]
pub struct Drawer {
    program: PathBuf,
    largest: u64,
    bounds: Bounds,
    places: Arc<Places>,
}

/// A drawer, and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// Who draws.
    pub drawer: Drawer,
    /// For how many pages of a signature the report carries both pictures.
    pub pictures: usize,
}

/// How many children may run at once: one for each processor.
#[derive(Debug)]
struct Places {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// The most that a child may say, bytes.
const LONGEST_ANSWER: u64 = 256 << 20;

impl Drawer {
    /// A drawer that starts the running program, even where its file was replaced meanwhile.
    pub fn of_this_program(largest: u64, bounds: Bounds) -> Self {
        Self::new(PathBuf::from("/proc/self/exe"), largest, bounds)
    }

    /// A drawer that starts `program`, which is `sealwright`, with `draw-pages`, for files of up to
    /// `largest` bytes.
    pub fn new(program: PathBuf, largest: u64, bounds: Bounds) -> Self {
        let places = std::thread::available_parallelism().map_or(1, usize::from);
        let places = Places { free: Mutex::new(places), given_back: Condvar::new() };
        Self { program, largest, bounds, places: Arc::new(places) }
    }

    /// Compares revisions of a file, told by where they end, with the whole file, as far as it gets
    /// within its bounds; one answer for each of `ends`. Waits for a place, and then for the child.
    ///
    /// # Errors
    /// In words: the file is too large, or the child cannot be started.
    pub fn compare(
        &self,
        source: &dyn ReadAt,
        ends: &[u64],
        pictures: usize,
    ) -> Result<Vec<Comparison>, String> {
        if source.size() > self.largest {
            let most = self.largest >> 20;
            return Err(format!("pages of files over {most} MiB are not drawn"));
        }
        let _place = self.places.take();
        let order = Order { ends: ends.to_vec(), pictures, bounds: self.bounds };
        let started = self.start(&order);
        let mut child = started.map_err(|error| format!("no page could be drawn: {error}"))?;
        let (to, from) = (child.stdin.take(), child.stdout.take());
        let running =
            Running { child: Mutex::new(child), done: Mutex::new(false), end: Condvar::new() };
        let mut answers = vec![Comparison::default(); ends.len()];
        if let (Some(mut to), Some(from)) = (to, from) {
            std::thread::scope(|scope| {
                scope.spawn(|| running.watch(self.longest()));
                // A child that ends early reads no further; what it said counts.
                scope.spawn(move || {
                    let mut reads = true;
                    let _ = for_each_chunk(source, 0, source.size(), |chunk| {
                        reads = reads && to.write_all(chunk).is_ok();
                    });
                });
                take_down(BufReader::new(from.take(LONGEST_ANSWER)), &mut answers);
                running.finish();
            });
        }
        Ok(answers)
    }

    /// How long a child may live by the clock, where the machine has other things to do.
    fn longest(&self) -> Duration {
        Duration::from_secs(self.bounds.seconds.saturating_mul(3).saturating_add(5))
    }

    fn start(&self, order: &Order) -> io::Result<Child> {
        let ends: Vec<_> = order.ends.iter().map(u64::to_string).collect();
        let Bounds { seconds, memory } = order.bounds;
        Command::new(&self.program)
            .args(["draw-pages", "--ends", &ends.join(",")])
            .args(["--pictures", &order.pictures.to_string()])
            .args(["--seconds", &seconds.to_string(), "--memory", &memory.to_string()])
            // It gets no secrets, and an allocator that sets little aside within its bounds.
            .env_clear()
            .env("MIMALLOC_ARENA_RESERVE", "65536")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
    }
}

/// What is half a line was cut off by the end of the child.
fn take_down(lines: impl BufRead, answers: &mut [Comparison]) {
    for line in lines.lines().map_while(Result::ok) {
        let Ok(line) = serde_json::from_str::<Line>(&line) else { return };
        match line {
            Line::Pages { revision, signed, shown, changed } => {
                if let Some(answer) = answers.get_mut(revision) {
                    answer.pages_signed = Some(signed);
                    answer.pages_shown = Some(shown);
                    answer.changed = changed;
                }
            }
            Line::Same { revision } => {
                if let Some(answer) = answers.get_mut(revision) {
                    answer.compared += 1;
                }
            }
            Line::Different { revision, page } => {
                if let Some(answer) = answers.get_mut(revision) {
                    answer.compared += 1;
                    answer.different.push(page);
                }
            }
        }
    }
}

/// A child that does not outlive this.
struct Running {
    child: Mutex<Child>,
    done: Mutex<bool>,
    end: Condvar,
}

impl Running {
    /// Ends the child when its time is up, unless all is done before.
    fn watch(&self, longest: Duration) {
        let mut done = self.done.lock();
        let late = self.end.wait_while_for(&mut done, |done| !*done, longest).timed_out();
        if late {
            let _ = self.child.lock().kill();
        }
    }

    fn finish(&self) {
        *self.done.lock() = true;
        self.end.notify_all();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let child = self.child.get_mut();
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Places {
    fn take(&self) -> Place<'_> {
        let mut free = self.free.lock();
        while *free == 0 {
            self.given_back.wait(&mut free);
        }
        *free -= 1;
        Place(self)
    }
}

/// A place that is given back.
struct Place<'a>(&'a Places);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.free.lock() += 1;
        self.0.given_back.notify_one();
    }
}
