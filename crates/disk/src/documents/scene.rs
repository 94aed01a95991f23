//! A scene: the states that components should have, and how fast they fade.

use protocol::{Kind, LIGHT_FIELDS, State, limits};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Pin, Shelved, check_name};

/// The most components in a scene.
const STEPS: usize = 10_000;

/// The states that components should have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Its name.
    pub name: String,
    /// How long lights take to fade, in milliseconds, 0 to 10,000.
    #[serde(default)]
    pub transition_ms: u32,
    /// The components and their states.
    pub steps: Vec<SceneStep>,
}

/// The state that one component should have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SceneStep {
    /// The component.
    #[serde(flatten)]
    pub pin: Pin,
    /// The fields to set, as in `Light.Set`, `Switch.Set`, `Number.Set`,
    /// `Select.Set` and `Text.Set`.
    pub set: State,
}

/// Whether a component's state matches the scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It matches.
    AsWanted,
    /// It differs.
    Otherwise,
    /// The state is unknown.
    Unknown,
}

impl Fit {
    /// Whether a state has these fields.
    pub fn of(wanted: &State, shown: &State) -> Self {
        let mut fit = Self::AsWanted;
        for (field, wanted) in &wanted.0 {
            match shown.get(field) {
                None | Some(Value::Null) if not_used(field, shown) => return Self::Otherwise,
                None | Some(Value::Null) => fit = Self::Unknown,
                Some(now) if !same(now, wanted) => return Self::Otherwise,
                Some(_) => {}
            }
        }
        fit
    }
}

impl Shelved for Scene {
    fn new(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn rename(&mut self, name: String) {
        self.name = name;
    }
}

impl Scene {
    /// A scene without steps.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Adds a component's current state to the scene, replacing a previous
    /// entry. Returns whether it did: components that cannot be set, or whose
    /// state is unknown, are left out.
    pub fn take(&mut self, pin: Pin, kind: &Kind, shown: &State) -> bool {
        let Some(set) = state_of(kind, shown) else {
            return false;
        };
        match self.steps.iter_mut().find(|step| step.pin == pin) {
            Some(step) => *step = SceneStep { pin, set },
            None => self.steps.push(SceneStep { pin, set }),
        }
        true
    }

    /// Validates the scene.
    ///
    /// # Errors
    ///
    /// A message about what is wrong and what is accepted.
    pub(super) fn check(&self) -> Result<(), String> {
        check_name(&self.name)?;
        if self.transition_ms > limits::TRANSITION_MS {
            let most = limits::TRANSITION_MS;
            return Err(format!(
                "transition_ms is {}; it must be 0 to {most}",
                self.transition_ms
            ));
        }
        if self.steps.len() > STEPS {
            return Err(format!(
                "it has {} steps; the limit is {STEPS}",
                self.steps.len()
            ));
        }
        self.steps.iter().try_for_each(SceneStep::check)
    }
}

impl SceneStep {
    /// The fields to send. Only lights can fade.
    pub fn change(&self, transition_ms: u32) -> State {
        match self.pin.component.kind {
            Kind::Light if transition_ms > 0 => {
                self.set.clone().with("transition_ms", transition_ms)
            }
            _ => self.set.clone(),
        }
    }

    /// Whether the component's state matches.
    pub fn fit(&self, shown: &State) -> Fit {
        Fit::of(&self.set, shown)
    }

    fn check(&self) -> Result<(), String> {
        self.pin.check()?;
        let Pin {
            board, component, ..
        } = &self.pin;
        let accepted = settable(&component.kind);
        if accepted.is_empty() {
            return Err(format!(
                "{board}/{component}: components of kind {} cannot be set",
                component.kind
            ));
        }
        if self.set.is_empty() {
            return Err(format!(
                "{board}/{component}: \"set\" is empty; accepted: {}",
                accepted.join(", ")
            ));
        }
        match self.set.0.keys().find(|field| !accepted.contains(field)) {
            Some(field) => Err(format!(
                "{board}/{component} has no field {field:?}; accepted: {}",
                accepted.join(", ")
            )),
            None => Ok(()),
        }
    }
}

/// Whether a light shows a color temperature instead of this color, or a color
/// instead of this color temperature.
fn not_used(field: &str, shown: &State) -> bool {
    match field {
        "rgb" => shown.ct_k().is_some(),
        "ct_k" => shown.rgb().is_some(),
        _ => false,
    }
}

/// Equality that ignores the difference between 40 and 40.0.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        _ => match (one, other) {
            (Value::Array(one), Value::Array(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| same(one, other))
            }
            _ => one == other,
        },
    }
}

