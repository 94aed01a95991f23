//! The doctor's page: starts an examination, shows its progress and its
//! findings, worst first. First checks whether this window itself leaves the
//! board out. Examines nothing else.

mod here;
mod parts;

use std::sync::Arc;

use eframe::egui::{
    Button, Frame, Key, Label, Margin, ProgressBar, RichText, ScrollArea, Stroke, TextEdit, Ui,
    WidgetInfo, accesskit::Role, vec2,
};

use keys::Keys;
use web_time::Instant;

use self::parts::{field, line};
use crate::{
    model::{action::Task, boards::Model, page_context::PageContext},
    widgets::{
        icon,
        layout::left_of,
        page_view::PageView,
        text_line,
        theme::{self, Palette, UNIT, palette},
    },
};
use doctor::{
    Advice, Check, DoctorProgress, DoctorRequest, Evidence, Finding, FindingKind, KnownDevice,
    Verdict, findings,
};
use engine::Lookout;
use fleet::{BoardView, LinkState};

/// How many findings are shown; the rest are counted.
const SHOWN: usize = 100;

/// The state of the examination.
#[derive(Debug, Default)]
enum Examination {
    /// None was started.
    #[default]
    Idle,
    /// This window itself leaves the board out: nothing was examined yet.
    Here,
    /// In progress.
    Underway {
        check: Option<Check>,
        since: Instant,
    },
    /// It was canceled.
    Stopped,
    /// It could not be carried out.
    Failed(String),
    /// It is complete.
    Done { findings: Vec<Finding>, at: Instant },
}

/// The page.
#[derive(Debug, Default)]
pub(crate) struct Doctor {
    wanted: String,
    /// The board that was asked about.
    asked: Option<String>,
    examination: Examination,
}

impl Doctor {
    /// An examination was started, for this board or for all.
    pub(crate) fn started(&mut self, wanted: Option<&str>, now: Instant) {
        self.wanted = wanted.unwrap_or_default().to_owned();
        self.asked = wanted.map(str::to_owned);
        self.examination = Examination::Underway {
            check: None,
            since: now,
        };
    }

    /// It was canceled.
    pub(crate) fn canceled(&mut self) {
        self.examination = Examination::Stopped;
    }

    /// Takes the next step of the examination.
    pub(crate) fn update(&mut self, progress: DoctorProgress, now: Instant) {
        match progress {
            DoctorProgress::Running(check) => {
                if let Examination::Underway { check: current, .. } = &mut self.examination {
                    *current = Some(check);
                }
            }
            DoctorProgress::Done(evidence) => {
                self.examination = Examination::Done {
                    findings: self.found(&evidence),
                    at: now,
                }
            }
            DoctorProgress::Failed(problem) => self.examination = Examination::Failed(problem),
        }
    }

    fn found(&self, evidence: &Evidence) -> Vec<Finding> {
        let mut findings = findings(evidence, self.wanted());
        let works = |finding: &Finding| {
            finding.verdict == Verdict::Fine && finding.kind == FindingKind::Board
        };
        let number = findings.iter().filter(|finding| works(finding)).count();
        // Combines boards that work into one finding.
        if let Some(first) = findings.iter().position(works).filter(|_| number > 1) {
            let names: Vec<_> = findings
                .iter()
                .filter(|finding| works(finding))
                .filter_map(|finding| finding.board.clone())
                .collect();
            let mut one = findings[first].clone();
            (one.title, one.board) = (format!("{number} boards work"), None);
            one.tried = "a connection to each board".to_owned();
            one.observed = match names.len() {
                0..=12 => names.join(", "),
                more => format!("{} and {} more", names[..12].join(", "), more - 12),
            };
            findings.retain(|finding| !works(finding));
            findings.push(one);
        }
        findings
    }

    fn wanted(&self) -> Option<&str> {
        Some(self.wanted.trim()).filter(|wanted| !wanted.is_empty())
    }
}

impl PageView for Doctor {
    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let palette = palette(ui);
        ui.heading("Doctor");
        let about = "Finds out why a board is missing. It changes nothing.";
        text_line::label(ui, about, about, theme::body(), palette.weak);
        ui.add_space(UNIT);
        self.question(ui, context);
        ui.add_space(UNIT);
        let area = ScrollArea::vertical().id_salt("doctor").auto_shrink(false);
        area.show(ui, |ui| {
            // Leave room for the scroll bar.
            ui.set_max_width(left_of(ui.available_width(), UNIT));
            self.answer(ui, context);
        });
    }
}

