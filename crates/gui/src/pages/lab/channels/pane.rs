//! The state of one channel on the page: its options, its status, and the state
//! of its column. Draws nothing.

use std::{io, path::PathBuf, time::Duration};

use eframe::egui;
use web_time::Instant;

use super::{details::Details, load::Loaded, plot::Plotted, rows::Rows, sender::Sender};
use disk::settings::RememberedChannel;
use net::client::Endpoint;
use sanitize::redact::redacted;

use channel::{
    Channel, ChannelRuntime, ChannelSettings, ChannelState, ChannelStatus, DRAW_INTERVAL, Header,
    Pointer, Subprotocol,
};

/// The time per frame for extracting plotted numbers; the rest is skipped.
const PLOT_BUDGET: Duration = Duration::from_millis(4);

/// Entries that are read per frame.
const MAX_READ: usize = 5_000;

/// The options of a channel, as text fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) headers: String,
    pub(super) protocols: String,
    pub(super) certificates: String,
    /// In seconds; empty for no pings.
    pub(super) ping: String,
    pub(super) reconnect: bool,
}

/// The source of the listed entries.
pub(super) enum Source {
    /// The channel has not been opened yet.
    Idle,
    /// A channel that was opened, in any state.
    Live(Channel),
    /// A recording.
    Recorded(PathBuf),
}

/// One channel on the page.
pub(super) struct ChannelPane {
    /// Identifies it while the program runs.
    pub(super) id: u64,
    pub(super) address: String,
    /// The address without secrets, as it is shown and saved.
    pub(super) title: String,
    pub(super) is_example: bool,
    /// What it is, if it is offered as a channel of a board.
    pub(super) board: Option<String>,
    pub(super) options: Options,
    pub(super) source: Source,
    pub(super) status: Option<ChannelStatus>,
    pub(super) rows: Rows,
    next: u64,
    pub(super) shown: bool,
    pub(super) paused: bool,
    pub(super) find: String,
    pub(super) only_messages: bool,
    pub(super) path: String,
    pub(super) selected: Option<u64>,
    pub(super) details: Option<Details>,
    pub(super) plotted: Option<Plotted>,
    pub(super) sender: Sender,
    /// Why it could not be opened.
    pub(super) problem: Option<String>,
}

impl ChannelPane {
    pub(super) fn new(id: u64, address: &str) -> Self {
        Self {
            id,
            address: address.to_owned(),
            title: redacted(address).into_owned(),
            is_example: false,
            board: None,
            options: Options {
                ping: "10".to_owned(),
                ..Options::default()
            },
            source: Source::Idle,
            status: None,
            rows: Rows::default(),
            next: 0,
            shown: false,
            paused: false,
            find: String::new(),
            only_messages: false,
            path: String::new(),
            selected: None,
            details: None,
            plotted: None,
            sender: Sender::default(),
            problem: None,
        }
    }

    pub(super) fn recall(id: u64, remembered: &RememberedChannel) -> Self {
        let RememberedChannel {
            address,
            example,
            protocols,
            certificates,
            ping_s,
            reconnect,
            path,
            plotted,
            shown,
        } = remembered;
        let options = Options {
            headers: String::new(),
            protocols: protocols.join(" "),
            certificates: certificates
                .as_ref()
                .map(|path| path.display().to_string())
                .unwrap_or_default(),
            ping: ping_s
                .filter(|s| s.is_finite())
                .map(|s| s.to_string())
                .unwrap_or_default(),
            reconnect: *reconnect,
        };
        let options = if *example {
            Options {
                ping: "10".to_owned(),
                ..options
            }
        } else {
            options
        };
        let plotted = plotted
            .as_deref()
            .and_then(|pointer| pointer.parse().ok())
            .map(Plotted::new);
        Self {
            is_example: *example,
            options,
            path: path.clone(),
            plotted,
            shown: *shown,
            ..Self::new(id, address)
        }
    }

    /// The settings to save; `None` for a recording.
    pub(super) fn remembered(&self) -> Option<RememberedChannel> {
        let is_offer = self.board.is_some() && matches!(self.source, Source::Idle);
        let is_recording = matches!(self.source, Source::Recorded(_));
        (!is_recording && !is_offer).then(|| RememberedChannel {
            // Secrets are not saved.
            address: self.title.clone(),
            example: self.is_example,
            protocols: self
                .options
                .protocols
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            certificates: Some(self.options.certificates.trim())
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            ping_s: self.options.ping.trim().parse().ok(),
            reconnect: self.options.reconnect,
            path: self.path.clone(),
            plotted: self
                .plotted
                .as_ref()
                .map(|plotted| plotted.pointer.to_string()),
            shown: self.shown,
        })
    }

    /// For a recording.
    pub(super) fn recorded(id: u64, loaded: Loaded) -> Self {
        let Loaded {
            path,
            address,
            entries,
            dropped,
        } = loaded;
        let rows = Rows::of(entries, dropped);
        Self {
            source: Source::Recorded(path),
            rows,
            shown: true,
            ..Self::new(id, &address)
        }
    }

