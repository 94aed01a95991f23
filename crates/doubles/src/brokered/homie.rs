//! A device that follows the Homie convention, version 5 (homieiot.github.io).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Gadget, Message};

/// A device with a lamp and a thermometer.
#[derive(Debug)]
pub struct Homie {
    name: String,
    values: BTreeMap<&'static str, String>,
}

impl Homie {
    /// A device of this number.
    pub fn new(number: u16) -> Self {
        let values = [
            ("lamp/power", "false"),
            ("lamp/color", "rgb,255,0,0"),
            ("lamp/speed", "3"),
            ("lamp/mode", "calm"),
            ("climate/temperature", "21.5"),
            ("climate/window", "false"),
        ];
        Self {
            name: format!("bench-{number}"),
            values: values
                .into_iter()
                .map(|(path, value)| (path, value.to_owned()))
                .collect(),
        }
    }

    fn topic(&self, end: &str) -> String {
        format!("homie/5/{}/{end}", self.name)
    }

    fn description(&self) -> Value {
        json!({
            "homie": "5.0", "version": 7, "name": format!("Homie {}", self.name),
            "nodes": {
                "lamp": { "name": "Lamp", "properties": {
                    "power": { "name": "Power", "datatype": "boolean", "settable": true },
                    "color": { "datatype": "color", "format": "rgb,hsv", "settable": true },
                    "speed": { "datatype": "integer", "format": "1:10", "settable": true },
                    "mode": { "datatype": "enum", "format": "calm,busy", "settable": true },
                } },
                "climate": { "name": "Climate", "properties": {
                    "temperature": { "datatype": "float", "unit": "°C" },
                    "window": { "datatype": "boolean" },
                    "pressed": {
                        "datatype": "enum", "format": "press,long_press", "retained": false,
                    },
                } },
            },
        })
    }
}

impl Gadget for Homie {
    fn id(&self) -> String {
        format!("homie-{}", self.name)
    }

    fn client_id(&self) -> String {
        format!("homie-{}", self.name)
    }

    fn will(&self) -> Message {
        Message::retained(self.topic("$state"), "lost")
    }

    fn filters(&self) -> Vec<String> {
        vec![self.topic("+/+/set")]
    }

    fn hello(&mut self) -> Vec<Message> {
        let mut hello = vec![
            Message::retained(self.topic("$state"), "init"),
            Message::retained(self.topic("$description"), self.description().to_string()),
        ];
        let values = self.values.iter();
        hello.extend(values.map(|(path, value)| Message::retained(self.topic(path), value)));
        hello.push(Message::retained(self.topic("$state"), "ready"));
        hello
    }

    fn receive(&mut self, topic: &str, payload: &str) -> Vec<Message> {
        let path = topic
            .strip_prefix(&self.topic(""))
            .and_then(|rest| rest.strip_suffix("/set"))
            .map(str::to_owned);
        let Some(path) = path else { return Vec::new() };
        let Some(value) = self.values.get_mut(path.as_str()) else {
            return Vec::new();
        };
        payload.clone_into(value);
        let topic = self.topic(&path);
        vec![
            Message::retained(format!("{topic}/$target"), payload),
            Message::retained(topic, payload),
        ]
    }

    fn act(&mut self, verb: &str, arguments: &str) -> Result<Vec<Message>, String> {
        match verb {
            "set" => {
                let (path, value) = arguments.split_once(' ').unwrap_or((arguments, ""));
                let known = self.values.get_mut(path);
                *known.ok_or_else(|| format!("no property {path:?}"))? = value.to_owned();
                Ok(vec![Message::retained(self.topic(path), value)])
            }
            "press" => {
                let topic = self.topic("climate/pressed");
                Ok(vec![Message::new(topic, "press")])
            }
            other => Err(format!("{other:?} is neither set nor press")),
        }
    }

    fn state(&self) -> Value {
        json!(self.values)
    }
}
