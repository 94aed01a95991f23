//! How a board announces itself by mDNS (RFC 6762) and DNS-SD (RFC 6763): the
//! service and its TXT record.

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use crate::Quoted;

/// The service type with its domain, as mdns-sd expects it.
pub const SERVICE: &str = "_switchboard._tcp.local.";

/// The service name, as edge-mdns expects it.
pub const SERVICE_NAME: &str = "_switchboard";

/// The transport of the service.
pub const SERVICE_TRANSPORT: &str = "_tcp";

/// The keys of the TXT record, in the order in which they are sent. RFC 6763,
/// section 6.4 recommends at most nine characters; `friendly_name` and
/// `api_encryption` are ESPHome's names.
pub mod key {
    /// The version of this record: [`super::TXT_VERSION`]. First, as RFC 6763,
    /// section 6.7 recommends.
    pub const TXTVERS: &str = "txtvers";
    /// The board's id.
    pub const ID: &str = "id";
    /// The hardware address.
    pub const MAC: &str = "mac";
    /// The board's name.
    pub const FRIENDLY_NAME: &str = "friendly_name";
    /// The firmware's version.
    pub const VERSION: &str = "version";
    /// What the board runs on.
    pub const PLATFORM: &str = "platform";
    /// The product or development board.
    pub const BOARD: &str = "board";
    /// The major version of the protocol.
    pub const PROTO: &str = "proto";
    /// The path of the control channel: [`crate::RPC_PATH`]. Controllers do not
    /// connect to any other.
    pub const PATH: &str = "path";
    /// How a locked board encrypts; absent on an open board.
    pub const API_ENCRYPTION: &str = "api_encryption";
}

/// The version of the TXT record.
pub const TXT_VERSION: &str = "1";

/// The TXT record of a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// A TXT record is not the announcement of a board.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TxtError {
    /// A required key is missing.
    #[error("the announcement lacks {0}")]
    Missing(&'static str),
    /// The id is invalid.
    #[error(transparent)]
    BadId(#[from] crate::BoardIdError),
    /// The version is not a whole number.
    #[error("the announcement's proto must be a whole number; got {}", Quoted(.0))]
    BadProto(String),
}

impl Announcement {
    /// The key-value pairs, in the order of [`key`].
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

    /// Parses a record. Keys are case-insensitive (RFC 6763, section 6.4). Keys
    /// that are only informative may be missing.
    ///
    /// # Errors
    /// [`TxtError`] if `id` or `proto` is missing, `id` is not a valid
    /// [`crate::board_id`], or `proto` is not a number.
    pub fn from_txt<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, TxtError> {
        let pairs: Vec<_> = pairs.into_iter().collect();
        // RFC 6763, section 6.4: if a key appears twice, only the first one
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
