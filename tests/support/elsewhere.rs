//! A certification authority and maker of seals outside of the house, with SM2.

use sealwright::{
    containers::ses::{Picture, SealInfo, SesVersion, SignerList, UnsignedSeal},
    crypto::Scheme,
    domain::{Clock, SystemClock},
    pki::{
        Certificate,
        extension::Subject,
        issue::{CertificateTemplate, StatusUris, assemble, root_extensions, signer_extensions},
    },
};
use serde_json::Value;

use super::server::House;

/// An SM2 authority outside of the house, which certifies and makes seals.
pub struct Elsewhere {
    key: sm2::SecretKey,
    point: Vec<u8>,
    root: Certificate,
    request_point: Vec<u8>,
    /// The common name that it certifies.
    pub name: String,
    /// The organization that it certifies.
    pub organization: String,
}

impl Elsewhere {
    pub fn new(house: &House, seal: &str) -> Self {
        let key = sm2::SecretKey::from_slice(&[0x5a; 32]).unwrap();
        let point = key.public_key().to_sec1_bytes();
        let point = match point.len() {
            65 => point.to_vec(),
            _ => {
                use sm2::elliptic_curve::sec1::ToSec1Point;
                key.public_key().to_sec1_point(false).as_bytes().to_vec()
            }
        };
        let subject = Subject { common_name: "Elsewhere".to_owned(), ..Subject::default() };
        let template = |serial: u8, subject: Subject, to: &[u8], extensions| CertificateTemplate {
            serial: vec![serial],
            issuer: Subject { common_name: "Elsewhere".to_owned(), ..Subject::default() }.to_der(),
            subject,
            not_before: SystemClock.now().plus_seconds(-60),
            not_after: SystemClock.now().plus_seconds(86_400 * 30),
            scheme: Scheme::Sm2,
            point: to.to_vec(),
            extensions,
        };
        let tbs = template(1, subject, &point, root_extensions(&point)).to_be_signed(Scheme::Sm2);
        let root =
            Certificate::from_der(&assemble(&tbs, Scheme::Sm2, &Self::sign(&key, &point, &tbs)))
                .unwrap();
        let known = house.get(&house.administrator, &format!("/v1/seals/{seal}"));
        let known = if known.status == 200 { known.json() } else { Value::Null };
        let request = house.get(&house.administrator, &format!("/v1/seals/{seal}/key?scheme=sm2"));
        let text = String::from_utf8(request.body).unwrap();
        let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = <base64ct::Base64 as base64ct::Encoding>::decode_vec(&body).unwrap();
        let mark = der.windows(4).position(|w| w == [0x03, 0x42, 0x00, 0x04]).unwrap();
        let request_point = der[mark + 3..mark + 68].to_vec();
        let name = known["name"].as_str().unwrap_or(super::people::ORGANIZATION).to_owned();
        Self {
            key,
            point,
            root,
            request_point,
            organization: super::people::ORGANIZATION.to_owned(),
            name,
        }
    }

    fn sign(key: &sm2::SecretKey, point: &[u8], message: &[u8]) -> Vec<u8> {
        use sm2::dsa::signature::hazmat::PrehashSigner;
        let signer = sm2::dsa::SigningKey::new("1234567812345678", key).unwrap();
        let e = sealwright::crypto::sm2::e(point, message).unwrap();
        let signature: sm2::dsa::Signature = signer.sign_prehash(&e).unwrap();
        sealwright::crypto::rs_to_der(&signature.to_bytes()).unwrap()
    }

    pub fn root(&self) -> String {
        self.root.to_pem()
    }

    pub fn certificate(&self) -> String {
        let uris = StatusUris {
            crl: "http://localhost/a".to_owned(),
            ocsp: "http://localhost/b".to_owned(),
        };
        let template = CertificateTemplate {
            serial: vec![2],
            issuer: self.root.subject_der(),
            subject: Subject {
                organization: self.organization.clone(),
                common_name: self.name.clone(),
                ..Subject::default()
            },
            not_before: SystemClock.now().plus_seconds(-60),
            not_after: SystemClock.now().plus_seconds(86_400 * 20),
            scheme: Scheme::Sm2,
            point: self.request_point.clone(),
            extensions: signer_extensions(&self.request_point, &self.point, &uris),
        };
        let tbs = template.to_be_signed(Scheme::Sm2);
        let signature = Self::sign(&self.key, &self.point, &tbs);
        let der = assemble(&tbs, Scheme::Sm2, &signature);
        Certificate::from_der(&der).unwrap().to_pem()
    }

    /// The seal, made by the root itself.
    pub fn seal(&self, chain: &str) -> Vec<u8> {
        let leaf = Certificate::from_pem(chain).unwrap().remove(0);
        let now = SystemClock.now();
        let info = SealInfo {
            id: "E-1".to_owned(),
            kind: 1,
            name: self.name.clone(),
            signers: SignerList::Certificates(vec![leaf.der().to_vec()]),
            created: now.plus_seconds(-1),
            valid_from: now.plus_seconds(-60),
            valid_until: now.plus_seconds(86_400 * 20),
            picture: Picture { format: "png".to_owned(), data: vec![1], width: 40, height: 40 },
        };
        let unsigned = UnsignedSeal::begin(&info, SesVersion::V4, self.root.clone());
        let e = unsigned.digest().unwrap();
        use sm2::dsa::signature::hazmat::PrehashSigner;
        let signer = sm2::dsa::SigningKey::new("1234567812345678", &self.key).unwrap();
        let signature: sm2::dsa::Signature = signer.sign_prehash(&e).unwrap();
        let der = sealwright::crypto::rs_to_der(&signature.to_bytes()).unwrap();
        unsigned.finish(&der, None)
    }
}
