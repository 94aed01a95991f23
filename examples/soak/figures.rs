//! What is counted and printed.

use std::{
    collections::BTreeMap,
    error::Error,
    time::{Duration, Instant},
};

use comparison::usage::Reading;

/// Mismatches that are printed; the rest are only counted.
const PRINTED: u64 = 40;

/// What was counted.
#[derive(Default)]
pub(crate) struct Figures {
    /// By their controller.
    pub(crate) commands: BTreeMap<&'static str, u64>,
    /// By their outcome.
    pub(crate) outcomes: BTreeMap<&'static str, u64>,
    /// By sort.
    pub(crate) faults: BTreeMap<&'static str, u64>,
    /// Changes and events that boards pushed.
    pub(crate) pushes: u64,
    /// Toggles and presses by the fleet that the witness saw.
    pub(crate) witnessed: u64,
    /// Comparisons of one component: fleet, board and model.
    pub(crate) compared: u64,
    /// Components with too many possible states to judge.
    pub(crate) vague: u64,
    /// The times from ending all faults until every board was connected.
    pub(crate) mended: Vec<Duration>,
    /// The number of mismatches.
    pub(crate) mismatches: u64,
}

impl Figures {
    /// Counts and prints a mismatch.
    pub(crate) fn mismatch(&mut self, what: &str) {
        self.mismatches += 1;
        if self.mismatches <= PRINTED {
            println!("MISMATCH {what}");
        }
    }

    pub(crate) fn one(counts: &mut BTreeMap<&'static str, u64>, of: &'static str) {
        *counts.entry(of).or_default() += 1;
    }
}

/// The measured process, and since when.
pub(crate) struct Meter {
    processes: [(&'static str, u32); 2],
    first: Option<[Reading; 2]>,
    last: Option<(Instant, [Reading; 2])>,
}

impl Meter {
    pub(crate) fn new(boards: u32) -> Self {
        let processes = [
            ("fleet, model and witness", std::process::id()),
            ("boards", boards),
        ];
        Self {
            processes,
            first: None,
            last: None,
        }
    }

    fn read(&self) -> Result<[Reading; 2], Box<dyn Error>> {
        Ok([
            Reading::of(self.processes[0].1)?,
            Reading::of(self.processes[1].1)?,
        ])
    }

    /// Memory, and processor time since the last time, as text.
    pub(crate) fn say(&mut self) -> Result<String, Box<dyn Error>> {
        let (now, readings) = (Instant::now(), self.read()?);
        let share = |index: usize| {
            let (since, before) = self.last.as_ref()?;
            let cpu = readings
                .get(index)?
                .cpu
                .saturating_sub(before.get(index)?.cpu);
            Some(100.0 * cpu.as_secs_f64() / now.duration_since(*since).as_secs_f64())
        };
        let words = format!(
            "memory {} + {} MB, CPU {:.0} + {:.0} %",
            readings[0].memory_kib / 1024,
            readings[1].memory_kib / 1024,
            share(0).unwrap_or_default(),
            share(1).unwrap_or_default()
        );
        if self.first.is_none() {
            self.first = Some(self.read()?);
        }
        self.last = Some((now, readings));
        Ok(words)
    }

    /// A table of the usage from the first reading until now.
    pub(crate) fn table(&self) -> Result<(), Box<dyn Error>> {
        let now = self.read()?;
        println!(
            "  process                    memory MB first, last   CPU s   threads   open files"
        );
        for (index, (name, _)) in self.processes.iter().enumerate() {
            let (Some(first), Some(last)) = (
                self.first.as_ref().and_then(|all| all.get(index)),
                now.get(index),
            ) else {
                continue;
            };
            println!(
                "  {name:<26} {:>15} {:>7} {:>7.1} {:>9} {:>12}",
                first.memory_kib / 1024,
                last.memory_kib / 1024,
                last.cpu.saturating_sub(first.cpu).as_secs_f64(),
                last.threads,
                last.files
            );
        }
        Ok(())
    }
}
