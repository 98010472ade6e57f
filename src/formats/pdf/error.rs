//! Why a PDF cannot be read or sealed.

/// A reason, with a stable code for programs.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The file does not begin as a PDF.
    #[error("the file is not a PDF: it does not begin with %PDF-")]
    NotPdf,
    /// The structure is damaged; a reader that repairs it could show another document than was
    /// sealed.
    #[error("the PDF is damaged: {0}")]
    Damaged(String),
    /// A limit was reached.
    #[error("the PDF exceeds a limit: {0}")]
    Limit(String),
    /// The file is encrypted and cannot be opened.
    #[error("the PDF is encrypted and cannot be opened: {0}")]
    Encrypted(&'static str),
    /// The file is open, but its encryption forbids the change to whoever has only the user
    /// password.
    #[error("the PDF's permissions forbid {0}; give its owner password")]
    NotPermitted(&'static str),
    /// An earlier signature forbids what was asked for.
    #[error("an earlier signature of the PDF forbids it: {0}")]
    Restricted(String),
    /// What was asked for is only possible before the first signature.
    #[error("the PDF is signed already, and {0} would change what was signed")]
    AlreadySigned(&'static str),
    /// The signature field cannot be used.
    #[error("the signature field cannot be used: {0}")]
    Field(String),
    /// The keyword is not in the text.
    #[error("the keyword occurs {found} times in the text of these pages, {wanted} were asked for")]
    NoSuchKeyword {
        /// How often it is there.
        found: u32,
        /// Which occurrence was asked for.
        wanted: u32,
    },
    /// There is no edge between one page and the next.
    #[error("a seal across pages needs at least two pages")]
    OnePage,
    /// The file has a form of a kind that is not kept up by other readers.
    #[error("the PDF has an XFA form, which cannot be sealed")]
    Xfa,
    /// The page does not exist.
    #[error("page {wanted} was asked for, but the document has {pages}")]
    NoSuchPage {
        /// The page asked for.
        wanted: u32,
        /// How many there are.
        pages: u32,
    },
    /// The seal would not lie on the page.
    #[error(
        "the seal would not lie wholly on the visible page of {width_mm:.1} × {height_mm:.1} mm"
    )]
    OffPage {
        /// Width of the visible page, millimetres.
        width_mm: f64,
        /// Height of the visible page, millimetres.
        height_mm: f64,
    },
    /// The signature blob is larger than the hole made for it.
    #[error("the signature needs {needed} bytes, {room} were reserved")]
    HoleTooSmall {
        /// Bytes of the blob.
        needed: usize,
        /// Bytes reserved.
        room: usize,
    },
    /// The medium fails.
    #[error("the document cannot be read")]
    Io(#[from] std::io::Error),
}

impl PdfError {
    /// The stable code of a problem document.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPdf => "pdf-not-a-pdf",
            Self::Damaged(_) => "pdf-damaged",
            Self::Limit(_) => "pdf-limit-exceeded",
            Self::Encrypted(_) => "pdf-encrypted",
            Self::NotPermitted(_) => "pdf-not-permitted",
            Self::Restricted(_) => "pdf-restricted",
            Self::AlreadySigned(_) => "pdf-already-signed",
            Self::Field(_) => "pdf-field-unusable",
            Self::NoSuchKeyword { .. } => "pdf-no-such-keyword",
            Self::OnePage => "pdf-one-page",
            Self::Xfa => "pdf-xfa",
            Self::NoSuchPage { .. } => "pdf-no-such-page",
            Self::OffPage { .. } => "pdf-seal-off-page",
            Self::HoleTooSmall { .. } => "pdf-hole-too-small",
            Self::Io(_) => "pdf-unreadable",
        }
    }

    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }
}
