//! A Tasmota board: what it publishes about itself, and what it does.
//!
//! Source: the command and MQTT pages of tasmota.github.io, and what hatasmota
//! 0.9.2 requires.

use serde_json::{Map, Value, json};

use super::{Gadget, Message};

/// What a board has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TasmotaModel {
    /// One relay, a button, and an energy meter.
    #[default]
    Plug,
    /// Two relays and a switch input.
    Dual,
    /// A light with color, cold and warm white.
    Light,
    /// A shutter.
    Shutter,
}

impl TasmotaModel {
    /// All, in the order in which a demo has them.
    pub const ALL: [Self; 4] = [Self::Plug, Self::Dual, Self::Light, Self::Shutter];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plug => "plug",
            Self::Dual => "dual",
            Self::Light => "light",
            Self::Shutter => "shutter",
        }
    }

    const fn outputs(self) -> &'static [u8] {
        match self {
            Self::Plug => &[1],
            Self::Dual => &[1, 1],
            Self::Light => &[2],
            Self::Shutter => &[3, 3],
        }
    }
}

/// A board.
#[derive(Debug)]
pub struct Tasmota {
    model: TasmotaModel,
    mac: String,
    name: String,
    topic: String,
    full_topic: String,
    on: Vec<bool>,
    dimmer: u64,
    /// Hue, saturation.
    color: (u64, u64),
    ct: u64,
    /// Shows white rather than color.
    white: bool,
    scheme: u64,
    position: u64,
    switch: bool,
    period: u64,
    energy: f64,
}

impl Tasmota {
    /// A board with these last digits in its address.
    pub fn new(model: TasmotaModel, number: u16) -> Self {
        let mac = format!("0242AC10{number:04X}");
        Self {
            model,
            name: format!("Tasmota {} {number}", model.as_str()),
            topic: format!("tasmota_{number:04X}"),
            full_topic: "%prefix%/%topic%/".to_owned(),
            mac,
            on: vec![false; model.outputs().len()],
            dimmer: 50,
            color: (0, 100),
            ct: 250,
            white: false,
            scheme: 0,
            position: 0,
            switch: false,
            period: 300,
            energy: 1.25,
        }
    }

    fn with(&self, prefix: &str, end: &str) -> String {
        let topic = self.full_topic.replace("%prefix%", prefix);
        format!("{}{end}", topic.replace("%topic%", &self.topic))
    }

    fn discovery(&self, what: &str) -> String {
        format!("tasmota/discovery/{}/{what}", self.mac)
    }

    fn config(&self) -> Value {
        let mut outputs = self.model.outputs().to_vec();
        outputs.resize(8, 0);
        let switches = match self.model {
            TasmotaModel::Dual => [1, -1, -1, -1],
            _ => [-1, -1, -1, -1],
        };
        let is_light = self.model == TasmotaModel::Light;
        json!({
            "ip": "192.168.1.90", "dn": self.name, "fn": [self.name, null, null, null],
            "hn": format!("{}-1234", self.topic), "mac": self.mac, "md": self.model.as_str(),
            "ty": 0, "if": 0, "cam": 0, "ofln": "Offline", "onln": "Online",
            "state": ["OFF", "ON", "TOGGLE", "HOLD"], "sw": "14.3.0", "t": self.topic,
            "ft": self.full_topic, "tp": ["cmnd", "stat", "tele"], "rl": outputs,
            "swc": switches, "swn": [null, null, null, null],
            "btn": [u8::from(self.model == TasmotaModel::Plug), 0, 0, 0],
            "so": {
                "4": 0, "11": 0, "13": 0, "17": 0, "20": 0, "30": 0, "68": 0, "73": 1, "82": 0,
                "114": 0, "117": 0,
            },
            "lk": u8::from(is_light), "lt_st": if is_light { 5 } else { 0 }, "bat": 0,
            "dslp": 0, "sho": [0], "sht": [[0, 0, 0]], "ver": 1,
        })
    }

    fn sensors(&self) -> Map<String, Value> {
        let mut tree = Map::new();
        tree.insert("Time".to_owned(), json!("2026-11-30T10:00:00"));
        match self.model {
            TasmotaModel::Plug => {
                let power = if self.is_on(0) { 42 } else { 0 };
                let energy = json!({
                    "TotalStartTime": "2026-01-01T00:00:00", "Total": self.energy,
                    "Power": power, "Voltage": 231, "Current": 0.182,
                });
                tree.insert("ENERGY".to_owned(), energy);
            }
            TasmotaModel::Dual => {
                let text = if self.switch { "ON" } else { "OFF" };
                tree.insert("Switch1".to_owned(), json!(text));
                let climate = json!({ "Temperature": 21.5, "Humidity": 48.0 });
                tree.insert("AM2301".to_owned(), climate);
                tree.insert("TempUnit".to_owned(), json!("C"));
            }
            TasmotaModel::Shutter => {
                tree.insert("Shutter1".to_owned(), self.shutter(0));
            }
            TasmotaModel::Light => {}
        }
        tree
    }

