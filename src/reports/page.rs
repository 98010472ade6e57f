//! Reports as a page: printable, without any script, and to be read aloud by a program as well.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Language, difference, language::Words, shown, signer, words};
use crate::domain::report::{
    Check, Conclusion, Consequence, Modification, PageDifference, Report, SignatureReport,
    TwoLanguages,
};

const STYLE: &str = include_str!("page.css");

/// Reports as one page of HTML, in one language or in both below each other.
pub fn page(reports: &[Report], languages: &[Language]) -> String {
    let first = languages.first().copied().unwrap_or(Language::Zh);
    let title = languages.iter().map(|one| words(*one).title).collect::<Vec<_>>().join(" ");
    html! {
        (DOCTYPE)
        html lang=(first.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    @for report in reports {
                        @for (place, language) in languages.iter().enumerate() {
                            // Pictures are large, and the same in every language.
                            (article(report, *language, place == 0))
                        }
                    }
                }
            }
        }
    }
    .into_string()
}

fn article(report: &Report, language: Language, pictures: bool) -> Markup {
    let words = words(language);
    let verdict = &report.verdict;
    let name = report.file.as_deref().map_or(words.unnamed.to_owned(), shown);
    html! {
        article lang=(language.tag()) {
            h2 { (name) }
            div class={ "verdict " (report.conclusion) } {
                p.word { (sign(report.conclusion)) " " (words.conclusion(report.conclusion)) }
                p.sentence { (language.of(&verdict.sentence)) }
                p { strong { (words.advice) } " " (language.of(&verdict.advice)) }
            }
            dl {
                (fact(words.format, Some(report.format.to_uppercase())))
                (fact(words.asked_about, Some(language.time(report.verified_at))))
                (fact(words.policy, Some(format!("{} ({})", language.of(&report.policy.title), report.policy.name))))
                (fact(words.remark, report.detail.as_deref().map(shown)))
            }
            @if !report.warnings.is_empty() {
                h3 { (words.warnings) }
                ul lang="en" { @for warning in &report.warnings { li { (shown(warning)) } } }
            }
            @for signature in &report.signatures {
                (section(signature, language, words, pictures))
            }
            @if !report.fetched.is_empty() {
                h3 { (words.fetched) }
                ul { @for fetched in &report.fetched {
                    li { (mark(fetched.error.is_none().then_some(true))) " " (shown(&words.errand(fetched))) }
                } }
            }
            p.policy { (words.digest) " " code { (report.policy.digest) } }
        }
    }
}

/// A sign beside the colour, for those who do not see it.
fn sign(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Valid => "✔",
        Conclusion::Invalid => "✘",
        Conclusion::Indeterminate => "?",
        Conclusion::Unsigned => "—",
    }
}

fn fact(name: &str, value: Option<String>) -> Markup {
    html! { @if let Some(value) = value { div { dt { (name) } dd { (value) } } } }
}

fn section(
    signature: &SignatureReport,
    language: Language,
    words: &Words,
    pictures: bool,
) -> Markup {
    let seal = signature.seal.as_ref();
    let name = seal.map(|seal| seal.name.clone()).or_else(|| signer(signature));
    let status = signature.sub_indication.map(|why| format!(" / {why}")).unwrap_or_default();
    html! {
        section {
            h3 { (words.signature) " " (signature.index + 1) @if let Some(name) = name { ": " (shown(&name)) } }
            p { (language.of(&signature.verdict.sentence)) }
            dl {
                (fact(words.signer, Some(signer(signature).unwrap_or_else(|| words.nobody.to_owned()))))
                (fact(words.issuer, signature.signer.issuer.as_deref().map(shown)))
                (fact(words.seal, seal.map(|seal| shown(&seal.name))))
                (fact(words.seal_code, seal.and_then(|seal| seal.code.as_deref()).map(shown)))
                (fact(words.proven, signature.timestamp.map(|at| language.time(at))))
                (fact(words.claimed, signature.signing_time.map(|at| language.time(at))))
                (fact(words.algorithm, signature.algorithm.as_deref().map(shown)))
                (fact(words.status, Some(format!("{}{status}", signature.indication))))
            }
            (sentences(words.certain, &signature.certain, language))
            (sentences(words.uncertain, &signature.uncertain, language))
            (changes(&signature.modifications, language, words))
            (pages(signature, words, pictures))
            details {
                summary { (words.checks) }
                (checks(&signature.checks, language, words))
            }
        }
    }
}

fn sentences(title: &str, all: &[TwoLanguages], language: Language) -> Markup {
    html! {
        @if !all.is_empty() {
            h4 { (title) }
            ul { @for one in all { li { (shown(language.of(one))) } } }
        }
    }
}

fn changes(all: &[Modification], language: Language, words: &Words) -> Markup {
    html! {
        @if !all.is_empty() {
            h4 { (words.changes) }
            ul { @for one in all { li {
                (mark(one.allowed)) " " (language.of(&one.kind.in_words())) ": "
                span lang="en" { (shown(&one.what)) }
            } } }
        }
    }
}

fn pages(signature: &SignatureReport, words: &Words, pictures: bool) -> Markup {
    let different = signature.appearance.iter().flat_map(|look| &look.different);
    let different: Vec<&PageDifference> = different.collect();
    html! {
        @if !different.is_empty() {
            h4 { (words.pages) }
            @for page in different {
                p { (difference(page, words)) }
                @if let Some(pictures) = page.pictures.as_ref().filter(|_| pictures) {
                    div.pictures {
                        (picture(words.as_signed, page.number, &pictures.signed, words))
                        (picture(words.as_shown, page.number, &pictures.shown, words))
                    }
                }
            }
        }
    }
}

fn picture(caption: &str, number: usize, png: &str, words: &Words) -> Markup {
    html! {
        figure {
            figcaption { (caption) }
            img alt={ (words.page) " " (number) ": " (caption) } src={ "data:image/png;base64," (png) };
        }
    }
}

fn mark(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "✔",
        Some(false) => "✘",
        None => "?",
    }
}

fn checks(all: &[Check], language: Language, words: &Words) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { (words.question) }
                th scope="col" { (words.answer) }
                th scope="col" { (words.detail) }
            } }
            tbody {
                @for check in all {
                    tr {
                        th scope="row" { (language.of(&check.name.question())) }
                        td {
                            (mark(check.passed)) " " (words.answer(check.passed))
                            @if check.passed != Some(true) && check.consequence != Consequence::Fail {
                                " " (words.no_effect)
                            }
                        }
                        td lang="en" { (shown(&check.detail)) }
                    }
                }
            }
        }
    }
}
