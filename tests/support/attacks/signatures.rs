//! Signature dictionaries, and the containers in them, which no signature protects.

use super::*;

const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];

/// Changes the blob of the first signature, which no signature protects.
fn blob(
    name: &'static str,
    word: &'static str,
    change: impl Fn(Vec<u8>) -> Option<Vec<u8>> + 'static,
) -> Named {
    attack(name, word, move |file| {
        let inspection = inspect(&file).ok()?;
        let found = inspection.signatures.first()?;
        let gap = found.gap.ok()?;
        let room = usize::try_from(gap.end - gap.start).unwrap() - 2;
        let mut digits = sealwright::crypto::digest::hex(&change(found.blob())?);
        if digits.len() > room {
            return None;
        }
        digits.push_str(&"0".repeat(room - digits.len()));
        let mut changed = file.to_vec();
        let start = usize::try_from(gap.start).unwrap() + 1;
        changed[start..start + room].copy_from_slice(digits.as_bytes());
        Some(changed)
    })
}

/// Takes a CMS apart into the parts of its `SignedData`, and puts it together again.
fn with_parts(der: &[u8], change: impl Fn(&mut Vec<Vec<u8>>) -> Option<()>) -> Option<Vec<u8>> {
    let mut outer = Reader::new(tlv::only(der, tlv::SEQUENCE).ok()?.content);
    let kind = outer.read().ok()?.raw.to_vec();
    let explicit = outer.read().ok()?.content;
    let mut data = Reader::new(tlv::only(explicit, tlv::SEQUENCE).ok()?.content);
    let mut parts = Vec::new();
    while data.peek().is_some() {
        parts.push(data.read().ok()?.raw.to_vec());
    }
    change(&mut parts)?;
    Some(tlv::sequence(&[kind, tlv::tlv(0xa0, &tlv::sequence(&parts))]))
}

/// Replaces bytes by others of the same length.
fn swap(bytes: &[u8], old: &[u8], new: &[u8], last: bool) -> Option<Vec<u8>> {
    let mut places = bytes.windows(old.len());
    let at = if last {
        places.rposition(|window| window == old)
    } else {
        places.position(|window| window == old)
    }?;
    Some([&bytes[..at], new, &bytes[at + old.len()..]].concat())
}

/// Signature dictionaries and fields changed between revisions.
pub fn spoofed_signatures() -> Vec<Named> {
    let field_entry = |name, word, entries: &'static [(&'static str, &'static str)]| {
        attack(name, word, move |file| {
            let (number, field, _) = signed_field(file)?;
            Some(Revision::of(file).set(number, &with(&field, entries)).finish())
        })
    };
    vec![
        signature("spoof: another reason", "", &[("Reason", "(paid in full)")]),
        signature("spoof: another name", "", &[("Name", "(The mayor)")]),
        signature("spoof: another time", "", &[("M", "(D:20200101000000Z)")]),
        signature("spoof: no restrictions", "", &[("Reference", "null"), ("X", "1")]),
        signature(
            "spoof: restrictions loosened",
            "",
            &[(
                "Reference",
                "[<</Type /SigRef /TransformMethod /DocMDP /TransformParams <</P 3 /V /1.2>>>>]",
            )],
        ),
        field_entry("spoof: the field without its signature", "", &[("V", "null")]),
        field_entry("spoof: the field under another name", "", &[("T", "(Other)")]),
        field_entry("spoof: the field moved", "/Rect", &[("Rect", "[0 0 595 842]")]),
        field_entry("spoof: the field hidden", "/F", &[("F", "2")]),
        field_entry("spoof: the field of another kind", "", &[("FT", "/Tx")]),
        attack("spoof: the seal's look replaced", "", |file| {
            let (number, field, _) = signed_field(file)?;
            let mut revision = Revision::of(file);
            let look = stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", "0 0 9 9 re f");
            let look = revision.add(&look);
            let body = with(&field, &[("AP", &format!("<</N {look} 0 R>>"))]);
            Some(revision.set(number, &body).finish())
        }),
        attack("spoof: the field leads to a copy", "", |file| {
            let (number, field, value) = signed_field(file)?;
            let copy = written(&object(file, value));
            let mut revision = Revision::of(file);
            let copy = revision.add(&copy);
            let body = with(&field, &[("V", &format!("{copy} 0 R"))]);
            Some(revision.set(number, &body).finish())
        }),
        attack("spoof: a copy in a new field", "", |file| {
            let (_, _, value) = signed_field(file)?;
            let copy = written(&object(file, value));
            let mut revision = Revision::of(file);
            let copy = revision.add(&copy);
            let new = revision.add(&format!(
                "<</FT /Sig /T (Again) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /V {copy} 0 R>>"
            ));
            enlist(file, &mut revision, new)?;
            Some(revision.finish())
        }),
        attack("spoof: the same signature in two fields", "", |file| {
            let (_, _, value) = signed_field(file)?;
            let mut revision = Revision::of(file);
            let new = revision.add(&format!(
                "<</FT /Sig /T (Again) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /V {value} 0 R>>"
            ));
            enlist(file, &mut revision, new)?;
            Some(revision.finish())
        }),
        attack("spoof: the signed field in no form", "removed", |file| {
            let (number, _, _) = signed_field(file)?;
            let mut revision = Revision::of(file);
            relist(file, &mut revision, FIELDS, |all| all.retain(|one| *one != reference(number)))?;
            Some(revision.finish())
        }),
        attack("spoof: a document timestamp that stamps something else", "", |file| {
            let inspection = inspect(&file).ok()?;
            let stamp = inspection.signatures.iter().find(|s| s.sub_filter == "ETSI.RFC3161")?;
            let hex = sealwright::crypto::digest::hex(&stamp.blob());
            let end = file.len();
            let mut revision = Revision::of(file);
            let value = revision.add(&format!(
                "<</Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 \
                 /ByteRange [0 {end} {end} 10] /Contents <{hex}>>>"
            ));
            let new = revision.add(&format!(
                "<</FT /Sig /T (Stamp) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /V {value} 0 R>>"
            ));
            enlist(file, &mut revision, new)?;
            Some(revision.finish())
        }),
        change("spoof: permissions taken away", "/Perms", "Root", |_, root| {
            with(root, &[("Perms", "<</X 1>>")])
        }),
    ]
}

