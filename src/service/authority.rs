//! The built-in CA, and the keys and certificates of the service itself.

use super::{Error, Service};
use crate::{
    config::Config,
    crypto::{Scheme, digest::sha256, sm2, verify_digest},
    devices::Devices,
    domain::{
        Timestamp,
        id::KeyId,
        organization::Scope,
        seal::{Custody, Key, KeyPurpose, WrappedSecret},
    },
    pki::{
        Certificate,
        crl::CrlTemplate,
        extension::Subject,
        issue::{
            CertificateTemplate, StatusUris, assemble, maker_extensions, ocsp_extensions,
            root_extensions, signer_extensions, tsa_extensions,
        },
        revocation::Crl,
    },
    store::{KeyState, Store},
};

/// The topic of outbox messages that ask for a new revocation list.
const CRL_DUE: &str = "crl-due";
/// The schemes of the built-in CA: each has a root of its own.
pub const SCHEMES: [Scheme; 2] = [Scheme::P256, Scheme::Sm2];

/// Keys and certificates of the service itself.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The CA's key and root certificate for P-256.
    pub p256: (Key, Certificate),
    /// The CA's key and root certificate for SM2.
    pub sm2: (Key, Certificate),
    /// The key that signs receipts, and its certificate.
    pub receipt: (Key, Certificate),
    /// The key that signs timestamps, and its certificate.
    pub tsa: (Key, Certificate),
    /// The keys that sign answers about certificates of the CA, for P-256 and SM2.
    pub ocsp: [(Key, Certificate); 2],
    /// The key of the seal maker 制章人, which signs electronic seals, and its certificate.
    pub seal_maker: (Key, Certificate),
    /// The key that wraps the data keys of kept documents.
    pub wrapping: Key,
    /// The key that wraps SM2 keys where the token does not hold them.
    pub credential_wrapping: Key,
}

/// Who makes keys before there is a [`Service`].
pub struct Provisioner<'a> {
    /// The database.
    pub store: &'a Store,
    /// The token.
    pub devices: &'a Devices,
    /// The configuration.
    pub config: &'a Config,
    /// The present.
    pub now: Timestamp,
}

impl Authority {
    /// Whether `init` was run.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_begun(store: &Store) -> Result<bool, Error> {
        let mut tx = store.read(Scope::Service).await?;
        Ok(tx.service_certificate(KeyPurpose::Ca, Scheme::P256).await?.is_some())
    }

    /// What an earlier `init` created; `None` if there was none, or not all of it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn load(store: &Store) -> Result<Option<Self>, Error> {
        let mut tx = store.read(Scope::Service).await?;
        let p256 = tx.service_certificate(KeyPurpose::Ca, Scheme::P256).await?;
        let sm2 = tx.service_certificate(KeyPurpose::Ca, Scheme::Sm2).await?;
        let receipt = tx.service_certificate(KeyPurpose::Receipt, Scheme::P256).await?;
        let tsa = tx.service_certificate(KeyPurpose::Tsa, Scheme::P256).await?;
        let ocsp_p256 = tx.service_certificate(KeyPurpose::Ocsp, Scheme::P256).await?;
        let ocsp_sm2 = tx.service_certificate(KeyPurpose::Ocsp, Scheme::Sm2).await?;
        let seal_maker = tx.service_certificate(KeyPurpose::Maker, Scheme::Sm2).await?;
        let wrapping = tx.key_for(KeyPurpose::DocumentWrapping).await?;
        let credential_wrapping = tx.key_for(KeyPurpose::CredentialWrapping).await?;
        let all = || {
            Some(Self {
                p256: p256?,
                sm2: sm2?,
                receipt: receipt?,
                tsa: tsa?,
                ocsp: [ocsp_p256?, ocsp_sm2?],
                seal_maker: seal_maker?,
                wrapping: wrapping?,
                credential_wrapping: credential_wrapping?,
            })
        };
        Ok(all())
    }

    /// The CA's key and root certificate for a scheme.
    pub fn ca(&self, scheme: Scheme) -> &(Key, Certificate) {
        match scheme {
            Scheme::P256 => &self.p256,
            Scheme::Sm2 => &self.sm2,
        }
    }

    /// The key and certificate of the OCSP responder for a scheme.
    pub fn responder(&self, scheme: Scheme) -> &(Key, Certificate) {
        let [p256, sm2] = &self.ocsp;
        match scheme {
            Scheme::P256 => p256,
            Scheme::Sm2 => sm2,
        }
    }

    /// Every certificate that the service itself uses.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        let [ocsp_p256, ocsp_sm2] = &self.ocsp;
        [&self.p256, &self.sm2, &self.receipt, &self.tsa, ocsp_p256, ocsp_sm2, &self.seal_maker]
            .into_iter()
            .map(|(_, certificate)| certificate)
    }

    /// The roots of the CA.
    pub fn roots(&self) -> Vec<Certificate> {
        SCHEMES.map(|scheme| self.ca(scheme).1.clone()).to_vec()
    }
}

