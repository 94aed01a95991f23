//! `switchboard scene`: saves the states of components to a file, and applies
//! them to all boards at once.

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    sync::Arc,
    sync::mpsc::{RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use protocol::limits::{COMMAND_TIMEOUT, CONNECT_TIMEOUT, TRANSITION_MS};
use serde_json::{Value, json};

use super::{
    Failure,
    args::{SceneCommand, Target, Wait},
    client::Client,
    find::{self, Named, NotFound},
    output,
    print::Printer,
    watching::{DISCOVERY, Watching},
};
use disk::{
    documents::{Document, Pin, Scene, SceneStep, check_name, settable},
    keys::Store,
    settings,
};
use fleet::{BoardKey, BoardView, KnownBoard, LinkState, Outcome, is_address};
use text::matching::Fit;

/// How much of a scene was not applied, and why.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} of {all} not applied: {refused} refused, {missing} on a missing board, {silent} without \
     a response",
    refused + missing + silent
)]
pub(super) struct Incomplete {
    all: usize,
    refused: usize,
    missing: usize,
    silent: usize,
}

impl Incomplete {
    /// The exit status: a refusal takes precedence over a missing board, and
    /// that over a missing response.
    pub(super) fn status(&self) -> u8 {
        match (self.refused, self.missing) {
            (0, 0) => 4,
            (0, _) => 3,
            _ => 1,
        }
    }
}

/// The result of a step.
#[derive(Debug)]
enum StepResult {
    /// The command was sent.
    Outcome(Outcome),
    /// No board with this id was found.
    Missing,
    /// There was no connection in time, and why.
    NoLink(String),
}

pub(super) fn scene(keys: &Store, command: SceneCommand) -> Result<(), Failure> {
    match command {
        SceneCommand::Apply {
            scene,
            connect,
            fade,
            json,
        } => apply(keys, &scene, connect, fade, &mut Printer::new(json)),
        SceneCommand::Take {
            file,
            targets,
            name,
            fade,
        } => take(keys, &file, &targets, name, fade),
        SceneCommand::List { json } => list(&mut Printer::new(json)),
    }
}

fn list(printer: &mut Printer) -> Result<(), Failure> {
    let scenes = settings::remembered().scenes.items;
    let rows = scenes.iter().map(|scene| {
        let count = text::count(
            u64::try_from(scene.steps.len()).unwrap_or(u64::MAX),
            "component",
        );
        let fade = format!(
            "fade {}",
            text::short(Duration::from_millis(scene.transition_ms.into()))
        );
        ([text::plain(&scene.name), count, fade], json!(scene))
    });
    Ok(printer.rows(&rows.collect::<Vec<_>>())?)
}

fn take(
    keys: &Store,
    file: &Path,
    targets: &[String],
    name: Option<String>,
    fade: Wait,
) -> Result<(), Failure> {
    let name = name.unwrap_or_else(|| {
        file.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    });
    check_name(&name).map_err(Failure::Usage)?;
    let mut scene = Scene {
        transition_ms: millis(fade)?,
        ..Scene::new(name)
    };
    for target in targets {
        // A component's key follows the last slash; otherwise the slash is part
        // of a board's name.
        let (board, component) = match target.parse::<Target>() {
            Ok(target) => (target.board, Some(target.component)),
            Err(_) => (whole_board(target)?, None),
        };
        let client = Client::connect(keys, &board)?;
        let view = client.board()?;
        let before = scene.steps.len();
        for part in &view.components {
            let key = &part.descriptor.key;
            if component.as_ref().is_some_and(|wanted| wanted != key) {
                continue;
            }
            if component.is_some() && settable(&key.kind).is_empty() {
                return Err(Failure::Usage(format!(
                    "{}/{key}: components of kind {} cannot be set",
                    view.name, key.kind
                )));
            }
            let name = format!(
                "{}: {}",
                text::plain(&view.name),
                text::plain(&part.descriptor.name)
            );
            let board = view.id.as_ref().unwrap_or(&view.address).to_string();
            scene.take(
                Pin {
                    board,
                    component: key.clone(),
                    name,
                },
                &key.kind,
                &part.shown(),
            );
        }
        if scene.steps.len() == before {
            let what = component.map_or_else(
                || "no component that can be set and has a known state".to_owned(),
                |key| format!("no {key}"),
            );
            return Err(Failure::Usage(format!(
                "{} has {what}",
                text::plain(&view.name)
            )));
        }
    }
    let steps = scene.steps.len();
    // If the scene itself goes to standard output, nothing else may.
    let is_output = files::is_standard_output(file);
    Document::Scene(scene)
        .write(file)
        .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let count = text::count(u64::try_from(steps).unwrap_or(u64::MAX), "component");
    let message = format!("saved {count} to {}", file.display());
    if is_output {
        return Ok(writeln!(output::err(), "{message}")?);
    }
    Ok(writeln!(output::out(), "{message}")?)
}

