//! Keys of ESPHome boards, as their YAML has them.

use base64::{Engine, engine::general_purpose::STANDARD};
use noise::{Key, KeyId, Psk, Role};
use protocol::{BoardIdError, board_id};
use zeroize::Zeroizing;

/// A text is not a key of an ESPHome board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoiseKeyError {
    /// The board id is invalid.
    #[error("invalid board: {0}")]
    Board(#[from] BoardIdError),
    /// It is not 32 bytes in base64.
    #[error(
        "expected 32 bytes in base64 (44 characters), as after \"api: encryption: key:\" in the \
         board's YAML file"
    )]
    Form,
}

/// The key of an ESPHome board, from the text in its YAML file: 32 bytes in
/// base64 with padding (RFC 4648, section 4), with or without quotes. Such keys
/// have no id of their own, and allow everything.
///
/// # Errors
/// If the id or the text is invalid. The error does not contain the text.
pub fn esphome_key(board: &str, text: &str) -> Result<Key, NoiseKeyError> {
    let board = board_id(board)?.to_owned();
    let text = text.trim().trim_matches(['"', '\'']);
    let mut secret = Zeroizing::new([0; 33]);
    let length = STANDARD.decode_slice(text, &mut *secret);
    let bytes = match (length, secret.first_chunk::<32>()) {
        (Ok(32), Some(bytes)) => *bytes,
        _ => return Err(NoiseKeyError::Form),
    };
    Ok(Key {
        board,
        kid: KeyId::NONE,
        role: Role::Control,
        psk: Psk::new(bytes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_in_the_yaml_file() {
        let text = STANDARD.encode([7; 32]);
        for text in [text.clone(), format!(" \"{text}\"\n")] {
            let key = esphome_key("esphome-0200000a1b2c", &text).expect("valid");
            assert_eq!(key.psk, Psk::new([7; 32]));
        }
        for wrong in [
            "",
            "password",
            &STANDARD.encode([7; 31]),
            &STANDARD.encode([7; 33]),
            &STANDARD.encode([7; 64]),
            text.trim_end_matches('='),
        ] {
            let refused = esphome_key("esphome-0200000a1b2c", wrong);
            assert_eq!(refused.map(|key| key.board), Err(NoiseKeyError::Form));
        }
    }
}
