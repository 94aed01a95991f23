//! The only cipher suite, built from snow's primitives, with random numbers
//! from the caller. ESPHome uses the same one with frames of its own.

use alloc::{borrow::ToOwned, boxed::Box};

use snow::{
    Builder, Error, HandshakeState,
    params::{
        BaseChoice, CipherChoice, DHChoice, HandshakeChoice, HandshakeModifier,
        HandshakeModifierList, HandshakePattern, HashChoice, NoiseParams,
    },
    resolvers::{CryptoResolver, DefaultResolver},
    types::{Cipher, Dh, Hash, Random},
};
use zeroize::Zeroizing;

use crate::{NoiseError, Psk, SUITE};

/// Without a key: for pairing, where people compare a code instead.
const WITHOUT_KEY: &str = "Noise_NN_25519_ChaChaPoly_SHA256";

/// The side of this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It begins the handshake.
    Controller,
    /// It answers.
    Board,
}

/// Returns the given bytes once: the ephemeral secret.
struct Given(Option<Zeroizing<[u8; 32]>>);

impl Random for Given {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        match self.0.take() {
            Some(bytes) if bytes.len() == dest.len() => {
                dest.copy_from_slice(bytes.as_slice());
                Ok(())
            }
            _ => Err(Error::Rng),
        }
    }
}

struct Resolver(Zeroizing<[u8; 32]>);

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Given(Some(self.0.clone()))))
    }

    // Only the primitives of the suite: a chip's image then does not even
    // contain the other hashes and ciphers (14 kB).
    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        matches!(choice, DHChoice::Curve25519)
            .then(|| DefaultResolver.resolve_dh(&DHChoice::Curve25519))?
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        matches!(choice, HashChoice::SHA256)
            .then(|| DefaultResolver.resolve_hash(&HashChoice::SHA256))?
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        matches!(choice, CipherChoice::ChaChaPoly)
            .then(|| DefaultResolver.resolve_cipher(&CipherChoice::ChaChaPoly))?
    }
}

/// A new handshake: NNpsk0 with a key, NN without one. `ephemeral` is 32 new
/// bytes from a cryptographic source.
///
/// # Errors
/// [`NoiseError::Unexpected`] if snow rejects the parameters, which are fixed.
pub fn handshake(
    end: End,
    psk: Option<&Psk>,
    prologue: &[u8],
    ephemeral: [u8; 32],
) -> Result<HandshakeState, NoiseError> {
    let name = if psk.is_some() { SUITE } else { WITHOUT_KEY };
    let build = || {
        let pattern = HandshakePattern::NN;
        let modifiers = HandshakeModifierList {
            list: psk.map(|_| HandshakeModifier::Psk(0)).into_iter().collect(),
        };
        let params = NoiseParams::new(
            name.to_owned(),
            BaseChoice::Noise,
            HandshakeChoice { pattern, modifiers },
            DHChoice::Curve25519,
            CipherChoice::ChaChaPoly,
            HashChoice::SHA256,
        );
        let resolver = Resolver(Zeroizing::new(ephemeral));
        let mut builder = Builder::with_resolver(params, Box::new(resolver)).prologue(prologue)?;
        if let Some(psk) = psk {
            builder = builder.psk(0, psk.bytes())?;
        }
        match end {
            End::Controller => builder.build_initiator(),
            End::Board => builder.build_responder(),
        }
    };
    build().map_err(|_: Error| NoiseError::Unexpected)
}
