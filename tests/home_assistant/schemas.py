"""Home Assistant's own schemas of MQTT discovery."""

import importlib

import voluptuous as vol

from homeassistant.components.mqtt import schemas
from homeassistant.components.mqtt.light import schema_json

PLATFORMS = ["binary_sensor", "button", "cover", "event", "light", "number", "select", "sensor", "switch", "text", "update"]

# Options that the documentation names, of releases after the oldest supported
# one, which ignores them:
# https://www.home-assistant.io/integrations/light.mqtt/#json-schema
NEWER = {"light": {"flash", "transition"}}


def discovery(platform):
    """The schema of a platform's configuration."""
    if platform == "light":
        return schema_json.DISCOVERY_SCHEMA_JSON
    return importlib.import_module(f"homeassistant.components.mqtt.{platform}").DISCOVERY_SCHEMA


def keys(schema):
    """The keys that a schema accepts, also of schemas that are combined."""
    if isinstance(schema, (vol.All, vol.Any)):
        return {key for part in schema.validators for key in keys(part)}
    if isinstance(schema, vol.Schema):
        schema = schema.schema
    if not isinstance(schema, dict):
        return set()
    return {str(key) for key in schema if isinstance(key, (str, vol.Marker))}


def accepted():
    """The keys of each part of a discovery payload."""
    parts = {platform: keys(discovery(platform)) | NEWER.get(platform, set()) for platform in PLATFORMS}
    entry = next(value for key, value in schemas.MQTT_ENTITY_COMMON_SCHEMA.schema.items() if key == "availability")
    parts |= {
        "payload": keys(schemas.DEVICE_DISCOVERY_SCHEMA),
        "device": keys(schemas.MQTT_ENTITY_DEVICE_INFO_SCHEMA),
        "origin": keys(schemas.MQTT_ORIGIN_INFO_SCHEMA),
        "availability": {str(key) for key in entry.validators[1][0]},
    }
    return {part: sorted(names) for part, names in sorted(parts.items())}
