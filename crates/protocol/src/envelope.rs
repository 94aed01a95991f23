//! Splits a message into its top-level fields, without interpreting them.
//! Builds no map, because a board would have to free each entry again.

use core::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// The fields of a JSON-RPC message, each as a `T`. If a name appears twice,
/// the last value counts. Unknown fields are parsed, so that they are valid
/// JSON, and dropped.
pub(crate) struct Envelope<T> {
    pub(crate) id: Option<T>,
    pub(crate) jsonrpc: Option<T>,
    pub(crate) method: Option<T>,
    pub(crate) params: Option<T>,
    pub(crate) result: Option<T>,
    pub(crate) error: Option<T>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Id,
    JsonRpc,
    Method,
    Params,
    Result,
    Error,
    #[serde(other)]
    Other,
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = Envelope<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<T>, A::Error> {
        let mut fields = Envelope {
            id: None,
            jsonrpc: None,
            method: None,
            params: None,
            result: None,
            error: None,
        };
        while let Some(name) = map.next_key()? {
            let field = match name {
                Name::Id => &mut fields.id,
                Name::JsonRpc => &mut fields.jsonrpc,
                Name::Method => &mut fields.method,
                Name::Params => &mut fields.params,
                Name::Result => &mut fields.result,
                Name::Error => &mut fields.error,
                Name::Other => {
                    // Parsed nevertheless: it must be valid JSON.
                    map.next_value::<T>()?;
                    continue;
                }
            };
            *field = Some(map.next_value()?);
        }
        Ok(fields)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Envelope<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object(PhantomData))
    }
}
