//! Inbound connections, and the outbound connection that a board is told to
//! keep.

use std::net::SocketAddr;

use eframe::egui;
use protocol::{Object, method, outbound::OutboundUrl};
use serde_json::Value;

use crate::{
    app::state::App,
    model::{
        batch::{Batch, BatchStep, Operation},
        dialog_kind::{DialogKind, EVERYWHERE},
    },
};
use engine::{listen_address, outbound_url};
use fleet::{BoardKey, Listening};

impl App {
    /// The address for inbound connections, and whether this computer still has
    /// to start listening there.
    pub(in crate::app) fn listen_address_or_default(&self) -> (SocketAddr, bool) {
        match &self.window.model.status().listening {
            Listening::At(address) => (*address, false),
            Listening::Off | Listening::Failed { .. } => (EVERYWHERE, true),
        }
    }

    pub(in crate::app) fn listen(&mut self, wanted: Option<&str>) {
        let address = match wanted.map(listen_address).transpose() {
            Ok(address) => address,
            Err(error) => {
                return self
                    .window
                    .resolve_dialog(Err(format!("Accepted: {error}.")));
            }
        };
        self.settings.listen = address;
        self.fleet.listen(address);
        self.window.resolve_dialog(Ok(()));
    }

    /// Opens the dialog for a board's outbound connection, with this computer
    /// as the proposal.
    pub(in crate::app) fn ask_outbound(&mut self, board: BoardKey) {
        let (listening, begins) = self.listen_address_or_default();
        let url = outbound_url(&self.fleet, board, listening)
            .map(|url| url.to_string())
            .unwrap_or_default();
        self.window
            .open_dialog(DialogKind::Call { board, begins }, url);
    }

    pub(in crate::app) fn set_outbound(
        &mut self,
        board: BoardKey,
        text: &str,
        ctx: &egui::Context,
    ) {
        let url = match text {
            "" => None,
            text => match text.parse::<OutboundUrl>() {
                Ok(url) => Some(url),
                Err(error) => return self.window.resolve_dialog(Err(format!("{error}."))),
            },
        };
        let (listening, begins) = self.listen_address_or_default();
        if begins && url.is_some() && outbound_url(&self.fleet, board, listening) == url {
            self.listen(Some(&listening.to_string()));
        }
        let name = self.window.model.title_of(board);
        let title = match &url {
            Some(url) => format!("Set the outbound connection of {name} to {url}"),
            None => format!("Disable the outbound connection of {name}"),
        };
        let url = url.map_or(Value::Null, |url| Value::String(url.to_string()));
        let what = Operation::Call(
            method::OUTBOUND_SET.to_owned(),
            Object::from_iter([("url".to_owned(), url)]),
        );
        self.send_batch(Batch::new(title, vec![BatchStep { board, what }]), ctx);
        self.window.resolve_dialog(Ok(()));
    }
}
