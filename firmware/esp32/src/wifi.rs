//! The radio as a station of one network. When it joins, rests and is given up
//! is decided in `embedded::station`.

use alloc::{borrow::ToOwned, boxed::Box, vec::Vec};
use core::{cell::Cell, net::SocketAddr, time::Duration};

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_net::Stack;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, channel::Channel, signal::Signal};
use embassy_time::{Instant, Timer, with_timeout};
use embedded::station::{Event, JOIN_WITHIN, Station, Step};
use esp_hal::{peripherals::WIFI, rng::Rng};
use esp_radio::wifi::{
    AuthenticationMethod, AuthenticationMethodConfig, Config, ConnectionError, ControllerConfig,
    CountryInfo, PowerSaveMode, WifiController, WifiError, ap::AccessPointInfo, scan::ScanConfig,
    sta::StationConfig,
};
use log::{error, info, warn};
use protocol::improv;
use storage::Wifi;

use crate::panic;

/// "01" is the world-safe mode of ESP-IDF, for a board whose country nobody has
/// told. esp-radio scans channels 1 to 13 all the same; where 12 and 13 are not
/// allowed (USA), set the country here.
const COUNTRY: [u8; 2] = *b"01";

/// Asleep between beacons, the radio would be told of frames only every 100 ms
/// and more, and would miss multicast, with which it is found. A board that
/// lights an LED has the 100 mA.
const POWER_SAVE: PowerSaveMode = PowerSaveMode::None;

/// How often the signal strength is looked at.
const LOOK_AFTER: embassy_time::Duration = embassy_time::Duration::from_secs(10);

/// What the radio has to tell those who wait for it.
pub(crate) enum News {
    /// The board can be reached here.
    Address(SocketAddr),
    /// It cannot be reached any more.
    NoAddress,
    /// The network could not be joined.
    Refused,
    /// What a scan found; `None` where it failed.
    Scanned(Option<Vec<improv::Network>>),
}

/// The radio as its users share it.
pub(crate) struct Air {
    network: Signal<NoopRawMutex, Option<Wifi>>,
    scan: Signal<NoopRawMutex, ()>,
    news: Channel<NoopRawMutex, News, 8>,
    rssi: Cell<Option<i8>>,
}

impl Air {
    /// Joins this network from now on; `None` is none. What there was to tell
    /// of another one is not told any more.
    pub(crate) fn join(&self, network: Option<Wifi>) {
        self.news.clear();
        self.network.signal(network);
    }

    /// Looks which networks there are, and tells by [`News::Scanned`].
    pub(crate) fn scan(&self) {
        self.scan.signal(());
    }

    /// Waits for the next thing to tell.
    pub(crate) async fn news(&self) -> News {
        self.news.receive().await
    }

    /// Tells something. Where nobody asks, the oldest is forgotten.
    pub(crate) fn tell(&self, news: News) {
        if self.news.is_full() {
            let _ = self.news.try_receive();
        }
        let _ = self.news.try_send(news);
    }

    /// How strong the network is, in dBm; `None` where none is joined.
    pub(crate) fn rssi(&self) -> Option<i8> {
        self.rssi.get()
    }
}

/// Starts the radio.
///
/// # Errors
/// Where it does not start: out of memory, most likely.
pub(crate) fn start(
    radio: WIFI<'static>,
) -> Result<(WifiController<'static>, &'static Air), WifiError> {
    // Each buffer is 1.6 kB of the heap. A board exchanges short messages: half
    // of the usual number bounds what a burst can take.
    let config = ControllerConfig::default()
        .with_country_info(CountryInfo::from(COUNTRY))
        .with_static_rx_buf_num(6)
        .with_dynamic_rx_buf_num(12)
        .with_dynamic_tx_buf_num(12);
    let mut controller = WifiController::new(radio, config)?;
    controller.set_power_saving(POWER_SAVE)?;
    let air = Air {
        network: Signal::new(),
        scan: Signal::new(),
        news: Channel::new(),
        rssi: Cell::new(None),
    };
    Ok((controller, Box::leak(Box::new(air))))
}

/// Joins what it is told to join, and stays in it.
#[embassy_executor::task]
pub(crate) async fn stay(
    mut controller: WifiController<'static>,
    stack: Stack<'static>,
    air: &'static Air,
    random: Rng,
) {
    let mut station = Station::new();
    let mut network = None;
    let mut had_address = false;
    loop {
        let happened = match station.next(now()) {
            Step::Join => match select(
                join(&mut controller, air, network.as_ref()),
                air.network.wait(),
            )
            .await
            {
                Either::First(event) => event,
                Either::Second(told) => Happened::Told(told),
            },
            Step::Leave => {
                leave(&mut controller).await;
                continue;
            }
            Step::Reset => panic::fail(format_args!("the radio does not answer any more")),
            Step::Wait(until) => {
                air.rssi.set(rssi(&controller));
                let other = select3(
                    air.network.wait(),
                    air.scan.wait(),
                    select(sleep(until), Timer::after(LOOK_AFTER)),
                );
                let wait = watch(&controller, station.has_joined(), stack, &mut had_address);
                match select(wait, other).await {
                    Either::First(event) => Happened::Event(event),
                    Either::Second(Either3::First(told)) => Happened::Told(told),
                    Either::Second(Either3::Second(())) => {
                        air.tell(News::Scanned(scan(&mut controller).await));
                        continue;
                    }
                    Either::Second(Either3::Third(_)) => continue,
                }
            }
        };
        let event = match happened {
            Happened::Event(event) => event,
            Happened::Told(told) => {
                network = told;
                if network.is_some() {
                    Event::Network
                } else {
                    Event::NoNetwork
                }
            }
        };
        station.handle(now(), event, random.random());
    }
}

