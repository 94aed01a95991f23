//! Drives the radio as a station of one network. `embedded::station` decides
//! when it joins, waits and is reset.

use alloc::{borrow::ToOwned, boxed::Box, vec::Vec};
use core::{cell::Cell, net::SocketAddr};

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_net::Stack;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, channel::Channel, signal::Signal};
use embassy_time::{Timer, with_timeout};
use embedded::{
    sender::Sender,
    station::{JOIN_WITHIN, Station, StationAction, StationEvent},
    time::{now, sleep_until},
};
use esp_hal::{peripherals::WIFI, rng::Rng};
use esp_radio::wifi::{
    AuthenticationMethod, AuthenticationMethodConfig, Config, ConnectionError, ControllerConfig,
    CountryInfo, PowerSaveMode, WifiController, WifiError, ap::AccessPointInfo, scan::ScanConfig,
    sta::StationConfig,
};
use log::{error, info, warn};
use protocol::improv;
use storage::Wifi;

use crate::{panic, reasons::reason};

/// "01" is ESP-IDF's world-safe mode, for an unknown country. esp-radio scans
/// channels 1 to 13 nevertheless; where 12 and 13 are not allowed (USA), set
/// the country here.
const COUNTRY: [u8; 2] = *b"01";

/// With power saving, frames would be delayed by 100 ms and more, and multicast
/// packets, which discovery needs, would be lost. A board that drives an LED
/// has the 100 mA to spare.
const POWER_SAVE: PowerSaveMode = PowerSaveMode::None;

/// Frames that the radio may have in flight. esp-radio never forgets one that
/// was lost (`embedded::sender`), so that each restart raises its limit.
const FRAMES_IN_FLIGHT: usize = 3;

/// How often the signal strength is read and sending is inspected.
const RSSI_INTERVAL: embassy_time::Duration = embassy_time::Duration::from_secs(10);

/// Something that happened to the board's network.
pub(crate) enum WifiEvent {
    /// The board can be reached at this address.
    Address(SocketAddr),
    /// The board lost its address.
    NoAddress,
    /// The network could not be joined.
    Refused,
    /// The result of a scan; `None` if it failed.
    Scanned(Option<Vec<improv::Network>>),
}

/// Controls the radio's task, and receives its events.
pub(crate) struct WifiHandle {
    network: Signal<NoopRawMutex, Option<Wifi>>,
    scan: Signal<NoopRawMutex, ()>,
    events: Channel<NoopRawMutex, WifiEvent, 8>,
    rssi: Cell<Option<i8>>,
    /// What the network's driver records.
    pub(crate) sender: Sender,
}

impl WifiHandle {
    /// Joins this network, or leaves the current one. Events of another network
    /// are discarded.
    pub(crate) fn join(&self, network: Option<Wifi>) {
        self.events.clear();
        self.network.signal(network);
    }

    /// Scans for networks; the result is [`WifiEvent::Scanned`].
    pub(crate) fn scan(&self) {
        self.scan.signal(());
    }

    /// Waits for the next event.
    pub(crate) async fn event(&self) -> WifiEvent {
        self.events.receive().await
    }

    /// Reports an event. If too many are unread, the oldest is discarded.
    pub(crate) fn report(&self, event: WifiEvent) {
        if self.events.is_full() {
            let _ = self.events.try_receive();
        }
        let _ = self.events.try_send(event);
    }

    /// The signal strength in dBm; `None` without a network.
    pub(crate) fn rssi(&self) -> Option<i8> {
        self.rssi.get()
    }
}

/// Starts the radio.
///
/// # Errors
/// If it does not start, most likely for lack of memory.
pub(crate) fn start(
    radio: WIFI<'static>,
) -> Result<(WifiController<'static>, &'static WifiHandle), WifiError> {
    let controller = controller(radio, FRAMES_IN_FLIGHT)?;
    let handle = WifiHandle {
        network: Signal::new(),
        scan: Signal::new(),
        events: Channel::new(),
        rssi: Cell::new(None),
        sender: Sender::new(),
    };
    Ok((controller, Box::leak(Box::new(handle))))
}

fn controller(
    radio: WIFI<'static>,
    frames_in_flight: usize,
) -> Result<WifiController<'static>, WifiError> {
    // Each buffer takes 1.6 kB of the heap. A board exchanges short messages:
    // half the default number limits the memory that a burst takes.
    let config = ControllerConfig::default()
        .with_country_info(CountryInfo::from(COUNTRY))
        .with_static_rx_buf_num(6)
        .with_dynamic_rx_buf_num(12)
        .with_dynamic_tx_buf_num(12)
        .with_tx_queue_size(frames_in_flight);
    let mut controller = WifiController::new(radio, config)?;
    controller.set_power_saving(POWER_SAVE)?;
    Ok(controller)
}

/// Turns the radio off and on again; resets the chip if that fails.
fn restart(
    stopped: WifiController<'static>,
    frames_in_flight: usize,
    sender: &Sender,
) -> WifiController<'static> {
    drop(stopped);
    #[expect(unsafe_code, reason = "a controller does not give its radio back")]
    // SAFETY: the only other user of the radio was dropped.
    let radio = unsafe { WIFI::steal() };
    sender.restarted();
    match controller(radio, frames_in_flight) {
        Ok(controller) => controller,
        Err(error) => panic::fail(format_args!("cannot restart the radio: {error}")),
    }
}

