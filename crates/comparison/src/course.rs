//! The course of a comparison: what is tried, all followers at once, and then
//! the board's process with each alone.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::ComponentKey;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    Settings, Trouble,
    follow::follow,
    judge::Press,
    notes::{Notes, Shared, look},
    press::Presser,
    process::{Unknown, that_listens_at},
    record::{Cost, Followed, Follower, Record, Stage, Way},
    route::Route,
    tls::TlsServer,
};
use address::{AddressError, Candidates};
use net::client::{DialError, GIVE_UP, reach};

use crate::usage::cpu;

/// How often it is looked whether something is new.
const LOOK: Duration = Duration::from_millis(50);
/// How long who follows may take for the first word.
const READY: Duration = GIVE_UP;
/// After it the last change is on its way no longer.
const SETTLE: Duration = Duration::from_millis(500);
/// No two presses are nearer, so that a board that pushes at most every 100 ms
/// is not what is measured.
const APART: Duration = Duration::from_millis(10);

/// Runs it to its end, and writes down how it ended.
pub(super) async fn run(settings: &Settings, record: &Shared) {
    let _guard = Guard(Shared::clone(record));
    let stage = match compare(settings, record).await {
        Ok(()) => Stage::Done,
        Err(trouble) => Stage::Failed(trouble.to_string()),
    };
    enter(record, stage);
}

/// Whoever waits for the end learns of it, however it comes.
struct Guard(Shared);

impl Drop for Guard {
    fn drop(&mut self) {
        let ended = matches!(look(&self.0).stage, Stage::Done | Stage::Failed(_));
        if !ended {
            enter(&self.0, Stage::Failed("it broke off".to_owned()));
        }
    }
}

/// Calls `wake` whenever something was written down, but not more often than
/// twenty times a second.
pub(super) async fn wake_for(record: &Shared, wake: &impl Fn()) {
    let mut seen = 0;
    loop {
        sleep(LOOK).await;
        let edition = look(record).edition;
        if edition != seen {
            seen = edition;
            wake();
        }
    }
}

fn enter(record: &Shared, stage: Stage) {
    let mut record = look(record);
    record.stage = stage;
    record.edition += 1;
}

/// The ways to the board.
struct Routes {
    plain: Route,
    tls: Option<(TlsServer, Route)>,
}

impl Routes {
    fn of(&self, follower: Follower) -> &Route {
        self.tls
            .as_ref()
            .filter(|_| follower.tls)
            .map_or(&self.plain, |(_, route)| route)
    }
}

async fn compare(settings: &Settings, record: &Shared) -> Result<(), Trouble> {
    let board = address(&settings.board).await?;
    let tls = match settings.tls {
        false => None,
        true => {
            let server = TlsServer::start(board)
                .map_err(|error| Trouble::Strange(format!("no TLS server: {error}")))?;
            let route = Route::through(&server, board)?;
            Some((server, route))
        }
    };
    let routes = Routes {
        plain: Route::plain(board)?,
        tls,
    };
    let mut presser = Presser::connect(&routes.plain, settings.press.as_ref()).await?;
    let components = presser.learn().await?;
    {
        let mut record = look(record);
        record.button = Some(presser.button().clone());
        record.components.clone_from(&components);
    }
    together(settings, record, &routes, &mut presser, &components).await?;
    if !settings.alone.is_zero() {
        alone(
            settings,
            record,
            &routes,
            &mut presser,
            &components,
            that_listens_at(board),
        )
        .await?;
    }
    Ok(())
}

async fn address(board: &str) -> Result<SocketAddr, Trouble> {
    let unknown = |why: String| Trouble::Strange(format!("{board} is not known: {why}"));
    let given = board
        .parse()
        .map(Candidates::given)
        .map_err(|error: AddressError| unknown(error.to_string()))?;
    // Everybody who follows goes to the address that answers first.
    let reached = timeout(GIVE_UP, reach(&given, &[]))
        .await
        .map_err(|_| Trouble::NoAnswer)?;
    let reached = reached.map_err(|source| DialError::Unreachable {
        place: board.to_owned(),
        source,
    })?;
    reached
        .stream
        .peer_addr()
        .map_err(|error| unknown(error.to_string()))
}

/// Everybody follows, and the button is pressed.
async fn together(
    settings: &Settings,
    record: &Shared,
    routes: &Routes,
    presser: &mut Presser,
    components: &BTreeSet<ComponentKey>,
) -> Result<(), Trouble> {
    let begun = Instant::now();
    let followers = settings.followers();
    look(record).begun = Some(begun);
    let mut tasks = Vec::new();
    for (place, follower) in followers.iter().enumerate() {
        tasks.push(Task::begin(
            *follower,
            routes.of(*follower),
            Notes::new(Shared::clone(record), place, begun, components.clone()),
        ));
    }
    ready(record, &mut tasks).await?;
    enter(record, Stage::Together);
    let tls_before = routes.tls.as_ref().map(|(server, _)| server.cpu());
    let pressing = press(settings, presser, record, begun);
    // What ends for who follows by push ends the comparison; a poll goes on by
    // itself.
    tokio::select! {
        pressed = pressing => pressed?,
        trouble = ended(&mut tasks) => return Err(trouble),
    }
    enter(record, Stage::Waiting);
    let slowest = settings.polls.iter().max().copied().unwrap_or_default();
    tokio::select! {
        () = sleep(slowest + SETTLE) => {}
        trouble = ended(&mut tasks) => return Err(trouble),
    }
    if let (Some(before), Some((server, _))) = (tls_before, &routes.tls) {
        look(record).tls_server = Some(server.cpu().saturating_sub(before));
    }
    Ok(())
}

