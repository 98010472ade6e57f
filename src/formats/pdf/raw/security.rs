//! The standard security handler (ISO 32000-2 §7.6): RC4, AES-128 and AES-256, opened with the user
//! or the owner password. What is encrypted with certificates is not opened.

use zeroize::Zeroizing;

use super::object::{Dictionary, Object, ObjectId};
use crate::{
    crypto::{DigestAlgorithm, cipher, digest::sha256},
    formats::pdf::PdfError,
};

/// ISO 32000-2 §7.6.4.3.2: what passwords are filled up with.
const PADDING: [u8; 32] = [
    0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08,
    0x2e, 0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
];

/// How one kind of data is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Method {
    Identity,
    Rc4,
    Aes128,
    Aes256,
}

/// An opened encryption: the file's key, and what it is used for.
#[derive(Clone)]
pub struct Security {
    key: Zeroizing<Vec<u8>>,
    strings: Method,
    streams: Method,
    owner: bool,
    permissions: i64,
    revision: i64,
}

impl std::fmt::Debug for Security {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Security").field("streams", &self.streams).finish_non_exhaustive()
    }
}

/// What the encryption dictionary says (ISO 32000-2 tables 20 and 21).
struct Parameters<'a> {
    revision: i64,
    /// Length of the file's key, bytes.
    length: usize,
    owner: &'a [u8],
    user: &'a [u8],
    permissions: i64,
    metadata: bool,
    id: &'a [u8],
}

impl Security {
    /// Opens with a password, which may be the user's or the owner's; `Ok(None)` if it is neither.
    ///
    /// # Errors
    /// The encryption is not one of the standard's, or its dictionary is damaged.
    pub fn open(encrypt: &Dictionary, id: &[u8], password: &str) -> Result<Option<Self>, PdfError> {
        if !encrypt.is_name("Filter", "Standard") {
            return Err(PdfError::Encrypted("it is encrypted for certificates, not by a password"));
        }
        let integer = |key: &str| encrypt.get(key).as_integer();
        let string = |key: &str| {
            let string = encrypt.get(key).as_string().map(|string| string.bytes.as_slice());
            string.ok_or_else(|| PdfError::damaged("the encryption dictionary is damaged"))
        };
        let (version, revision) = (integer("V").unwrap_or(0), integer("R").unwrap_or(0));
        let (strings, streams) = match version {
            1 | 2 => (Method::Rc4, Method::Rc4),
            4 | 5 => (filter(encrypt, "StrF", version)?, filter(encrypt, "StmF", version)?),
            _ => return Err(PdfError::Encrypted("its kind of encryption is not supported")),
        };
        let bits = match version {
            1 => 40,
            4 => 128,
            _ => integer("Length").unwrap_or(40),
        };
        let length = usize::try_from(bits / 8).ok().filter(|length| (5..=32).contains(length));
        let parameters = Parameters {
            revision,
            length: length.ok_or_else(|| PdfError::damaged("the key length is impossible"))?,
            owner: string("O")?,
            user: string("U")?,
            permissions: integer("P").unwrap_or(0),
            metadata: *encrypt.get("EncryptMetadata") != Object::Boolean(false),
            id,
        };
        let opened = match (version, revision) {
            (5, 5 | 6) => open_256(&parameters, password, string("OE")?, string("UE")?),
            (1 | 2 | 4, 2..=4) => open_legacy(&parameters, password),
            _ => return Err(PdfError::Encrypted("its kind of encryption is not supported")),
        };
        Ok(opened.map(|(key, owner)| Self {
            key,
            strings,
            streams,
            owner,
            permissions: parameters.permissions,
            revision,
        }))
    }

    /// Whether a permission of ISO 32000-2 table 22 is given, by its bit, counted from 1. The owner
    /// may do everything.
    pub fn permits(&self, bit: u32) -> bool {
        self.owner || self.permissions & (1 << (bit - 1)) != 0
    }

    /// Whether the handler is of revision 2, which knows the permissions up to bit 6 only.
    pub fn is_revision_2(&self) -> bool {
        self.revision == 2
    }

    /// Decrypts the data of a stream; `None` if they are not encrypted so.
    pub fn decrypt_stream(&self, id: ObjectId, data: &[u8]) -> Option<Vec<u8>> {
        self.decrypt(self.streams, id, data)
    }

    /// Encrypts the data of a stream.
    pub fn encrypt_stream(&self, id: ObjectId, data: &[u8], iv: [u8; 16]) -> Option<Vec<u8>> {
        self.encrypt(self.streams, id, data, iv)
    }

