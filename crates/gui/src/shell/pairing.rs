//! The dialog in which a person compares the pairing code with the one that the
//! board shows. Draws how the board's light flashes.

use eframe::egui::{
    Align, Button, FontFamily, FontId, Label, Layout, Rect, RichText, Role, Sense, Ui, WidgetInfo,
    pos2, vec2,
};

use crate::{
    model::{
        action::{BoardCommand, WindowAction},
        page_context::PageContext,
    },
    widgets::theme::{HALF, Palette, UNIT, palette},
};

/// The size of a digit with its flashes below.
const DIGIT: [f32; 2] = [40.0, 76.0];
/// The size of a digit.
const DIGIT_SIZE: f32 = 34.0;
/// Between the two groups of three.
const GAP: f32 = 24.0;
/// The radius of a flash, and the distance to the next.
const FLASH: f32 = 2.5;
const NEXT_FLASH: f32 = 9.0;
/// The height of the buttons.
const BUTTONS: f32 = 28.0;

/// How a board shows its code.
const FLASHES: &str = "The board prints its code on the serial port, and its light flashes it: a \
     long blue flash, then each digit as \
                       that many white flashes. A long white flash is 0.";

/// A code that is being compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compare {
    /// Six digits in two groups.
    pub(crate) code: String,
    /// Whether the person confirmed the code here.
    pub(crate) matches: bool,
    /// Whether the code was confirmed at the board.
    pub(crate) confirmed: bool,
}

/// The steps to do at the board before pairing.
pub(crate) fn steps(ui: &mut Ui, replaces: bool) {
    let palette = palette(ui);
    let steps = [
        "Hold the board's button for 5 seconds, until its light blinks red.",
        "Release it. If you hold it for 10 seconds, the board is erased.",
        "The light blinks blue. Click Pair within 2 minutes, and compare the codes that the board \
             and this window show.",
    ];
    for (number, step) in (1..).zip(steps) {
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(format!("{number}.")).color(palette.weak));
            ui.add(Label::new(RichText::new(step).color(palette.text)).wrap());
        });
        ui.add_space(HALF);
    }
    ui.add_space(HALF);
    let after = match replaces {
        true => "This computer already has a key for this board. Pairing replaces it.",
        false => "Once it is paired, only computers with a key can use the board.",
    };
    ui.label(RichText::new(after).color(palette.weak));
}

/// The buttons at the bottom of a dialog, from the right.
pub(crate) fn buttons(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), BUTTONS);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), add);
}

/// Shows the dialog; `opened` is whether it was shown before.
pub(crate) fn compare(
    ui: &mut Ui,
    compare: &Compare,
    opened: &mut bool,
    context: &PageContext<'_>,
) {
    let palette = palette(ui);
    let Compare {
        code,
        matches,
        confirmed,
    } = compare;
    ui.heading(if *matches {
        "Confirm at the board"
    } else {
        "Compare the codes"
    });
    ui.add_space(UNIT * 1.5);
    digits(ui, code, palette);
    ui.add_space(UNIT * 1.5);
    let (next, how) = match (*matches, *confirmed) {
        (false, false) => ("Does the board show the same code?", FLASHES),
        (false, true) => (
            "Confirmed at the board. Does the board show the same code?",
            FLASHES,
        ),
        (true, false) => (
            "Now press the board's button once, briefly.",
            "The board is locked after that. To cancel, press its button twice.",
        ),
        (true, true) => ("Storing the key…", "The keychain may ask for a password."),
    };
    ui.label(RichText::new(next).color(palette.text).strong());
    ui.add_space(HALF);
    ui.label(RichText::new(how).color(palette.weak));
    ui.add_space(UNIT * 2.0);
    buttons(ui, |ui| {
        let size = vec2(80.0, BUTTONS);
        if *matches {
            if ui.add(Button::new("Cancel").min_size(size)).clicked() {
                context.push(WindowAction::CloseDialog);
            }
            return;
        }
        let words = RichText::new("Codes match").color(palette.on_accent);
        if ui
            .add(Button::new(words).fill(palette.accent).min_size(size))
            .clicked()
        {
            context.push(BoardCommand::ConfirmCode);
        }
        let differ = ui.add(Button::new("Codes differ").min_size(size));
        if differ.clicked() {
            context.push(BoardCommand::RejectCode);
        }
        // Pressing Enter once too often must not confirm anything.
        if !*opened {
            *opened = true;
            differ.request_focus();
        }
    });
}

/// The digits, each above its flashes.
fn digits(ui: &mut Ui, code: &str, palette: &Palette) {
    let [width, height] = DIGIT;
    let digits: Vec<u8> = code
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect();
    let whole = vec2(width * 6.0 + GAP, height);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Code: {code}")));
    let start = rect.center().x - whole.x / 2.0;
    // The long blue flash at the start.
    let begins = pos2(start - UNIT * 2.0, rect.top() + DIGIT_SIZE + UNIT * 2.0);
    let bar = Rect::from_center_size(begins, vec2(NEXT_FLASH * 2.0 + FLASH * 2.0, FLASH * 2.0));
    ui.painter().rect_filled(bar, FLASH, palette.accent);
    for (at, digit) in digits.iter().enumerate().take(6) {
        let place = f32::from(u8::try_from(at).unwrap_or_default());
        let left = start + place * width + if at < 3 { 0.0 } else { GAP };
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, height));
        let top = cell.center_top() + vec2(0.0, DIGIT_SIZE / 2.0 + HALF);
        let font = FontId::new(DIGIT_SIZE, FontFamily::Monospace);
        ui.painter().text(
            top,
            eframe::egui::Align2::CENTER_CENTER,
            digit,
            font,
            palette.text,
        );
        flashes(
            ui,
            cell.center_top() + vec2(0.0, DIGIT_SIZE + UNIT * 2.0),
            *digit,
            palette,
        );
    }
}

/// Up to nine dots in rows of three, or a bar for 0.
fn flashes(ui: &Ui, top: eframe::egui::Pos2, digit: u8, palette: &Palette) {
    if digit == 0 {
        let bar = Rect::from_center_size(top, vec2(NEXT_FLASH * 2.0 + FLASH * 2.0, FLASH * 2.0));
        ui.painter().rect_filled(bar, FLASH, palette.weak);
        return;
    }
    for flash in 0..digit.min(9) {
        let (row, column) = (flash / 3, flash % 3);
        // The last row may be shorter than the others; each is centered.
        let in_row = (digit - row * 3).min(3);
        let at = vec2(
            f32::from(column) - f32::from(in_row - 1) / 2.0,
            f32::from(row),
        ) * NEXT_FLASH;
        ui.painter().circle_filled(top + at, FLASH, palette.weak);
    }
}
