//! What is counted and printed.

use std::{
    collections::BTreeMap,
    error::Error,
    time::{Duration, Instant},
};

use comparison::usage::Reading;

use crate::memory::Memory;

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

/// The measured processes, and since when.
pub(crate) struct Meter {
    first: Option<[Reading; 2]>,
    last: Option<(Instant, [Reading; 2])>,
    /// Of boards that are programs.
    pub(crate) memory: Option<Memory>,
}

impl Meter {
    /// For boards that are `programs`, their memory is judged.
    pub(crate) fn new(programs: bool) -> Self {
        Self {
            first: None,
            last: None,
            memory: programs.then(Memory::default),
        }
    }

    fn read(boards: &[u32]) -> Result<[Reading; 2], Box<dyn Error>> {
        let mut sum: Option<Reading> = None;
        for id in boards {
            let one = Reading::of(*id)?;
            sum = Some(sum.map_or(one, |sum| Reading {
                cpu: sum.cpu + one.cpu,
                memory_kib: sum.memory_kib + one.memory_kib,
                threads: sum.threads + one.threads,
                files: sum.files + one.files,
            }));
        }
        let boards = sum.ok_or("no board runs")?;
        Ok([Reading::of(std::process::id())?, boards])
    }

    /// Memory, and processor time since the last time, as text.
    pub(crate) fn say(&mut self, boards: &[u32]) -> Result<String, Box<dyn Error>> {
        let (now, readings) = (Instant::now(), Self::read(boards)?);
        let share = |index: usize| {
            let (since, before) = self.last.as_ref()?;
            let cpu = readings
                .get(index)?
                .cpu
                .saturating_sub(before.get(index)?.cpu);
            Some(100.0 * cpu.as_secs_f64() / now.duration_since(*since).as_secs_f64())
        };
        let words = format!(
            "memory {} + {:.1} MB, CPU {:.0} + {:.0} %",
            readings[0].memory_kib / 1024,
            megabytes(readings[1].memory_kib),
            share(0).unwrap_or_default(),
            share(1).unwrap_or_default()
        );
        if self.first.is_none() {
            self.first = Some(readings);
        }
        self.last = Some((now, readings));
        Ok(words)
    }

    /// A table of the usage from the first reading until now.
    pub(crate) fn table(&self, boards: &[u32]) -> Result<(), Box<dyn Error>> {
        let now = Self::read(boards)?;
        println!(
            "  process                    memory MB first, last   CPU s   threads   open files"
        );
        for (index, name) in ["fleet, model and witnesses", "boards"].iter().enumerate() {
            let (Some(first), Some(last)) = (
                self.first.as_ref().and_then(|all| all.get(index)),
                now.get(index),
            ) else {
                continue;
            };
            println!(
                "  {name:<26} {:>15.1} {:>7.1} {:>7.1} {:>9} {:>12}",
                megabytes(first.memory_kib),
                megabytes(last.memory_kib),
                last.cpu.saturating_sub(first.cpu).as_secs_f64(),
                last.threads,
                last.files
            );
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn megabytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
