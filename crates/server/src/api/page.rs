//! The shape of every list: `{items, nextCursor}`.
use crate::http::cursor::{Tie, write_cursor};
use cognobserve_model::query::Page;
use serde::Serialize;
use utoipa::ToSchema;

/// One page. `nextCursor` is null iff nothing follows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Page)]
pub struct PageOut<T: ToSchema> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

impl<T: ToSchema> PageOut<T> {
    /// Converts the items; the cursor is tied to the question.
    pub fn new<I, P: Serialize>(
        page: Page<I, P>,
        tie: Tie,
        convert: impl Fn(I) -> T,
    ) -> PageOut<T> {
        PageOut {
            next_cursor: page.next.map(|position| write_cursor(tie, &position)),
            items: page.items.into_iter().map(convert).collect(),
        }
    }
}
