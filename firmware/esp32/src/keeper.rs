//! What the board keeps in its flash: `storage` over this chip's.

use alloc::{boxed::Box, vec::Vec};

use board::Retained;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, mutex::Mutex};
use log::{error, info, warn};
use storage::{Blocking, Found, Storage, Wifi};

use crate::{Board, flash::Flash};

/// The partition of `partitions.csv`.
const PARTITION: &str = "kept";

/// What keeps. Without a partition for it the board runs, and keeps nothing.
pub(crate) struct Keeper(Option<Mutex<NoopRawMutex, Storage<Blocking<Flash>>>>);

impl Keeper {
    /// Opens what is kept, and reads what the board and its Wi-Fi are.
    pub(crate) async fn open(flash: Flash) -> (&'static Self, Vec<Retained>, Option<Wifi>) {
        let opened = async {
            let range = flash.partition(PARTITION)?;
            match Storage::open(Blocking(flash), range).await {
                Ok(opened) => Some(opened),
                Err(error) => {
                    error!("nothing is kept: {error}");
                    None
                }
            }
        };
        let Some((mut storage, found)) = opened.await else {
            return (Box::leak(Box::new(Self(None))), Vec::new(), None);
        };
        match found {
            Found::Nothing => info!("nothing was kept yet"),
            Found::Entries => {}
            Found::Newer(_) | Found::Garbage => warn!("what is kept cannot be read: {found:?}"),
        }
        let retained = storage.retained().await.unwrap_or_else(|error| {
            error!("what is kept cannot be read: {error}");
            Vec::new()
        });
        let wifi = storage.wifi().await.unwrap_or_else(|error| {
            error!("the Wi-Fi that is kept cannot be read: {error}");
            None
        });
        (
            Box::leak(Box::new(Self(Some(Mutex::new(storage))))),
            retained,
            wifi,
        )
    }

    /// Keeps the Wi-Fi that is to be used. Answers whether it will be there
    /// after a reset.
    pub(crate) async fn keep_wifi(&self, wifi: &Wifi) -> bool {
        let Some(storage) = &self.0 else { return false };
        match storage.lock().await.set_wifi(Some(wifi)).await {
            Ok(()) => true,
            Err(error) => {
                error!("the Wi-Fi cannot be kept: {error}");
                false
            }
        }
    }
}

/// Keeps what the board hands out, for ever.
#[embassy_executor::task]
pub(crate) async fn keep(keeper: &'static Keeper, board: &'static Board) {
    let Some(storage) = &keeper.0 else { return };
    board
        .keep(async |unsaved| {
            let saved = storage.lock().await.save(unsaved).await;
            if let Err(error) = &saved {
                error!("cannot keep what changed: {error}");
            }
            saved
        })
        .await;
}
