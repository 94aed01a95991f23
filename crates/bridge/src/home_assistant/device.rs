//! The board as a device of Home Assistant.

use families::Family;
use fleet::BoardView;
use serde_json::{Value, json};

/// The `device` of a discovery payload; `None` until the board has sent its
/// information.
pub(super) fn device(view: &BoardView) -> Option<Value> {
    let id = view.id.as_deref()?;
    let info = view.info.as_ref()?;
    let mut device = json!({
        "identifiers": [format!("switchboard_{id}")],
        "name": *view.name,
        "manufacturer": view.family.title(),
        "serial_number": id,
    });
    let optional = [
        ("model", Some(info.board.as_str())),
        ("model_id", Some(info.platform.as_str())),
        ("sw_version", Some(info.version.as_str())),
    ];
    for (key, value) in optional {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            device[key] = value.into();
        }
    }
    // Home Assistant joins devices of one MAC address, also with those that its
    // own integrations know.
    if let Some(mac) = mac(&info.mac) {
        device["connections"] = json!([["mac", mac]]);
    }
    let page = match view.family {
        Family::Switchboard => view.control_page(),
        _ => view.web_page(),
    };
    // A link-local address with an interface is no URL.
    if let Some(page) = page.filter(|page| !page.contains('%')) {
        device["configuration_url"] = page.into();
    }
    Some(device)
}

/// A hardware address in Home Assistant's form: `aa:bb:cc:dd:ee:ff`. Zeros are
/// no address.
fn mac(text: &str) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ':' | '-' | '.'))
        .collect::<String>()
        .to_ascii_lowercase();
    let valid = digits.len() == 12
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && digits.bytes().any(|byte| byte != b'0');
    valid.then(|| {
        let pairs: Vec<&str> = (0..6)
            .filter_map(|pair| digits.get(pair * 2..pair * 2 + 2))
            .collect();
        pairs.join(":")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hardware_address_has_one_form() {
        for text in ["AA:BB:CC:00:11:22", "aabbcc001122", "aa-bb-cc-00-11-22"] {
            assert_eq!(mac(text).as_deref(), Some("aa:bb:cc:00:11:22"));
        }
        for text in ["", "00:00:00:00:00:00", "aa:bb", "zz:bb:cc:00:11:22"] {
            assert_eq!(mac(text), None, "{text}");
        }
    }
}
