//! Certificate requests (PKCS #10, RFC 2986): what we ask a CA to certify.

use base64ct::{Base64, Encoding};

use super::{
    extension::{self, Subject},
    tlv::{sequence, tlv, unsigned},
};
use crate::crypto::Scheme;

/// The `CertificationRequestInfo` to be signed with the subject's own key.
pub fn to_be_signed(subject: &Subject, scheme: Scheme, point: &[u8]) -> Vec<u8> {
    sequence(&[
        unsigned(&[0]),
        subject.to_der(),
        extension::public_key_info(scheme, point),
        tlv(0xa0, &[]),
    ])
}

/// A PEM text with lines of 64 characters.
pub fn to_pem(label: &str, der: &[u8]) -> String {
    let body = Base64::encode_string(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}
