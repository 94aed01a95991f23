//! MQTT brokers: adding, removing, and their passwords.

use eframe::egui;
use keys::{Keys, Password};

use crate::{app::state::App, model::dialog_kind::DialogKind};
use fleet::{Broker, BrokerAddress};

impl App {
    /// Takes boards from a broker, and remembers it. A user has a password,
    /// which is asked for next.
    pub(super) fn add_broker(&mut self, typed: &str) {
        let address: BrokerAddress = match typed.parse() {
            Ok(address) => address,
            Err(error) => return self.window.resolve_dialog(Err(format!("{error}."))),
        };
        let name = address.to_string();
        if !self.settings.brokers.contains(&name) {
            self.settings.brokers.push(name.clone());
        }
        self.fleet.add_broker(Broker::new(address.clone()));
        self.window.resolve_dialog(Ok(()));
        if address.user().is_some() {
            let ask = DialogKind::BrokerPassword(name);
            self.window.open_dialog(ask, String::new());
        } else {
            // Shows whether it works.
            self.window.open_dialog(DialogKind::Broker, String::new());
        }
    }

    /// Takes no more boards from a broker, and forgets its password.
    pub(super) fn remove_broker(&mut self, name: &str, ctx: &egui::Context) {
        self.settings.brokers.retain(|other| other != name);
        if let Ok(address) = name.parse::<BrokerAddress>() {
            self.fleet.remove_broker(&address);
            if address.user().is_some() {
                let id = Broker::credential_id(&address);
                self.fleet.forget_key(&id);
                self.keys.forget(id, ctx);
            }
        }
    }

    /// Uses this password from now on, and stores it.
    pub(super) fn set_broker_password(&mut self, name: &str, typed: &str, ctx: &egui::Context) {
        let Ok(address) = name.parse::<BrokerAddress>() else {
            return self.window.resolve_dialog(Ok(()));
        };
        let id = Broker::credential_id(&address);
        let password = match Password::new(&id, typed) {
            Ok(password) => password,
            Err(error) => {
                let words = text::capitalized(&format!("{error}."));
                return self.window.resolve_dialog(Err(words));
            }
        };
        let mut keys = Keys::default();
        keys.insert_password(password);
        self.fleet.give_key(keys.clone(), None);
        self.keys.keep(keys, ctx);
        self.window.resolve_dialog(Ok(()));
        self.window.open_dialog(DialogKind::Broker, String::new());
    }
}
