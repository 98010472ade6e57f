//! The objects of a PDF (ISO 32000-2 §7.3).

/// Object number and generation.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ObjectId {
    /// The object number.
    pub number: u32,
    /// The generation number.
    pub generation: u16,
}

/// A string, with the place in the file where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct PdfString {
    /// The bytes it stands for.
    pub bytes: Vec<u8>,
    /// Whether it was written in hexadecimal.
    pub hexadecimal: bool,
    /// Offsets of the opening and behind the closing delimiter in the file; `None` for strings
    /// that stand inside an object stream.
    pub span: Option<(u64, u64)>,
}

/// Any object.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// `null`, and whatever does not exist.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A real number, as it was written.
    Real(String),
    /// A name, without the slash, escapes resolved.
    Name(Vec<u8>),
    /// A string.
    String(PdfString),
    /// An array.
    Array(Vec<Object>),
    /// A dictionary.
    Dictionary(Dictionary),
    /// A stream: its dictionary and where its data begins in the file.
    Stream(Dictionary, u64),
    /// A reference to another object.
    Reference(ObjectId),
}

/// A dictionary in the order of its keys in the file. Keys are unique: a dictionary that repeats
/// one is refused when read, as readers differ in which value they take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dictionary(Vec<(Vec<u8>, Object)>);

impl Dictionary {
    /// The value of a key; [`Object::Null`] where there is none.
    pub fn get(&self, key: &str) -> &Object {
        self.value(key.as_bytes())
    }

    /// The value of a key that need not be text; [`Object::Null`] where there is none.
    pub fn value(&self, key: &[u8]) -> &Object {
        self.0.iter().find(|(k, _)| k == key).map_or(&Object::Null, |(_, value)| value)
    }

    /// Whether there is a value.
    pub fn has(&self, key: &str) -> bool {
        *self.get(key) != Object::Null
    }

    /// Sets a key, in its old place or at the end.
    pub fn set(&mut self, key: &str, value: Object) {
        match self.0.iter_mut().find(|(k, _)| k == key.as_bytes()) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.as_bytes().to_vec(), value)),
        }
    }

    /// Adds an entry whose key is not there yet.
    pub(super) fn push(&mut self, key: Vec<u8>, value: Object) {
        self.0.push((key, value));
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Object)> {
        self.0.iter().map(|(key, value)| (key.as_slice(), value))
    }

    /// The entries in order, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&[u8], &mut Object)> {
        self.0.iter_mut().map(|(key, value)| (key.as_slice(), value))
    }

    /// Takes a key away.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(known, _)| known != key.as_bytes());
    }

    /// Whether the value of a key is this name.
    pub fn is_name(&self, key: &str, name: &str) -> bool {
        self.get(key).as_name() == Some(name.as_bytes())
    }
}

impl FromIterator<(&'static str, Object)> for Dictionary {
    fn from_iter<I: IntoIterator<Item = (&'static str, Object)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(key, value)| (key.as_bytes().to_vec(), value)).collect())
    }
}

impl Object {
    /// A name.
    pub fn name(text: &str) -> Self {
        Self::Name(text.as_bytes().to_vec())
    }

    /// A text string: ASCII as it is, anything else as UTF-16BE with byte order mark
    /// (ISO 32000-2 §7.9.2.2).
    pub fn text(text: &str) -> Self {
        let bytes = if text.is_ascii() {
            text.as_bytes().to_vec()
        } else {
            let units = text.encode_utf16().flat_map(u16::to_be_bytes);
            [0xfe, 0xff].into_iter().chain(units).collect()
        };
        Self::String(PdfString { bytes, hexadecimal: !text.is_ascii(), span: None })
    }

    /// A number with at most four decimals.
    pub fn real(value: f64) -> Self {
        let text = format!("{value:.4}");
        Self::Real(text.trim_end_matches('0').trim_end_matches('.').to_owned())
    }

    /// The whole number.
    pub fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// The number, whole or real.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Real(text) => text.parse().ok().filter(|value: &f64| value.is_finite()),
            _ => None,
        }
    }

    /// The name.
    pub fn as_name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    /// The string.
    pub fn as_string(&self) -> Option<&PdfString> {
        if let Self::String(string) = self { Some(string) } else { None }
    }

    /// The elements.
    pub fn as_array(&self) -> Option<&[Object]> {
        if let Self::Array(elements) = self { Some(elements) } else { None }
    }

    /// The dictionary, also of a stream.
    pub fn as_dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(dictionary) | Self::Stream(dictionary, _) => Some(dictionary),
            _ => None,
        }
    }

    /// Visits this object and all that stand directly in it.
    pub fn each<'o>(&'o self, visit: &mut dyn FnMut(&'o Object)) {
        visit(self);
        match self {
            Self::Array(elements) => elements.iter().for_each(|element| element.each(visit)),
            Self::Dictionary(dictionary) | Self::Stream(dictionary, _) => {
                dictionary.iter().for_each(|(_, value)| value.each(visit));
            }
            _ => {}
        }
    }

    /// The reference.
    pub fn as_reference(&self) -> Option<ObjectId> {
        if let Self::Reference(id) = self { Some(*id) } else { None }
    }
}