impl Provisioner<'_> {
    /// Creates roots, receipt, timestamp and seal maker's certificates and wrapping keys, as far as
    /// they are missing.
    ///
    /// # Errors
    /// The token or the database fails.
    pub async fn create(&self) -> Result<Authority, Error> {
        let wrapping = self.wrapping_key(KeyPurpose::DocumentWrapping).await?;
        let credential_wrapping = self.wrapping_key(KeyPurpose::CredentialWrapping).await?;
        let p256 = self.root(Scheme::P256).await?;
        let sm2 = self.root(Scheme::Sm2).await?;
        let receipt = self.signer(&p256, KeyPurpose::Receipt).await?;
        let tsa = self.signer(&p256, KeyPurpose::Tsa).await?;
        let ocsp = [
            self.signer(&p256, KeyPurpose::Ocsp).await?,
            self.signer(&sm2, KeyPurpose::Ocsp).await?,
        ];
        let seal_maker = self.signer(&sm2, KeyPurpose::Maker).await?;
        Ok(Authority { p256, sm2, receipt, tsa, ocsp, seal_maker, wrapping, credential_wrapping })
    }

    async fn wrapping_key(&self, purpose: KeyPurpose) -> Result<Key, Error> {
        let known = self.store.read(Scope::Service).await?.key_for(purpose).await?;
        match known {
            Some(known) => Ok(known),
            None => self.make_key(purpose, None).await,
        }
    }

    async fn known(
        &self,
        purpose: KeyPurpose,
        scheme: Scheme,
    ) -> Result<Option<(Key, Certificate)>, Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        Ok(tx.service_certificate(purpose, scheme).await?)
    }

    async fn root(&self, scheme: Scheme) -> Result<(Key, Certificate), Error> {
        if let Some(known) = self.known(KeyPurpose::Ca, scheme).await? {
            return Ok(known);
        }
        let key = self.make_key(KeyPurpose::Ca, Some(scheme)).await?;
        let subject = self.subject(match scheme {
            Scheme::P256 => "Seal Root CA",
            Scheme::Sm2 => "Seal Root CA SM2",
        });
        let extensions = root_extensions(&key.public_point);
        let days = self.config.ca.root_days;
        let certificate =
            self.issue(&key, subject.to_der(), (subject, &key, days), extensions).await?;
        self.keep(&key, scheme, &certificate).await?;
        Ok((key, certificate))
    }

    async fn signer(
        &self,
        ca: &(Key, Certificate),
        purpose: KeyPurpose,
    ) -> Result<(Key, Certificate), Error> {
        let scheme = scheme_of(&ca.0);
        if let Some(known) = self.known(purpose, scheme).await? {
            return Ok(known);
        }
        let key = self.make_key(purpose, Some(scheme)).await?;
        let (point, issuer) = (&key.public_point, &ca.0.public_point);
        let uris = status_uris(self.config, scheme);
        let (extensions, name) = match purpose {
            KeyPurpose::Tsa => (tsa_extensions(point, issuer, &uris), "Time-Stamping"),
            KeyPurpose::Maker => (maker_extensions(point, issuer, &uris), "Seal Maker"),
            KeyPurpose::Ocsp => (ocsp_extensions(point, issuer), "OCSP"),
            _ => (signer_extensions(point, issuer, &uris), "Receipts"),
        };
        let about = (self.subject(name), &key, self.config.ca.root_days);
        let certificate = self.issue(&ca.0, ca.1.subject_der(), about, extensions).await?;
        self.keep(&key, scheme, &certificate).await?;
        Ok((key, certificate))
    }

    fn subject(&self, name: &str) -> Subject {
        let organization = self.config.ca.organization.clone();
        let common_name = format!("{organization} {name}");
        Subject { organization, common_name, ..Subject::default() }
    }

    async fn keep(
        &self,
        key: &Key,
        scheme: Scheme,
        certificate: &Certificate,
    ) -> Result<(), Error> {
        let (key, certificate, now) = (key.clone(), certificate.clone(), self.now);
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move {
                    Ok(tx.insert_service_certificate(&key, scheme, &certificate, now).await?)
                })
            })
            .await
    }

    /// Makes a key: first the record, then the key in the token or wrapped by it, then the word
    /// that it is there.
    ///
    /// # Errors
    /// The token or the database fails; the record says then that the key was abandoned.
    pub async fn make_key(
        &self,
        purpose: KeyPurpose,
        scheme: Option<Scheme>,
    ) -> Result<Key, Error> {
        let mut random = [0; 10];
        crate::crypto::random::fill(&mut random)?;
        let id = KeyId::new(self.now, random);
        let mut key = Key { id, purpose, scheme, public_point: Vec::new(), wrapped: None };
        let (intended, now) = (key.clone(), self.now);
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move { Ok::<_, Error>(tx.insert_key(&intended, now).await?) })
            })
            .await?;
        let made = self.generate(&key).await;
        let (state, point, wrapped) = match &made {
            Ok((point, wrapped)) => (KeyState::Present, point.clone(), wrapped.clone()),
            Err(_) => (KeyState::Abandoned, Vec::new(), None),
        };
        let id = key.id.clone();
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move {
                    let what = (point.as_slice(), wrapped.as_ref());
                    Ok::<_, Error>(tx.settle_key(&id, state, what).await?)
                })
            })
            .await?;
        (key.public_point, key.wrapped) = made?;
        Ok(key)
    }

    async fn generate(&self, key: &Key) -> Result<(Vec<u8>, Option<WrappedSecret>), Error> {
        let (id, purpose) = (&key.id, key.purpose);
        let Some(scheme) = key.scheme else {
            self.devices.token().generate_wrapping(id, purpose).await?;
            return Ok((Vec::new(), None));
        };
        Ok(match self.devices.custody(scheme) {
            Custody::Hsm => (self.devices.generate(id, purpose, scheme).await?, None),
            Custody::HsmWrapped => {
                let mut tx = self.store.read(Scope::Service).await?;
                let wrapping = tx.key_for(KeyPurpose::CredentialWrapping).await?;
                drop(tx);
                let wrapping = wrapping.ok_or(Error::NotFound("the key that wraps keys"))?;
                let made = self.devices.generate_wrapped(id, purpose, &wrapping).await?;
                (made.0, Some(made.1))
            }
        })
    }

    /// Issues a certificate under a CA key for (subject, key, days).
    async fn issue(
        &self,
        ca: &Key,
        issuer: Vec<u8>,
        about: (Subject, &Key, u32),
        extensions: Vec<Vec<u8>>,
    ) -> Result<Certificate, Error> {
        let (subject, key, days) = about;
        let mut serial = [0_u8; 16];
        crate::crypto::random::fill(&mut serial)?;
        // Positive, never zero, and always of the same length.
        if let Some(first) = serial.first_mut() {
            *first = (*first & 0x3f) | 0x40;
        }
        let template = CertificateTemplate {
            serial: serial.to_vec(),
            issuer,
            subject,
            not_before: self.now.plus_seconds(-60),
            not_after: self.now.plus_seconds(i64::from(days) * 86_400),
            scheme: scheme_of(key),
            point: key.public_point.clone(),
            extensions,
        };
        let to_be_signed = template.to_be_signed(scheme_of(ca));
        let der = sign(self.devices, ca, &to_be_signed, self.now).await?;
        Certificate::from_der(&der)
            .map_err(|_| Error::Internal("an issued certificate does not read back".to_owned()))
    }
}

