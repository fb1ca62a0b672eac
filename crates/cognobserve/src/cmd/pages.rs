//! Lists of the API, page by page, and what they are asked with.
use super::client::Client;
use anyhow::bail;
use serde_json::{Value, json};

/// Largest page that the server gives.
const PAGE: usize = 100;

/// Follows cursors until `limit` items are there; 0 means all of them.
pub fn collect_pages(
    client: &Client,
    path: &str,
    query: &[(&str, String)],
    limit: usize,
) -> anyhow::Result<Value> {
    let limit = if limit == 0 { usize::MAX } else { limit };
    let mut items: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = query.to_vec();
        query.push(("limit", PAGE.min(limit - items.len()).to_string()));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let mut page = client.get(path, &query)?;
        let found = page.get_mut("items").map(Value::take);
        let Some(Value::Array(found)) = found else {
            bail!("the answer has no items: is this a CognObserve server?")
        };
        items.extend(found);
        let next = page
            .get("nextCursor")
            .and_then(Value::as_str)
            .map(str::to_owned);
        if next.is_none() || items.len() >= limit {
            return Ok(json!({"items": items, "nextCursor": next}));
        }
        cursor = next;
    }
}

/// The parameters that were given.
pub fn given<const N: usize>(
    query: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    query
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// A member as a cell: texts as they are, nothing as a dash.
pub fn cell(row: &Value, key: &str) -> String {
    match row.get(key) {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The rows under a key; none if there is no such list.
pub fn rows<'a>(answer: &'a Value, key: &str) -> &'a [Value] {
    let found = answer.get(key).and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}
