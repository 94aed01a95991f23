//! The description of a device (`$description`): nodes and properties.
//!
//! Source: the Homie convention, version 5.0 (homieiot.github.io).

use std::collections::BTreeMap;

use sanitize::bounds;
use serde_json::Value;

/// The most properties of a device: as many as a session keeps components.
const PROPERTIES: usize = bounds::COMPONENTS;

/// The most options of an enumeration.
const OPTIONS: usize = 256;

/// The longest format that is read, in bytes.
const FORMAT: usize = 3_500;

/// The longest id, in bytes.
const ID: usize = 64;

/// A device as it describes itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Description {
    pub(super) name: String,
    /// The version of the description: a number that rises with each change.
    pub(super) version: String,
    /// The device that this one is a part of: if that is lost, so is this.
    pub(super) root: Option<String>,
    /// By path: `node/property`.
    pub(super) properties: BTreeMap<String, Property>,
}

/// A property of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) datatype: Datatype,
    pub(super) unit: String,
    pub(super) settable: bool,
    pub(super) retained: bool,
}

/// The type of a value, with what its format says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datatype {
    Boolean,
    /// A number, whether whole, and its range and step as far as they are
    /// given.
    Number {
        whole: bool,
        min: Option<f64>,
        max: Option<f64>,
        step: Option<f64>,
    },
    Enumeration(Vec<String>),
    /// The forms of a color that the device accepts.
    Color(Vec<ColorForm>),
    /// A text, a time, a duration or JSON.
    Text,
}

/// How a color is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColorForm {
    Rgb,
    Hsv,
}

impl Description {
    /// Reads a `$description`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, String> {
        let message: Value =
            serde_json::from_slice(payload).map_err(|error| format!("it is not JSON: {error}"))?;
        let homie = message.get("homie").and_then(Value::as_str).unwrap_or("");
        if homie.split('.').next() != Some("5") {
            return Err(format!(
                "it follows Homie {:?}; version 5 is supported",
                bounds::name(homie)
            ));
        }
        let text = |key: &str| message.get(key).and_then(Value::as_str);
        let mut properties = BTreeMap::new();
        let nodes = message.get("nodes").and_then(Value::as_object);
        let nodes = nodes.into_iter().flatten().collect::<Vec<_>>();
        let single = nodes.len() == 1;
        for (node_id, node) in nodes {
            let listed = node.get("properties").and_then(Value::as_object);
            let listed = listed.into_iter().flatten().collect::<Vec<_>>();
            let alone = listed.len() == 1;
            for (id, property) in listed {
                if properties.len() >= PROPERTIES || !is_id(node_id) || !is_id(id) {
                    continue;
                }
                let node_name = named(node, node_id);
                let own = named(property, id);
                let name = match (alone, single) {
                    (true, false) => node_name,
                    (_, true) => own,
                    (false, false) => format!("{node_name} {own}"),
                };
                let property = Property::parse(property, &name);
                properties.insert(format!("{node_id}/{id}"), property);
            }
        }
        Ok(Self {
            name: bounds::name(text("name").unwrap_or_default()),
            version: match message.get("version") {
                Some(Value::Number(number)) => number.to_string(),
                _ => String::new(),
            },
            root: text("root").filter(|root| is_id(root)).map(str::to_owned),
            properties,
        })
    }
}

impl Property {
    fn parse(property: &Value, name: &str) -> Self {
        let text = |key: &str| property.get(key).and_then(Value::as_str).unwrap_or("");
        let flag = |key: &str, usual: bool| {
            let flag = property.get(key).and_then(Value::as_bool);
            flag.unwrap_or(usual)
        };
        let format = Some(text("format")).filter(|format| format.len() <= FORMAT);
        let format = format.unwrap_or("");
        Self {
            name: bounds::name(name),
            datatype: Datatype::parse(text("datatype"), format),
            unit: bounds::name(text("unit")),
            settable: flag("settable", false),
            retained: flag("retained", true),
        }
    }
}

impl Datatype {
    fn parse(datatype: &str, format: &str) -> Self {
        match datatype {
            "boolean" => Self::Boolean,
            "integer" | "float" => {
                let mut parts = format.split(':').map(|part| {
                    let number = part.trim().parse::<f64>().ok();
                    number.filter(|number| number.is_finite())
                });
                let mut next = || parts.next().flatten();
                Self::Number {
                    whole: datatype == "integer",
                    min: next(),
                    max: next(),
                    step: next().filter(|step| *step > 0.0),
                }
            }
            "enum" => {
                let options = format.split(',').filter(|option| !option.is_empty());
                Self::Enumeration(options.take(OPTIONS).map(str::to_owned).collect())
            }
            "color" => {
                let forms = format.split(',').filter_map(|form| match form.trim() {
                    "rgb" => Some(ColorForm::Rgb),
                    "hsv" => Some(ColorForm::Hsv),
                    _ => None,
                });
                Self::Color(forms.take(2).collect())
            }
            _ => Self::Text,
        }
    }
}

/// The name of a node or a property, or its id.
fn named(part: &Value, id: &str) -> String {
    let name = part.get("name").and_then(Value::as_str);
    bounds::name(name.filter(|name| !name.is_empty()).unwrap_or(id))
}

/// Whether a text is an id of a device, a node or a property.
pub(super) fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=ID).contains(&text.len()) && text.bytes().all(plain)
}
