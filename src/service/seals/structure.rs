//! The electronic seal 电子印章 of an SM2 credential (GB/T 38540-2020): built and signed with the key
//! of the seal maker 制章人 when a version is made.

use super::find;
use crate::{
    config::{SealStructureVersion, SignersNamedBy},
    containers::ses::{self, SealInfo, SesVersion, SignerList, UnsignedSeal},
    crypto::{DigestAlgorithm, Scheme, verify_message},
    domain::{
        Timestamp,
        organization::Scope,
        seal::{Picture, Seal, SealKind, SealVersion},
    },
    pki::{
        Certificate, TrustStore,
        validation::{Question, validate},
    },
    policy::Action,
    service::{
        Act, Error, Service,
        authority::{fault, sign_checked},
    },
};

impl Service {
    /// The electronic seal for a credential with this chain; none for P-256, which has no such
    /// structure.
    pub(super) async fn seal_structure(
        &self,
        seal: &Seal,
        version: &SealVersion,
        picture: &Picture,
        chain: &[Certificate],
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(leaf) = chain.first().filter(|leaf| leaf.scheme() == Some(Scheme::Sm2)) else {
            return Ok(None);
        };
        let now = self.now();
        self.check_seal_maker(now).await?;
        let (key, certificate) = &self.authority.seal_maker;
        let signers = match self.config.sealing.signers_named_by {
            SignersNamedBy::Certificates => SignerList::Certificates(vec![leaf.der().to_vec()]),
            SignersNamedBy::Digests => {
                let sm3 = DigestAlgorithm::Sm3;
                SignerList::Digests(vec![(sm3.oid().to_string(), sm3.digest(leaf.der()))])
            }
        };
        let info = SealInfo {
            id: format!("{}-{}", seal.code, version.number),
            kind: kind_number(seal.kind),
            name: version.name.clone(),
            signers,
            created: now,
            valid_from: version.valid_from.unwrap_or(now),
            valid_until: version.valid_until.unwrap_or(now),
            picture: ses::Picture {
                format: "png".to_owned(),
                data: picture.png.clone(),
                width: millimetres(picture.width_mm),
                height: millimetres(picture.height_mm),
            },
        };
        let as_configured = match self.config.sealing.seal_structure {
            SealStructureVersion::V4 => SesVersion::V4,
            SealStructureVersion::V5 => SesVersion::V5,
        };
        let unsigned = UnsignedSeal::begin(&info, as_configured, certificate.clone());
        let digest = unsigned.digest();
        let digest = digest.ok_or_else(|| fault("the seal maker's certificate has no key"))?;
        let signature = sign_checked(&self.devices, key, digest, now).await?;
        let timestamp = match as_configured {
            SesVersion::V5 => {
                Some(self.timestamp_signature(&signature, DigestAlgorithm::Sm3).await?)
            }
            _ => None,
        };
        let structure = unsigned.finish(&signature, timestamp.as_deref());
        // Read back as a stranger would.
        let read = ses::Seal::from_der(&structure).map_err(|e| Error::Internal(e.to_string()))?;
        if !maker_signed(&read) || !read.lists(leaf.der()) {
            return Err(Error::Internal("a new seal does not read back".to_owned()));
        }
        Ok(Some(structure))
    }

    /// An electronic seal that another maker made, for a credential with this chain.
    ///
    /// # Errors
    /// It is none, its maker is not trusted as such, it is not for this seal, or not valid now.
    pub(super) fn imported_structure(
        &self,
        seal: &Seal,
        picture: &Picture,
        chain: &[Certificate],
        der: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let refuse = |why: &str| Err(Error::invalid("seal-structure-unfit", why));
        let read = match ses::Seal::from_der(der) {
            Ok(read) if read.version != SesVersion::V1 => read,
            Ok(_) => return refuse("electronic seals of GM/T 0031-2014 are read, not sealed with"),
            Err(error) => return refuse(&error.to_string()),
        };
        let Some(leaf) = chain.first().filter(|leaf| leaf.scheme() == Some(Scheme::Sm2)) else {
            return refuse("only an SM2 credential has an electronic seal");
        };
        let now = self.now();
        if !maker_signed(&read) {
            return refuse("the signature of its maker does not fit it");
        }
        let made = read.created.at.filter(|made| *made <= now);
        let (Some(maker), Some(made)) = (&read.maker, made) else {
            return refuse("it does not say who made it, or when");
        };
        match validate(maker, Question::fresh(&[], &self.maker_trust, made)) {
            Ok(_) => {}
            Err(error) => return refuse(&format!("its maker is not trusted as one: {error}")),
        }
        if !read.lists(leaf.der()) {
            return refuse("it does not name the credential's certificate");
        }
        if read.name != seal.name {
            return refuse("it bears another name than the seal");
        }
        if read.is_valid_at(now) != Some(true) {
            return refuse("it is not valid now");
        }
        let size = (millimetres(picture.width_mm), millimetres(picture.height_mm));
        if (read.picture.width, read.picture.height) != size {
            return refuse("its picture is of another size than the one that was given");
        }
        Ok(der.to_vec())
    }

    /// Making a seal validates the maker's certificate first.
    async fn check_seal_maker(&self, now: Timestamp) -> Result<(), Error> {
        let certificate = &self.authority.seal_maker.1;
        let refuse = |why: String| {
            Error::conflict("seal-maker-unfit", format!("the seal maker's certificate: {why}"))
        };
        let trust = TrustStore { roots: self.authority.roots(), crls: Vec::new() };
        // Its own register knows better than any list.
        match validate(certificate, Question::fresh(&[], &trust, now)) {
            Ok(_) => {}
            Err(error) => return Err(refuse(error.to_string())),
        }
        let mut tx = self.store.read(Scope::Service).await?;
        let revoked = tx.revoked_certificates(Scheme::Sm2).await?;
        match revoked.iter().find(|one| one.serial == certificate.serial()) {
            Some(one) => Err(refuse(format!("it was revoked at {}", one.at))),
            None => Ok(()),
        }
    }

    /// The electronic seal of the version in use, DER (`.esl`).
    ///
    /// # Errors
    /// There is none, or policy says no.
    pub async fn exported_structure(&self, act: &Act, id: &str) -> Result<Vec<u8>, Error> {
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, super::numbered_or_current(None), self.now()).await?;
        let _ = self.permit(act, Action::ReadSeal, found.resource())?;
        let credential = found.version.credentials.iter().find(|c| c.scheme == Scheme::Sm2);
        let missing = Error::NotFound("the electronic seal: only an SM2 credential has one");
        let Some(credential) = credential else { return Err(missing) };
        tx.seal_structure(&credential.id).await?.ok_or(missing)
    }
}

/// Whether the signature of a seal's maker fits it.
fn maker_signed(seal: &ses::Seal) -> bool {
    let verified = seal.maker.as_ref().map(|maker| {
        verify_message(&maker.spki_der(), seal.algorithm, None, &seal.signed, &seal.signature)
    });
    verified == Some(Ok(()))
}

/// Whole millimetres, which is all that the structure can say.
fn millimetres(length: f64) -> i64 {
    length.round() as i64
}

/// The number of a kind as seal systems use it: 1 for the legal name, 2 finance, 3 invoice, 4
/// contract, 5 a person's name, 99 for others.
fn kind_number(kind: SealKind) -> u8 {
    match kind {
        SealKind::LegalName => 1,
        SealKind::Finance => 2,
        SealKind::Invoice => 3,
        SealKind::Contract => 4,
        SealKind::PersonalName => 5,
        SealKind::Department | SealKind::Branch | SealKind::Business => 99,
    }
}
