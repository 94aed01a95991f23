//! The form that sends a message: text, validated JSON, or bytes; once or
//! repeatedly.

use eframe::egui::{
    Align2, Button, FontSelection, RichText, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2,
};

use crate::widgets::{
    icon, shortcut, text_line,
    theme::{self, HALF, palette},
};
use channel::{Channel, ChannelStatus, Content, Rate, from_hex};

/// The kind of message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum MessageKind {
    #[default]
    Text,
    Json,
    Hex,
}

/// The form.
pub(super) struct Sender {
    kind: MessageKind,
    typed: String,
    rate: String,
    problem: Option<String>,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            kind: MessageKind::default(),
            typed: String::new(),
            rate: "10/s".to_owned(),
            problem: None,
        }
    }
}

impl Sender {
    /// The message that was entered.
    fn content(&self) -> Result<Content, String> {
        match self.kind {
            MessageKind::Text => Ok(Content::Text(self.typed.as_str().into())),
            MessageKind::Json => match serde_json::from_str::<serde_json::Value>(&self.typed) {
                Ok(_) => Ok(Content::Text(self.typed.trim().into())),
                Err(error) => Err(format!("This is not valid JSON: {error}.")),
            },
            MessageKind::Hex => match from_hex(&self.typed) {
                Ok(bytes) => Ok(Content::Binary(bytes.into_boxed_slice())),
                Err(error) => Err(format!("{error}.")),
            },
        }
    }

    /// Shows the form.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        channel: Option<&Channel>,
        status: Option<&ChannelStatus>,
        rows: usize,
    ) {
        let palette = palette(ui);
        let is_open = status.is_some_and(|status| status.state.is_open());
        let keys = shortcut::name(ui.ctx(), &shortcut::SEND);
        let hint = format!("Message to send ({keys})");
        let edit = TextEdit::multiline(&mut self.typed)
            .id_salt("message to send")
            .font(FontSelection::FontId(theme::monospace()))
            .hint_text(RichText::new(hint).color(palette.weak))
            .desired_width(f32::INFINITY)
            .desired_rows(rows);
        let field = ui.add(edit).accessible_name("Message to send");
        if field.changed() {
            self.problem = None;
        }
        let enter =
            field.has_focus() && ui.input_mut(|input| input.consume_shortcut(&shortcut::SEND));
        let content = self.content();
        let ready = is_open && content.is_ok();
        ui.add_space(HALF);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = HALF;
            for (kind, word) in [
                (MessageKind::Text, "Text"),
                (MessageKind::Json, "JSON"),
                (MessageKind::Hex, "Hex"),
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
                "The message is not valid"
            } else {
                "The channel is not open"
            };
            if (send
                .on_hover_text(keys)
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
            self.repeat(ui, ready, channel, status, content.as_ref().ok());
        });
        let hint = match &content {
            Err(why) if !self.typed.is_empty() => Some(why),
            _ => self.problem.as_ref(),
        };
        if let Some(hint) = hint {
            text_line::label(ui, hint, hint, theme::small(), palette.bad).on_hover_text(hint);
        }
    }

    fn repeat(
        &mut self,
        ui: &mut Ui,
        ready: bool,
        channel: Option<&Channel>,
        status: Option<&ChannelStatus>,
        content: Option<&Content>,
    ) {
        if let Some(times) = status.and_then(|status| status.repeating) {
            let stop = ui.add(Button::new(format!("{}  Stop", icon::STOP)));
            stop.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Stop repeating"));
            if stop.clicked()
                && let Some(channel) = channel
            {
                channel.stop_repeating();
            }
            let words = format!("sent {} times", text::grouped(times));
            text_line::label(ui, &words, &words, theme::small(), palette(ui).weak);
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
            .on_hover_text("How often to send, for example 10/s or 30/min; at most 1000/s");
        if repeat
            .on_hover_text("Send the message repeatedly until you stop it")
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
