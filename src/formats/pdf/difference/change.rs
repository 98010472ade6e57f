//! What can be said of a change, without judging it.

/// One change between a signed revision and the file as it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// What sort of change it is.
    pub kind: ChangeKind,
    /// In words.
    pub what: String,
}

/// The sorts of changes, in the order of what they can do to a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ChangeKind {
    /// The document information, XMP metadata, identifier or version.
    Metadata,
    /// Long-term validation: `/DSS` (PAdES).
    Validation,
    /// A document timestamp that is not drawn.
    Timestamp {
        /// The fully qualified name of the field.
        field: String,
    },
    /// A signature, or a field for one.
    Signature {
        /// The fully qualified name of the field.
        field: String,
        /// Whether the field was not there before.
        new: bool,
        /// Whether it is drawn on a page.
        visible: bool,
        /// Whether there is a signature in it.
        signed: bool,
    },
    /// A value of a form field.
    FormFilling {
        /// The fully qualified name of the field.
        field: String,
        /// Whether there was nothing where something is now. A value that replaces another, or an
        /// appearance that changes without its value, may say something else than what was signed.
        fresh: bool,
    },
    /// An annotation on a page.
    Annotation(Annotation),
    /// Anything else: no rule knows it.
    Other,
}

/// A change of an annotation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Annotation {
    /// The page, from 1.
    pub page: usize,
    /// `/Subtype`.
    pub subtype: String,
    /// Whether it was not there before and only marks or comments what is there: nothing of it can
    /// cover what is on the page, or be taken for it.
    pub harmless: bool,
}

/// All that changed after a signature.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Difference {
    /// The changes.
    pub changes: Vec<Change>,
    /// Why the analysis is not complete; then there may be more changes.
    pub unclear: Option<String>,
}

impl Change {
    pub(in crate::formats::pdf) fn other(what: impl Into<String>) -> Self {
        Self { kind: ChangeKind::Other, what: what.into() }
    }
}
