//! Revisions, well made and less well made, bytes that only some readers see, and what is moved or
//! destroyed of what was signed.

use super::*;
use crate::support::people;

/// Content changed by a revision, well made and less well made (ISA).
pub fn incremental_saving() -> Vec<Named> {
    vec![
        change(
            "isa: content replaced",
            "page 1 /Contents",
            "Root/Pages/Kids/0/Contents",
            |_, _| forged(),
        ),
        change("isa: page leads to new content", "page 1: entry /Contents", PAGE, |r, page| {
            let new = r.add(&forged());
            with(page, &[("Contents", &format!("{new} 0 R"))])
        }),
        change("isa: content added", "page 1: entry /Contents", PAGE, |r, page| {
            let new = r.add(&forged());
            with(page, &[("Contents", &format!("[6 0 R {new} 0 R]"))])
        }),
        change("isa: inherited box moved", "node 2", "Root/Pages", |_, pages| {
            with(pages, &[("MediaBox", "[0 0 300 300]")])
        }),
        attack("isa: objects without cross-reference", "stands what no strict reader", |file| {
            Some(Revision::of(file).set(6, &forged()).raw("\n%%EOF\n").file())
        }),
        attack("isa: trailer without cross-reference", "stands what no strict reader", |file| {
            let tail = "trailer\n<</Size 60 /Root 1 0 R>>\nstartxref\n0\n%%EOF\n";
            Some(Revision::of(file).set(6, &forged()).raw(tail).file())
        }),
        attack("isa: objects hidden behind the old cross-reference", "", |file| {
            let offset = Document::open(&file).unwrap().xref_offset();
            let tail = format!("startxref\n{offset}\n%%EOF\n");
            Some(Revision::of(file).set(6, &forged()).raw(&tail).file())
        }),
        attack("isa: cross-reference without trailer", "stands what no strict reader", |file| {
            let mut revision = Revision::of(file);
            revision.set(6, &forged());
            let start = revision.length();
            let tail = format!("xref\n0 1\n0000000000 65535 f \nstartxref\n{start}\n%%EOF\n");
            Some(revision.raw(&tail).file())
        }),
        attack("isa: the end cut off", "stands what no strict reader", |file| {
            let whole = Revision::of(file).set(6, &forged()).finish();
            Some(whole[..whole.len() - 8].to_vec())
        }),
        attack("isa: a second document behind", "", |file| {
            Some([file, &people::licence()[..]].concat())
        }),
        attack("isa: the signed revision passed by", "does not continue", |file| {
            let first = (0..file.len()).find_map(|end| {
                let is_end = file[..end].ends_with(b"%%EOF");
                is_end.then(|| Document::open(&&file[..end]).ok().map(|d| d.xref_offset()))?
            })?;
            Some(Revision::of(file).prev(first).set(6, &forged()).finish())
        }),
        attack("isa: another root", "catalog", |file| {
            let (_, catalog) = find(file, "Root")?;
            let mut revision = Revision::of(file);
            let new = revision.add(&with(&catalog, &[("Lang", "(zh)")]));
            let root = Object::Reference(ObjectId { number: new, generation: 0 });
            Some(revision.trailer("Root", root).finish())
        }),
        attack("isa: the number used again", "page 1 /Contents", |file| {
            Some(Revision::of(file).set_at(6, 1, &forged()).finish())
        }),
        attack("isa: the content freed", "page 1 /Contents", |file| {
            Some(Revision::of(file).free(6).finish())
        }),
        attack("isa: the entry leads elsewhere", "where object 6 should", |file| {
            let other = file.windows(9).position(|w| w == b"\n40 0 obj")?;
            let at = other + 1;
            // A reader that does not compare the numbers shows object 40.
            Some(Revision::of(file).point(6, at).finish())
        }),
    ]
}