    /// Decrypts all strings of an object that stands by itself in the file. The value of a
    /// signature is never encrypted.
    pub fn decrypt_strings(&self, id: ObjectId, object: &mut Object) -> Option<()> {
        for_each_string(object, &mut |bytes| self.decrypt(self.strings, id, bytes))
    }

    /// Encrypts all strings of an object; `iv` yields a fresh initialisation vector each time.
    pub fn encrypt_strings(
        &self,
        id: ObjectId,
        object: &mut Object,
        mut iv: impl FnMut() -> [u8; 16],
    ) -> Option<()> {
        for_each_string(object, &mut |bytes| self.encrypt(self.strings, id, bytes, iv()))
    }

    fn decrypt(&self, method: Method, id: ObjectId, data: &[u8]) -> Option<Vec<u8>> {
        match method {
            Method::Identity => Some(data.to_vec()),
            Method::Rc4 => cipher::rc4(&self.key_of(id, false), data),
            // Some writers leave what is empty empty.
            Method::Aes128 | Method::Aes256 if data.is_empty() => Some(Vec::new()),
            Method::Aes128 => cipher::aes_cbc_decrypt(&self.key_of(id, true), data),
            Method::Aes256 => cipher::aes_cbc_decrypt(&self.key, data),
        }
    }

    fn encrypt(&self, method: Method, id: ObjectId, data: &[u8], iv: [u8; 16]) -> Option<Vec<u8>> {
        match method {
            Method::Identity => Some(data.to_vec()),
            Method::Rc4 => cipher::rc4(&self.key_of(id, false), data),
            Method::Aes128 => cipher::aes_cbc_encrypt(&self.key_of(id, true), iv, data),
            Method::Aes256 => cipher::aes_cbc_encrypt(&self.key, iv, data),
        }
    }

    /// The key of one object (ISO 32000-2 §7.6.3.2).
    fn key_of(&self, id: ObjectId, aes: bool) -> Vec<u8> {
        let [a, b, c, _] = id.number.to_le_bytes();
        let salt: &[u8] = if aes { b"sAlT" } else { b"" };
        let digest = cipher::md5(&[&self.key, &[a, b, c], &id.generation.to_le_bytes(), salt]);
        digest.into_iter().take(self.key.len() + 5).collect()
    }
}

/// The method that a crypt filter names.
fn filter(encrypt: &Dictionary, which: &str, version: i64) -> Result<Method, PdfError> {
    let unsupported = || PdfError::Encrypted("its kind of encryption is not supported");
    let name = match encrypt.get(which) {
        Object::Null => return Ok(Method::Identity),
        other => other.as_name().ok_or_else(unsupported)?,
    };
    if name == b"Identity" {
        return Ok(Method::Identity);
    }
    let name = std::str::from_utf8(name).map_err(|_| unsupported())?;
    let filters = encrypt.get("CF").as_dictionary().ok_or_else(unsupported)?;
    let filter = filters.get(name).as_dictionary().ok_or_else(unsupported)?;
    match (filter.get("CFM").as_name().unwrap_or_default(), version) {
        (b"None", _) => Ok(Method::Identity),
        (b"V2", 4) => Ok(Method::Rc4),
        (b"AESV2", 4) => Ok(Method::Aes128),
        (b"AESV3", 5) => Ok(Method::Aes256),
        _ => Err(unsupported()),
    }
}

type Key = Zeroizing<Vec<u8>>;

/// Revisions 2 to 4: RC4 and AES-128. The answer tells whether the password is the owner's.
fn open_legacy(parameters: &Parameters<'_>, password: &str) -> Option<(Key, bool)> {
    // Passwords of these revisions are in PDFDocEncoding, which is Latin-1 for most of its letters.
    let password: Option<Zeroizing<Vec<u8>>> = password
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect::<Option<_>>()
        .map(Zeroizing::new);
    let password = password?;
    let from_owner =
        user_password(parameters, &password).and_then(|user| user_key(parameters, &user));
    match from_owner {
        Some(key) => Some((key, true)),
        None => user_key(parameters, &password).map(|key| (key, false)),
    }
}

fn padded(password: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.iter().chain(&PADDING).copied().take(32).collect())
}

