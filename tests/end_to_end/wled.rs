//! A WLED in the real window, over a real socket: what its LEDs show, and its
//! long lists of effects and palettes.

use std::time::{Duration, Instant};

use doubles::{Wled, WledOptions};
use eframe::egui::{Key, accesskit::Role};
use egui_kittest::kittest::{NodeT, Queryable};
use serde_json::{Value, json};

use crate::window::Desktop;

const PREVIEW: &str = "Light: live preview";

/// Four red LEDs at full brightness, without an effect.
fn wled() -> Wled {
    let wled = Wled::start(WledOptions {
        name: "Shelf".to_owned(),
        leds: 4,
        ..WledOptions::default()
    })
    .expect("a WLED");
    let segment = json!({ "id": 0, "fx": 0, "bri": 255, "on": true, "col": [[255, 0, 0]] });
    wled.set(&json!({ "on": true, "bri": 255, "seg": [segment] }));
    wled
}

fn desktop(wled: &Wled) -> Desktop {
    let mut desktop = Desktop::open(&[format!("wled://{}", wled.address())]);
    desktop.shows("Shelf: connected");
    desktop
}

/// Waits until the preview says this.
fn previews(desktop: &mut Desktop, wanted: &str) {
    desktop.until(wanted, |window| {
        let preview = window.query_by_role_and_label(Role::Image, PREVIEW)?;
        (preview.value().as_deref() == Some(wanted)).then_some(())
    });
}

/// Waits until the board has a client that it shows its LEDs, or none.
fn is_watched(desktop: &mut Desktop, wled: &Wled, wanted: bool) {
    desktop.until("whether it is watched", |_| {
        (wled.is_watched() == wanted).then_some(())
    });
}

fn segment(wled: &Wled, field: &str) -> Value {
    wled.state()["seg"][0][field].clone()
}

#[test]
fn the_leds_are_shown_while_their_card_is_in_sight() {
    let wled = wled();
    let mut desktop = desktop(&wled);
    previews(&mut desktop, "4 LEDs, on average #ff0000");
    wled.set(&json!({ "seg": [{ "id": 0, "col": [[0, 0, 255]] }] }));
    previews(&mut desktop, "4 LEDs, on average #0000ff");

    // On another page, the board is left to other clients.
    desktop.click("Activity");
    is_watched(&mut desktop, &wled, false);
    desktop.click("Boards");
    is_watched(&mut desktop, &wled, true);
    previews(&mut desktop, "4 LEDs, on average #0000ff");
}

#[test]
fn the_leds_are_shown_again_after_a_lost_link() {
    let wled = wled();
    let mut desktop = desktop(&wled);
    previews(&mut desktop, "4 LEDs, on average #ff0000");
    wled.power_off();
    desktop.shows("Shelf: unreachable");
    previews(&mut desktop, "unknown");
    wled.set(&json!({ "seg": [{ "id": 0, "col": [[0, 255, 0]] }] }));
    wled.power_on().expect("its address is free");
    desktop.click("Try now");
    desktop.shows("Shelf: connected");
    is_watched(&mut desktop, &wled, true);
}

#[test]
fn leds_that_do_not_change_cost_few_frames() {
    let wled = wled();
    let mut desktop = desktop(&wled);
    previews(&mut desktop, "4 LEDs, on average #ff0000");
    let settled = Instant::now();
    desktop.until("it is shown for a while", |_| {
        (settled.elapsed() > Duration::from_secs(3)).then_some(())
    });
    let (begun, mut frames) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(4) {
        if desktop.is_asked_to_draw() {
            desktop.window.step();
            frames += 1;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    // The board sends about 100 previews in that time.
    assert!((1..=16).contains(&frames), "{frames}");
    previews(&mut desktop, "4 LEDs, on average #ff0000");
}

#[test]
fn an_effect_and_a_palette_are_found_by_typing() {
    let wled = wled();
    let mut desktop = desktop(&wled);
    for (field, words, chosen, number) in [
        ("effect", "wander", "Wandering Tide", "fx"),
        ("palette", "s only", "* Colors Only", "pal"),
    ] {
        let before = segment(&wled, number);
        let combo = format!("Light: {field}");
        desktop.until(&combo, |window| {
            window
                .query_by_role_and_label(Role::ComboBox, &combo)
                .map(|node| node.focus())
        });
        desktop.window.step();
        desktop.window.key_press(Key::Enter);
        let search = format!("Light: {field}: search");
        desktop.until(&search, |window| {
            let field = window.query_by_role_and_label(Role::TextInput, &search)?;
            field.accesskit_node().is_focused().then_some(())
        });
        desktop
            .window
            .get_by_role_and_label(Role::TextInput, &search)
            .type_text(words);
        desktop.window.step();
        // From the first that fits to the next one, if there is one.
        desktop.window.key_press(Key::ArrowDown);
        desktop.window.step();
        desktop.window.key_press(Key::Enter);
        desktop.until("the board has another one", |_| {
            (segment(&wled, number) != before).then_some(())
        });
        desktop.until(chosen, |window| {
            let combo = window.query_by_role_and_label(Role::ComboBox, &combo)?;
            (combo.value().as_deref() == Some(chosen)).then_some(())
        });
        desktop.until("the list is closed", |window| {
            let list = window.query_by_role_and_label(Role::TextInput, &search);
            list.is_none().then_some(())
        });
    }
}