impl Doctor {
    /// The field for a board, and the button.
    fn question(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let underway = matches!(self.examination, Examination::Underway { .. });
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 120.0).clamp(120.0, 360.0);
            let hint = "Name, id or address; empty for all boards";
            let field = TextEdit::singleline(&mut self.wanted)
                .hint_text(hint)
                .desired_width(width);
            let field = ui.add_enabled(!underway, field.min_size(vec2(0.0, theme::LINE)));
            let typed = self.wanted.clone();
            field.widget_info(|| {
                let mut info = WidgetInfo::text_edit(!underway, &typed, &typed, hint);
                info.label = Some("Missing board".to_owned());
                info
            });
            let field = field.on_hover_text(hint);
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if underway {
                if ui.button("Cancel").clicked() {
                    context.push(Task::StopExamining);
                }
            } else {
                let again = matches!(self.examination, Examination::Done { .. });
                let is_here = matches!(self.examination, Examination::Here)
                    && self.asked.as_deref() == self.wanted();
                let word = match is_here {
                    true => "Examine the network",
                    false => "Examine",
                };
                let button = Button::new(RichText::new(word).color(palette(ui).on_accent));
                let button = ui.add(button.fill(palette(ui).accent));
                let button = button.on_hover_text(if again {
                    "Examine again"
                } else {
                    "Takes 4 to 20 s"
                });
                if button.clicked() || entered {
                    let wanted = self.wanted().map(str::to_owned);
                    let here =
                        wanted.is_some() && !here::look(context.model, self.wanted()).is_empty();
                    if here && !is_here {
                        self.asked = wanted;
                        self.examination = Examination::Here;
                        ui.ctx().request_repaint();
                    } else {
                        context.push(Task::Examine(wanted));
                    }
                }
            }
        });
    }

    fn answer(&self, ui: &mut Ui, context: &PageContext<'_>) {
        let palette = palette(ui);
        let here = here::look(context.model, self.asked.as_deref());
        for (at, reason) in here.iter().enumerate() {
            ui.push_id(("here", at), |ui| here::card(ui, reason, context));
        }
        match &self.examination {
            Examination::Idle => teach(ui, palette),
            Examination::Here if here.is_empty() => line(
                ui,
                "It is in the list again. If it is not connected there, examine the network.",
                palette.text,
            ),
            Examination::Here => {
                line(ui, "The network was not examined for this.", palette.weak);
            }
            Examination::Stopped => line(ui, "The examination was canceled.", palette.weak),
            Examination::Failed(problem) => line(
                ui,
                &format!("The examination failed: {problem}"),
                palette.bad,
            ),
            Examination::Underway { check, since } => {
                let share = check.map_or(0.0, Check::share);
                let bar = ui.add(
                    ProgressBar::new(share)
                        .fill(palette.accent)
                        .desired_height(UNIT)
                        .desired_width(480.0),
                );
                bar.widget_info(|| {
                    WidgetInfo::labeled(Role::ProgressIndicator, true, "Examination: progress")
                });
                let doing = check.map_or("Starting", Check::words);
                line(
                    ui,
                    &format!("{doing} ({})", text::length(context.age(*since))),
                    palette.text,
                );
            }
            Examination::Done { findings, at } => {
                let number = |verdict| {
                    findings
                        .iter()
                        .filter(|finding| finding.verdict == verdict)
                        .count() as u64
                };
                let (faults, warnings) = (number(Verdict::Fault), number(Verdict::Warning));
                let summary = match (faults, warnings) {
                    (0, 0) if self.asked.is_some() && !here.is_empty() => {
                        "No problems found on the network".to_owned()
                    }
                    (0, 0) => "No problems found".to_owned(),
                    (0, _) => text::count(warnings, "warning"),
                    (_, 0) => text::count(faults, "fault"),
                    _ => format!(
                        "{}, {}",
                        text::count(faults, "fault"),
                        text::count(warnings, "warning")
                    ),
                };
                line(
                    ui,
                    &format!("{summary}. Examined {}.", text::ago(context.age(*at))),
                    palette.weak,
                );
                ui.add_space(UNIT);
                for (at, finding) in findings.iter().take(SHOWN).enumerate() {
                    ui.push_id(at, |ui| card(ui, finding));
                    ui.add_space(UNIT);
                }
                if let Some(more) = findings.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                    line(
                        ui,
                        &format!(
                            "{more} more. Enter the name of a board to see only its findings."
                        ),
                        palette.weak,
                    );
                }
            }
        }
    }
}

