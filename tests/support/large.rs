//! PDF files of any size and any number of objects, written without holding them in memory.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

/// A PDF of one page whose objects from 4 on are what `more` writes.
pub fn write_pdf(path: &Path, more: impl FnOnce(&mut Pdf)) {
    let mut pdf = Pdf { file: BufWriter::new(File::create(path).unwrap()), at: 0, places: vec![] };
    pdf.put(b"%PDF-1.7\n");
    pdf.object(b"<</Type/Catalog/Pages 2 0 R>>");
    pdf.object(b"<</Type/Pages/Kids[3 0 R]/Count 1>>");
    pdf.object(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>");
    more(&mut pdf);
    let start = pdf.at;
    let size = pdf.places.len() + 1;
    pdf.put(format!("xref\n0 {size}\n0000000000 65535 f\r\n").as_bytes());
    for place in std::mem::take(&mut pdf.places) {
        pdf.put(format!("{place:010} 00000 n\r\n").as_bytes());
    }
    let end = format!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
    pdf.put(end.as_bytes());
    pdf.file.flush().unwrap();
}

pub struct Pdf {
    file: BufWriter<File>,
    at: usize,
    places: Vec<usize>,
}

impl Pdf {
    fn put(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).unwrap();
        self.at += bytes.len();
    }

    pub fn object(&mut self, text: &[u8]) {
        self.places.push(self.at);
        self.put(format!("{} 0 obj\n", self.places.len()).as_bytes());
        self.put(text);
        self.put(b"\nendobj\n");
    }

    pub fn stream(&mut self, bytes: usize) {
        self.places.push(self.at);
        let head = format!("{} 0 obj\n<</Length {bytes}>>\nstream\n", self.places.len());
        self.put(head.as_bytes());
        let piece: Vec<u8> =
            (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for start in (0..bytes).step_by(piece.len()) {
            let length = piece.len().min(bytes - start);
            self.put(&piece[..length]);
        }
        self.put(b"\nendstream\nendobj\n");
    }
}
