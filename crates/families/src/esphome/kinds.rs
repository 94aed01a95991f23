//! The kinds of entities, and where the fields that all kinds have are found in
//! the messages of each.

/// A kind of entity, by the numbers of `api.proto`. The object id is always
/// field 1 of a description, the key 2 and the name 3. The key is field 1 of
/// every state and command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The message that lists such an entity.
    pub(super) list: u32,
    /// The message that reports its state or its event; 0 if it has neither.
    pub(super) state: u32,
    /// The name of the kind in Home Assistant.
    pub(super) kind: &'static str,
    /// The field of the icon in the description.
    pub(super) icon: u32,
    /// That of the device class; 0 if it has none.
    pub(super) class: u32,
    /// That of the category.
    pub(super) category: u32,
    /// That of the device.
    pub(super) device: u32,
    /// The field of the device in the state.
    pub(super) state_device: u32,
}

macro_rules! layouts {
    ($($list:literal $state:literal $kind:literal: icon $icon:literal, class $class:literal,
       category $category:literal, device $device:literal $state_device:literal;)*) => {
        &[$(Layout {
            list: $list,
            state: $state,
            kind: $kind,
            icon: $icon,
            class: $class,
            category: $category,
            device: $device,
            state_device: $state_device,
        }),*]
    };
}

/// Every kind that can be listed.
pub(super) const LAYOUTS: &[Layout] = layouts! {
    12 21 "binary_sensor": icon 8, class 5, category 9, device 10 4;
    13 22 "cover": icon 10, class 8, category 11, device 13 6;
    14 23 "fan": icon 10, class 0, category 11, device 13 8;
    15 24 "light": icon 14, class 0, category 15, device 16 14;
    16 25 "sensor": icon 5, class 9, category 13, device 14 4;
    17 26 "switch": icon 5, class 9, category 8, device 10 3;
    18 27 "text_sensor": icon 5, class 8, category 7, device 9 4;
    43 0 "camera": icon 6, class 0, category 7, device 8 0;
    46 47 "climate": icon 19, class 0, category 20, device 26 16;
    49 50 "number": icon 5, class 13, category 10, device 14 4;
    52 53 "select": icon 5, class 0, category 8, device 9 4;
    55 56 "siren": icon 5, class 0, category 10, device 11 3;
    58 59 "lock": icon 5, class 0, category 7, device 12 3;
    61 0 "button": icon 5, class 8, category 7, device 9 0;
    63 64 "media_player": icon 5, class 0, category 7, device 10 5;
    94 95 "alarm_control_panel": icon 5, class 0, category 7, device 11 3;
    97 98 "text": icon 5, class 0, category 7, device 12 4;
    100 101 "date": icon 5, class 0, category 7, device 8 6;
    103 104 "time": icon 5, class 0, category 7, device 8 6;
    107 108 "event": icon 5, class 8, category 7, device 10 3;
    109 110 "valve": icon 5, class 8, category 7, device 12 4;
    112 113 "datetime": icon 5, class 0, category 7, device 8 4;
    116 117 "update": icon 5, class 8, category 7, device 9 11;
    132 133 "water_heater": icon 4, class 0, category 6, device 7 5;
    135 0 "infrared": icon 4, class 0, category 6, device 7 0;
    148 0 "radio_frequency": icon 4, class 0, category 6, device 7 0;
};

impl Layout {
    /// The kind that a message lists.
    pub(super) fn listed_by(message: u32) -> Option<&'static Self> {
        LAYOUTS.iter().find(|layout| layout.list == message)
    }

    /// The kind whose state or event a message reports.
    pub(super) fn reported_by(message: u32) -> Option<&'static Self> {
        LAYOUTS
            .iter()
            .find(|layout| layout.state != 0 && layout.state == message)
    }

    /// Whether such an entity has a state, which the board sends when it is
    /// subscribed.
    pub(super) fn has_state(&self) -> bool {
        self.state != 0 && self.state != super::messages::EVENT_RESPONSE
    }
}

/// The name of a message of a kind of entity; `None` if it is another one.
pub(super) fn message_name(message: u32) -> Option<String> {
    if let Some(layout) = Layout::listed_by(message) {
        return Some(format!("ListEntities{}Response", pascal(layout.kind)));
    }
    Some(match Layout::reported_by(message)?.kind {
        "event" => "EventResponse".to_owned(),
        kind => format!("{}StateResponse", pascal(kind)),
    })
}

/// `binary_sensor` as `BinarySensor`.
fn pascal(kind: &str) -> String {
    kind.split('_')
        .map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
            format!("{}{rest}", first.to_ascii_uppercase())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_called_as_in_the_proto() {
        for (message, name) in [
            (12, Some("ListEntitiesBinarySensorResponse")),
            (26, Some("SwitchStateResponse")),
            (108, Some("EventResponse")),
            (9_999, None),
        ] {
            assert_eq!(message_name(message).as_deref(), name);
        }
    }
}
