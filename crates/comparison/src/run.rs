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
    ComparisonSettings, FollowError,
    detection::Press,
    follow::follow,
    measurements::{Cost, FollowMode, Follower, FollowerMeasurements, Measurements, Stage},
    process::{CostUnknown, listener_process},
    recorder::{Recorder, Shared, lock},
    route::Route,
    tls::TlsServer,
    trigger::Trigger,
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
pub(super) async fn run(settings: &ComparisonSettings, record: &Shared) {
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
        let ended = matches!(lock(&self.0).stage, Stage::Done | Stage::Failed(_));
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
        let revision = lock(record).revision;
        if revision != seen {
            seen = revision;
            wake();
        }
    }
}

fn enter(record: &Shared, stage: Stage) {
    let mut record = lock(record);
    record.stage = stage;
    record.revision += 1;
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

async fn compare(settings: &ComparisonSettings, record: &Shared) -> Result<(), FollowError> {
    let board = address(&settings.board).await?;
    let tls = match settings.tls {
        false => None,
        true => {
            let server = TlsServer::start(board)
                .map_err(|error| FollowError::Strange(format!("no TLS server: {error}")))?;
            let route = Route::through(&server, board)?;
            Some((server, route))
        }
    };
    let routes = Routes {
        plain: Route::plain(board)?,
        tls,
    };
    let mut trigger = Trigger::connect(&routes.plain, settings.press.as_ref()).await?;
    let components = trigger.learn().await?;
    {
        let mut record = lock(record);
        record.button = Some(trigger.button().clone());
        record.components.clone_from(&components);
    }
    together(settings, record, &routes, &mut trigger, &components).await?;
    if !settings.alone.is_zero() {
        alone(
            settings,
            record,
            &routes,
            &mut trigger,
            &components,
            listener_process(board),
        )
        .await?;
    }
    Ok(())
}

async fn address(board: &str) -> Result<SocketAddr, FollowError> {
    let unknown = |why: String| FollowError::Strange(format!("{board} is not known: {why}"));
    let given = board
        .parse()
        .map(Candidates::given)
        .map_err(|error: AddressError| unknown(error.to_string()))?;
    // Everybody who follows goes to the address that answers first.
    let reached = timeout(GIVE_UP, reach(&given, &[]))
        .await
        .map_err(|_| FollowError::NoAnswer)?;
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
    settings: &ComparisonSettings,
    record: &Shared,
    routes: &Routes,
    trigger: &mut Trigger,
    components: &BTreeSet<ComponentKey>,
) -> Result<(), FollowError> {
    let started = Instant::now();
    let followers = settings.followers();
    lock(record).started = Some(started);
    let mut tasks = Vec::new();
    for (place, follower) in followers.iter().enumerate() {
        tasks.push(Task::begin(
            *follower,
            routes.of(*follower),
            Recorder::new(Shared::clone(record), place, started, components.clone()),
        ));
    }
    ready(record, &mut tasks).await?;
    enter(record, Stage::Together);
    let tls_before = routes.tls.as_ref().map(|(server, _)| server.cpu());
    let pressing = press(settings, trigger, record, started);
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
        lock(record).tls_server = Some(server.cpu().saturating_sub(before));
    }
    Ok(())
}

/// One who follows, until it is dropped.
struct Task(JoinHandle<FollowError>);

impl Task {
    fn begin(Follower { mode, .. }: Follower, route: &Route, recorder: Recorder) -> Self {
        let route = route.clone();
        Self(tokio::task::spawn_local(async move {
            follow(mode, &route, &recorder).await
        }))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits until somebody follows no more.
async fn ended(tasks: &mut [Task]) -> FollowError {
    if tasks.is_empty() {
        return std::future::pending().await;
    }
    let any = futures_util::future::select_all(tasks.iter_mut().map(|task| &mut task.0));
    match any.await.0 {
        Ok(trouble) => trouble,
        Err(error) => FollowError::Strange(error.to_string()),
    }
}

/// Waits until all have been told something.
async fn ready(record: &Shared, tasks: &mut [Task]) -> Result<(), FollowError> {
    let told = async {
        while lock(record)
            .followers
            .iter()
            .any(|followed| followed.observations.is_empty())
        {
            sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        told = timeout(READY, told) => told.map_err(|_| {
            let record = lock(record);
            let silent = record.followers.iter().find(|followed| followed.observations.is_empty());
            let why = silent.and_then(|followed| followed.problem.clone()).unwrap_or_else(|| "no answer".to_owned());
            FollowError::Strange(why)
        }),
        trouble = ended(tasks) => Err(trouble),
    }
}

/// Presses at random: the times between two presses are exponential, as of
/// somebody who knows nothing of the polls.
async fn press(
    settings: &ComparisonSettings,
    trigger: &mut Trigger,
    record: &Shared,
    started: Instant,
) -> Result<(), FollowError> {
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
            let mut record = lock(record);
            record.revision += 1;
            record.presses.push(Press {
                at: started.elapsed(),
                seq: None,
            });
            record.presses.len() - 1
        };
        let seq = trigger.press().await?;
        let mut record = lock(record);
        record.revision += 1;
        if let Some(press) = record.presses.get_mut(place) {
            press.seq = Some(seq);
        }
    }
}

/// The board's process with nobody, and then with each follower by itself, the
/// presses always being the same.
async fn alone(
    settings: &ComparisonSettings,
    record: &Shared,
    routes: &Routes,
    trigger: &mut Trigger,
    components: &BTreeSet<ComponentKey>,
    process: Result<u32, CostUnknown>,
) -> Result<(), FollowError> {
    let process = match process {
        Ok(process) => process,
        Err(why) => {
            lock(record)
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
        let aside: Shared = Arc::new(
            Measurements::new(
                follower
                    .map(FollowerMeasurements::new)
                    .into_iter()
                    .collect(),
            )
            .into(),
        );
        let started = Instant::now();
        let mut tasks: Vec<Task> = follower
            .map(|follower| {
                let recorder = Recorder::new(Shared::clone(&aside), 0, started, components.clone());
                Task::begin(follower, routes.of(follower), recorder)
            })
            .into_iter()
            .collect();
        ready(&aside, &mut tasks).await?;
        // At least two rounds of a slow poll.
        let length = match follower.map(|follower| follower.mode) {
            Some(FollowMode::Poll { every, .. }) => settings.alone.max(every * 2),
            _ => settings.alone,
        };
        let shortened = ComparisonSettings {
            length,
            ..settings.clone()
        };
        let (Ok(before), since) = (cpu(process), Instant::now()) else {
            return Ok(());
        };
        press(&shortened, trigger, &aside, started).await?;
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
                if let Some(followed) = lock(record).followers.get_mut(place) {
                    followed.cost = Cost::PerSecond(beyond);
                }
            }
        }
    }
    Ok(())
}
