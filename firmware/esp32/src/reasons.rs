//! Why a network refused the board or was lost, in words. The type of esp-radio
//! has only names for `Debug`, which prints nothing in the image that is handed
//! out.

use esp_radio::wifi::DisconnectReason;

/// The reason (IEEE 802.11, 9.4.1.7, and those of ESP-IDF from 200).
pub(crate) fn reason(reason: DisconnectReason) -> &'static str {
    use DisconnectReason as R;
    match reason {
        R::NoAccessPointFound => "no access point with this name is in range",
        R::NoAccessPointFoundInRssiThreshold => "the signal is too weak",
        R::NoAccessPointFoundWithCompatibleSecurity
        | R::NoAccessPointFoundInAuthmodeThreshold
        | R::BadCipherOrAkm
        | R::CipherSuiteRejected
        | R::GroupCipherInvalid
        | R::PairwiseCipherInvalid
        | R::AkmpInvalid => "its security does not match: WPA2 or better, or an open network",
        R::AuthenticationFailed
        | R::FourWayHandshakeTimeout
        | R::HandshakeTimeout
        | R::MicFailure => "the password is wrong",
        R::AuthenticationExpired | R::Timeout | R::ConnectionFailed | R::MissingAcks => {
            "the access point does not respond"
        }
        R::AssociationTooMany => "the access point has too many clients",
        R::AssociationFailed
        | R::AssociationNotAuthenticated
        | R::AssociationComebackTimeTooLong
        | R::NotAuthorizedThisLocation => "the access point refuses this board",
        R::BeaconTimeout => "the access point cannot be heard anymore",
        R::DisassociatedDueToInactivity => "the access point ended it for inactivity",
        R::AuthenticationLeave
        | R::AssociationLeave
        | R::StationLeaving
        | R::PeerInitiated
        | R::AccessPointInitiatedDisassociation
        | R::BssTransitionDisassociated
        | R::AccessPointTsfReset => "the access point ended it",
        R::Roaming => "the board changes to another access point",
        _ => "a reason without a name",
    }
}