/// Algorithms 2, 4, 5 and 6: the key of the file, if the user password is right.
fn user_key(p: &Parameters<'_>, password: &[u8]) -> Option<Key> {
    let password = padded(password);
    let permissions = (p.permissions as i32).to_le_bytes();
    let no_metadata: &[u8] = if p.revision >= 4 && !p.metadata { &[0xff; 4] } else { &[] };
    let owner = p.owner.get(..32)?;
    let mut digest = cipher::md5(&[&password, owner, &permissions, p.id, no_metadata]);
    let length = if p.revision == 2 { 5 } else { p.length.min(16) };
    if p.revision >= 3 {
        for _ in 0..50 {
            digest = cipher::md5(&[digest.get(..length)?]);
        }
    }
    let key = Zeroizing::new(digest.get(..length)?.to_vec());
    let matches = if p.revision == 2 {
        cipher::rc4(&key, &PADDING)? == p.user.get(..32)?
    } else {
        let mut check = cipher::md5(&[&PADDING, p.id]).to_vec();
        for round in 0..20_u8 {
            let key: Vec<u8> = key.iter().map(|byte| byte ^ round).collect();
            check = cipher::rc4(&key, &check)?;
        }
        check == p.user.get(..16)?
    };
    matches.then_some(key)
}

/// Algorithm 7: the user password that an owner password hides.
fn user_password(p: &Parameters<'_>, password: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut digest = cipher::md5(&[&padded(password)]);
    let length = if p.revision == 2 { 5 } else { p.length.min(16) };
    let mut user = p.owner.get(..32)?.to_vec();
    if p.revision == 2 {
        return Some(Zeroizing::new(cipher::rc4(digest.get(..length)?, &user)?));
    }
    for _ in 0..50 {
        digest = cipher::md5(&[digest.get(..length)?]);
    }
    for round in (0..20_u8).rev() {
        let key: Vec<u8> = digest.iter().take(length).map(|byte| byte ^ round).collect();
        user = cipher::rc4(&key, &user)?;
    }
    Some(Zeroizing::new(user))
}

/// Algorithm 2.A: AES-256, revisions 5 and 6.
fn open_256(
    p: &Parameters<'_>,
    password: &str,
    owner_encrypted: &[u8],
    user_encrypted: &[u8],
) -> Option<(Key, bool)> {
    let password = password.as_bytes();
    let password = password.get(..127).unwrap_or(password);
    let (owner, user) = (p.owner.get(..48)?, p.user.get(..48)?);
    let hash = |salt: &[u8], more: &[u8]| hash_256(p.revision, password, salt, more);
    let unlocked = |key: Vec<u8>, encrypted: &[u8]| {
        let key = Zeroizing::new(key);
        cipher::aes_256_blocks_decrypt(&key, encrypted.get(..32)?).map(Zeroizing::new)
    };
    if hash(owner.get(32..40)?, user)? == owner.get(..32)? {
        return Some((unlocked(hash(owner.get(40..48)?, user)?, owner_encrypted)?, true));
    }
    if hash(user.get(32..40)?, &[])? == user.get(..32)? {
        return Some((unlocked(hash(user.get(40..48)?, &[])?, user_encrypted)?, false));
    }
    None
}

/// Algorithm 2.B; revision 5 is its first step alone.
fn hash_256(revision: i64, password: &[u8], salt: &[u8], more: &[u8]) -> Option<Vec<u8>> {
    let mut key = sha256(&[password, salt, more].concat()).to_vec();
    if revision == 5 {
        return Some(key);
    }
    let mut round = 0_u32;
    loop {
        let block = [password, &key, more].concat().repeat(64);
        let encrypted = cipher::aes_128_cbc_blocks(key.get(..16)?, key.get(16..32)?, &block)?;
        let sum: u32 = encrypted.iter().take(16).map(|byte| u32::from(*byte)).sum();
        let algorithm = match sum % 3 {
            0 => DigestAlgorithm::Sha256,
            1 => DigestAlgorithm::Sha384,
            _ => DigestAlgorithm::Sha512,
        };
        key = algorithm.digest(&encrypted);
        round += 1;
        if round >= 64 && u32::from(*encrypted.last()?) <= round - 32 {
            key.truncate(32);
            return Some(key);
        }
    }
}

/// Changes every string of an object, the value of a signature excepted.
fn for_each_string(
    object: &mut Object,
    change: &mut impl FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Option<()> {
    match object {
        Object::String(string) => string.bytes = change(&string.bytes)?,
        Object::Array(elements) => {
            for element in elements {
                for_each_string(element, change)?;
            }
        }
        Object::Dictionary(dictionary) | Object::Stream(dictionary, _) => {
            let signature = dictionary.has("ByteRange");
            for (key, value) in dictionary.iter_mut() {
                if !(signature && key == b"Contents") {
                    for_each_string(value, change)?;
                }
            }
        }
        _ => {}
    }
    Some(())
}