    pub(super) fn channel(&self) -> Option<&Channel> {
        match &self.source {
            Source::Live(channel) => Some(channel),
            _ => None,
        }
    }

    /// Whether it can be closed.
    pub(super) fn is_live(&self) -> bool {
        self.status
            .as_ref()
            .is_some_and(|status| status.state != ChannelState::Closed)
    }

    /// Opens the channel with the current options.
    pub(super) fn open(&mut self, runtime: &mut Option<ChannelRuntime>, ctx: &egui::Context) {
        self.problem = None;
        let opened = self.settings().and_then(|settings| {
            let runtime = match runtime {
                Some(runtime) => runtime,
                None => runtime.insert(ChannelRuntime::start().map_err(|error: io::Error| {
                    format!("Could not start a thread for channels: {error}.")
                })?),
            };
            let ctx = ctx.clone();
            Ok(runtime.open(settings, DRAW_INTERVAL, move || ctx.request_repaint()))
        });
        match opened {
            Ok(channel) => {
                self.status = Some(channel.status());
                self.source = Source::Live(channel);
                (self.rows, self.next, self.selected, self.details) =
                    (Rows::default(), 0, None, None);
                if let Some(plotted) = &mut self.plotted {
                    *plotted = Plotted::new(plotted.pointer.clone());
                }
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Parses the options.
    ///
    /// # Errors
    /// What is wrong, and what is expected.
    pub(super) fn settings(&self) -> Result<ChannelSettings, String> {
        let endpoint: Endpoint = self
            .address
            .parse()
            .map_err(|error: net::client::EndpointError| format!("{error}."))?;
        let sentence = |error: channel::ChannelSettingsError| format!("{error}.");
        let headers = self
            .options
            .headers
            .lines()
            .filter(|line| !line.trim().is_empty());
        let headers: Vec<Header> = headers
            .map(|line| line.parse().map_err(sentence))
            .collect::<Result<_, _>>()?;
        let protocols = self
            .options
            .protocols
            .split([' ', ','])
            .filter(|name| !name.is_empty());
        let protocols: Vec<Subprotocol> = protocols
            .map(|name| name.parse().map_err(sentence))
            .collect::<Result<_, _>>()?;
        let ping = match self.options.ping.trim() {
            "" => None,
            text => {
                let seconds = text.parse().ok().filter(|s| (0.01..=86_400.0).contains(s));
                let wrong = || {
                    format!(
                        "{text:?} is not a ping interval. Enter seconds from 0.01 to 86400, or \
                             nothing."
                    )
                };
                Some(Duration::from_secs_f64(seconds.ok_or_else(wrong)?))
            }
        };
        let certificates = Some(self.options.certificates.trim())
            .filter(|path| !path.is_empty())
            .map(PathBuf::from);
        Ok(ChannelSettings {
            headers,
            subprotocols: protocols,
            ping_interval: ping,
            ca_file: certificates,
            reconnect: self.options.reconnect,
            ..ChannelSettings::new(endpoint)
        })
    }

    /// Reads new entries.
    pub(super) fn update(&mut self) {
        self.rows.filter(&self.find, self.only_messages);
        let Source::Live(channel) = &self.source else {
            return;
        };
        self.status = Some(channel.status());
        if self.paused {
            return;
        }
        let since = channel.entries_since(self.next, MAX_READ);
        self.next = since.next;
        self.rows.dropped += since.dropped;
        let begun = Instant::now();
        for entry in since.entries {
            if let Some(plotted) = &mut self.plotted
                && begun.elapsed() < PLOT_BUDGET
            {
                plotted.take(&entry);
            }
            self.rows.push(entry);
        }
    }

    /// Plots this number, starting with the known entries.
    pub(super) fn plot(&mut self, pointer: Pointer) {
        let mut plotted = Plotted::new(pointer);
        let begun = Instant::now();
        // Only the newest entries, so that the window does not stall.
        let known = (0..self.rows.passing().min(2_000)).rev();
        for entry in known.filter_map(|nth| self.rows.nth_newest(nth)) {
            if begun.elapsed() > PLOT_BUDGET * 10 {
                break;
            }
            plotted.take(entry);
        }
        self.plotted = Some(plotted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_saved_and_shown_without_its_token() {
        let pane = ChannelPane::new(1, "ws://127.0.0.1:1/ws?stream=a&token=hidden");
        assert_eq!(pane.title, "ws://127.0.0.1:1/ws?stream=a&token=…");
        let remembered = pane.remembered().expect("not a recording");
        assert_eq!(remembered.address, pane.title);
        // A token that version 0.1 saved is removed.
        let old = RememberedChannel {
            address: pane.address,
            ..RememberedChannel::default()
        };
        assert_eq!(
            ChannelPane::recall(2, &old)
                .remembered()
                .expect("as above")
                .address,
            pane.title
        );
    }
}
