//! Cost rows as they go out in JSON.
use crate::api::measures::CountedOut;
use cognobserve_model::report::{CostKey, CostReport, CostRow};
use serde::Serialize;
use utoipa::ToSchema;

/// What the group of a row is; which fields there are depends on `groupBy`.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CostKeyOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Of the user or session; null for an erased user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub external_id: Option<Option<String>>,
    /// Of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// true: the spend of a user who was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// `YYYY-MM-DD` in `tz`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Of the metadata key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl From<CostKey> for CostKeyOut {
    fn from(key: CostKey) -> CostKeyOut {
        let none = CostKeyOut::default();
        match key {
            CostKey::User {
                id,
                external_id,
                name,
            } => CostKeyOut {
                user_id: Some(id.to_string()),
                external_id: Some(Some(external_id)),
                name: Some(name),
                ..none
            },
            CostKey::Tombstone { id } => CostKeyOut {
                user_id: Some(id.to_string()),
                external_id: Some(None),
                erased: Some(true),
                ..none
            },
            CostKey::Model(model) => CostKeyOut {
                model: Some(model),
                ..none
            },
            CostKey::Day(day) => CostKeyOut {
                date: Some(day.to_string()),
                ..none
            },
            CostKey::Session { id, external_id } => CostKeyOut {
                session_id: Some(id.to_string()),
                external_id: Some(Some(external_id)),
                ..none
            },
            CostKey::Value(value) => CostKeyOut {
                value: Some(value),
                ..none
            },
        }
    }
}

/// One group and all its measures.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CostRow)]
pub struct CostRowOut {
    #[serde(flatten)]
    pub key: CostKeyOut,
    #[serde(flatten)]
    pub counted: CountedOut,
}

impl From<CostRow> for CostRowOut {
    fn from(row: CostRow) -> CostRowOut {
        CostRowOut {
            key: row.key.into(),
            counted: CountedOut::new(&row.measures, row.session_count),
        }
    }
}

/// `rows` over all pages + `unattributed` = `total`, in every measure that adds up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CostReport)]
pub struct CostReportOut {
    /// By cost, highest first.
    pub rows: Vec<CostRowOut>,
    /// What belongs to no row: of the whole, not of the page.
    pub unattributed: CountedOut,
    /// Of the whole, not of the page.
    pub total: CountedOut,
    pub next_cursor: Option<String>,
}

impl CostReportOut {
    pub fn new(report: CostReport, next_cursor: Option<String>) -> CostReportOut {
        CostReportOut {
            rows: report.rows.into_iter().map(CostRowOut::from).collect(),
            unattributed: CountedOut::new(&report.unattributed.0, report.unattributed.1),
            total: CountedOut::new(&report.total.0, report.total.1),
            next_cursor,
        }
    }
}
