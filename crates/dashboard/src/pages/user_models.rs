//! What a user spent on each model: a page of its own, which the user's page takes a part of
//! when it is shown, since it walks through all of their traces.
use super::user::Person;
use super::{Html, PageError, share};
use crate::format::{self, CountUnit, Figure};
use crate::frame::Frame;
use crate::link::{Link, segment};
use askama::Template;
use cognobserve_model::id::UserId;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{Period, UserKey};
use cognobserve_ports::Reports;
use futures_util::try_join;

#[derive(Template)]
#[template(path = "user_models.html")]
struct ModelsPage {
    frame: Frame,
    who: Person,
    words: String,
    models: Vec<ModelRow>,
    csv: Link,
    back: Link,
}

struct ModelRow {
    model: String,
    calls: Figure,
    tokens: Figure,
    cost: Figure,
    share: f64,
}

pub async fn render(reports: &dyn Reports, frame: Frame, id: &UserId) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let (project, key) = (&view.project.id, UserKey::Id(id.clone()));
    let (found, models) = try_join!(
        reports.find_user(project, &key, Period::ALL),
        reports.cost_user_by_model(project, &key, view.period()),
    )?;
    let found = found.ok_or(PageError::NotFound)?;
    let path = format!("/users/{}", segment(id.as_str()));
    let page = ModelsPage {
        who: Person::new(&view, &found.stats.user),
        words: view.headline(),
        models: list_models(models.unwrap_or_default()),
        csv: view.link(format!("{path}/costs.csv")),
        back: view.link(path.clone()),
        frame: frame.with_period(view.link(format!("{path}/models"))),
    };
    Ok(page.render()?)
}

fn list_models(models: Vec<(Option<String>, Measures)>) -> Vec<ModelRow> {
    let total: i128 = models.iter().map(|(_, sums)| sums.cost_nanos).sum();
    let places = format::places(models.iter().map(|(_, sums)| sums.cost_nanos));
    let is_call =
        |model: &Option<String>, sums: &Measures| model.is_some() || sums.total_tokens > 0;
    let used: Vec<_> = models
        .into_iter()
        .filter(|(model, sums)| is_call(model, sums))
        .collect();
    let calls = CountUnit::of(used.iter().map(|(_, sums)| sums.span_count));
    let tokens = CountUnit::of(used.iter().map(|(_, sums)| sums.total_tokens));
    let row = |(model, sums): (Option<String>, Measures)| ModelRow {
        model: model.unwrap_or_else(|| "no model named".into()),
        calls: calls.write(sums.span_count),
        tokens: tokens.write(sums.total_tokens),
        cost: format::spent_in(sums.cost_nanos, sums.unpriced_span_count, places),
        share: share(sums.cost_nanos, total),
    };
    used.into_iter().map(row).collect()
}
