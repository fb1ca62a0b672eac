//! `/settings/prices`: what a project pays where the built-in table does not know.
use crate::auth::page::redirect;
use crate::auth::{Inside, ManageProject, Read, Submitted};
use crate::http::problem::Problem;
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::pages::settings::{TypedPrice, render_prices};
use cognobserve_dashboard::{Frame, Nav};
use cognobserve_model::price::{PriceEntry, PriceUnit, Rates, parse_amount};
use cognobserve_model::time::Zone;
use std::sync::Arc;

const MAX_MODEL_BYTES: usize = 255;

pub async fn show_prices(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Prices", Nav::Settings).await?;
    let typed = TypedPrice {
        model: params.text("model").unwrap_or_default(),
        ..TypedPrice::default()
    };
    let search = params.text("search").unwrap_or_default();
    let search = search.trim().to_owned();
    show(&state, frame, StatusCode::OK, typed, search).await
}

async fn show(
    state: &AppState,
    frame: Frame,
    status: StatusCode,
    typed: TypedPrice,
    search: String,
) -> Answer {
    let project = view_of(&frame)?.project.id.clone();
    let prices = state.accounts.list_prices(&project).await?;
    let unpriced = state.reports.list_unpriced(&project).await?;
    let models = unpriced
        .into_iter()
        .filter_map(|it| it.model)
        .take(50)
        .collect();
    answer(status, render_prices(frame, &prices, models, typed, search))
}

pub async fn set_price(
    State(state): State<Arc<AppState>>,
    inside: Inside<ManageProject>,
    params: Params,
    form: Submitted,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Prices", Nav::Settings).await?;
    let text = |name: &str| form.text(name).to_owned();
    let mut typed = TypedPrice {
        model: text("model"),
        from: text("from"),
        prompt: text("prompt"),
        completion: text("completion"),
        cached: text("cached"),
        cache_write: text("cacheWrite"),
        reasoning: text("reasoning"),
        faults: Vec::new(),
    };
    let Some(entry) = read_price(&mut typed, &view_of(&frame)?.zone) else {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show(&state, frame, status, typed, String::new()).await;
    };
    state
        .accounts
        .put_prices(&inside.project.id, vec![entry], &inside.actor)
        .await?;
    let back = view_of(&frame)?
        .link("/settings/prices")
        .with("done", "priced");
    Ok(redirect(&back.to_string()))
}

/// `None` after noting every fault.
fn read_price(typed: &mut TypedPrice, zone: &Zone) -> Option<PriceEntry> {
    let mut faults = Vec::new();
    if typed.model.is_empty() || typed.model.len() > MAX_MODEL_BYTES {
        faults.push((
            "model",
            format!("Name a model, with at most {MAX_MODEL_BYTES} bytes."),
        ));
    }
    let from = match typed.from.as_str() {
        "" => None,
        text => match zone.parse_instant(text) {
            Ok(at) => Some(at.0),
            Err(_) => {
                faults.push(("from", "A day like 2026-01-31, or empty.".to_owned()));
                None
            }
        },
    };
    let mut rate = |name, text: &str| {
        if text.is_empty() {
            return None;
        }
        let read = parse_amount(text, PriceUnit::PerMtok);
        read.map_err(|error| faults.push((name, format!("Dollars for a million tokens: {error}."))))
            .ok()
    };
    let rates = Rates {
        prompt: rate("prompt", &typed.prompt),
        completion: rate("completion", &typed.completion),
        cached: rate("cached", &typed.cached),
        cache_write: rate("cacheWrite", &typed.cache_write),
        reasoning: rate("reasoning", &typed.reasoning),
        tiers: Vec::new(),
    };
    if faults.is_empty() && rates.prompt.is_none() && rates.completion.is_none() {
        faults.push((
            "prompt",
            "Say what prompt or completion tokens cost.".to_owned(),
        ));
    }
    typed.faults = faults;
    typed.faults.is_empty().then(|| PriceEntry {
        model: typed.model.to_lowercase(),
        effective_from: from,
        rates,
    })
}

pub async fn remove_price(
    State(state): State<Arc<AppState>>,
    inside: Inside<ManageProject>,
    params: Params,
    form: Submitted,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Prices", Nav::Settings).await?;
    let from = form
        .number("from")
        .map_err(|words| Problem::invalid("from", words))?;
    let (model, project) = (form.text("model"), &inside.project.id);
    if !state
        .accounts
        .remove_price(project, model, from, &inside.actor)
        .await?
    {
        return Err(Problem::not_found().into());
    }
    let back = view_of(&frame)?
        .link("/settings/prices")
        .with("done", "unpriced");
    Ok(redirect(&back.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_needs_a_model_and_an_amount() {
        let typed = |model: &str, prompt: &str| TypedPrice {
            model: model.into(),
            prompt: prompt.into(),
            ..TypedPrice::default()
        };
        let entry = read_price(&mut typed("My-Model", "2.50"), &Zone::utc()).unwrap();
        assert_eq!(
            (entry.model.as_str(), entry.rates.prompt),
            ("my-model", Some(2_500_000))
        );
        for mut wrong in [
            typed("", "1"),
            typed("x", ""),
            typed("x", "-1"),
            typed("x", "much"),
        ] {
            assert!(read_price(&mut wrong, &Zone::utc()).is_none());
            assert_eq!(wrong.faults.len(), 1);
        }
    }
}
