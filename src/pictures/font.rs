//! Finding a font with Chinese characters on this machine.

use std::sync::{Arc, Mutex, PoisonError};

use fontdb::{Database, Family, Query};
use ttf_parser::Face;

use super::DrawError;

/// The bytes and the index of a font that has Chinese characters; a serif face (宋体) where there
/// is one, as official seals are cut.
///
/// # Errors
/// This machine has no such font.
pub fn chinese_font() -> Result<Arc<Font>, DrawError> {
    /// Fonts are large and searching for them takes long; they do not change while we run.
    static FOUND: Mutex<Option<Arc<Font>>> = Mutex::new(None);
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(font) = &*found {
        return Ok(Arc::clone(font));
    }
    Ok(Arc::clone(found.insert(Arc::new(find_font()?))))
}

/// A font file, and which of the fonts in it is meant.
pub struct Font {
    pub(super) data: Vec<u8>,
    /// Which of the fonts in the file.
    pub index: u32,
}

impl AsRef<[u8]> for Font {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

fn find_font() -> Result<Font, DrawError> {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    let preferred = [
        "Noto Serif CJK SC",
        "Source Han Serif SC",
        "SimSun",
        "AR PL UMing CN",
        "Noto Sans CJK SC",
        "WenQuanYi Micro Hei",
    ];
    let named = preferred.iter().find_map(|name| {
        fonts.query(&Query { families: &[Family::Name(name)], ..Query::default() })
    });
    let candidates = named.into_iter().chain(fonts.faces().map(|face| face.id));
    for id in candidates {
        let found = fonts.with_face_data(id, |data, index| {
            let has = Face::parse(data, index).is_ok_and(|face| face.glyph_index('章').is_some());
            has.then(|| Font { data: data.to_vec(), index })
        });
        if let Some(Some(font)) = found {
            return Ok(font);
        }
    }
    Err(DrawError::NoFont)
}