/// Joins the network that the handle is given, and keeps it joined.
#[embassy_executor::task]
pub(crate) async fn run(
    mut controller: WifiController<'static>,
    stack: Stack<'static>,
    wifi: &'static WifiHandle,
    random: Rng,
) {
    let mut station = Station::new();
    let mut network = None;
    let mut had_address = false;
    let mut frames_in_flight = FRAMES_IN_FLIGHT;
    loop {
        if wifi.sender.is_stuck(now()) {
            error!("the radio has stopped sending");
            station.handle(now(), StationEvent::Stuck, random.random());
        }
        let happened = match station.next_action(now()) {
            StationAction::Join => match select(
                join(&mut controller, wifi, network.as_ref()),
                wifi.network.wait(),
            )
            .await
            {
                Either::First(event) => event,
                Either::Second(told) => Input::Network(told),
            },
            StationAction::Leave => {
                leave(&mut controller).await;
                continue;
            }
            StationAction::Restart => {
                frames_in_flight += FRAMES_IN_FLIGHT;
                controller = restart(controller, frames_in_flight, &wifi.sender);
                continue;
            }
            StationAction::Reset => panic::fail(format_args!("the radio has stopped responding")),
            StationAction::Wait(until) => {
                wifi.rssi.set(rssi(&controller));
                let other = select3(
                    wifi.network.wait(),
                    wifi.scan.wait(),
                    select(sleep_until(until), Timer::after(RSSI_INTERVAL)),
                );
                let wait = watch(&controller, station.has_joined(), stack, &mut had_address);
                match select(wait, other).await {
                    Either::First(event) => Input::Happened(event),
                    Either::Second(Either3::First(told)) => Input::Network(told),
                    Either::Second(Either3::Second(())) => {
                        wifi.report(WifiEvent::Scanned(scan(&mut controller).await));
                        continue;
                    }
                    Either::Second(Either3::Third(_)) => continue,
                }
            }
        };
        let event = match happened {
            Input::Happened(event) => event,
            Input::Network(told) => {
                network = told;
                if network.is_some() {
                    StationEvent::Network
                } else {
                    StationEvent::NoNetwork
                }
            }
        };
        station.handle(now(), event, random.random());
    }
}

enum Input {
    Happened(StationEvent),
    /// The network to join has changed.
    Network(Option<Wifi>),
}

async fn join(
    controller: &mut WifiController<'static>,
    wifi: &WifiHandle,
    network: Option<&Wifi>,
) -> Input {
    // The station only joins if there is a network.
    let Some(network) = network else {
        return Input::Happened(StationEvent::NoNetwork);
    };
    let configured = config(network).and_then(|config| controller.set_config(&config));
    if let Err(error) = configured {
        warn!("the radio refused the network {network}: {error}");
        wifi.report(WifiEvent::Refused);
        return Input::Happened(StationEvent::Refused);
    }
    info!("joining {network}");
    let limit = embassy_time::Duration::from_secs(JOIN_WITHIN.as_secs());
    Input::Happened(
        match with_timeout(limit, controller.connect_async()).await {
            Ok(Ok(joined)) => {
                info!("joined {network} on channel {}", joined.channel);
                StationEvent::Joined
            }
            Ok(Err(ConnectionError::Failed(refusal))) => {
                warn!("cannot join {network}: {}", reason(refusal.reason));
                wifi.report(WifiEvent::Refused);
                StationEvent::Refused
            }
            Ok(Err(error)) => {
                error!("radio: {error}");
                StationEvent::Fault
            }
            Err(_) => {
                error!("the radio does not respond");
                StationEvent::Fault
            }
        },
    )
}

fn config(wifi: &Wifi) -> Result<Config, WifiError> {
    let authentication = if wifi.password().is_empty() {
        AuthenticationMethodConfig::Open
    } else {
        // The weakest security that is accepted: WEP and WPA 1 are broken.
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
        Ok(Err(error)) => error!("radio: {error}"),
        Err(_) => error!("the radio does not leave its network"),
    }
}

/// Waits until the network is lost or the address appears or disappears.
async fn watch(
    controller: &WifiController<'static>,
    joined: bool,
    stack: Stack<'static>,
    had_address: &mut bool,
) -> StationEvent {
    let lost = async {
        if joined {
            // Returns at once if it was lost meanwhile.
            match controller.wait_for_disconnect_async().await {
                Ok(lost) => warn!("the network was lost: {}", reason(lost.reason)),
                Err(error) => warn!("the network was lost: {error}"),
            }
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
        Either::First(()) => StationEvent::Lost,
        Either::Second(()) => {
            *had_address = !*had_address;
            if *had_address {
                StationEvent::Address
            } else {
                StationEvent::NoAddress
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

async fn scan(controller: &mut WifiController<'static>) -> Option<Vec<improv::Network>> {
    // The most that Improv lists, plus several with the same name.
    let config = ScanConfig::default().with_max(48);
    match controller.scan_async(&config).await {
        Ok(found) => Some(found.iter().map(network).collect()),
        Err(error) => {
            warn!("cannot scan for networks: {error}");
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
