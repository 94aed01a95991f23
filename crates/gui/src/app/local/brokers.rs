//! MQTT brokers: adding, removing, and their passwords.

use eframe::egui;
use keys::{Keys, Password};

use crate::{
    app::state::App,
    model::{dialog_kind::DialogKind, notice::Notice},
};
use fleet::{Broker, BrokerAddress, BrokerStatus, FleetStatus};

impl App {
    /// Takes boards from a broker, and remembers it. A user has a password,
    /// which is asked for next.
    pub(in crate::app) fn add_broker(&mut self, typed: &str) {
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
    pub(in crate::app) fn remove_broker(&mut self, name: &str, ctx: &egui::Context) {
        self.settings.brokers.retain(|other| other != name);
        if let Ok(address) = name.parse::<BrokerAddress>() {
            self.fleet.remove_broker(&address);
            if address.user().is_some() {
                let id = Broker::credential_id(&address);
                self.fleet.forget_key(&id);
                self.local.keys.forget(id, ctx);
            }
        }
    }

    /// Says which brokers cannot be used any more, and why, unless the dialog
    /// shows that.
    pub(in crate::app) fn report_brokers(&mut self, status: &FleetStatus) {
        let before = &self.window.model.status().brokers;
        let had_problem = |new: &&BrokerStatus| {
            let old = before.iter().find(|old| old.address == new.address);
            old.is_some_and(|old| old.problem().is_some())
        };
        let is_shown =
            |broker: &&BrokerStatus| self.window.is_about_broker(&broker.address.to_string());
        let new = status.brokers.iter().filter(|new| !had_problem(new));
        let problems: Vec<_> = new
            .filter(|broker| !is_shown(broker))
            .filter_map(|broker| {
                let problem = broker.problem()?;
                Some(match broker.refuses_login() {
                    true => format!("{problem} {}", login_advice(&broker.address)),
                    false => problem,
                })
            })
            .collect();
        for problem in problems {
            self.window.notify(Notice::Failed(problem));
        }
    }

    /// Uses this password from now on, and stores it.
    pub(in crate::app) fn set_broker_password(
        &mut self,
        name: &str,
        typed: &str,
        ctx: &egui::Context,
    ) {
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
        self.local.keys.keep(keys, ctx);
        self.window.resolve_dialog(Ok(()));
        self.window.open_dialog(DialogKind::Broker, String::new());
    }
}

/// What to do if a broker refuses the login: the password of an address without
/// a user cannot be entered.
fn login_advice(address: &BrokerAddress) -> String {
    match address.user() {
        Some(_) => "Open Add broker… to enter the password.".to_owned(),
        None => {
            let with_user = address.to_string().replacen("://", "://user@", 1);
            format!("Open Add broker…, add it as {with_user}, and remove {address}.")
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_asked_for_only_if_there_is_a_user() {
        let advice = |address: &str| login_advice(&address.parse().expect("it is an address"));
        assert_eq!(
            advice("mqtt://anna@broker.lan"),
            "Open Add broker… to enter the password."
        );
        assert_eq!(
            advice("mqtts://broker.lan"),
            "Open Add broker…, add it as mqtts://user@broker.lan:8883, and remove \
             mqtts://broker.lan:8883."
        );
    }
}