/// Signs certificate, request or list with a key and checks the signature before it is used.
pub(super) async fn sign(
    devices: &Devices,
    key: &Key,
    to_be_signed: &[u8],
    now: Timestamp,
) -> Result<Vec<u8>, Error> {
    let signature = sign_bytes(devices, key, to_be_signed, now).await?;
    Ok(assemble(to_be_signed, scheme_of(key), &signature))
}

/// Signs bytes with a key of the service itself and checks the signature.
pub(super) async fn sign_bytes(
    devices: &Devices,
    key: &Key,
    to_be_signed: &[u8],
    now: Timestamp,
) -> Result<Vec<u8>, Error> {
    let digest = match scheme_of(key) {
        Scheme::P256 => Some(sha256(to_be_signed)),
        Scheme::Sm2 => sm2::e(&key.public_point, to_be_signed).and_then(|e| e.try_into().ok()),
    };
    let digest = digest.ok_or_else(|| fault("the public half of a key is malformed"))?;
    sign_checked(devices, key, digest, now).await
}

/// Signs a digest with a key of the service itself and checks the signature.
pub(super) async fn sign_checked(
    devices: &Devices,
    key: &Key,
    digest: [u8; 32],
    now: Timestamp,
) -> Result<Vec<u8>, Error> {
    let signature = devices.sign(key, key.purpose, digest, now).await?;
    verify_digest(scheme_of(key), &key.public_point, &digest, &signature)
        .map_err(|_| fault("the token's signature does not verify"))?;
    Ok(signature)
}

/// The scheme of a signing key.
pub(super) fn scheme_of(key: &Key) -> Scheme {
    key.scheme.unwrap_or(Scheme::P256)
}

