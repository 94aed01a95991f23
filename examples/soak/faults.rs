//! Faults: boards lose their power, move, hang and restart, and are mended.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use fleet::LinkState;
use serde_json::json;

use crate::{board::Trouble, director::Director, figures::Figures, rpc};

/// A silent board is shown as stale after 15 s; the rest is for a loaded
/// machine.
const SHOWN_SILENT: Duration = Duration::from_secs(22);

impl Director {
    /// A fault, at a board that has none.
    pub(crate) fn fault(&mut self, now: Instant, end: Instant) -> Result<(), Box<dyn Error>> {
        let at = self.chance.usize(..self.boards.len());
        let longest = end.saturating_duration_since(now).as_secs_f64();
        // Mostly short, seldom long, so that the deadlines are met from both
        // sides.
        let lasts = Duration::from_secs_f64((70.0 * self.chance.f64().powi(3) + 0.05).min(longest));
        let until = now + lasts;
        let keeps_power = self.bench.keeps_power(at);
        let kind = match self.chance.u8(..10) {
            0..=3 | 9 if keeps_power => 4,
            kind => kind,
        };
        let Some(board) = self
            .boards
            .get_mut(at)
            .filter(|board| board.trouble == Trouble::None)
        else {
            return Ok(());
        };
        match kind {
            0..=3 => {
                board.lost_power(now);
                if self.bench.stop(&board.id)? {
                    board.trouble = Trouble::NoPower { since: now, until };
                    Figures::one(&mut self.figures.faults, "power lost");
                }
            }
            4..=7 => {
                if self.bench.hold(&board.id)? {
                    board.trouble = Trouble::Hangs { since: now, until };
                    Figures::one(&mut self.figures.faults, "hangs, half open");
                }
            }
            8 => {
                // A sudden restart; what is stored survives.
                board.restarts();
                let _ = rpc::call(board.address, "Device.Reboot", &json!({}));
                Figures::one(&mut self.figures.faults, "restart by another controller");
            }
            _ => {
                board.lost_power(now);
                if self.bench.stop(&board.id)? {
                    Figures::one(&mut self.figures.faults, "power lost for a moment");
                    self.power_on(at, false)?;
                }
            }
        }
        Ok(())
    }

    /// Ends the faults that are due.
    pub(crate) fn mend(&mut self, over: impl Fn(&Trouble) -> bool) -> Result<(), Box<dyn Error>> {
        for at in 0..self.boards.len() {
            let keeps_power = self.bench.keeps_power(at);
            let Some(board) = self.boards.get_mut(at).filter(|board| over(&board.trouble)) else {
                continue;
            };
            match board.trouble {
                Trouble::None => {}
                Trouble::NoPower { .. } => {
                    let elsewhere = self.chance.bool();
                    self.power_on(at, elsewhere)?;
                }
                Trouble::Hangs { since, .. } if self.chance.u8(..4) == 0 && !keeps_power => {
                    // It never recovers: its power is cut. What it did while it
                    // hung was not stored.
                    board.lost_power(since);
                    if !self.bench.stop(&board.id)? {
                        return Err(format!("{} kept its power", board.id).into());
                    }
                    Figures::one(&mut self.figures.faults, "hangs, then power lost");
                    self.power_on(at, false)?;
                }
                Trouble::Hangs { .. } => {
                    self.bench.release(&board.id)?;
                    board.trouble = Trouble::None;
                }
            }
        }
        Ok(())
    }

    fn power_on(&mut self, at: usize, elsewhere: bool) -> Result<(), Box<dyn Error>> {
        let Some(board) = self.boards.get_mut(at) else {
            return Ok(());
        };
        let here = if elsewhere {
            None
        } else {
            self.bench.power_on(&board.id)?
        };
        // Another process may have its port by now.
        let address = match here {
            Some(address) => address,
            None => {
                Figures::one(&mut self.figures.faults, "comes back on another port");
                self.bench.power_on_elsewhere(&board.id)?
            }
        };
        board.address = address;
        board.trouble = Trouble::None;
        for witness in &self.witnesses {
            witness.moved(&board.id, address);
        }
        Ok(())
    }

    /// A board that is silent or gone must not be shown as connected for long.
    pub(crate) fn look(&mut self) {
        for board in &self.boards {
            let (since, what) = match board.trouble {
                Trouble::None => continue,
                Trouble::NoPower { since, .. } => (since, "without power"),
                Trouble::Hangs { since, .. } => (since, "hanging"),
            };
            let link = self.fleet.board(board.key).map(|view| view.link.clone());
            if since.elapsed() > SHOWN_SILENT && link == Some(LinkState::Connected) {
                self.figures.mismatch(&format!(
                    "{} is shown as connected, {what} for {:?}",
                    board.id,
                    since.elapsed()
                ));
            }
        }
    }
}
