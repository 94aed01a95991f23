//! The methods of a board, one row each: the name, the role that it needs, and
//! the function that carries it out.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::time::Duration;

use noise::Role;
use protocol::{Code, Id, Kind, Pong, RpcError, method};
use serde_json::{Value, json};

use crate::{Core, Hardware, commands::Caller, params::Params, text};

/// A request that is being carried out.
pub(crate) struct Request<'a> {
    pub(crate) now: Duration,
    pub(crate) caller: Caller,
    pub(crate) id: Option<&'a Id>,
    pub(crate) params: Params<'a>,
}

/// What a method returns on success.
pub(crate) enum Reply {
    /// The result of a command: the `seq` that has its effect.
    Done {
        /// `on` before the command, where the component has it.
        was_on: Option<bool>,
    },
    Value(Value),
}

impl Reply {
    pub(crate) const DONE: Self = Self::Done { was_on: None };
}

type Handler<H> = fn(&mut Core<H>, &Request<'_>) -> Result<Reply, RpcError>;

/// A method that a board has.
pub(crate) struct Method<H> {
    pub(crate) name: &'static str,
    role: Role,
    /// Whether the log has successful requests, at level debug.
    pub(crate) is_logged: bool,
    pub(crate) handler: Handler<H>,
}

const fn view<H>(name: &'static str, handler: Handler<H>) -> Method<H> {
    Method {
        name,
        role: Role::View,
        is_logged: true,
        handler,
    }
}

const fn control<H>(name: &'static str, handler: Handler<H>) -> Method<H> {
    Method {
        name,
        role: Role::Control,
        is_logged: true,
        handler,
    }
}

impl<H> Method<H> {
    /// The same method without successful requests in the log: there would be
    /// too many of them.
    const fn unlogged(self) -> Self {
        Self {
            is_logged: false,
            ..self
        }
    }
}

impl<H: Hardware> Core<H> {
    /// Every method of a board. Those of one namespace stand together.
    const METHODS: &'static [Method<H>] = &[
        view(method::DEVICE_GET_INFO, |board, request| {
            Ok(Reply::Value(json!(board.info(request.now))))
        }),
        view(method::DEVICE_GET_COMPONENTS, Self::components_page),
        view(method::DEVICE_GET_STATUS, |board, request| {
            Ok(Reply::Value(json!(board.snapshot(request))))
        }),
        view(method::DEVICE_SUBSCRIBE, Self::subscribe),
        control(method::DEVICE_SET_NAME, Self::set_name),
        control(method::DEVICE_IDENTIFY, |board, _| {
            board.hardware.identify();
            Ok(Reply::DONE)
        }),
        control(method::DEVICE_REBOOT, Self::request_reboot),
        control(method::DEVICE_FACTORY_RESET, Self::request_factory_reset),
        view(method::SYS_PING, |_, request| {
            let uptime_ms = text::millis(request.now);
            Ok(Reply::Value(json!(Pong { uptime_ms })))
        })
        .unlogged(),
        control(method::SWITCH_SET, |board, request| {
            board.set(request, &Kind::Switch)
        }),
        control(method::SWITCH_TOGGLE, Self::toggle),
        control(method::LIGHT_SET, |board, request| {
            board.set(request, &Kind::Light)
        }),
        #[cfg(feature = "all-kinds")]
        control(method::COVER_OPEN, |board, request| {
            board.move_cover(request, crate::Movement::Open)
        }),
        #[cfg(feature = "all-kinds")]
        control(method::COVER_CLOSE, |board, request| {
            board.move_cover(request, crate::Movement::Close)
        }),
        #[cfg(feature = "all-kinds")]
        control(method::COVER_STOP, |board, request| {
            board.move_cover(request, crate::Movement::Stop)
        }),
        #[cfg(feature = "all-kinds")]
        control(method::COVER_SET, Self::set_cover),
        control(method::NUMBER_SET, |board, request| {
            board.set(request, &Kind::Number)
        }),
        control(method::SELECT_SET, |board, request| {
            board.set(request, &Kind::Select)
        }),
        control(method::TEXT_SET, |board, request| {
            board.set(request, &Kind::Text)
        }),
        control(method::BUTTON_PRESS, Self::press_remotely),
        control(method::OTA_BEGIN, Self::begin_update),
        control(method::OTA_WRITE, Self::write_update).unlogged(),
        control(method::OTA_COMMIT, Self::commit_update),
        control(method::OTA_ABORT, Self::abort_update),
        control(method::OTA_SET_CONFIG, Self::configure_updates),
        view(method::LOG_SUBSCRIBE, Self::subscribe_log),
        view(method::CLIENTS_LIST, Self::list_clients).unlogged(),
        control(method::CLIENTS_CLOSE, Self::close_client),
        control(method::KEYS_LIST, Self::list_keys),
        control(method::KEYS_ADD, Self::add_key_remotely),
        control(method::KEYS_REMOVE, Self::remove_key),
        control(method::OUTBOUND_SET, Self::set_outbound),
        view(method::OUTBOUND_GET, |board, request| {
            Ok(Reply::Value(json!(board.outbound(request.now))))
        }),
    ];

    pub(crate) fn method(name: &str) -> Option<&'static Method<H>> {
        Self::METHODS.iter().find(|method| method.name == name)
    }

    /// Checks that the caller's key allows a method. An unknown method needs
    /// the role `control`.
    ///
    /// # Errors
    /// `view_only`.
    pub(crate) fn check_role(
        &self,
        caller: Caller,
        method: Option<&Method<H>>,
    ) -> Result<(), RpcError> {
        let needed = method.map_or(Role::Control, |method| method.role);
        if needed == Role::View || !self.access(caller).is_view() {
            return Ok(());
        }
        let allowed: Vec<&str> = Self::METHODS
            .iter()
            .filter(|method| method.role == Role::View)
            .map(|method| method.name)
            .collect();
        let message = format!(
            "this key may only view: {}; use a key of role control",
            allowed.join(", ")
        );
        Err(RpcError::new(Code::Forbidden, "view_only", message))
    }

    /// The error for an unknown method. It lists the methods of the same
    /// namespace, or all namespaces.
    pub(crate) fn no_such_method(requested: &str) -> RpcError {
        let namespace = |method: &str| method.split('.').next().unwrap_or_default().to_owned();
        let names = Self::METHODS.iter().map(|method| method.name);
        let mut similar: Vec<String> = names
            .clone()
            .filter(|name| namespace(name) == namespace(requested))
            .map(str::to_owned)
            .collect();
        if similar.is_empty() {
            similar = names.map(|name| format!("{}.…", namespace(name))).collect();
            similar.dedup();
        }
        let message = format!(
            "no method {}; this board has {}",
            text::clipped(requested),
            similar.join(", ")
        );
        RpcError::new(Code::MethodNotFound, "no_such_method", message)
    }
}
