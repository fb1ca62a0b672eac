//! Who has a text or metadata: as far as the server can tell, and exactly.
use super::Param;
use super::rows::{get, read_profile};
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_books::objects::value_text;
use cognobserve_model::profile::Profile;
use cognobserve_model::query::{UserQuery, UserSort, fold_search};

/// Ends each field of `search_text`.
const FIELD_END: char = '\u{1}';

/// Whether the list's order is that of all-time sums, of times or of names, which rows have.
pub(super) fn is_sorted_by_totals(query: &UserQuery) -> bool {
    let is_of_no_period = matches!(
        query.sort,
        UserSort::LastSeenAt | UserSort::FirstSeenAt | UserSort::Name
    );
    query.stats.is_all() || is_of_no_period
}

/// Whether the server alone cannot tell who is asked for: it reads JSON in another way, a
/// needle with its field mark could reach over fields, and sums of a period are not its.
pub(super) fn needs_a_look(query: &UserQuery) -> bool {
    let is_beyond_it = |needle: &String| !is_sorted_by_totals(query) || needle.contains(FIELD_END);
    !query.metadata.is_empty() || query.search.as_ref().is_some_and(is_beyond_it)
}

/// Living users with the wanted metadata and text. The server leaves out those whose columns
/// cannot have them.
pub(super) async fn find_by_profile(
    snapshot: &Snapshot,
    query: &UserQuery,
) -> StoreResult<Vec<i64>> {
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    let quoted = query.metadata.iter();
    let quoted = quoted.map(|(key, value)| format!("{}:{}", quote(key), quote(value)));
    let quoted: Vec<String> = quoted.collect();
    let plain = query.metadata.iter().zip(&quoted);
    let plain = plain.map(|((key, value), quoted)| match value.contains('\0') {
        true => quoted.clone(),
        false => format!("{}:{value}", quote(key)),
    });
    let plain: Vec<String> = plain.collect();
    let pattern = query.search.as_deref().map(write_pattern);
    let mut found = Vec::new();
    let scan = include_str!("../sql/reports.find_users.sql");
    let params: [Param; 4] = [&snapshot.project_no, &pattern, &plain, &quoted];
    snapshot
        .scan(scan, &params, |row| {
            if admits(query, get(row, 1)?, &read_profile(row, 2)?) {
                found.push(get(row, 0)?);
            }
            Ok(())
        })
        .await?;
    Ok(found)
}

fn admits(query: &UserQuery, external_id: &str, profile: &Profile) -> bool {
    let has = |(key, value): &(String, String)| {
        let stored = profile.metadata_value(key);
        stored.is_some_and(|json| value_text(json) == *value)
    };
    let contains = |needle: &String| {
        let fields = [profile.name(), profile.email(), Some(external_id)];
        let mut fields = fields.into_iter().flatten();
        fields.any(|field| fold_search(field).contains(needle))
    };
    query.metadata.iter().all(has) && query.search.as_ref().is_none_or(contains)
}

/// A LIKE pattern that finds a text anywhere, every character for itself.
pub(super) fn write_pattern(needle: &str) -> String {
    let mut pattern = String::from("%");
    for c in needle.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
