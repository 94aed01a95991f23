//! Many doubles of one family at once, for a demo and for measurements.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Serialize;

use crate::{
    Announce, Shelly, ShellyOptions, StartError, Wled, WledOptions,
    shelly::Model,
    wled::{Chip, Palettes},
};

/// A family with a double.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ForeignFamily {
    /// Shelly Gen2 and later.
    Shelly,
    /// WLED.
    Wled,
}

/// Doubles to start.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardsOptions {
    /// The family.
    pub family: ForeignFamily,
    /// The number of boards.
    pub boards: usize,
    /// The kind of Shelly; `None`, the default, is one after the other of those
    /// that can be connected to.
    pub model: Option<Model>,
    /// The address to listen on. Default: loopback.
    pub bind: IpAddr,
    /// The first board's port; the others use the following ones. 0, the
    /// default, is any free port.
    pub port: u16,
    /// What is common to all; the rest is set for each board.
    pub shelly: ShellyOptions,
    /// What is common to all; the rest is set for each board.
    pub wled: WledOptions,
}

impl BoardsOptions {
    /// So many boards that are announced and live, as for a demo.
    pub fn demo(family: ForeignFamily, boards: usize) -> Self {
        Self {
            family,
            boards,
            model: None,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            shelly: ShellyOptions {
                announce: Announce::Family,
                world: true,
                update: Some("2.0.1".to_owned()),
                ..ShellyOptions::default()
            },
            wled: WledOptions {
                announce: Announce::Family,
                world: true,
                ..WledOptions::default()
            },
        }
    }
}

/// A double that listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listening {
    /// The id that Switchboard gives it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The address that it listens on.
    pub address: SocketAddr,
}

/// Doubles of one family.
pub enum ForeignBoards {
    /// With the name of each.
    Shelly(Vec<(String, Shelly)>),
    /// With the name of each.
    Wled(Vec<(String, Wled)>),
}

const ROOMS: [&str; 6] = ["Kitchen", "Hall", "Desk", "Bedroom", "Workshop", "Garden"];

impl ForeignBoards {
    /// Starts all boards; they listen when this returns.
    ///
    /// # Errors
    /// If one cannot listen, or mDNS cannot be started: then none runs.
    pub fn start(options: &BoardsOptions) -> Result<Self, StartError> {
        // If that is refused, a board that cannot listen reports it.
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let addresses = addresses(options)?;
        let mac = macs();
        let named = |index: usize, kind: &str| {
            let room = ROOMS.get(index % ROOMS.len()).copied().unwrap_or("Room");
            match index / ROOMS.len() {
                0 => format!("{room} {kind}"),
                round => format!("{room} {kind} {}", round + 1),
            }
        };
        match options.family {
            ForeignFamily::Shelly => {
                let boards = addresses.into_iter().enumerate().map(|(index, bind)| {
                    let model = options.model.unwrap_or_else(|| model(index));
                    let name = named(index, kind(model));
                    let shelly = Shelly::start(ShellyOptions {
                        model,
                        bind,
                        mac: Some(mac(index)),
                        name: Some(name.clone()),
                        ..options.shelly.clone()
                    })?;
                    Ok((name, shelly))
                });
                Ok(Self::Shelly(boards.collect::<Result<_, StartError>>()?))
            }
            ForeignFamily::Wled => {
                let boards = addresses.into_iter().enumerate().map(|(index, bind)| {
                    let name = named(index, "strip");
                    let wled = Wled::start(WledOptions {
                        name: name.clone(),
                        bind,
                        mac: Some(mac(index)),
                        ..strip(index, &options.wled)
                    })?;
                    Ok((name, wled))
                });
                Ok(Self::Wled(boards.collect::<Result<_, StartError>>()?))
            }
        }
    }

    /// All boards, in the order in which they were started.
    pub fn list(&self) -> Vec<Listening> {
        let listening = |name: &String, id: &str, address| Listening {
            id: id.to_owned(),
            name: name.clone(),
            address,
        };
        match self {
            Self::Shelly(boards) => boards
                .iter()
                .map(|(name, board)| listening(name, board.id(), board.address()))
                .collect(),
            Self::Wled(boards) => boards
                .iter()
                .map(|(name, board)| listening(name, board.id(), board.address()))
                .collect(),
        }
    }
}

/// MAC addresses that differ in their last bytes, which are in a WLED's mDNS
/// name.
fn macs() -> impl Fn(usize) -> [u8; 6] {
    let mut random = fastrand::Rng::new();
    let middle: [u8; 3] = [random.u8(..), random.u8(..), random.u8(..)];
    move |index| {
        let [.., high, low] = index.to_be_bytes();
        let [a, b, c] = middle;
        // Locally administered, for one device.
        [0x02, a, b, c, high, low]
    }
}

fn addresses(options: &BoardsOptions) -> Result<Vec<SocketAddr>, StartError> {
    let too_many = StartError::Ports {
        port: options.port,
        boards: options.boards,
    };
    let last = usize::from(options.port) + options.boards;
    if options.port != 0 && last > usize::from(u16::MAX) + 1 {
        return Err(too_many);
    }
    let port = |index: usize| match options.port {
        0 => 0,
        first => first.saturating_add(u16::try_from(index).unwrap_or(u16::MAX)),
    };
    Ok((0..options.boards)
        .map(|index| SocketAddr::new(options.bind, port(index)))
        .collect())
}

/// One after the other of those that can be connected to.
fn model(index: usize) -> Model {
    let models: Vec<Model> = Model::ALL
        .into_iter()
        .filter(|model| !model.is_battery_powered())
        .collect();
    models
        .get(index % models.len().max(1))
        .copied()
        .unwrap_or_default()
}

const fn kind(model: Model) -> &'static str {
    match model {
        Model::Plus2Pm => "sockets",
        Model::Plus2PmCover => "blind",
        Model::DimmerG3 => "lamp",
        Model::PlusRgbwPm => "color light",
        Model::PlusI4 => "buttons",
        Model::HtG3 => "climate",
        Model::Everything => "everything",
    }
}

/// Strips that differ: the second has two segments, the third white LEDs, the
/// fourth a small chip.
fn strip(index: usize, common: &WledOptions) -> WledOptions {
    let common = common.clone();
    match index % 4 {
        1 => WledOptions {
            segments: common.segments.max(2),
            leds: common.leds.max(120),
            ..common
        },
        2 => WledOptions {
            white: true,
            ..common
        },
        3 => WledOptions {
            chip: Chip::Esp8266,
            palettes: Palettes::Null,
            ..common
        },
        _ => common,
    }
}