/// The argument as the name of a whole board.
///
/// If one half of BOARD/COMPONENT is empty, a shell variable is probably unset,
/// and the whole board, or another one, is not what the user wants.
fn whole_board(target: &str) -> Result<String, Failure> {
    let halves = target.rsplit_once('/');
    if halves
        .is_some_and(|(board, component)| board.trim().is_empty() || component.trim().is_empty())
    {
        return Err(Failure::Usage(format!(
            "the board or the component is missing in {target:?}; expected for example \
             desk-lamp/light:0 or desk-lamp"
        )));
    }
    Ok(target.to_owned())
}

fn millis(fade: Wait) -> Result<u32, Failure> {
    u32::try_from(fade.0.as_millis())
        .ok()
        .filter(|millis| *millis <= TRANSITION_MS)
        .ok_or_else(|| {
            let longest = TRANSITION_MS / 1_000;
            Failure::Usage(format!("a fade can take at most {longest} s"))
        })
}

fn apply(
    keys: &Store,
    wanted: &str,
    connect: bool,
    fade: Option<Wait>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut scene = read(wanted)?;
    if let Some(fade) = fade {
        scene.transition_ms = millis(fade)?;
    }
    let mut watching = Watching::start(keys, true, false)?;
    let boards = find_boards(&mut watching, &scene, connect)?;
    wait_for_links(&mut watching, &boards);
    let results = send_all(&watching, &scene, &boards);
    let mut incomplete = Incomplete {
        all: results.len(),
        refused: 0,
        missing: 0,
        silent: 0,
    };
    let rows: Vec<_> = scene
        .steps
        .iter()
        .zip(&results)
        .map(|(step, result)| row(step, result, &mut incomplete))
        .collect();
    printer.rows(&rows)?;
    match incomplete {
        Incomplete {
            refused: 0,
            missing: 0,
            silent: 0,
            ..
        } => Ok(()),
        incomplete => Err(incomplete.into()),
    }
}

/// Reads the scene from a file, or from the window's scenes by name.
fn read(wanted: &str) -> Result<Scene, Failure> {
    let path = Path::new(wanted);
    if !path.exists() {
        return of_the_window(wanted);
    }
    match Document::read(path).map_err(|error| Failure::Usage(error.to_string()))? {
        Document::Scene(scene) => Ok(scene),
        Document::Dashboard(_) => Err(Failure::Usage(format!(
            "{wanted} is a dashboard; expected a scene"
        ))),
    }
}

/// The window's scene with this name. An ambiguous name is refused, because the
/// scenes may affect different boards.
fn of_the_window(wanted: &str) -> Result<Scene, Failure> {
    let scenes = settings::remembered().scenes.items;
    let named: Vec<_> = scenes
        .iter()
        .map(|scene| Named {
            id: "",
            name: &scene.name,
            address: "",
        })
        .collect();
    match find::find(wanted, &named) {
        // A prefix is enough for a board, but a scene may change many boards.
        Ok(found) if found.fit != Fit::Start => {
            if let Some(scene) = scenes.get(found.at) {
                return Ok(scene.clone());
            }
        }
        Err(NotFound::Ambiguous { .. }) => {
            let names: Vec<&str> = scenes.iter().map(|scene| &*scene.name).collect();
            return Err(Failure::Usage(format!(
                "several scenes in the window match {wanted:?}: {}; rename one of them there",
                names.join(", ")
            )));
        }
        Ok(_) | Err(NotFound::NoMatch { .. } | NotFound::Absent { .. }) => {}
    }
    let names: Vec<&str> = scenes.iter().map(|scene| &*scene.name).collect();
    let available = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    Err(Failure::Usage(format!(
        "there is no file {wanted:?}, and no such scene in the window; available: {available}"
    )))
}

/// Looks for the boards of a scene by mDNS and at their last known addresses,
/// and starts connecting to them.
///
/// An address that is known only from the scene is used only with `connect`:
/// scenes are shared, and their authors must not decide where this computer
/// connects to.
fn find_boards(
    watching: &mut Watching,
    scene: &Scene,
    connect: bool,
) -> Result<BTreeMap<String, BoardKey>, Failure> {
    let mut found = BTreeMap::new();
    let mut missing: Vec<&str> = scene
        .steps
        .iter()
        .map(|step| step.pin.board.as_str())
        .collect();
    missing.sort_unstable();
    missing.dedup();
    let known = settings::remembered().boards;
    for id in &missing {
        let is = |board: &&settings::RememberedBoard| {
            board.id.as_deref() == Some(*id) || board.address == *id
        };
        match known.iter().find(is).cloned() {
            Some(settings::RememberedBoard {
                id,
                family,
                name,
                address,
                by_hand,
            }) => {
                // Ignore an address that cannot be parsed, perhaps one written
                // by a newer version: mDNS may find the board.
                let _ = watching.fleet().recall(KnownBoard {
                    id,
                    family,
                    name,
                    address,
                    by_hand,
                    ..KnownBoard::default()
                });
            }
            None if is_address(id) && connect => {
                let key = watching
                    .fleet()
                    .add_address(id)
                    .map_err(|error| Failure::Usage(error.to_string()))?;
                found.insert((*id).to_owned(), key);
            }
            None => {}
        }
    }
    let end = Instant::now() + DISCOVERY;
    loop {
        missing.retain(|id| !found.contains_key(*id));
        for id in &missing {
            let is = |board: &&Arc<BoardView>| {
                board.id.as_deref() == Some(*id)
                    || *board.address == **id
                    || board.addresses.have(id)
            };
            let board = watching.boards().values().find(is);
            found.extend(board.map(|board| ((*id).to_owned(), board.key)));
        }
        if missing.iter().all(|id| found.contains_key(*id)) || watching.wait(end).is_none() {
            break;
        }
    }
    let unknown: Vec<_> = missing
        .into_iter()
        .filter(|id| is_address(id) && !found.contains_key(*id))
        .collect();
    if !unknown.is_empty() {
        return Err(Failure::Usage(format!(
            "no board is known or announced at {}, which the scene refers to; nothing was \
             changed. To connect there anyway, use --connect",
            unknown.join(", ")
        )));
    }
    found
        .values()
        .for_each(|key| watching.fleet().connect(*key));
    Ok(found)
}

