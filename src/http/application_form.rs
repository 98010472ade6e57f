//! The printed application form 申请表: one A4 page and more, in Chinese and English, without any
//! script.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};

use super::{
    House, caller::Caller, docs::escape, extract::Path, openapi::Id, problem::Problem,
    responses::Problems,
};
use crate::{
    domain::{
        Timestamp,
        application::{ApplicationKind, ApplicationState, Verdict},
        cause::RevocationCause,
        seal::SealKind,
    },
    service::applications::{NamedDecision, PrintedForm},
};

pub(super) const STYLE: &str = "@page{size:A4;margin:18mm}\
    body{font:11pt/1.5 'Noto Serif CJK SC','Source Han Serif SC',SimSun,serif;max-width:180mm;margin:auto}\
    h1{font-size:18pt;text-align:center;margin:0 0 2mm}p.number{text-align:right;margin:0 0 2mm}\
    table{border-collapse:collapse;width:100%;margin:0 0 4mm}\
    td,th{border:.3mm solid #000;padding:1.5mm 2mm;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
    th{width:38mm;font-weight:600}.sign td{height:22mm}h2{font-size:12pt;margin:4mm 0 1mm}\
    small{color:#333;overflow-wrap:anywhere}tr{break-inside:avoid}";

/// Read an application as a form to print 申请表, HTML.
#[utoipa::path(get, path = "/v1/applications/{id}/form", tag = "applications", params(Id),
    responses((status = 200, body = String, content_type = "text/html"), Problems),
    extensions(("x-action" = json!("read-application-details"))))]
pub(super) async fn form(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let form = house.service.printed_form(&act, &id).await?;
    let mut response = Html(page(&form)).into_response();
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// A row of a table with a name and a text.
pub(super) fn row(name: &str, text: &str) -> String {
    format!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(name), escape(text))
}

fn page(form: &PrintedForm) -> String {
    let application = &form.application;
    let title = title(application.kind);
    let mut facts = vec![
        ("申请单位 organization", form.organization.name.clone()),
        ("统一社会信用代码 USCC", form.organization.uscc.as_str().to_owned()),
        ("印章类型 kind of seal", seal_kind(application.seal_kind).to_owned()),
        ("印章名称 name on the seal", application.seal_name.clone()),
    ];
    let details = &application.details;
    facts.extend(details.new_name.clone().map(|name| ("变更后名称 new name", name)));
    facts.extend(details.cause.map(|cause| ("注销原因 cause", in_words(cause).to_owned())));
    facts
        .extend(details.remake.map(|cause| ("重新制作原因 cause of re-making", cause.to_string())));
    facts.push(("申请事由 reason", application.reason.clone()));
    facts.push(("申请人 applicant", form.applicant.clone()));
    facts.push(("申请时间 submitted", in_china(application.created_at)));
    facts.push(("状态 state", state(application.state).to_owned()));
    let mut text: String = facts.iter().map(|(name, text)| row(name, text)).collect();
    text.extend(form.particulars.iter().map(|(name, text)| row(name, text)));
    let mut body = format!("<table>{text}</table>");
    if !form.attachments.is_empty() {
        let files: String = form.attachments.iter().map(|(name, told)| row(name, told)).collect();
        body.push_str(&format!("<h2>附件 attachments</h2><table>{files}</table>"));
    }
    if let Some(declaration) = &application.declaration {
        body.push_str(&format!(
            "<h2>声明 declaration</h2><p>{}</p><p>{} · {}</p>",
            escape(&declaration.text),
            escape(&form.applicant),
            in_china(declaration.declared_at),
        ));
    }
    let decisions: String = form.decisions.iter().map(decision).collect();
    let waiting: String = match application.level() {
        Some(level) => row(&level.name, "待审核 to be decided"),
        None => String::new(),
    };
    body.push_str(&format!(
        "<h2>审核 review</h2><table>{decisions}{waiting}</table>\
         <table class=\"sign\"><tr><td>申请单位（盖章）applicant's stamp</td>\
         <td>经办人（签字）signature of the handler</td></tr></table>"
    ));
    format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} {number}</title><style>{STYLE}</style>\
         <main><h1>{title}</h1><p class=\"number\">申请编号 No. {number}</p>{body}</main></html>",
        number = escape(&application.number),
    )
}

fn decision(named: &NamedDecision) -> String {
    let decision = &named.decision;
    let verdict = match decision.verdict {
        Verdict::Approve => "通过 approved",
        Verdict::Reject => "驳回 rejected",
        Verdict::Return => "退回补正 returned",
    };
    let place = match &named.in_place_of {
        Some(absent) => format!("（代 for {absent}）"),
        None => String::new(),
    };
    let reason = decision.reason.as_deref().map(|text| format!("：{text}")).unwrap_or_default();
    let text =
        format!("{verdict}{reason} · {}{place} · {}", named.name, in_china(decision.decided_at));
    row(&format!("{} ({})", decision.level_name, decision.round), &text)
}

/// A time as people in China read it.
pub(super) fn in_china(time: Timestamp) -> String {
    let (year, month, day, hour, minute, _) = time.plus_seconds(8 * 3600).parts();
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

fn state(state: ApplicationState) -> &'static str {
    match state {
        ApplicationState::Submitted => "审核中 submitted",
        ApplicationState::Returned => "已退回 returned",
        ApplicationState::Approved => "已通过 approved",
        ApplicationState::Rejected => "已驳回 rejected",
        ApplicationState::Withdrawn => "已撤回 withdrawn",
    }
}

/// A cause of revocation in both languages.
pub(super) fn in_words(cause: RevocationCause) -> &'static str {
    match cause {
        RevocationCause::Rename => "更名 rename",
        RevocationCause::Dissolution => "解散 dissolution",
        RevocationCause::Abolition => "撤销 abolition",
        RevocationCause::LicenceRevoked => "吊销执照 licence revoked",
        RevocationCause::Bankruptcy => "破产 bankruptcy",
        RevocationCause::Split => "分立 split",
        RevocationCause::Merger => "合并 merger",
        RevocationCause::OwnWish => "自愿注销 own wish",
        RevocationCause::Loss => "遗失 loss",
        RevocationCause::CarrierDamaged => "载体损坏 carrier damaged",
        RevocationCause::KeyCompromise => "密钥泄露 key compromise",
    }
}

fn title(kind: ApplicationKind) -> &'static str {
    match kind {
        ApplicationKind::Create => "电子印章制作申请表",
        ApplicationKind::Renew => "电子印章续期申请表",
        ApplicationKind::Change => "电子印章变更申请表",
        ApplicationKind::Revoke => "电子印章注销申请表",
    }
}

/// A kind of seal in both languages.
pub(super) fn seal_kind(kind: SealKind) -> &'static str {
    match kind {
        SealKind::LegalName => "法定名称章 legal-name",
        SealKind::Department => "内设机构章 department",
        SealKind::Branch => "分支机构章 branch",
        SealKind::Business => "业务专用章 business",
        SealKind::Finance => "财务专用章 finance",
        SealKind::Invoice => "发票专用章 invoice",
        SealKind::Contract => "合同专用章 contract",
        SealKind::PersonalName => "电子名章 personal-name",
    }
}