/// The request for an examination, with what the window already knows, so that
/// connected boards are not tried again.
pub(crate) fn examination_request(
    wanted: Option<&str>,
    lookout: Lookout,
    model: &Model,
    keys: Keys,
) -> DoctorRequest {
    let known = |view: &Arc<BoardView>| KnownDevice {
        family: view.family,
        id: view.id.as_deref().map(str::to_owned),
        name: view.name.to_string(),
        address: view.address.to_string(),
        addresses: view.addresses.clone(),
        announced: view.announcement.is_some(),
        connected: view.link == LinkState::Connected,
    };
    DoctorRequest {
        wanted: wanted.map(str::to_owned),
        lookout,
        keys,
        // An address that a board only connects from cannot be examined.
        known: model
            .boards()
            .filter(|view| !view.inbound_only || view.link == LinkState::Connected)
            .map(known)
            .collect(),
    }
}

/// The page before the first examination.
fn teach(ui: &mut Ui, palette: &Palette) {
    line(ui, "It checks, in this order:", palette.weak);
    for what in [
        "whether this computer has a network interface with multicast",
        "whether another program uses UDP port 5353 exclusively",
        "whether a firewall drops UDP port 5353",
        "which boards announce themselves, at which address, in which version, open or locked",
        "whether that address responds, is on a network of this computer, and accepts another \
            connection",
        "whether an announcement is out of date",
    ] {
        line(ui, &format!("•  {what}"), palette.text);
    }
}

fn look(
    palette: &Palette,
    verdict: Verdict,
) -> (&'static str, eframe::egui::Color32, &'static str) {
    match verdict {
        Verdict::Fault => (icon::X_CIRCLE, palette.bad, "Fault"),
        Verdict::Warning => (icon::WARNING, palette.doubtful, "Warning"),
        Verdict::Fine => (icon::CHECK_CIRCLE, palette.good, "Fine"),
    }
}

/// Shows findings, worst first, for a dialog.
pub(crate) fn show_findings(ui: &mut Ui, findings: &[Finding]) {
    for (at, finding) in findings.iter().take(SHOWN).enumerate() {
        ui.push_id(("finding", at), |ui| card(ui, finding));
        ui.add_space(UNIT);
    }
}

fn card(ui: &mut Ui, finding: &Finding) {
    let palette = palette(ui);
    let Finding {
        verdict,
        title,
        tried,
        observed,
        advice,
        ..
    } = finding;
    let (sign, color, word) = look(palette, *verdict);
    let edge = if *verdict == Verdict::Fine {
        palette.border
    } else {
        color
    };
    let frame = Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, edge))
        .corner_radius(theme::CARD_RADIUS)
        .inner_margin(Margin::symmetric(16, 10));
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new(sign).font(theme::icon()).color(color));
            ui.label(RichText::new(word).font(theme::strong()).color(color));
            let title = text::plain(title);
            let response = ui.add(
                Label::new(
                    RichText::new(&title)
                        .font(theme::strong())
                        .color(palette.text),
                )
                .wrap(),
            );
            response.widget_info(|| {
                WidgetInfo::labeled(Role::Heading, true, format!("{word}: {title}"))
            });
        });
        field(ui, "Tried", |ui| {
            line(ui, &text::plain(tried), palette.weak);
        });
        field(ui, "Observed", |ui| {
            line(ui, &text::plain(observed), palette.text);
        });
        for (at, advice) in advice.iter().enumerate() {
            field(ui, if at == 0 { "To do" } else { "" }, |ui| {
                to_do(ui, advice);
            });
        }
    });
}

fn to_do(ui: &mut Ui, advice: &Advice) {
    let palette = palette(ui);
    line(ui, &text::plain(&advice.what), palette.text);
    let Some(command) = advice.command.as_deref().map(text::plain) else {
        return;
    };
    let frame = Frame::new()
        .fill(palette.ground)
        .corner_radius(theme::CONTROL_RADIUS)
        .inner_margin(Margin {
            left: 2,
            right: 10,
            top: 1,
            bottom: 1,
        });
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().button_padding.x = theme::HALF;
            let copy = Button::new(icon::COPY)
                .frame_when_inactive(false)
                .min_size(vec2(theme::LINE, 0.0));
            let copy = ui.add(copy).on_hover_text("Copy the command");
            copy.widget_info(|| {
                WidgetInfo::labeled(Role::Button, true, format!("Copy: {command}"))
            });
            if copy.clicked() {
                ui.ctx().copy_text(command.clone());
            }
            ui.add(
                Label::new(
                    RichText::new(&command)
                        .font(theme::monospace())
                        .color(palette.text),
                )
                .wrap(),
            );
        });
    });
}
