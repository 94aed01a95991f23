//! The box that sends: text, JSON that was checked, or bytes; once or again and
//! again.

use eframe::egui::{
    Align2, Button, FontSelection, Key, Modifiers, RichText, TextEdit, Ui, WidgetInfo,
    accesskit::Role, vec2,
};

use crate::{
    channel::{Channel, ChannelStatus, Content, Rate, from_hex},
    ui::{
        icon, text,
        theme::{self, HALF, palette},
        words,
    },
};

/// What is typed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Text,
    Json,
    Hex,
}

/// The box.
pub(super) struct Sender {
    kind: Kind,
    typed: String,
    rate: String,
    problem: Option<String>,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            kind: Kind::default(),
            typed: String::new(),
            rate: "10/s".to_owned(),
            problem: None,
        }
    }
}

impl Sender {
    /// What is typed as a message.
    fn content(&self) -> Result<Content, String> {
        match self.kind {
            Kind::Text => Ok(Content::Text(self.typed.as_str().into())),
            Kind::Json => match serde_json::from_str::<serde_json::Value>(&self.typed) {
                Ok(_) => Ok(Content::Text(self.typed.trim().into())),
                Err(error) => Err(format!("This is no JSON yet: {error}.")),
            },
            Kind::Hex => match from_hex(&self.typed) {
                Ok(bytes) => Ok(Content::Binary(bytes.into_boxed_slice())),
                Err(error) => Err(format!("{error}.")),
            },
        }
    }

    /// Shows it.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        channel: Option<&Channel>,
        view: Option<&ChannelStatus>,
        rows: usize,
    ) {
        let palette = palette(ui);
        let is_open = view.is_some_and(|view| view.state.is_open());
        let edit = TextEdit::multiline(&mut self.typed)
            .id_salt("message to send")
            .font(FontSelection::FontId(theme::monospace()))
            .hint_text(RichText::new("Message to send (Ctrl+Enter)").color(palette.weak))
            .desired_width(f32::INFINITY)
            .desired_rows(rows);
        let field = ui.add(edit).accessible_name("Message to send");
        if field.changed() {
            self.problem = None;
        }
        let enter = field.has_focus()
            && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        let content = self.content();
        let ready = is_open && content.is_ok();
        ui.add_space(HALF);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = HALF;
            for (kind, word) in [
                (Kind::Text, "Text"),
                (Kind::Json, "JSON"),
                (Kind::Hex, "Hex"),
            ] {
                let chosen = self.kind == kind;
                let button = ui.add(Button::selectable(chosen, word));
                button.widget_info(|| {
                    WidgetInfo::selected(Role::RadioButton, true, chosen, format!("Send as {word}"))
                });
                if button.clicked() {
                    self.kind = kind;
                    self.problem = None;
                }
            }
            let words = RichText::new("Send").color(palette.on_accent);
            let send = Button::new(words)
                .fill(palette.accent)
                .min_size(vec2(56.0, theme::LINE));
            let send = ui.add_enabled(ready, send);
            send.widget_info(|| WidgetInfo::labeled(Role::Button, ready, "Send the message"));
            let why = if is_open {
                "What is typed is not complete"
            } else {
                "The channel is not open"
            };
            if (send
                .on_hover_text("Ctrl+Enter")
                .on_disabled_hover_text(why)
                .clicked()
                || (enter && ready))
                && let (Ok(content), Some(channel)) = (&content, channel)
            {
                self.problem = channel
                    .send(content.clone())
                    .err()
                    .map(|error| format!("Not sent: {error}."));
            }
            self.repeat(ui, ready, channel, view, content.as_ref().ok());
        });
        let hint = match &content {
            Err(why) if !self.typed.is_empty() => Some(why),
            _ => self.problem.as_ref(),
        };
        if let Some(hint) = hint {
            text::label(ui, hint, hint, theme::small(), palette.bad).on_hover_text(hint);
        }
    }

    fn repeat(
        &mut self,
        ui: &mut Ui,
        ready: bool,
        channel: Option<&Channel>,
        view: Option<&ChannelStatus>,
        content: Option<&Content>,
    ) {
        if let Some(times) = view.and_then(|view| view.repeating) {
            let stop = ui.add(Button::new(format!("{}  Stop", icon::STOP)));
            stop.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Stop repeating"));
            if stop.clicked()
                && let Some(channel) = channel
            {
                channel.stop_repeating();
            }
            let words = format!("sent {} times", words::grouped(times));
            text::label(ui, &words, &words, theme::small(), palette(ui).weak);
            return;
        }
        let repeat = ui.add_enabled(ready, Button::new(format!("{}  Repeat", icon::REPEAT)));
        repeat.widget_info(|| WidgetInfo::labeled(Role::Button, ready, "Repeat the message"));
        let edit = TextEdit::singleline(&mut self.rate)
            .id_salt("rate")
            .desired_width(48.0);
        let edit = edit
            .align(Align2::LEFT_CENTER)
            .min_size(vec2(0.0, theme::LINE));
        ui.add(edit)
            .accessible_name("Rate")
            .on_hover_text("How often: 10/s, 30/min; up to 1000/s");
        if repeat
            .on_hover_text("Send it again and again, until it is stopped")
            .clicked()
            && let (Some(channel), Some(content)) = (channel, content)
        {
            self.problem = match self.rate.parse::<Rate>() {
                Ok(rate) => channel
                    .repeat(content.clone(), rate, None)
                    .err()
                    .map(|error| format!("Not sent: {error}.")),
                Err(error) => Some(format!("{:?}: {error}.", self.rate)),
            };
        }
    }
}