enum Happened {
    Event(Event),
    /// There is another network to join, or none.
    Told(Option<Wifi>),
}

async fn join(
    controller: &mut WifiController<'static>,
    air: &Air,
    network: Option<&Wifi>,
) -> Happened {
    // The station joins only what it was told.
    let Some(network) = network else {
        return Happened::Event(Event::NoNetwork);
    };
    let configured = config(network).and_then(|config| controller.set_config(&config));
    if let Err(error) = configured {
        warn!("the radio does not take the network {network:?}: {error:?}");
        air.tell(News::Refused);
        return Happened::Event(Event::Refused);
    }
    info!("joins {network:?}");
    let limit = embassy_time::Duration::from_secs(JOIN_WITHIN.as_secs());
    Happened::Event(
        match with_timeout(limit, controller.connect_async()).await {
            Ok(Ok(joined)) => {
                info!("has joined {network:?} on channel {}", joined.channel);
                Event::Joined
            }
            Ok(Err(ConnectionError::Failed(refusal))) => {
                warn!("cannot join {network:?}: {:?}", refusal.reason);
                air.tell(News::Refused);
                Event::Refused
            }
            Ok(Err(error)) => {
                error!("the radio: {error:?}");
                Event::Fault
            }
            Err(_) => {
                error!("the radio does not answer");
                Event::Fault
            }
        },
    )
}

fn config(wifi: &Wifi) -> Result<Config, WifiError> {
    let authentication = if wifi.password().is_empty() {
        AuthenticationMethodConfig::Open
    } else {
        // The least that is accepted. WEP and the first WPA are broken.
        AuthenticationMethodConfig::Wpa2Personal(wifi.password().try_into()?)
    };
    Ok(Config::Station(
        StationConfig::default()
            .with_ssid(wifi.ssid().try_into()?)
            .with_authentication(authentication),
    ))
}

async fn leave(controller: &mut WifiController<'static>) {
    let limit = embassy_time::Duration::from_secs(5);
    match with_timeout(limit, controller.disconnect_async()).await {
        Ok(Ok(_) | Err(WifiError::NotConnected)) => {}
        Ok(Err(error)) => error!("the radio: {error:?}"),
        Err(_) => error!("the radio does not leave its network"),
    }
}

/// Waits until the network or the address comes or goes.
async fn watch(
    controller: &WifiController<'static>,
    joined: bool,
    stack: Stack<'static>,
    had_address: &mut bool,
) -> Event {
    let lost = async {
        if joined {
            // At once, where it was lost in between.
            let lost = controller.wait_for_disconnect_async().await;
            warn!("the network is gone: {:?}", lost.map(|lost| lost.reason));
        } else {
            core::future::pending::<()>().await;
        }
    };
    let address = async {
        if *had_address {
            stack.wait_config_down().await;
        } else {
            stack.wait_config_up().await;
        }
    };
    match select(lost, address).await {
        Either::First(()) => Event::Lost,
        Either::Second(()) => {
            *had_address = !*had_address;
            if *had_address {
                Event::Address
            } else {
                Event::NoAddress
            }
        }
    }
}

fn rssi(controller: &WifiController<'static>) -> Option<i8> {
    controller
        .is_connected()
        .then(|| controller.rssi().ok()?.try_into().ok())
        .flatten()
}

async fn sleep(until: Option<Duration>) {
    match until {
        Some(until) => {
            Timer::at(Instant::from_micros(
                u64::try_from(until.as_micros()).unwrap_or(u64::MAX),
            ))
            .await
        }
        None => core::future::pending().await,
    }
}

fn now() -> Duration {
    Duration::from_micros(Instant::now().as_micros())
}

async fn scan(controller: &mut WifiController<'static>) -> Option<Vec<improv::Network>> {
    // As many as are named at most, and some that have one name.
    let config = ScanConfig::default().with_max(48);
    match controller.scan_async(&config).await {
        Ok(found) => Some(found.iter().map(network).collect()),
        Err(error) => {
            warn!("the radio does not look around: {error:?}");
            None
        }
    }
}

fn network(found: &AccessPointInfo) -> improv::Network {
    let locked = found
        .auth_method
        .is_some_and(|method| method != AuthenticationMethod::None);
    improv::Network {
        ssid: found.ssid.as_str().to_owned(),
        rssi: found.signal_strength,
        locked,
    }
}
