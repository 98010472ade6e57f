//! Lists of seals that come in and go out, and the card of a seal.

use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderValue, Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;

use super::{
    House, caller::Caller, extract::Query, openapi::IdempotencyKey, problem::Problem,
    responses::Problems,
};
use crate::{
    domain::register::{ImportReport, SealRow},
    service::{Act, Answer, seals::SealList},
};

type Result<T> = std::result::Result<T, Problem>;

/// The longest list, bytes.
const LONGEST: usize = 64 << 20;
/// The columns, in their order.
const COLUMNS: [&str; 10] = [
    "uscc",
    "kind",
    "name",
    "code",
    "state",
    "state_since",
    "cause",
    "valid_from",
    "valid_until",
    "certificate",
];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// Whether only to say what would come of it.
    #[serde(default)]
    dry_run: bool,
}

/// Take a stock of seals in that were made elsewhere 存量导入: CSV with a heading, or a JSON array of
/// the same fields. All rows are taken in or none; a dry run tells every fault.
#[utoipa::path(post, path = "/v1/seals/import", tag = "seals", params(ImportQuery, IdempotencyKey),
    request_body(content(
        (Vec<SealRow> = "application/json"), (String = "text/csv"))),
    responses((status = 200, body = ImportReport, description = "The dry run."),
        (status = 201, body = ImportReport), Problems),
    extensions(("x-action" = json!("import-seals"))))]
pub(super) async fn import(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<ImportQuery>,
    request: Request<Body>,
) -> Result<Answer> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim().to_owned();
    let read = |bytes: Vec<u8>| match kind.as_str() {
        "text/csv" => Ok(SealList::Csv(bytes)),
        "application/json" => Ok(SealList::Json(bytes)),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "list-expected",
            "Another kind of body is expected",
            "send the list as Content-Type: text/csv or application/json",
        )),
    };
    read(Vec::new())?;
    house.service.may_import(&act).await?;
    let bytes = to_bytes(request.into_body(), LONGEST).await;
    let bytes = bytes.map_err(|_| Problem::too_large(LONGEST as u64))?;
    Ok(house.service.import_seals(&act, read(Vec::from(bytes))?, query.dry_run).await?)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// `csv` (if not given) or `json`.
    #[param(example = "csv")]
    format: Option<String>,
}

/// Give the register out as a list 导出: CSV with a heading, or a JSON array.
#[utoipa::path(get, path = "/v1/seals/export", tag = "seals", params(ExportQuery),
    responses((status = 200, content((String = "text/csv"), (Vec<SealRow> = "application/json"))),
        Problems),
    extensions(("x-action" = json!("export-seals"))))]
pub(super) async fn export(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<ExportQuery>,
) -> Result<Response> {
    let json = match query.format.as_deref() {
        None | Some("csv") => false,
        Some("json") => true,
        Some(_) => return Err(Problem::bad_request("invalid-query", "format is csv or json")),
    };
    // A refusal is answered as one, not as a list that breaks off.
    let first = house.service.export_seals(&act, "").await?;
    let (mut to, from) = tokio::io::duplex(64 << 10);
    tokio::spawn(async move {
        if let Err(error) = write(&house, &act, json, first, &mut to).await {
            tracing::warn!(error, "a list of seals broke off");
        }
    });
    let kind = if json { "application/json" } else { "text/csv; charset=utf-8" };
    let mut response = Body::from_stream(ReaderStream::new(from)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(response)
}

async fn write(
    house: &House,
    act: &Act,
    json: bool,
    first: (Vec<SealRow>, Option<String>),
    to: &mut tokio::io::DuplexStream,
) -> std::result::Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    let begin = if json { "[".to_owned() } else { format!("{}\r\n", COLUMNS.join(",")) };
    to.write_all(begin.as_bytes()).await.map_err(failed)?;
    let (mut rows, mut next) = first;
    let mut started = false;
    loop {
        let mut text = String::new();
        for row in &rows {
            match json {
                true if started => text.push_str(",\n"),
                true => {}
                false => text.push_str(&line(row)),
            }
            if json {
                text.push_str(&serde_json::to_string(row).map_err(|error| error.to_string())?);
            }
            started = true;
        }
        to.write_all(text.as_bytes()).await.map_err(failed)?;
        let Some(after) = next else { break };
        (rows, next) =
            house.service.export_seals(act, &after).await.map_err(|error| error.to_string())?;
    }
    if json {
        to.write_all(b"]").await.map_err(failed)?;
    }
    Ok(())
}

/// A line of CSV (RFC 4180).
fn line(row: &SealRow) -> String {
    let cells = [
        &row.uscc,
        &row.kind,
        &row.name,
        &row.code,
        &row.state,
        &row.state_since,
        &row.cause,
        &row.valid_from,
        &row.valid_until,
        &row.certificate,
    ];
    let cell = |text: &String| {
        // A spreadsheet takes what begins like this as a formula.
        let guard = if text.starts_with(['=', '+', '-', '@', '\'']) { "'" } else { "" };
        match text.contains([',', '"', '\n', '\r']) {
            true => format!("\"{guard}{}\"", text.replace('"', "\"\"")),
            false => format!("{guard}{text}"),
        }
    };
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    format!("{}\r\n", cells.join(","))
}