/// Waits until every connection has succeeded or failed. A board that is not at
/// its last known address gets as much time as mDNS needs to find it.
fn wait_for_links(watching: &mut Watching, boards: &BTreeMap<String, BoardKey>) {
    let begun = Instant::now();
    let (patience, end) = (
        begun + DISCOVERY,
        begun + CONNECT_TIMEOUT + Duration::from_secs(1),
    );
    loop {
        let late = Instant::now() >= patience;
        let decided = |board: &BoardView| match board.link {
            LinkState::Connected | LinkState::Stale => true,
            LinkState::Unreachable { .. } => late,
            LinkState::Announced | LinkState::Connecting => false,
        };
        if boards.values().all(|key| {
            watching
                .boards()
                .get(key)
                .is_some_and(|board| decided(board))
        }) {
            return;
        }
        if watching.wait(if late { end } else { patience }).is_none() && Instant::now() >= end {
            return;
        }
    }
}

/// Sends all commands at once and waits for their outcomes.
fn send_all(
    watching: &Watching,
    scene: &Scene,
    boards: &BTreeMap<String, BoardKey>,
) -> Vec<StepResult> {
    let (sender, outcomes) = channel();
    let mut results: Vec<StepResult> = Vec::with_capacity(scene.steps.len());
    let mut waiting = 0;
    for (at, step) in scene.steps.iter().enumerate() {
        let board = boards
            .get(&step.pin.board)
            .and_then(|key| watching.boards().get(key));
        results.push(match board.map(|board| (board.key, &board.link)) {
            None => StepResult::Missing,
            Some((key, LinkState::Connected | LinkState::Stale)) => {
                let sender = sender.clone();
                let reply = Box::new(move |outcome| {
                    // The receiver may have timed out.
                    let _ = sender.send((at, outcome));
                });
                watching.fleet().set(
                    key,
                    &step.pin.component,
                    step.change(scene.transition_ms),
                    Some(reply),
                );
                waiting += 1;
                StepResult::Outcome(Outcome::Unconfirmed)
            }
            Some((_, LinkState::Unreachable { problem, .. })) => {
                StepResult::NoLink(text::problem(problem))
            }
            Some(_) => StepResult::NoLink("no response within 10 s".to_owned()),
        });
    }
    let end = Instant::now() + COMMAND_TIMEOUT + Duration::from_secs(1);
    while waiting > 0 {
        match outcomes.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok((at, outcome)) => {
                waiting -= 1;
                if let Some(result) = results.get_mut(at) {
                    *result = StepResult::Outcome(outcome);
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    results
}

/// The result of a step as a table row and as an object; counts failures.
fn row(step: &SceneStep, result: &StepResult, incomplete: &mut Incomplete) -> ([String; 3], Value) {
    let mut value = json!({
        "board": step.pin.board, "component": step.pin.component, "name": step.pin.name,
        "set": step.set,
    });
    let (word, message) = match result {
        StepResult::Outcome(outcome @ Outcome::Done { took, .. }) => {
            value["took_ms"] = (took.as_secs_f64() * 1e3).into();
            (
                "done",
                format!("{} in {}", text::answer(outcome), text::short(*took)),
            )
        }
        StepResult::Outcome(outcome @ Outcome::Refused(error)) => {
            incomplete.refused += 1;
            value["error"] = json!(error);
            ("refused", text::answer(outcome))
        }
        StepResult::Outcome(outcome) => {
            incomplete.silent += 1;
            ("unconfirmed", text::answer(outcome))
        }
        StepResult::Missing => {
            incomplete.missing += 1;
            ("missing", "board not found".to_owned())
        }
        StepResult::NoLink(problem) => {
            incomplete.silent += 1;
            value["problem"] = problem.clone().into();
            ("unreachable", format!("unreachable: {problem}"))
        }
    };
    value["outcome"] = word.into();
    (
        [
            text::plain(&step.pin.words()),
            text::fields(&step.set, None),
            message,
        ],
        value,
    )
}
