//! The fields of a request as they stand in its text, before anything is judged. Nothing is looked up and no map is built: of what is
//! read, a board has to free each piece again.

use core::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

/// What of an object is a request's. Of a name that appears twice the last counts; what a newer client added is read, so that it is JSON,
/// and forgotten.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) id: Option<Value>,
    pub(crate) jsonrpc: Option<Value>,
    pub(crate) method: Option<Value>,
    pub(crate) params: Option<Value>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Id,
    JsonRpc,
    Method,
    Params,
    #[serde(other)]
    Other,
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some(name) = map.next_key()? {
            let value = Some(map.next_value()?);
            match name {
                Name::Id => fields.id = value,
                Name::JsonRpc => fields.jsonrpc = value,
                Name::Method => fields.method = value,
                Name::Params => fields.params = value,
                Name::Other => {}
            }
        }
        Ok(fields)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}
