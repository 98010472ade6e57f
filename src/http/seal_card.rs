//! The card of a seal 印章卡片: a page to print, without any script.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use base64ct::{Base64, Encoding};

use super::{
    House,
    application_form::{STYLE, in_china, in_words, row, seal_kind},
    caller::Caller,
    docs::escape,
    extract::Path,
    openapi::Id,
    problem::Problem,
    responses::Problems,
};
use crate::{
    domain::{keeper::KeeperState, seal_state::SealState},
    service::seals::SealCard,
};

/// Read the card of a seal with its picture, versions, keepers and history, HTML.
#[utoipa::path(get, path = "/v1/seals/{id}/card", tag = "seals", params(Id),
    responses((status = 200, body = String, content_type = "text/html"), Problems),
    extensions(("x-action" = json!("read-seal"))))]
pub(super) async fn card(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let card = house.service.seal_card(&act, &id).await?;
    let mut response = Html(page(&card)).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    let policy = HeaderValue::from_static(policy);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

fn page(card: &SealCard) -> String {
    let seal = &card.seal;
    let current = seal.current_version();
    let state = current.map_or("未制作 not made", |version| state_of(version.state));
    let mut facts = vec![
        ("印章编码 code", seal.code.clone()),
        ("印章名称 name", seal.name.clone()),
        ("印章类型 kind", seal_kind(seal.kind).to_owned()),
        ("所有者 owner", card.organization.name.clone()),
        ("统一社会信用代码 USCC", card.organization.uscc.as_str().to_owned()),
        ("状态 state", state.to_owned()),
    ];
    if let Some(version) = current {
        let validity = version.valid_from.zip(version.valid_until);
        facts.extend(validity.map(|(from, until)| {
            ("有效期 validity", format!("{} — {}", in_china(from), in_china(until)))
        }));
        facts.extend(version.ca_class.map(|class| ("CA 类别 authority", class.to_string())));
    }
    facts.push(("用印次数 documents sealed", card.signatures.to_string()));
    let facts: String = facts.iter().map(|(name, text)| row(name, text)).collect();
    let picture = card.picture.as_ref().map(|picture| {
        format!(
            "<p><img alt=\"印模\" src=\"data:image/png;base64,{}\" \
             style=\"width:{:.2}mm;height:{:.2}mm\"></p>",
            Base64::encode_string(&picture.png),
            picture.width_mm,
            picture.height_mm,
        )
    });
    let versions: String = seal
        .versions
        .iter()
        .map(|version| {
            let credentials = version.credentials.iter().map(|credential| {
                let destroyed = credential.key_destroyed_at.map(in_china);
                let destroyed = destroyed.map(|at| format!("，密钥已销毁 destroyed {at}"));
                format!(
                    "{} {}{}",
                    credential.scheme,
                    credential.custody,
                    destroyed.unwrap_or_default()
                )
            });
            let credentials: Vec<String> = credentials.collect();
            let told = format!(
                "{} · {} · {}",
                version.name,
                state_of(version.state),
                credentials.join("; ")
            );
            row(&format!("第{}版 version {}", version.number, version.number), &told)
        })
        .collect();
    let keepers: String = card
        .keepers
        .iter()
        .map(|(keeper, name)| {
            let until = keeper.ended_at.or(keeper.until).map(in_china).unwrap_or_default();
            let kept = match keeper.state {
                KeeperState::Designated => "待确认 designated",
                KeeperState::Keeping => "保管中 keeping",
                KeeperState::Declined => "已拒绝 declined",
                KeeperState::Ended => "已结束 ended",
            };
            let told = format!("{kept} · {} — {until}", in_china(keeper.designated_at));
            row(name, &told)
        })
        .collect();
    let changes: String = card
        .changes
        .iter()
        .map(|(change, name)| {
            let cause =
                change.cause.map(|cause| format!("（{}）", in_words(cause))).unwrap_or_default();
            let reason = change.reason.clone().unwrap_or_default();
            let told = format!("{}{cause} · {name} · {reason}", state_of(change.to));
            row(&in_china(change.at), &told)
        })
        .collect();
    format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>印章卡片 {code}</title>\
         <style>{STYLE}</style><main><h1>印章卡片</h1><p class=\"number\">{code}</p>\
         <table>{facts}</table>{picture}<h2>版本 versions</h2><table>{versions}</table>\
         <h2>保管人 keepers</h2><table>{keepers}</table>\
         <h2>历史 history</h2><table>{changes}</table></main></html>",
        code = escape(&seal.code),
        picture = picture.unwrap_or_default(),
    )
}

/// A state in both languages.
fn state_of(state: SealState) -> &'static str {
    match state {
        SealState::KeyReady => "密钥已生成 key-ready",
        SealState::Made => "已制作 made",
        SealState::Active => "正常 active",
        SealState::Suspended => "暂停 suspended",
        SealState::Lost => "挂失 lost",
        SealState::Superseded => "已换版 superseded",
        SealState::Revoked => "已注销 revoked",
        SealState::Expired => "已过期 expired",
        SealState::Abandoned => "已放弃 abandoned",
        SealState::Invalidated => "标识为无效 invalidated",
    }
}
