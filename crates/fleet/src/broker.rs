//! MQTT brokers from which boards are taken: how they are given, and how they
//! are doing.

use std::{fmt, sync::Arc};

use address::BrokerAddress;
use zeroize::Zeroizing;

/// The prefix of bridges' topics, unless another is configured.
pub const PREFIX: &str = "switchboard";

/// What follows from access rules, and what to do.
const NOT_FOUND: &str = "Boards on these topics cannot be found. To allow it, change the broker's \
                         access rules.";

/// A broker from which boards are taken.
#[derive(Clone, PartialEq, Eq)]
pub struct Broker {
    /// Where it is, and as which user.
    pub address: BrokerAddress,
    /// The user's password.
    pub password: Option<Zeroizing<String>>,
    /// The prefix of the topics of bridges.
    pub prefix: String,
}

impl Broker {
    /// A broker without a password, with bridges at the usual topics.
    pub fn new(address: BrokerAddress) -> Self {
        Self {
            address,
            password: None,
            prefix: PREFIX.to_owned(),
        }
    }

    /// The id under which its password is kept among those of boards.
    pub fn credential_id(address: &BrokerAddress) -> String {
        let hash = fnv_1a(address.to_string().as_bytes());
        format!("broker-{hash:016x}")
    }

    /// Its name among the brokers.
    pub fn name(&self) -> Arc<str> {
        self.address.to_string().into()
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Broker({})", self.address)
    }
}

/// A broker, for display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerStatus {
    /// Where it is.
    pub address: BrokerAddress,
    /// Whether it can be used.
    pub state: BrokerState,
    /// How many boards were found on it.
    pub boards: usize,
    /// Topics that its access rules refuse; at most 8.
    pub refused: Vec<String>,
}

impl BrokerStatus {
    /// What is wrong with it, as sentences that name it; `None` if nothing is.
    pub fn problem(&self) -> Option<String> {
        let address = &self.address;
        Some(match &self.state {
            BrokerState::Failed { problem, .. } => {
                format!("Could not use the broker {address}: {problem}.")
            }
            _ => format!("The broker {address} {}", self.refusal()?),
        })
    }

    /// The same where its address is shown already.
    pub fn reason(&self) -> Option<String> {
        Some(match &self.state {
            BrokerState::Failed { problem, .. } => format!("{problem}."),
            _ => format!("it {}", self.refusal()?),
        })
    }

    /// What its access rules refuse, what follows, and what to do.
    fn refusal(&self) -> Option<String> {
        let refused = self.refused.join(", ");
        (!refused.is_empty()).then(|| format!("does not let this user read {refused}. {NOT_FOUND}"))
    }

    /// Whether it refuses the user or the password.
    pub fn refuses_login(&self) -> bool {
        matches!(
            self.state,
            BrokerState::Failed {
                refuses_login: true,
                ..
            }
        )
    }
}

/// Whether a broker can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerState {
    /// It is connected to for the first time.
    Connecting,
    /// It can.
    Connected,
    /// It cannot; it is tried again.
    Failed {
        /// Why.
        problem: String,
        /// It refuses the user or the password.
        refuses_login: bool,
    },
}

/// FNV-1a with 64 bits (draft-eastlake-fnv). Part of the interface: every
/// bridge of a site must divide the boards alike, and passwords are kept under
/// it.
pub fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