/// One who follows, until it is dropped.
struct Task(JoinHandle<Trouble>);

impl Task {
    fn begin(Follower { way, .. }: Follower, route: &Route, notes: Notes) -> Self {
        let route = route.clone();
        Self(tokio::task::spawn_local(async move {
            follow(way, &route, &notes).await
        }))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits until somebody follows no more.
async fn ended(tasks: &mut [Task]) -> Trouble {
    if tasks.is_empty() {
        return std::future::pending().await;
    }
    let any = futures_util::future::select_all(tasks.iter_mut().map(|task| &mut task.0));
    match any.await.0 {
        Ok(trouble) => trouble,
        Err(error) => Trouble::Strange(error.to_string()),
    }
}

/// Waits until all have been told something.
async fn ready(record: &Shared, tasks: &mut [Task]) -> Result<(), Trouble> {
    let told = async {
        while look(record)
            .followers
            .iter()
            .any(|followed| followed.sightings.is_empty())
        {
            sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        told = timeout(READY, told) => told.map_err(|_| {
            let record = look(record);
            let silent = record.followers.iter().find(|followed| followed.sightings.is_empty());
            let why = silent.and_then(|followed| followed.problem.clone()).unwrap_or_else(|| "no answer".to_owned());
            Trouble::Strange(why)
        }),
        trouble = ended(tasks) => Err(trouble),
    }
}

/// Presses at random: the times between two presses are exponential, as of
/// somebody who knows nothing of the polls.
async fn press(
    settings: &Settings,
    presser: &mut Presser,
    record: &Shared,
    begun: Instant,
) -> Result<(), Trouble> {
    let mut chance = fastrand::Rng::with_seed(settings.seed);
    let end = Instant::now() + settings.length;
    loop {
        let gap = settings
            .press_every
            .mul_f64(-(1.0 - chance.f64()).ln())
            .max(APART);
        if Instant::now() + gap >= end {
            sleep(end.saturating_duration_since(Instant::now())).await;
            return Ok(());
        }
        sleep(gap).await;
        let place = {
            let mut record = look(record);
            record.edition += 1;
            record.presses.push(Press {
                at: begun.elapsed(),
                seq: None,
            });
            record.presses.len() - 1
        };
        let seq = presser.press().await?;
        let mut record = look(record);
        record.edition += 1;
        if let Some(press) = record.presses.get_mut(place) {
            press.seq = Some(seq);
        }
    }
}

/// The board's process with nobody, and then with each follower by itself, the
/// presses always being the same.
async fn alone(
    settings: &Settings,
    record: &Shared,
    routes: &Routes,
    presser: &mut Presser,
    components: &BTreeSet<ComponentKey>,
    process: Result<u32, Unknown>,
) -> Result<(), Trouble> {
    let process = match process {
        Ok(process) => process,
        Err(why) => {
            look(record)
                .followers
                .iter_mut()
                .for_each(|followed| followed.cost = Cost::Unknown(why));
            return Ok(());
        }
    };
    let mut nobody = None;
    let followers = settings.followers();
    for place in std::iter::once(None).chain((0..followers.len()).map(Some)) {
        enter(record, Stage::Alone { follower: place });
        let follower = place.and_then(|place| followers.get(place).copied());
        // Beside the record of what all did at once.
        let aside: Shared =
            Arc::new(Record::new(follower.map(Followed::new).into_iter().collect()).into());
        let begun = Instant::now();
        let mut tasks: Vec<Task> = follower
            .map(|follower| {
                let notes = Notes::new(Shared::clone(&aside), 0, begun, components.clone());
                Task::begin(follower, routes.of(follower), notes)
            })
            .into_iter()
            .collect();
        ready(&aside, &mut tasks).await?;
        // At least two rounds of a slow poll.
        let length = match follower.map(|follower| follower.way) {
            Some(Way::Poll { every, .. }) => settings.alone.max(every * 2),
            _ => settings.alone,
        };
        let shortened = Settings {
            length,
            ..settings.clone()
        };
        let (Ok(before), since) = (cpu(process), Instant::now()) else {
            return Ok(());
        };
        press(&shortened, presser, &aside, begun).await?;
        let (Ok(after), took) = (cpu(process), since.elapsed()) else {
            return Ok(());
        };
        let cost = after
            .saturating_sub(before)
            .div_f64(took.as_secs_f64().max(f64::EPSILON));
        match place {
            None => nobody = Some(cost),
            Some(place) => {
                let beyond = cost.saturating_sub(nobody.unwrap_or_default());
                if let Some(followed) = look(record).followers.get_mut(place) {
                    followed.cost = Cost::PerSecond(beyond);
                }
            }
        }
    }
    Ok(())
}