/// The fields of a kind that a command can set and a scene can contain; empty
/// for read-only kinds.
pub fn settable(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::Light => &LIGHT_FIELDS,
        Kind::Switch => &["on"],
        Kind::Cover => &["position"],
        Kind::Number | Kind::Select | Kind::Text => &["value"],
        Kind::BinarySensor
        | Kind::Sensor
        | Kind::TextSensor
        | Kind::Button
        | Kind::Event
        | Kind::Update
        | Kind::Unknown(_) => &[],
    }
}

/// The known, settable part of a component's state; `None` if nothing is.
pub fn state_of(kind: &Kind, shown: &State) -> Option<State> {
    let mut set = State::new();
    for field in settable(kind) {
        if let Some(value) = shown.get(field).filter(|value| !value.is_null()) {
            set = set.with(field, value.clone());
        }
    }
    (!set.is_empty()).then_some(set)
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;

    const EVENING: &str = r##"{"switchboard":"scene","version":1,"name":"Evening","transition_ms":2000,"steps":[
        {"board":"lamp-1","component":"light:0","name":"Desk lamp: Light",
            "set":{"on":true,"brightness":40,"rgb":[255,80,0]}},
        {"board":"strip-1","component":"switch:1","set":{"on":false}}]}"##;

    fn evening() -> Scene {
        let scene = Document::parse(EVENING.as_bytes())
            .ok()
            .and_then(|document| match document {
                Document::Scene(scene) => Some(scene),
                Document::Dashboard(_) => None,
            });
        scene.expect("a scene")
    }

    #[test]
    fn a_scene_round_trips() {
        let scene = evening();
        assert_eq!(scene.steps[0].pin.words(), "Desk lamp: Light");
        assert_eq!(scene.steps[1].pin.words(), "strip-1: switch:1");
        let text = Document::Scene(scene.clone()).text();
        assert_eq!(Document::parse(text.as_bytes()), Ok(Document::Scene(scene)));
    }

    #[test]
    fn lights_fade_and_switches_do_not() {
        let scene = evening();
        assert_eq!(
            scene.steps[0].change(2_000).get("transition_ms"),
            Some(&2_000.into())
        );
        assert_eq!(scene.steps[0].change(0).get("transition_ms"), None);
        assert_eq!(scene.steps[1].change(2_000), State::new().with("on", false));
    }

    #[test]
    fn a_state_matches_if_every_field_is_equal() {
        let step = &evening().steps[0];
        let now = State::new()
            .with("on", true)
            .with("brightness", 40.0)
            .with("rgb", vec![255, 80, 0]);
        assert_eq!(
            step.fit(&now.clone().with("effect", "rainbow")),
            Fit::AsWanted
        );
        assert_eq!(
            step.fit(&now.clone().with("brightness", 41)),
            Fit::Otherwise
        );
        assert_eq!(
            step.fit(&now.clone().with("brightness", Value::Null)),
            Fit::Unknown
        );
        // A light that shows a color temperature has no color, and that is
        // known.
        assert_eq!(
            step.fit(&now.with("rgb", Value::Null).with("ct_k", 2_700)),
            Fit::Otherwise
        );
    }

    #[test]
    fn a_step_that_cannot_be_set_is_refused() {
        for (from, to, said) in [
            (
                "\"rgb\":",
                "\"color\":",
                "no field \"color\"; accepted: on, brightness, rgb, ct_k, white, effect, palette",
            ),
            ("switch:1", "sensor:1", "of kind sensor cannot be set"),
            ("{\"on\":false}", "{}", "\"set\" is empty; accepted: on"),
            (
                ":2000",
                ":20000",
                "transition_ms is 20000; it must be 0 to 10000",
            ),
            ("Evening", "  ", "a name is required"),
            ("switch:1", "switch", "switch"),
        ] {
            let problem = Document::parse(EVENING.replace(from, to).as_bytes()).expect_err(to);
            assert!(problem.contains(said), "{problem}");
        }
    }
}
