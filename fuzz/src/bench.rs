//! A board with each kind of component, with every possible component retained,
//! on hardware that keeps an image in memory and fails sometimes.

use std::time::Duration;

use board::{
    Board, Component, Hardware, Identity, ImagePlace, ImageState, InputSource, Movement, Plan,
    Retained, SlotError, UpdateSlot,
};
use image::{PublicKey, Target};
use protocol::{
    Caps, Code, ComponentKey, Descriptor, Epoch, Kind, ResetReason, RpcError, State, limits,
};
use serde_json::{Value, json};

/// The largest image, in bytes.
const CAPACITY: u32 = 8_192;

/// Simulated hardware.
#[derive(Default)]
pub struct Bench {
    outputs: u32,
    reads: u32,
    /// Whether it was restarted.
    pub restarted: bool,
    slot: Slot,
}

#[derive(Default)]
struct Slot {
    bytes: Vec<u8>,
}

impl Hardware for Bench {
    fn set_output(&mut self, key: &ComponentKey, _: &State) -> Result<(), RpcError> {
        self.outputs += 1;
        if self.outputs.is_multiple_of(13) {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "interlocked",
                format!("{key} is locked by hand"),
            ));
        }
        Ok(())
    }

    fn read_input(&mut self, _: Duration, key: &ComponentKey) -> Option<State> {
        self.reads += 1;
        if key.kind == Kind::Cover && !self.reads.is_multiple_of(7) {
            let words = ["opening", "closing", "stopped"];
            let word = words[self.reads as usize % words.len()];
            return Some(State::new().with("state", word));
        }
        Some(State::new().with("value", f64::from(self.reads)))
    }

    fn move_cover(&mut self, _: Duration, key: &ComponentKey, _: Movement) -> Result<(), RpcError> {
        self.set_output(key, &State::new())
    }

    fn read_event(&mut self, _: Duration, _: &ComponentKey) -> Option<String> {
        self.reads += 1;
        let types = ["single_push", "no such event"];
        Some(types[self.reads as usize % types.len()].to_owned())
    }

    fn identify(&mut self) {}

    fn reboot(&mut self) {
        self.restarted = true;
    }

    fn free_memory(&self) -> Option<u32> {
        Some(100_000)
    }

    fn rssi(&self) -> Option<i8> {
        Some(-60)
    }

    fn supports_outbound(&self) -> bool {
        true
    }

    fn update_slot(&mut self) -> Option<&mut dyn UpdateSlot> {
        Some(&mut self.slot)
    }

    fn reset_reason(&self) -> Option<ResetReason> {
        Some(ResetReason::Watchdog)
    }

    fn take_last_panic(&mut self) -> Option<String> {
        Some("fuzz".repeat(200))
    }
}

impl UpdateSlot for Slot {
    fn capacity(&self) -> u32 {
        CAPACITY
    }

    fn image(&self) -> ImageState {
        ImageState::OnTrial
    }

    fn begin(&mut self, size: u32) -> Result<(), SlotError> {
        assert!(
            (1..=CAPACITY).contains(&size),
            "an image of {size} bytes was begun"
        );
        self.bytes.clear();
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), SlotError> {
        assert_eq!(
            usize::try_from(offset),
            Ok(self.bytes.len()),
            "a write does not go on where the last one ended"
        );
        assert!((1..=limits::UPDATE_CHUNK).contains(&bytes.len()));
        self.bytes.extend_from_slice(bytes);
        assert!(self.bytes.len() <= CAPACITY as usize);
        if self.bytes.first() == Some(&b'!') {
            Err(SlotError::NotAnImage("!".repeat(500)))
        } else {
            Ok(())
        }
    }

    fn finish(&mut self) -> Result<(), SlotError> {
        Ok(())
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        let start = offset as usize;
        let there = self.bytes.get(start..start + bytes.len());
        bytes.copy_from_slice(there.ok_or_else(|| SlotError::Failed("there is nothing".into()))?);
        Ok(())
    }

    fn activate(&mut self) -> Result<(), SlotError> {
        Ok(())
    }

    fn abort(&mut self) {
        self.bytes.clear();
    }

    fn confirm(&mut self) -> Result<(), SlotError> {
        Ok(())
    }

    fn target(&self) -> Target<'static> {
        Target {
            chip: "virtual",
            board: "virtual",
        }
    }

    fn signing_key(&self) -> Option<PublicKey> {
        PublicKey::parse(image::TEST_KEY)
    }

    fn image_len(&mut self, _: ImagePlace) -> Option<u32> {
        u32::try_from(self.bytes.len()).ok()
    }

    fn read_image(
        &mut self,
        _: ImagePlace,
        offset: u32,
        bytes: &mut [u8],
    ) -> Result<(), SlotError> {
        self.read(offset, bytes)
    }

    fn return_to_other(&mut self) -> Result<(), SlotError> {
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), SlotError> {
        Ok(())
    }
}

fn component(key: &str, state: Value) -> Component {
    let ComponentKey { kind, id } = key.parse().expect("a key");
    Component::new(
        Descriptor::new(kind, id, key),
        state.as_object().cloned().unwrap_or_default().into(),
    )
}

/// One of each kind.
pub fn everything() -> Plan {
    let mut lamp = component(
        "light:0",
        json!({ "on": false, "brightness": 60, "rgb": null, "ct_k": 3000, "effect": "none" }),
    );
    lamp.descriptor.caps = Caps {
        brightness: true,
        rgb: true,
        ct_k: Some([2200, 6500]),
        effects: vec!["none".into(), "candle".into()],
        ..Caps::default()
    };
    let mut cover = component("cover:0", json!({ "state": "open", "position": 100 }));
    cover.descriptor.caps.position = true;
    let mut doorbell = component("event:0", json!({}));
    doorbell.descriptor.event_types = vec!["single_push".into()];
    let mut sensor = component("sensor:0", json!({ "value": 20.5 }));
    sensor.descriptor.accuracy_decimals = Some(1);
    Plan {
        identity: Identity {
            id: "sb-0000aa".into(),
            name: "Desk lamp".into(),
            mac: "02:00:00:00:00:aa".into(),
            version: "0.1.0".into(),
            platform: "virtual".into(),
            board: "bench".into(),
        },
        components: vec![
            component("switch:0", json!({ "on": false })).retained(),
            lamp.retained(),
            component(
                "number:0",
                json!({ "value": 5, "min": 0, "max": 10, "step": 0.5 }),
            )
            .retained(),
            component(
                "select:0",
                json!({ "value": "slow", "options": ["slow", "fast"] }),
            )
            .retained(),
            component("text:0", json!({ "value": "hello" })).retained(),
            component("button:0", json!({})),
            component("binary_sensor:0", json!({ "on": false })).with_input(InputSource::Reported),
            sensor.with_input(InputSource::Read {
                every: Duration::from_secs(1),
            }),
            component("valve:0", json!({ "position": 40 })).retained(),
            cover.with_input(InputSource::Read {
                every: Duration::from_millis(500),
            }),
            doorbell.with_input(InputSource::Read {
                every: Duration::from_secs(1),
            }),
            component("text_sensor:0", json!({ "value": "calm" })),
        ],
        bindings: vec![(
            "button:0".parse().expect("a key"),
            "light:0".parse().expect("a key"),
        )],
        controllers: 2,
    }
}

/// A board that found these entries in its flash.
pub fn board(retained: &[Retained]) -> Board<Bench> {
    Board::new(everything(), retained, Epoch(7), Bench::default())
        .expect("whatever was kept, the plan is sound")
}
