//! The memory of boards that are programs, in each quiet phase: it has to be
//! flat as long as a process lives.

use std::{collections::BTreeMap, io};

use comparison::usage::Reading;

/// How much the resident memory of a process may grow after the first storm:
/// less than one message per command would need within a few minutes.
const GROWTH_KIB: u64 = 1024;

/// Resident memory in KiB, by board and process, in the order of time.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    samples: BTreeMap<(String, u32), Vec<u64>>,
}

impl Memory {
    /// Reads the memory of each board's process. Not before the first storm,
    /// in which a program uses its buffers for the first time.
    pub(crate) fn sample(&mut self, boards: &[(String, u32)]) -> io::Result<()> {
        for (board, process) in boards {
            let reading = Reading::of(*process)?;
            self.samples
                .entry((board.clone(), *process))
                .or_default()
                .push(reading.memory_kib);
        }
        Ok(())
    }

    /// Prints the start, middle and end of the longest life of each board, and
    /// returns what has grown in any life.
    pub(crate) fn judge(&self) -> Vec<String> {
        let mut longest: BTreeMap<&str, &[u64]> = BTreeMap::new();
        for ((board, _), samples) in &self.samples {
            let before = longest.entry(board).or_default();
            if samples.len() > before.len() {
                *before = samples;
            }
        }
        println!("  memory of a process (KiB)      start  middle     end  largest  quiet phases");
        for (board, samples) in longest {
            let (Some(start), Some(end)) = (samples.first(), samples.last()) else {
                continue;
            };
            println!(
                "  {board:<27} {start:>8} {:>7} {end:>7} {:>8} {:>13}",
                samples[samples.len() / 2],
                samples.iter().max().unwrap_or(end),
                samples.len()
            );
        }
        let grown = |((board, process), samples): (&(String, u32), &Vec<u64>)| {
            let (start, end) = (*samples.first()?, *samples.last()?);
            (end > start + GROWTH_KIB).then(|| {
                format!(
                    "{board}, process {process}, grew from {start} to {end} KiB; at most \
                     {GROWTH_KIB} KiB are expected"
                )
            })
        };
        self.samples.iter().filter_map(grown).collect()
    }
}
