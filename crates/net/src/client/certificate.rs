//! Reads the issuer of a certificate (RFC 5280, 4.1), for error messages.
//! Verifies nothing.

/// The issuer of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Issued {
    /// Its common name, if it has one.
    pub(super) by: Option<String>,
    /// Issuer and subject are the same.
    pub(super) by_itself: bool,
}

/// The longest common name that is shown, in characters (RFC 5280, A.1:
/// `ub-common-name`).
const LONGEST: usize = 64;

/// ASN.1 tags (ITU-T X.690).
mod tag {
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const SET: u8 = 0x31;
    pub(super) const OBJECT: u8 = 0x06;
    pub(super) const VERSION: u8 = 0xa0;
}

/// `id-at-commonName`, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// Reads the issuer; `None` if the bytes are not a certificate.
pub(super) fn issued(certificate: &[u8]) -> Option<Issued> {
    let (certificate, _) = part(certificate, tag::SEQUENCE)?;
    let (mut fields, _) = part(certificate, tag::SEQUENCE)?;
    if fields.first() == Some(&tag::VERSION) {
        (_, fields) = any(fields)?;
    }
    // The serial number and the signature algorithm.
    (_, fields) = any(fields)?;
    (_, fields) = any(fields)?;
    let (issuer, fields) = part(fields, tag::SEQUENCE)?;
    // The validity period.
    let (_, fields) = any(fields)?;
    let (subject, _) = part(fields, tag::SEQUENCE)?;
    Some(Issued {
        by: common_name(issuer),
        by_itself: issuer == subject,
    })
}

fn common_name(mut name: &[u8]) -> Option<String> {
    while !name.is_empty() {
        let (set, rest) = part(name, tag::SET)?;
        let (pair, _) = part(set, tag::SEQUENCE)?;
        let (kind, value) = part(pair, tag::OBJECT)?;
        if kind == COMMON_NAME {
            let (text, _) = any(value)?;
            return Some(
                String::from_utf8_lossy(text)
                    .chars()
                    .take(LONGEST)
                    .collect(),
            );
        }
        name = rest;
    }
    None
}

/// The content of the next element if it has this tag, and what follows it.
fn part(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    (bytes.first() == Some(&tag)).then(|| any(bytes)).flatten()
}

/// The content of the next element, and what follows it.
fn any(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.get(1..)?.split_first()?;
    let (length, rest) = match usize::from(*length) {
        short @ 0..=0x7f => (short, rest),
        // DER has no indefinite lengths, and three bytes are enough for any
        // certificate.
        long @ 0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(long - 0x80)?;
            (
                digits
                    .iter()
                    .fold(0, |length, digit| length << 8 | usize::from(*digit)),
                rest,
            )
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair};

    use super::*;

    #[test]
    fn the_issuer_of_a_certificate_is_read_and_whether_it_is_self_signed() {
        let params = |name: &str| {
            let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
            params.distinguished_name.push(DnType::CountryName, "DE");
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let (key, other) = (
            KeyPair::generate().expect("a key"),
            KeyPair::generate().expect("a key"),
        );
        let own = params("Workshop").self_signed(&key).expect("a certificate");
        let by = |name: &str, by_itself| {
            Some(Issued {
                by: Some(name.to_owned()),
                by_itself,
            })
        };
        assert_eq!(issued(own.der()), by("Workshop", true));
        let leaf = params("board")
            .signed_by(&other, &Issuer::new(params("Workshop"), &key))
            .expect("a certificate");
        assert_eq!(issued(leaf.der()), by("Workshop", false));
    }

    #[test]
    fn bytes_that_are_not_a_certificate_are_refused() {
        let key = KeyPair::generate().expect("a key");
        let whole = CertificateParams::new(["a".to_owned()])
            .expect("a name")
            .self_signed(&key)
            .expect("a certificate");
        for length in 0..whole.der().len() {
            // A truncated certificate must not panic.
            let _ = issued(&whole.der()[..length]);
        }
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x80],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x02, 0x30, 0x00],
        ] {
            assert_eq!(issued(bytes), None, "{bytes:?}");
        }
    }
}
