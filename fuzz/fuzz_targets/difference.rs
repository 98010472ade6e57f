//! Revisions of any objects behind a signed file: compared without a panic, within the limits.
//!
//! The input is a row of objects: a number, the length of the body in two bytes, the body.
#![no_main]

use sealwright::formats::pdf::{compare, raw::Document};

static SIGNED: &[u8] = include_bytes!("../../test-vectors/sealed/contract.pdf");

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut file = SIGNED.to_vec();
    let mut then = Document::open(&SIGNED).expect("the sample is good");
    let prev = then.xref_offset();
    let (mut rest, mut rows) = (data, String::from("xref\n"));
    while let [number, high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (body, next) = after.split_at(length);
        // Small numbers are what the contract is made of.
        let number = u32::from(number % 64);
        rows.push_str(&format!("{number} 1\n{:010} 00000 n \n", file.len()));
        file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        file.extend_from_slice(body);
        file.extend_from_slice(b"\nendobj\n");
        rest = next;
    }
    let start = file.len();
    let trailer = format!("trailer\n<</Size 64 /Root 1 0 R /Prev {prev}>>\nstartxref\n{start}\n%%EOF\n");
    file.extend_from_slice(rows.as_bytes());
    file.extend_from_slice(trailer.as_bytes());
    let file = file.as_slice();
    if let Ok(mut now) = Document::open(&file) {
        let _ = compare(&mut then, &mut now);
        let _ = now.findings(SIGNED.len() as u64, file.len() as u64);
    }
});
