//! The methods of a board and their parameters. A field that is `None` is left
//! unchanged.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::LogFilter;

/// Returns [`crate::DeviceInfo`].
pub const DEVICE_GET_INFO: &str = "Device.GetInfo";
/// Takes [`GetComponents`], returns [`crate::ComponentsPage`].
pub const DEVICE_GET_COMPONENTS: &str = "Device.GetComponents";
/// Returns [`crate::Snapshot`].
pub const DEVICE_GET_STATUS: &str = "Device.GetStatus";
/// Returns [`crate::Snapshot`], and pushes changes from then on.
pub const DEVICE_SUBSCRIBE: &str = "Device.Subscribe";
/// Takes [`SetName`].
pub const DEVICE_SET_NAME: &str = "Device.SetName";
/// Makes the board draw attention to itself, for example by blinking for a few
/// seconds.
pub const DEVICE_IDENTIFY: &str = "Device.Identify";
/// Restarts the board after the answer is sent.
pub const DEVICE_REBOOT: &str = "Device.Reboot";
/// Erases everything that the board stores, and restarts it after the answer is
/// sent.
pub const DEVICE_FACTORY_RESET: &str = "Device.FactoryReset";
/// Returns [`crate::Pong`].
pub const SYS_PING: &str = "Sys.Ping";
/// Takes [`SwitchSet`].
pub const SWITCH_SET: &str = "Switch.Set";
/// Takes [`Target`].
pub const SWITCH_TOGGLE: &str = "Switch.Toggle";
/// Takes [`LightSet`].
pub const LIGHT_SET: &str = "Light.Set";
/// Takes [`Target`].
pub const COVER_OPEN: &str = "Cover.Open";
/// Takes [`Target`].
pub const COVER_CLOSE: &str = "Cover.Close";
/// Takes [`Target`].
pub const COVER_STOP: &str = "Cover.Stop";
/// Takes [`CoverSet`].
pub const COVER_SET: &str = "Cover.Set";
/// Takes [`NumberSet`].
pub const NUMBER_SET: &str = "Number.Set";
/// Takes [`TextSet`]; the value is one of the options.
pub const SELECT_SET: &str = "Select.Set";
/// Takes [`TextSet`].
pub const TEXT_SET: &str = "Text.Set";
/// Takes [`ButtonPress`].
pub const BUTTON_PRESS: &str = "Button.Press";
/// Takes [`Target`]. The board downloads its latest image and installs it.
pub const UPDATE_INSTALL: &str = "Update.Install";
/// Takes [`crate::ota::Begin`], returns [`crate::ota::Begun`].
pub const OTA_BEGIN: &str = "Ota.Begin";
/// Takes [`crate::ota::Write`], returns [`crate::ota::Written`].
pub const OTA_WRITE: &str = "Ota.Write";
/// Verifies the image that was written, and restarts the board with it after
/// the answer is sent.
pub const OTA_COMMIT: &str = "Ota.Commit";
/// Ends the update in progress, regardless of who began it.
pub const OTA_ABORT: &str = "Ota.Abort";
/// Takes [`crate::ota::SetConfig`], returns a [`crate::CommandResult`].
pub const OTA_SET_CONFIG: &str = "Ota.SetConfig";
/// Takes [`LogSubscribe`], returns the level that is now in effect.
pub const LOG_SUBSCRIBE: &str = "Log.Subscribe";
/// Lists the keys of a locked board.
pub const KEYS_LIST: &str = "Keys.List";
/// Creates a key of a locked board.
pub const KEYS_ADD: &str = "Keys.Add";
/// Removes a key of a locked board.
pub const KEYS_REMOVE: &str = "Keys.Remove";
/// Takes [`crate::outbound::SetOutbound`], returns
/// [`crate::outbound::Outbound`].
pub const OUTBOUND_SET: &str = "Outbound.Set";
/// Returns [`crate::outbound::Outbound`].
pub const OUTBOUND_GET: &str = "Outbound.Get";
/// Takes [`GetComponents`], returns [`crate::clients::ClientList`].
pub const CLIENTS_LIST: &str = "Clients.List";
/// Takes [`crate::clients::CloseClient`], closes that connection.
pub const CLIENTS_CLOSE: &str = "Clients.Close";
/// A push: [`crate::NotifyStatus`].
pub const NOTIFY_STATUS: &str = "NotifyStatus";
/// A push: [`crate::NotifyEvent`].
pub const NOTIFY_EVENT: &str = "NotifyEvent";
/// A push: [`crate::NotifyLog`].
pub const NOTIFY_LOG: &str = "NotifyLog";

/// The target of a command: a component of the method's kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The number in the component's key.
    pub id: u16,
}

/// One page of the list of components.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GetComponents {
    /// Index of the first component to list; default 0.
    pub offset: usize,
    /// Maximum number of components; default as many as fit into a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// A new name for the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetName {
    /// 1 to 63 bytes of UTF-8 ([`crate::limits::NAME`]).
    pub name: String,
}

/// Switches a switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchSet {
    /// Which switch.
    pub id: u16,
    /// The new state.
    pub on: bool,
}

/// Changes a light.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LightSet {
    /// Which light.
    pub id: u16,
    /// On or off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    /// 0 to 100 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brightness: Option<u8>,
    /// 0 to 255 each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rgb: Option<[u8; 3]>,
    /// Kelvin, within the light's [`crate::Caps::ct_k`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ct_k: Option<u16>,
    /// 0 to 255, of a light with [`crate::Caps::white`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub white: Option<u8>,
    /// One of the light's [`crate::Caps::effects`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// One of the light's [`crate::Caps::palettes`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub palette: Option<String>,
    /// Fade time, 0 to 10,000 ms; default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition_ms: Option<u32>,
}

/// Moves a cover to a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverSet {
    /// Which cover; one with [`crate::Caps::position`].
    pub id: u16,
    /// 0 % (closed) to 100 % (open).
    pub position: u8,
}

/// Sets a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumberSet {
    /// Which number.
    pub id: u16,
    /// Within the component's `min` and `max`; the board rounds it to a `step`.
    pub value: f64,
}

/// Sets a text or a select.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextSet {
    /// Which text or select.
    pub id: u16,
    /// At most 255 bytes of UTF-8 ([`crate::limits::TEXT_VALUE`]).
    pub value: String,
}

/// Presses a button remotely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonPress {
    /// Which button.
    pub id: u16,
    /// `press` (default), `double_press` or `long_press`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// Which log lines are pushed on this connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSubscribe {
    /// `error`, `warn`, `info` (default), `debug`, or `off` for none.
    #[serde(default)]
    pub level: LogFilter,
}
