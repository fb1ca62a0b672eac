//! Costs by a metadata key that no row has: whether anybody has it at all, and which keys there are.
use super::{Ask, PageError};
use crate::link::Link;
use crate::view::View;
use cognobserve_model::query::{CostGroup, CostQuery, Period};
use cognobserve_ports::Reports;

/// In place of rows.
pub struct UnknownKey {
    pub key: String,
    /// Somebody has it, but was not there in the period.
    pub is_elsewhere: bool,
    /// Keys that there are, each with its costs; first those that differ in case alone.
    pub offered: Vec<(String, Link)>,
}

/// Asked only where a table by a key has no rows.
pub async fn look_up(
    reports: &dyn Reports,
    view: &View,
    ask: &Ask,
    key: &str,
    known: &[String],
) -> Result<UnknownKey, PageError> {
    let ever = CostQuery {
        period: Period::ALL,
        ..ask.to_query(view, 1)
    };
    let ever = reports.report_costs(&view.project.id, ever).await?;
    let offer = |name: &String| {
        let group = CostGroup::Metadata(name.clone());
        let link = Ask { group, after: None }.link(view, "/costs");
        (name.clone(), link)
    };
    let others = order(key, known);
    Ok(UnknownKey {
        key: key.to_owned(),
        is_elsewhere: !ever.rows.is_empty(),
        offered: others.into_iter().map(offer).collect(),
    })
}

/// Every other key, first those that are the same but for capital letters.
fn order<'k>(key: &str, known: &'k [String]) -> Vec<&'k String> {
    let folded = key.to_lowercase();
    let others = known.iter().filter(|name| *name != key);
    let (mut like, unlike): (Vec<_>, Vec<_>) = others.partition(|it| it.to_lowercase() == folded);
    like.extend(unlike);
    like
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_differs_in_case_alone_is_offered_first() {
        let known = ["company", "plan", "Plan"].map(str::to_owned);
        assert_eq!(order("PLAN", &known), ["plan", "Plan", "company"]);
        assert_eq!(order("plan", &known), ["Plan", "company"]);
    }
}
