//! The radio as a station of one network. When it joins, rests and is given up is decided in `embedded::station`.

use alloc::{boxed::Box, string::String};
use core::{cell::Cell, fmt, time::Duration};

use embassy_futures::select::{Either, Either4, select, select4};
use embassy_net::Stack;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, signal::Signal};
use embassy_time::{Instant, Timer, with_timeout};
use embedded::station::{Event, JOIN_WITHIN, Station, Step};
use esp_hal::{peripherals::WIFI, rng::Rng};
use esp_radio::wifi::{
    AuthenticationMethodConfig, Config, ConnectionError, ControllerConfig, CountryInfo, PowerSaveMode, WifiController,
    WifiError, sta::StationConfig,
};
use log::{error, info, warn};

use crate::panic;

/// "01" is the world-safe mode of ESP-IDF, for a board whose country nobody has told. esp-radio scans channels 1 to 13 all the same;
/// where 12 and 13 are not allowed (USA), set the country here.
const COUNTRY: [u8; 2] = *b"01";

/// Asleep between beacons, the radio would be told of frames only every 100 ms and more, and would miss multicast, with which
/// it is found. A board that lights an LED has the 100 mA.
const POWER_SAVE: PowerSaveMode = PowerSaveMode::None;

/// How often the signal strength is looked at.
const LOOK_AFTER: embassy_time::Duration = embassy_time::Duration::from_secs(10);

/// A network to join.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) ssid: String,
    /// Empty for an open network; otherwise WPA2 or better is asked for.
    pub(crate) password: String,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.ssid)
    }
}

/// The radio as its users share it.
#[derive(Default)]
pub(crate) struct Air {
    network: Signal<NoopRawMutex, Option<Network>>,
    rssi: Cell<Option<i8>>,
}

impl Air {
    #[expect(dead_code, reason = "provisioning and storage, which know networks, are not connected yet")]
    /// Joins this network from now on; `None` is none.
    pub(crate) fn join(&self, network: Option<Network>) {
        self.network.signal(network);
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
pub(crate) fn start(radio: WIFI<'static>) -> Result<(WifiController<'static>, &'static Air), WifiError> {
    // Each buffer is 1.6 kB of the heap. A board exchanges short messages: half of the usual number bounds what a burst can take.
    let config = ControllerConfig::default()
        .with_country_info(CountryInfo::from(COUNTRY))
        .with_static_rx_buf_num(6)
        .with_dynamic_rx_buf_num(12)
        .with_dynamic_tx_buf_num(12);
    let mut controller = WifiController::new(radio, config)?;
    controller.set_power_saving(POWER_SAVE)?;
    Ok((controller, Box::leak(Box::default())))
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
            Step::Join => match select(join(&mut controller, network.as_ref()), air.network.wait()).await {
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
                let wait = watch(&controller, station.has_joined(), stack, &mut had_address);
                match select4(wait, air.network.wait(), sleep(until), Timer::after(LOOK_AFTER)).await {
                    Either4::First(event) => Happened::Event(event),
                    Either4::Second(told) => Happened::Told(told),
                    Either4::Third(()) | Either4::Fourth(()) => continue,
                }
            }
        };
        let event = match happened {
            Happened::Event(event) => event,
            Happened::Told(told) => {
                network = told;
                if network.is_some() { Event::Network } else { Event::NoNetwork }
            }
        };
        station.handle(now(), event, random.random());
    }
}

enum Happened {
    Event(Event),
    /// There is another network to join, or none.
    Told(Option<Network>),
}

async fn join(controller: &mut WifiController<'static>, network: Option<&Network>) -> Happened {
    // The station joins only what it was told.
    let Some(network) = network else { return Happened::Event(Event::NoNetwork) };
    let configured = config(network).and_then(|config| controller.set_config(&config));
    if let Err(error) = configured {
        warn!("the radio does not take the network {network:?}: {error:?}");
        return Happened::Event(Event::Refused);
    }
    info!("joins {network:?}");
    let limit = embassy_time::Duration::from_secs(JOIN_WITHIN.as_secs());
    Happened::Event(match with_timeout(limit, controller.connect_async()).await {
        Ok(Ok(joined)) => {
            info!("has joined {network:?} on channel {}", joined.channel);
            Event::Joined
        }
        Ok(Err(ConnectionError::Failed(refusal))) => {
            warn!("cannot join {network:?}: {:?}", refusal.reason);
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
    })
}

fn config(Network { ssid, password }: &Network) -> Result<Config, WifiError> {
    let authentication = if password.is_empty() {
        AuthenticationMethodConfig::Open
    } else {
        // The least that is accepted. WEP and the first WPA are broken.
        AuthenticationMethodConfig::Wpa2Personal(password.as_str().try_into()?)
    };
    Ok(Config::Station(
        StationConfig::default().with_ssid(ssid.as_str().try_into()?).with_authentication(authentication),
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
            if *had_address { Event::Address } else { Event::NoAddress }
        }
    }
}

fn rssi(controller: &WifiController<'static>) -> Option<i8> {
    controller.is_connected().then(|| controller.rssi().ok()?.try_into().ok()).flatten()
}

async fn sleep(until: Option<Duration>) {
    match until {
        Some(until) => Timer::at(Instant::from_micros(u64::try_from(until.as_micros()).unwrap_or(u64::MAX))).await,
        None => core::future::pending().await,
    }
}

fn now() -> Duration {
    Duration::from_micros(Instant::now().as_micros())
}