/// The container of the signature, which no signature protects.
pub fn containers() -> Vec<Named> {
    vec![
        blob("container: two signers", "more than one signer", |der| {
            with_parts(&der, |parts| {
                let infos = parts.last_mut()?;
                let one = tlv::only(infos, tlv::SET).ok()?.content.to_vec();
                *infos = tlv::tlv(tlv::SET, &[one.clone(), one].concat());
                Some(())
            })
        }),
        blob("container: no signer", "no signer", |der| {
            with_parts(&der, |parts| {
                *parts.last_mut()? = tlv::tlv(tlv::SET, &[]);
                Some(())
            })
        }),
        blob("container: a content of its own", "content of its own", |der| {
            with_parts(&der, |parts| {
                let kind = parts.get(2)?.clone();
                let oid = tlv::only(&kind, tlv::SEQUENCE).ok()?.content.to_vec();
                let content = tlv::tlv(0xa0, &tlv::tlv(tlv::OCTET_STRING, b"forged"));
                *parts.get_mut(2)? = tlv::sequence(&[oid, content]);
                Some(())
            })
        }),
        blob("container: another announced digest", "announced", |der| {
            swap(&der, SHA256, SHA512, false)
        }),
        blob("container: the digest algorithm of the signer", "", |der| {
            with_parts(&der, |parts| {
                let infos = parts.last_mut()?;
                *infos = swap(infos, SHA256, SHA512, false)?;
                Some(())
            })
        }),
        blob("container: no certificate", "certificate", |der| {
            with_parts(&der, |parts| {
                let at = parts.iter().position(|part| part.first() == Some(&0xa0))?;
                parts.remove(at);
                Some(())
            })
        }),
        blob("container: something behind it", "behind the signature value", |mut der| {
            der.extend([0x30, 0x01, 0x00]);
            Some(der)
        }),
        blob("container: another value", "does not match", |mut der| {
            let value = SignedData::from_der(&der).ok()?.signers.first()?.signature.clone();
            let at = der.windows(value.len()).position(|window| window == value)?;
            der[at + value.len() - 1] ^= 1;
            Some(der)
        }),
        attack("container: of another document", "digest", |file| {
            // The signed bytes change under a signature that was made over others.
            let at = file.windows(4).position(|w| w == b"1000")?;
            let mut changed = file.to_vec();
            changed[at] = b'9';
            Some(changed)
        }),
    ]
}