/// The device answered, but wrongly.
pub(super) fn fault(what: &str) -> Error {
    Error::Device(crate::devices::DeviceError::Fault(what.to_owned()))
}

/// Where the built-in CA tells the status of its certificates.
fn status_uris(config: &Config, scheme: Scheme) -> StatusUris {
    let public = &config.http.public_url;
    StatusUris {
        crl: format!("{public}/public/crl/{scheme}.crl"),
        ocsp: format!("{public}/public/ocsp/{scheme}"),
    }
}

impl Service {
    /// Someone who makes keys, now.
    pub(super) fn provisioner(&self) -> Provisioner<'_> {
        Provisioner {
            store: &self.store,
            devices: &self.devices,
            config: &self.config,
            now: self.now(),
        }
    }

    /// Issues the certificate of a seal by the built-in CA of the key's scheme.
    pub(super) async fn issue_seal_certificate(
        &self,
        subject: Subject,
        key: &Key,
    ) -> Result<Certificate, Error> {
        let ca = self.authority.ca(scheme_of(key));
        let uris = status_uris(&self.config, scheme_of(key));
        let extensions = signer_extensions(&key.public_point, &ca.0.public_point, &uris);
        let about = (subject, key, self.config.ca.seal_days);
        self.provisioner().issue(&ca.0, ca.1.subject_der(), about, extensions).await
    }

    /// Signs a certificate request with the seal's own key.
    pub(super) async fn sign_request(
        &self,
        key: &Key,
        to_be_signed: &[u8],
    ) -> Result<Vec<u8>, Error> {
        sign(&self.devices, key, to_be_signed, self.now()).await
    }

    /// Publishes revocation lists if they are asked for, or the newest ones age.
    ///
    /// # Errors
    /// The token or the database fails; the wish stays in the outbox.
    pub async fn publish_crls_if_due(&self) -> Result<bool, Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        let asked = tx.undelivered(CRL_DUE).await?;
        drop(tx);
        let mut published = false;
        for scheme in SCHEMES {
            published |= self.publish_crl(scheme, !asked.is_empty()).await?;
        }
        if !asked.is_empty() {
            let now = self.now();
            self.store
                .write(Scope::Service, move |tx| {
                    Box::pin(async move { Ok::<_, Error>(tx.delivered(&asked, now).await?) })
                })
                .await?;
        }
        Ok(published)
    }

    async fn publish_crl(&self, scheme: Scheme, asked: bool) -> Result<bool, Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        let newest = tx.newest_crl(scheme).await?;
        let revoked = tx.revoked_certificates(scheme).await?;
        drop(tx);
        let now = self.now();
        let lifetime = i64::from(self.config.ca.crl_hours) * 3600;
        let fresh = newest
            .as_ref()
            .is_some_and(|(_, _, next_update)| *next_update > now.plus_seconds(lifetime / 2));
        if fresh && !asked {
            return Ok(false);
        }
        let number = newest.map_or(1, |(number, ..)| number + 1);
        let (key, certificate) = self.authority.ca(scheme);
        let template = CrlTemplate {
            issuer: certificate.subject_der(),
            issuer_point: key.public_point.clone(),
            number: u64::try_from(number).unwrap_or(1),
            this_update: now,
            next_update: now.plus_seconds(lifetime),
            keeps_ended_since: certificate.not_before(),
            revoked,
        };
        let list = sign(&self.devices, key, &template.to_be_signed(scheme), now).await?;
        let validity = (template.this_update, template.next_update);
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move {
                    Ok::<_, Error>(tx.insert_crl(scheme, number, &list, validity).await?)
                })
            })
            .await?;
        Ok(true)
    }

    /// The newest revocation list of a scheme, DER.
    ///
    /// # Errors
    /// None was published yet, or the database fails.
    pub async fn newest_crl(&self, scheme: Scheme) -> Result<Vec<u8>, Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        let newest = tx.newest_crl(scheme).await?;
        newest.map(|(_, list, _)| list).ok_or(Error::NotFound("the revocation list"))
    }

    /// The newest revocation lists of all schemes, as far as there are any.
    ///
    /// # Errors
    /// The database fails.
    pub(super) async fn newest_crls(&self) -> Result<Vec<Crl>, Error> {
        let mut all = Vec::new();
        for scheme in SCHEMES {
            match self.newest_crl(scheme).await {
                Ok(list) => all.extend(Crl::from_der(&list)),
                Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }
}

/// Asks for a new revocation list after a certificate was revoked.
pub(super) async fn ask_for_crl(
    tx: &mut crate::store::Tx,
    id: String,
    now: Timestamp,
) -> Result<(), Error> {
    Ok(tx.post(id, CRL_DUE, &serde_json::Value::Null, now).await?)
}