/// The signed bytes moved (SWA), the values of a signature destroyed (USF).
pub fn wrapping_and_forgery() -> Vec<Named> {
    let wrap = |keep: &'static str| {
        move |file: &[u8]| {
            let inspection = inspect(&file).ok()?;
            let gap = inspection.signatures.first()?.gap.ok()?;
            let (start, end) =
                (usize::try_from(gap.start).unwrap(), usize::try_from(gap.end).unwrap());
            let signed_end = usize::try_from(gap.end_of_range).unwrap();
            let evil = format!("\n6 0 obj\n{}\nendobj\n", forged());
            let moved = start + (end - start) + keep.len() + evil.len() + 60;
            let range = format!("[0 {start} {moved} {}]", signed_end - end);
            let range = format!("{keep} /ByteRange {range}");
            let mut out = file[..end].to_vec();
            out.extend_from_slice(range.as_bytes());
            out.extend_from_slice(evil.as_bytes());
            out.resize(moved, b' ');
            out.extend_from_slice(&file[end..]);
            Some(out)
        }
    };
    let mut all = vec![
        attack("swa: moved behind injected bytes", "", wrap("")),
        attack("swa: moved, the dictionary closed before", "", wrap(" /X 1 >> % ")),
    ];
    const FORGERIES: [(&str, &[(&str, &str)]); 14] = [
        ("usf: no Contents", &[("Contents", "null")]),
        ("usf: empty Contents", &[("Contents", "<>")]),
        ("usf: zero Contents", &[("Contents", "<00>")]),
        ("usf: Contents of zeros", &[("Contents", "<0000000000000000>")]),
        ("usf: Contents a number", &[("Contents", "0")]),
        ("usf: no ByteRange", &[("ByteRange", "null")]),
        ("usf: empty ByteRange", &[("ByteRange", "[]")]),
        ("usf: ByteRange of zeros", &[("ByteRange", "[0 0 0 0]")]),
        ("usf: negative ByteRange", &[("ByteRange", "[0 -1 -1 -1]")]),
        ("usf: short ByteRange", &[("ByteRange", "[0 100 200 100]")]),
        ("usf: overlapping ByteRange", &[("ByteRange", "[0 5000 100 5000]")]),
        ("usf: ByteRange beyond the file", &[("ByteRange", "[0 100 200 99999999]")]),
        ("usf: three numbers", &[("ByteRange", "[0 100 200]")]),
        ("usf: another SubFilter", &[("SubFilter", "/adbe.x509.rsa_sha1")]),
    ];
    for (name, changed) in FORGERIES {
        all.push(signature(name, "", changed));
    }
    all
}

/// Bytes that only some readers see.
pub fn hidden_bytes() -> Vec<Named> {
    let hidden = |name, word, text: &'static str| {
        attack(name, word, move |file| {
            Some(Revision::of(file).set(900, "(x)").raw(text).set(901, "(y)").finish())
        })
    };
    let content = "6 0 obj\n<</Length 2>>\nstream\nq \nendstream\nendobj\n";
    vec![
        hidden("hidden: an object", "no cross-reference leads to", content),
        hidden("hidden: an object in a comment", "comment", "%\u{c} 6 0 obj (x) endobj\n"),
        hidden("hidden: a trailer", "belong to no object", "trailer\n<</Root 41 0 R>>\n"),
        hidden(
            "hidden: a cross-reference",
            "nothing leads to",
            "xref\n0 0\ntrailer\n<</Size 1 /Root 41 0 R>>\n",
        ),
        hidden("hidden: a startxref", "leads to no cross-reference", "startxref\n1234\n%%EOF\n"),
        hidden("hidden: junk", "belong to no object", "<html>hello</html>\n"),
        hidden("hidden: a header", "comment", "%PDF-1.4\n"),
        attack("hidden: an object without its end", "", |file| {
            let mut revision = Revision::of(file);
            let at = revision.length();
            revision.raw("900 0 obj\n(x)\n901 0 obj\n(y)\nendobj\n").point(900, at);
            Some(revision.finish())
        }),
        attack("hidden: the length of a stream is wrong", "do not end where they should", |file| {
            let body = "<</Length 3>>\nstream\nlonger than three\nendstream";
            Some(Revision::of(file).set(900, body).finish())
        }),
        attack("hidden: something before the header", "", |file| {
            Some([&b"%!PS\n"[..], file].concat())
        }),
        attack("hidden: a key twice", "", |file| {
            Some(Revision::of(file).set(900, "<</A 1 /A 2>>").finish())
        }),
    ]
}

/// Revisions that a strict reader takes, and others repair.
pub fn repairs() -> Vec<Named> {
    let repaired = |name, word, trick: fn(String) -> String| {
        attack(name, word, move |file| {
            let mut revision = Revision::of(file);
            let inner =
                format!("endstream\nendobj\n6 0 obj\n{}\nendobj\n9000 0 obj\n<<>>\n", forged());
            revision.add(&stream("", &inner));
            let whole = revision.finish();
            let tail: String = whole[file.len()..].iter().copied().map(char::from).collect();
            let tail: Vec<u8> = trick(tail).chars().map(|c| u8::try_from(c).unwrap()).collect();
            Some([file, &tail[..]].concat())
        })
    };
    vec![
        repaired("repair: an object in a stream", "take for another object", |tail| tail),
        repaired("repair: a comment in startxref", "", |tail| {
            tail.replace("startxref\n", "startxref\n%\n")
        }),
        repaired("repair: a comment in the table", "", |tail| {
            tail.replace("xref\n9", "xref\n%\n9")
        }),
        repaired("repair: short rows", "", |tail| tail.replace(" 00000 n \n", " 0 n\n")),
        repaired("repair: space behind the end", "", |tail| tail + &" ".repeat(1500)),
        attack("repair: nothing but space", "", |file| Some([file, &[b' '; 1500][..]].concat())),
        attack("repair: an object in a string", "take for another", |file| {
            Some(Revision::of(file).set(900, "(endobj 6 0 obj)").finish())
        }),
    ]
}