    fn shutter(&self, direction: i8) -> Value {
        json!({
            "Position": self.position, "Direction": direction, "Target": self.position, "Tilt": 0,
        })
    }

    fn is_on(&self, output: usize) -> bool {
        self.on.get(output).copied().unwrap_or(false)
    }

    fn power(&self, output: usize) -> (String, Value) {
        let name = match self.on.len() {
            1 => "POWER".to_owned(),
            _ => format!("POWER{}", output + 1),
        };
        (name, json!(if self.is_on(output) { "ON" } else { "OFF" }))
    }

    fn light(&self) -> Map<String, Value> {
        let (hue, saturation) = self.color;
        let white = if self.white { self.dimmer } else { 0 };
        let shown = if self.white { 0 } else { self.dimmer };
        let fields = json!({
            "Dimmer": self.dimmer, "HSBColor": format!("{hue},{saturation},{shown}"),
            "White": white, "CT": self.ct, "Scheme": self.scheme,
        });
        let mut light: Map<_, _> = fields.as_object().cloned().unwrap_or_default();
        light.extend([self.power(0)]);
        light
    }

    /// What `State` answers, and `tele/…/STATE` has.
    fn report(&self) -> Map<String, Value> {
        let fields = json!({
            "Time": "2026-11-30T10:00:00", "Uptime": "0T01:00:00", "UptimeSec": 3600,
            "Heap": 25, "SleepMode": "Dynamic", "Sleep": 50, "LoadAvg": 19, "MqttCount": 1,
            "Wifi": {
                "AP": 1, "SSId": "Lab", "RSSI": 80, "Signal": -60, "LinkCount": 1,
                "Downtime": "0T00:00:03",
            },
        });
        let mut report: Map<_, _> = fields.as_object().cloned().unwrap_or_default();
        match self.model {
            TasmotaModel::Light => report.extend(self.light()),
            TasmotaModel::Shutter => {}
            _ => report.extend((0..self.on.len()).map(|output| self.power(output))),
        }
        report
    }

    fn result(&self, fields: impl Into<Value>) -> Message {
        Message::new(self.with("stat", "RESULT"), fields.into().to_string())
    }

    fn switch_to(&mut self, output: usize, wanted: &str) -> Message {
        if let Some(on) = self.on.get_mut(output) {
            match wanted.to_ascii_uppercase().as_str() {
                "ON" | "1" => *on = true,
                "OFF" | "0" => *on = false,
                "TOGGLE" | "2" => *on = !*on,
                _ => {}
            }
        }
        match self.model {
            TasmotaModel::Light => self.result(self.light()),
            _ => {
                let (name, value) = self.power(output);
                self.result(Map::from_iter([(name, value)]))
            }
        }
    }

    fn move_to(&mut self, position: Option<u64>) -> Vec<Message> {
        let direction = position.map_or(0, |to| if to >= self.position { 1 } else { -1 });
        self.position = position.unwrap_or(self.position).min(100);
        let at = |direction| json!({ "Shutter1": self.shutter(direction) });
        vec![self.result(at(direction)), self.result(at(0))]
    }

    /// One command; the number at the end of its name apart.
    fn command(&mut self, name: &str, index: usize, argument: &str) -> Vec<Message> {
        let number = argument.parse::<u64>().ok();
        let lamp = self.model == TasmotaModel::Light;
        match (name, number) {
            ("POWER", _) => vec![self.switch_to(index.saturating_sub(1), argument)],
            ("STATE", _) => vec![self.result(self.report())],
            ("STATUS", Some(10)) => {
                let answer = json!({ "StatusSNS": self.sensors() });
                let topic = self.with("stat", "STATUS10");
                vec![Message::new(topic, answer.to_string())]
            }
            ("STATUS", Some(11)) => {
                let answer = json!({ "StatusSTS": self.report() });
                let topic = self.with("stat", "STATUS11");
                vec![Message::new(topic, answer.to_string())]
            }
            ("TELEPERIOD", _) => {
                self.period = number.unwrap_or(self.period);
                vec![self.result(json!({ "TelePeriod": self.period }))]
            }
            ("DEVICENAME", _) => {
                argument.clone_into(&mut self.name);
                let answer = self.result(json!({ "DeviceName": self.name }));
                let topic = self.discovery("config");
                vec![answer, Message::retained(topic, self.config().to_string())]
            }
            ("RESTART", _) => vec![self.result(json!({ "Restart": "Restarting" }))],
            ("UPGRADE", _) => {
                let answer = "Version 14.3.0 from http://ota.tasmota.com/";
                vec![self.result(json!({ "Upgrade": answer }))]
            }
            ("DIMMER", Some(percent)) if lamp => {
                self.dimmer = percent.min(100);
                vec![self.switch_to(0, if percent > 0 { "ON" } else { "OFF" })]
            }
            ("HSBCOLOR", Some(part)) if lamp => {
                match index {
                    1 => self.color.0 = part % 360,
                    _ => self.color.1 = part.min(100),
                }
                self.white = false;
                vec![self.switch_to(0, "ON")]
            }
            ("CT", Some(mired)) if lamp => {
                self.ct = mired.clamp(153, 500);
                self.white = true;
                vec![self.switch_to(0, "ON")]
            }
            ("SCHEME", Some(scheme)) if lamp => {
                self.scheme = scheme.min(4);
                vec![self.result(self.light())]
            }
            ("FADE" | "SPEED", Some(value)) if lamp => {
                let field = if name == "FADE" { "Fade" } else { "Speed" };
                vec![self.result(Map::from_iter([(field.to_owned(), json!(value))]))]
            }
            ("SHUTTEROPEN", _) => self.move_to(Some(100)),
            ("SHUTTERCLOSE", _) => self.move_to(Some(0)),
            ("SHUTTERSTOP", _) => self.move_to(None),
            ("SHUTTERPOSITION", Some(position)) => self.move_to(Some(position)),
            _ => vec![self.result(json!({ "Command": "Unknown" }))],
        }
    }

