//! What a bridge tells the person who runs it.

use std::{fmt, net::SocketAddr};

use fleet::{BrokerAddress, LOGIN_ADVICE};
use mqtt::Problem;

use crate::Shard;

/// A sentence about the bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// There is no connection to the broker.
    Waiting {
        /// The broker.
        broker: BrokerAddress,
        /// Why not.
        problem: Problem,
    },
    /// The broker accepted this bridge.
    Connected {
        /// The broker.
        broker: BrokerAddress,
    },
    /// This bridge publishes the boards of its shard.
    Active {
        /// The shard.
        shard: Shard,
        /// Where its topics begin.
        site: String,
    },
    /// Another bridge publishes them.
    StandingBy {
        /// The other bridge.
        holder: String,
        /// The shard.
        shard: Shard,
    },
    /// Prometheus can read metrics.
    Metrics {
        /// Where.
        address: SocketAddr,
    },
    /// Another bridge has the same name.
    SameName {
        /// The name.
        name: String,
    },
    /// The broker does not deliver this bridge's own message.
    NotDelivered {
        /// Its topic.
        topic: String,
        /// What the user must be allowed to read and write.
        filters: String,
    },
    /// The broker refused a subscription.
    SubscriptionRefused {
        /// Its filter.
        filter: String,
    },
    /// Another bridge of the site uses a different number of shards.
    OtherCount {
        /// The other bridge.
        bridge: String,
        /// Its shard.
        theirs: String,
        /// This bridge's shard.
        shard: Shard,
    },
    /// A message was ignored or not published.
    Message(String),
    /// This many events and replies were not published: the broker was away or
    /// too slow.
    Dropped(u64),
}

impl Notice {
    /// Whether someone may have to do something.
    pub fn is_problem(&self) -> bool {
        !matches!(
            self,
            Self::Connected { .. }
                | Self::Active { .. }
                | Self::StandingBy { .. }
                | Self::Metrics { .. }
        )
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting { broker, problem } => {
                let dot = if problem.to_string().ends_with('.') {
                    ""
                } else {
                    "."
                };
                let advice = match problem.is_login() {
                    true => format!(" {LOGIN_ADVICE}"),
                    false => String::new(),
                };
                write!(
                    formatter,
                    "Waiting for the broker at {broker}: {problem}{dot}{advice} Retrying."
                )
            }
            Self::Connected { broker } => write!(formatter, "Connected to the broker at {broker}."),
            Self::Active { shard, site } => write!(
                formatter,
                "Active: this bridge publishes the boards of shard {shard} below {site}/."
            ),
            Self::StandingBy { holder, shard } => write!(
                formatter,
                "Standing by: the bridge {holder:?} is active on shard {shard}."
            ),
            Self::Metrics { address } => write!(
                formatter,
                "Prometheus can read metrics at http://{address}/metrics."
            ),
            Self::SameName { name } => write!(
                formatter,
                "Another bridge with the name {name:?} seems to be connected to this broker, \
                 and each disconnects the other. Give each bridge its own name with --name."
            ),
            Self::NotDelivered { topic, filters } => write!(
                formatter,
                "The broker accepted a message on {topic} but did not deliver it. Its access \
                 control list probably denies this user access: allow the user to read and write \
                 {filters}."
            ),
            Self::SubscriptionRefused { filter } => write!(
                formatter,
                "The broker refused the subscription to {filter}. Retrying. If that does not \
                 help, allow this user to read it in the broker's access control list."
            ),
            Self::OtherCount {
                bridge,
                theirs,
                shard,
            } => write!(
                formatter,
                "The bridge {bridge:?} has shard {theirs}, this one {shard}. All bridges of a \
                 site must use the same number of shards, otherwise boards are published twice or \
                 not at all."
            ),
            Self::Message(text) => formatter.write_str(text),
            Self::Dropped(count) => {
                let what = match count {
                    1 => "event or reply was",
                    _ => "events and replies were",
                };
                write!(
                    formatter,
                    "{count} {what} not published, because the broker was away or too slow. \
                     States are not affected."
                )
            }
        }
    }
}
