//! Columns of rows as values; bytes that do not read back are told by what they were.
use crate::error::{StoreResult, damaged, sql};
use cognobserve_model::facts::Facts;
use cognobserve_model::measures::Measures;
use cognobserve_model::profile::Profile;
use cognobserve_model::trace::TraceState;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Row, at: usize) -> StoreResult<T> {
    row.try_get(at).map_err(sql)
}

pub(super) fn read_measures(row: &Row, at: usize) -> StoreResult<Measures> {
    Measures::decode(get(row, at)?).ok_or_else(|| damaged("rollup"))
}

/// The measures of a column without their histogram.
pub(super) fn read_counts(row: &Row, at: usize) -> StoreResult<Measures> {
    Measures::decode_counts(get(row, at)?).ok_or_else(|| damaged("rollup"))
}

/// Adds the measures of a column to a sum.
pub(super) fn add_measures(sum: &mut Measures, row: &Row, at: usize) -> StoreResult<()> {
    sum.add_encoded(get(row, at)?)
        .ok_or_else(|| damaged("rollup"))
}

pub(super) fn read_facts(row: &Row, at: usize) -> StoreResult<Facts> {
    postcard::from_bytes(get(row, at)?).map_err(|_| damaged("trace"))
}

pub(super) fn read_state(row: &Row, at: usize) -> StoreResult<TraceState> {
    postcard::from_bytes(get(row, at)?).map_err(|_| damaged("trace"))
}

pub(super) fn read_profile(row: &Row, at: usize) -> StoreResult<Profile> {
    postcard::from_bytes(get(row, at)?).map_err(|_| damaged("profile"))
}

/// What a text may be compared with: no stored text has a zero character, which the server
/// does not take, so that the part before it sorts the same.
pub(super) fn cut_at_zero(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}
