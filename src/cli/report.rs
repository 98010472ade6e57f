//! Reports for people to read, in Chinese and English.

use std::fmt::Write as _;

use crate::domain::report::{Appearance, Conclusion, Integrity, PageArea, Report, SignatureReport};

/// The verdict in one sentence.
fn sentence(report: &Report) -> &'static str {
    // A signature that the next one goes on from is no change that anybody asks about.
    let changed = report.signatures.last().is_some_and(|last| !last.modifications.is_empty());
    match report.conclusion {
        Conclusion::Valid if changed => {
            "有效：签章后仅有允许的修改（见下），签章可信。 VALID: changed since it was sealed only as is allowed (below), and the seal is trusted."
        }
        Conclusion::Valid => {
            "有效：文件自签章后未被改动，签章可信。 VALID: unchanged since it was sealed, and the seal is trusted."
        }
        Conclusion::Invalid => {
            "无效：签章或文件不可信，请勿采用。 INVALID: do not rely on this file."
        }
        Conclusion::Indeterminate => {
            "无法判定：已知信息不足。 INDETERMINATE: what is known does not suffice to judge."
        }
        Conclusion::Unsigned => {
            "未签章：文件中没有签章。 UNSIGNED: there is no signature in the file."
        }
    }
}

fn integrity(signature: &SignatureReport) -> &'static str {
    match signature.integrity {
        Integrity::Intact => "签名内容完整 the signed bytes are intact",
        Integrity::Broken => {
            "签名内容已被改动或签名错误 the signed bytes or the signature are wrong"
        }
        Integrity::Unknown => "完整性未知 integrity could not be computed",
    }
}

/// The mark of an answer.
fn mark(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "[ok]",
        Some(false) => "[NO]",
        None => "[??]",
    }
}

/// The report as plain text.
pub(super) fn text(report: &Report) -> String {
    let mut lines =
        vec![report.file.clone().unwrap_or_default(), format!("  {}", sentence(report))];
    lines.extend(report.detail.iter().map(|detail| format!("  {detail}")));
    if !report.warnings.is_empty() {
        lines.push("  签章前已在文件中 in the document when it was signed:".to_owned());
        lines.extend(report.warnings.iter().map(|warning| format!("     [!!] {warning}")));
    }
    for signature in &report.signatures {
        let signer = signature.signer.subject.as_deref().unwrap_or("unknown signer");
        let status = signature.sub_indication.as_deref().unwrap_or("passed");
        lines.push(format!("  #{} {signer}", signature.index + 1));
        lines.push(format!("     {}; {status}", integrity(signature)));
        if let Some(time) = signature.signing_time {
            lines.push(format!("     声称时间 claimed time {time}"));
        }
        if !signature.modifications.is_empty() {
            lines.push("     此签章之后的修改 changes after this signature:".to_owned());
        }
        for change in &signature.modifications {
            lines.push(format!("       {} {}", mark(change.allowed), change.what));
        }
        lines.extend(signature.appearance.iter().flat_map(appearance));
        for check in &signature.checks {
            let (answer, name) = (mark(check.passed), &check.name);
            lines.push(format!("     {answer} {name}: {}", check.detail));
        }
    }
    lines.iter().map(|line| shown(line)).collect::<Vec<_>>().join("\n")
}

/// What the pages look like, where that is not what was signed.
fn appearance(look: &Appearance) -> Vec<String> {
    let mut lines = Vec::new();
    if !look.different.is_empty() {
        lines.push("     与签章时外观不同的页 pages that look different than signed:".to_owned());
    }
    for page in &look.different {
        let PageArea { left_mm, top_mm, width_mm, height_mm } = page.area;
        let what = match (page.content, page.hidden) {
            (true, _) => "页面内容不同 the page itself",
            (false, true) => "遮盖了原有内容 hides what was visible",
            (false, false) => "表单或批注 fields or annotations",
        };
        lines.push(format!(
            "       第 {0} 页 page {0}: {what}, {width_mm}×{height_mm} mm at {left_mm}, {top_mm} mm \
             from the upper left",
            page.number
        ));
    }
    if let Some(detail) = &look.detail {
        let (done, all) = (look.pages_compared, look.pages_signed);
        let all = all.map_or("?".to_owned(), |all| all.to_string());
        lines.push(format!("     仅比对了部分页面 pages compared: {done} of {all}: {detail}"));
    }
    lines
}

/// What files say may move the cursor, or turn the direction of writing, to make a report look like
/// another.
fn shown(line: &str) -> String {
    let harmless = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    line.chars()
        .flat_map(|c| if harmless(c) { vec![c] } else { c.escape_unicode().collect() })
        .collect()
}

/// The reports as one page of HTML, printable, without any script.
pub(super) fn html(reports: &[Report]) -> String {
    let sections: String = reports
        .iter()
        .map(|report| {
            let title = escape(report.file.as_deref().unwrap_or_default());
            let (text, pictures) = (escape(&text(report)), pictures(report));
            format!("<section><h2>{title}</h2><pre>{text}</pre>{pictures}</section>")
        })
        .collect();
    format!(
        "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><title>验章报告 Verification \
         report</title><style>body{{font:15px/1.6 sans-serif;margin:2em auto;max-width:60em}}\
         pre{{white-space:pre-wrap}}figure{{display:inline-block;width:48%;margin:0 1% 0 0}}\
         img{{width:100%;border:1px solid #888}}</style><h1>验章报告 Verification report</h1>{sections}</html>"
    )
}

/// Pages that look different than signed, as signed and as shown, side by side.
fn pictures(report: &Report) -> String {
    let mut html = String::new();
    for signature in &report.signatures {
        for page in signature.appearance.iter().flat_map(|look| &look.different) {
            let Some(pictures) = &page.pictures else { continue };
            let (number, page) = (signature.index + 1, page.number);
            let _ = write!(html, "<h3>#{number}：第 {page} 页 page {page}</h3>");
            for (caption, picture) in
                [("签章时 as signed", &pictures.signed), ("现在显示 as shown now", &pictures.shown)]
            {
                let _ = write!(
                    html,
                    "<figure><figcaption>{caption}</figcaption><img alt=\"{caption}\" \
                     src=\"data:image/png;base64,{picture}\"></figure>"
                );
            }
        }
    }
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
