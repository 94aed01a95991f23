//! Runs a comparison: a test of the trigger, all followers together, and then
//! the board's process with each follower separately.

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

/// How often to check for new measurements.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Timeout for the first message to each follower.
const FIRST_MESSAGE_TIMEOUT: Duration = GIVE_UP;
/// Time after which the last change must have arrived.
const SETTLE_TIME: Duration = Duration::from_millis(500);
/// Minimum time between two presses, so that the measurement is not dominated
/// by the 100 ms for which a board collects changes.
const MIN_GAP: Duration = Duration::from_millis(10);

/// Runs the comparison and records how it ended.
pub(super) async fn run(settings: &ComparisonSettings, record: &Shared) {
    let _guard = Guard(Shared::clone(record));
    let stage = match compare(settings, record).await {
        Ok(()) => Stage::Done,
        Err(trouble) => Stage::Failed(trouble.to_string()),
    };
    set_stage(record, stage);
}

/// Records the end even if the run is canceled or panics.
struct Guard(Shared);

impl Drop for Guard {
    fn drop(&mut self) {
        let ended = matches!(lock(&self.0).stage, Stage::Done | Stage::Failed(_));
        if !ended {
            set_stage(
                &self.0,
                Stage::Failed("the comparison was interrupted".to_owned()),
            );
        }
    }
}

/// Calls `wake` after new measurements, at most twenty times per second.
pub(super) async fn wake_for(record: &Shared, wake: &impl Fn()) {
    let mut seen = 0;
    loop {
        sleep(POLL_INTERVAL).await;
        let revision = lock(record).revision;
        if revision != seen {
            seen = revision;
            wake();
        }
    }
}

fn set_stage(record: &Shared, stage: Stage) {
    let mut record = lock(record);
    record.stage = stage;
    record.revision += 1;
}

/// The routes to the board.
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
            let server = TlsServer::start(board).map_err(|error| {
                FollowError::Invalid(format!(
                    "the TLS server could not be \
                    started: {error}"
                ))
            })?;
            let route = Route::through(&server, board)?;
            Some((server, route))
        }
    };
    let routes = Routes {
        plain: Route::plain(board)?,
        tls,
    };
    let mut trigger = Trigger::connect(&routes.plain, settings.press.as_ref()).await?;
    {
        let mut record = lock(record);
        record.client = trigger.client();
        record.revision += 1;
    }
    let components = trigger.discover_effects().await?;
    {
        let mut record = lock(record);
        record.button = Some(trigger.button().clone());
        record.components.clone_from(&components);
    }
    run_together(settings, record, &routes, &mut trigger, &components).await?;
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
    let unknown =
        |why: String| FollowError::Invalid(format!("{board} could not be resolved: {why}"));
    let given = board
        .parse()
        .map(Candidates::given)
        .map_err(|error: AddressError| unknown(error.to_string()))?;
    // All followers use the address that answers first.
    let reached = timeout(GIVE_UP, reach(&given, &[]))
        .await
        .map_err(|_| FollowError::Timeout)?;
    let reached = reached.map_err(|source| DialError::Unreachable {
        place: board.to_owned(),
        source,
    })?;
    reached
        .stream
        .peer_addr()
        .map_err(|error| unknown(error.to_string()))
}

/// Runs all followers while the button is pressed.
async fn run_together(
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
        tasks.push(FollowerTask::begin(
            *follower,
            routes.of(*follower),
            Recorder::new(Shared::clone(record), place, started, components.clone()),
        ));
    }
    ready(record, &mut tasks).await?;
    set_stage(record, Stage::Together);
    let tls_before = routes.tls.as_ref().map(|(server, _)| server.cpu());
    let pressing = press(settings, trigger, record, started);
    // A failed push follower ends the comparison; a poll continues with its
    // next request.
    tokio::select! {
        pressed = pressing => pressed?,
        trouble = ended(&mut tasks) => return Err(trouble),
    }
    set_stage(record, Stage::Waiting);
    let slowest = settings.polls.iter().max().copied().unwrap_or_default();
    tokio::select! {
        () = sleep(slowest + SETTLE_TIME) => {}
        trouble = ended(&mut tasks) => return Err(trouble),
    }
    if let (Some(before), Some((server, _))) = (tls_before, &routes.tls) {
        lock(record).tls_server = Some(server.cpu().saturating_sub(before));
    }
    Ok(())
}

/// A running follower. Dropping it ends it.
struct FollowerTask(JoinHandle<FollowError>);

impl FollowerTask {
    fn begin(Follower { mode, .. }: Follower, route: &Route, recorder: Recorder) -> Self {
        let route = route.clone();
        Self(tokio::task::spawn_local(async move {
            follow(mode, &route, &recorder).await
        }))
    }
}

impl Drop for FollowerTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits until a follower fails.
async fn ended(tasks: &mut [FollowerTask]) -> FollowError {
    if tasks.is_empty() {
        return std::future::pending().await;
    }
    let any = futures_util::future::select_all(tasks.iter_mut().map(|task| &mut task.0));
    match any.await.0 {
        Ok(trouble) => trouble,
        Err(error) => FollowError::Invalid(error.to_string()),
    }
}

/// Waits until every follower has received a message.
async fn ready(record: &Shared, tasks: &mut [FollowerTask]) -> Result<(), FollowError> {
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
        told = timeout(FIRST_MESSAGE_TIMEOUT, told) => told.map_err(|_| {
            let record = lock(record);
            let mut followers = record.followers.iter();
            let silent = followers.find(|followed| followed.observations.is_empty());
            let why = silent
                .and_then(|followed| followed.problem.clone())
                .unwrap_or_else(|| "no answer".to_owned());
            FollowError::Invalid(why)
        }),
        trouble = ended(tasks) => Err(trouble),
    }
}

/// Presses at random. The times between presses are exponentially distributed,
/// so they are independent of the polls.
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
            .max(MIN_GAP);
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

/// Measures the board's process without followers and then with each one
/// separately, with the same presses.
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
    let mut baseline = None;
    let followers = settings.followers();
    for place in std::iter::once(None).chain((0..followers.len()).map(Some)) {
        set_stage(record, Stage::Alone { follower: place });
        let follower = place.and_then(|place| followers.get(place).copied());
        // Separate from the measurements of all followers together.
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
        let mut tasks: Vec<FollowerTask> = follower
            .map(|follower| {
                let recorder = Recorder::new(Shared::clone(&aside), 0, started, components.clone());
                FollowerTask::begin(follower, routes.of(follower), recorder)
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
            None => baseline = Some(cost),
            Some(place) => {
                let beyond = cost.saturating_sub(baseline.unwrap_or_default());
                if let Some(followed) = lock(record).followers.get_mut(place) {
                    followed.cost = Cost::PerSecond(beyond);
                }
            }
        }
    }
    Ok(())
}