    fn obey(&mut self, command: &str, argument: &str) -> Vec<Message> {
        let upper = command.to_ascii_uppercase();
        if upper == "BACKLOG" {
            let commands = argument
                .split(';')
                .map(str::trim)
                .filter(|one| !one.is_empty() && !one.eq_ignore_ascii_case("nodelay"));
            let commands: Vec<_> = commands.map(str::to_owned).collect();
            return commands
                .iter()
                .flat_map(|one| {
                    let (name, argument) = one.split_once(' ').unwrap_or((one, ""));
                    self.obey(name, argument.trim())
                })
                .collect();
        }
        let name = upper.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let index = upper.get(name.len()..).and_then(|text| text.parse().ok());
        self.command(name, index.unwrap_or(1), argument)
    }
}

impl Gadget for Tasmota {
    fn id(&self) -> String {
        format!("tasmota-{}", self.mac.to_ascii_lowercase())
    }

    fn client_id(&self) -> String {
        format!("DVES_{}", self.mac.get(6..).unwrap_or_default())
    }

    fn will(&self) -> Message {
        Message::retained(self.with("tele", "LWT"), "Offline")
    }

    fn filters(&self) -> Vec<String> {
        vec![self.with("cmnd", "#")]
    }

    fn hello(&mut self) -> Vec<Message> {
        let sensors = json!({ "sn": self.sensors(), "ver": 1 });
        let (config, listed) = (self.discovery("config"), self.discovery("sensors"));
        let report = Value::from(self.report()).to_string();
        vec![
            Message::retained(self.with("tele", "LWT"), "Online"),
            Message::retained(config, self.config().to_string()),
            Message::retained(listed, sensors.to_string()),
            Message::new(self.with("tele", "STATE"), report),
        ]
    }

    fn receive(&mut self, topic: &str, payload: &str) -> Vec<Message> {
        let command = topic
            .strip_prefix(&self.with("cmnd", ""))
            .map(str::to_owned);
        command.map_or_else(Vec::new, |command| self.obey(&command, payload))
    }

    fn act(&mut self, verb: &str, arguments: &str) -> Result<Vec<Message>, String> {
        match verb {
            "switch" => {
                let (wanted, output) = arguments.split_once(' ').unwrap_or((arguments, "0"));
                let output = output
                    .parse()
                    .map_err(|_| format!("{output:?} is no output"))?;
                Ok(vec![self.switch_to(output, wanted)])
            }
            "press" => {
                let press = match arguments {
                    "" => "SINGLE",
                    other => other,
                };
                Ok(vec![self.result(json!({ "Button1": { "Action": press } }))])
            }
            "input" => {
                self.switch = arguments == "on";
                let text = if self.switch { "ON" } else { "OFF" };
                Ok(vec![self.result(json!({ "Switch1": { "Action": text } }))])
            }
            "topic" => {
                arguments.clone_into(&mut self.full_topic);
                Ok(self.hello())
            }
            "report" => {
                let sensors = Value::from(self.sensors()).to_string();
                Ok(vec![Message::new(self.with("tele", "SENSOR"), sensors)])
            }
            other => Err(format!(
                "{other:?} is not one of switch, press, input, topic, report"
            )),
        }
    }

    fn state(&self) -> Value {
        json!({
            "on": self.on, "dimmer": self.dimmer, "color": [self.color.0, self.color.1],
            "ct": self.ct, "position": self.position, "name": self.name, "period": self.period,
        })
    }
}
