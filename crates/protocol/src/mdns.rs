//! What a board says of itself by mDNS (RFC 6762) and DNS-SD (RFC 6763): the
//! service and its TXT record.

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};

/// The service type with its domain, as mdns-sd wants it.
pub const SERVICE: &str = "_switchboard._tcp.local.";

/// The service's name, as edge-mdns wants it.
pub const SERVICE_NAME: &str = "_switchboard";

/// The service's transport.
pub const SERVICE_TRANSPORT: &str = "_tcp";

/// The keys of the TXT record, in the order in which they are sent (RFC 6763,
/// section 6.4: at most nine characters is advice; ESPHome's `friendly_name`
/// and `api_encryption` are kept for those who know them).
pub mod key {
    /// The version of this record: [`super::TXT_VERSION`]. First, as RFC 6763,
    /// section 6.7 asks.
    pub const TXTVERS: &str = "txtvers";
    /// The board's id.
    pub const ID: &str = "id";
    /// The hardware address.
    pub const MAC: &str = "mac";
    /// The board's name.
    pub const FRIENDLY_NAME: &str = "friendly_name";
    /// The firmware's version.
    pub const VERSION: &str = "version";
    /// What it runs on.
    pub const PLATFORM: &str = "platform";
    /// The product or development board.
    pub const BOARD: &str = "board";
    /// The major version of the wire.
    pub const PROTO: &str = "proto";
    /// Where the control channel is: [`crate::RPC_PATH`]. Told, and never
    /// connected to otherwise.
    pub const PATH: &str = "path";
    /// How a locked board encrypts; absent on an open one.
    pub const API_ENCRYPTION: &str = "api_encryption";
}

/// The version of the TXT record.
pub const TXT_VERSION: &str = "1";

/// The TXT record of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// See [`key::ID`].
    pub id: String,
    /// See [`key::MAC`].
    pub mac: String,
    /// See [`key::FRIENDLY_NAME`].
    pub friendly_name: String,
    /// See [`key::VERSION`].
    pub version: String,
    /// See [`key::PLATFORM`].
    pub platform: String,
    /// See [`key::BOARD`].
    pub board: String,
    /// See [`key::PROTO`].
    pub proto: u32,
    /// See [`key::PATH`].
    pub path: String,
    /// See [`key::API_ENCRYPTION`].
    pub api_encryption: Option<String>,
}

/// Why a TXT record is no announcement of a board.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TxtError {
    /// Nothing can be done without these.
    #[error("the announcement lacks {0}")]
    Missing(&'static str),
    /// The id is not an id of a board.
    #[error(transparent)]
    BadId(#[from] crate::BoardIdError),
    /// Not a whole number.
    #[error("the announcement's proto is a whole number; this is {0:?}")]
    BadProto(String),
}

impl Announcement {
    /// The record's pairs, in the order of [`key`].
    pub fn to_txt(&self) -> Vec<(&'static str, String)> {
        let mut pairs = alloc::vec![
            (key::TXTVERS, TXT_VERSION.to_owned()),
            (key::ID, self.id.clone()),
            (key::MAC, self.mac.clone()),
            (key::FRIENDLY_NAME, self.friendly_name.clone()),
            (key::VERSION, self.version.clone()),
            (key::PLATFORM, self.platform.clone()),
            (key::BOARD, self.board.clone()),
            (key::PROTO, self.proto.to_string()),
            (key::PATH, self.path.clone()),
        ];
        if let Some(encryption) = &self.api_encryption {
            pairs.push((key::API_ENCRYPTION, encryption.clone()));
        }
        pairs
    }

    /// Reads a record by its keys, which are compared without case (RFC 6763,
    /// section 6.4). What only informs may be missing.
    ///
    /// # Errors
    /// [`TxtError`] where `id` or `proto` is missing, `id` is no
    /// [`crate::board_id`], or `proto` is no number.
    pub fn from_txt<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, TxtError> {
        let pairs: Vec<_> = pairs.into_iter().collect();
        // RFC 6763, section 6.4: of a key that appears twice only the first
        // counts.
        let find = |key: &str| {
            pairs
                .iter()
                .find(|(k, _)| k.eq_ignore_ascii_case(key))
                .map(|(_, value)| (*value).to_owned())
        };
        let id = find(key::ID)
            .filter(|id| !id.is_empty())
            .ok_or(TxtError::Missing(key::ID))?;
        crate::board_id(&id)?;
        let proto = find(key::PROTO).ok_or(TxtError::Missing(key::PROTO))?;
        Ok(Self {
            mac: find(key::MAC).unwrap_or_default(),
            friendly_name: find(key::FRIENDLY_NAME).unwrap_or_else(|| id.clone()),
            version: find(key::VERSION).unwrap_or_default(),
            platform: find(key::PLATFORM).unwrap_or_default(),
            board: find(key::BOARD).unwrap_or_default(),
            proto: proto.parse().map_err(|_| TxtError::BadProto(proto))?,
            path: find(key::PATH).unwrap_or_else(|| crate::RPC_PATH.to_owned()),
            api_encryption: find(key::API_ENCRYPTION),
            id,
        })
    }
}
