//! What a board saves in its flash, as its tasks share it.

use alloc::vec::Vec;
use core::{
    fmt::{self, Debug, Display},
    ops::Range,
};

use board::{Hardware, Retained};
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, mutex::Mutex};
use protocol::Level;
use server::{Clock, Shared};
use storage::{Blocking, Found, Storage, Wifi, nor_flash::NorFlash};

/// Where problems are reported.
pub type Report = fn(Level, fmt::Arguments<'_>);

/// A board's storage. A board whose flash cannot be used runs without.
pub struct SavedState<F: NorFlash> {
    storage: Option<Mutex<NoopRawMutex, Storage<Blocking<F>>>>,
    report: Report,
}

/// What was saved before this boot.
#[derive(Debug, Default)]
pub struct Loaded {
    /// For [`Shared::new`].
    pub retained: Vec<Retained>,
    /// The Wi-Fi network to join.
    pub wifi: Option<Wifi>,
}

impl<F: NorFlash> SavedState<F>
where
    F::Error: Debug + Display,
{
    /// Opens this part of the flash and reads the saved state. `None` opens
    /// nothing: such a board saves nothing.
    pub async fn open(flash: F, range: Option<Range<u32>>, report: Report) -> (Self, Loaded) {
        let opened = match range {
            Some(range) => Storage::open(Blocking(flash), range).await.map(Some),
            None => Ok(None),
        };
        let (mut storage, found) = match opened {
            Ok(Some(opened)) => opened,
            Ok(None) => return (Self::none(report), Loaded::default()),
            Err(error) => {
                report(
                    Level::Error,
                    format_args!("cannot open the storage, nothing will be saved: {error}"),
                );
                return (Self::none(report), Loaded::default());
            }
        };
        match found {
            Found::Nothing => report(Level::Info, format_args!("nothing is saved yet")),
            Found::Entries => {}
            Found::Newer(_) | Found::Garbage => report(
                Level::Warn,
                format_args!("cannot read the saved state, the flash contains {found}"),
            ),
        }
        let retained = storage.retained().await.unwrap_or_else(|error| {
            report(
                Level::Error,
                format_args!("cannot read the saved state: {error}"),
            );
            Vec::new()
        });
        let wifi = storage.wifi().await.unwrap_or_else(|error| {
            report(
                Level::Error,
                format_args!("cannot read the saved Wi-Fi network: {error}"),
            );
            None
        });
        let storage = Some(Mutex::new(storage));
        (Self { storage, report }, Loaded { retained, wifi })
    }

    const fn none(report: Report) -> Self {
        Self {
            storage: None,
            report,
        }
    }

    /// Saves what the board retains, forever.
    pub async fn keep<H: Hardware, C: Clock>(&self, board: &Shared<H, C>) {
        let Some(storage) = &self.storage else {
            return;
        };
        board
            .keep(async |unsaved| {
                let saved = storage.lock().await.save(unsaved).await;
                saved.inspect_err(|error| {
                    (self.report)(Level::Error, format_args!("cannot save a change: {error}"));
                })
            })
            .await;
    }

    /// Saves the Wi-Fi network to join; returns whether it will be known after
    /// a reset.
    pub async fn save_wifi(&self, wifi: &Wifi) -> bool {
        let Some(storage) = &self.storage else {
            return false;
        };
        let saved = storage.lock().await.set_wifi(Some(wifi)).await;
        if let Err(error) = &saved {
            (self.report)(
                Level::Error,
                format_args!("cannot save the Wi-Fi network: {error}"),
            );
        }
        saved.is_ok()
    }
}
