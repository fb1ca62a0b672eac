//! A stored trace as one line of native JSON.
//! Invariant: reading it back books the same measures. Costs go out as amounts, so that another
//! price book changes nothing; usage that counts on another span goes out as metadata.
use crate::assemble::Store;
use cognobserve_model::account::Project;
use cognobserve_model::id::UserId;
use cognobserve_model::money::Dollars;
use cognobserve_model::query::{Period, UserKey};
use cognobserve_model::report::{SpanDetail, TraceDetail, User};
use cognobserve_model::span::{Level, SpanKind};
use cognobserve_model::usage::Usage;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// Writes traces; each user's profile goes with the first of their traces, the newest.
#[derive(Default)]
pub struct TraceWriter {
    introduced: HashSet<UserId>,
}

impl TraceWriter {
    pub async fn write_trace(
        &mut self,
        store: &Store,
        project: &Project,
        trace: &TraceDetail,
    ) -> anyhow::Result<String> {
        let summary = &trace.summary;
        let mut line = Line::default();
        line.put("trace_id", &summary.id);
        if !summary.name.is_empty() {
            line.put("name", &summary.name);
        }
        line.put("timestamp", summary.time.to_string());
        line.put_raw(
            "metadata",
            Some(&summary.metadata).filter(|text| *text != "{}"),
        )?;
        if let Some(session) = &summary.session {
            line.put("session_id", &session.external_id);
            if let Some(name) = &session.name {
                line.put("session", json!({"name": name}));
            }
        }
        if let Some(user) = &summary.user
            && let Some(external_id) = &user.external_id
        {
            line.put("user_id", external_id);
            if self.introduced.insert(user.id.clone())
                && let Some(found) = store
                    .find_user(&project.id, &UserKey::Id(user.id.clone()), Period::ALL)
                    .await?
            {
                line.put("user", describe_profile(&found.stats.user)?);
            }
        }
        let spans: anyhow::Result<Vec<Box<RawValue>>> =
            trace.spans.iter().map(write_span).collect();
        line.put_raw("spans", Some(&serde_json::to_string(&spans?)?))?;
        line.finish()
    }
}

fn describe_profile(user: &User) -> anyhow::Result<Value> {
    let mut profile = Map::new();
    profile.insert("id".into(), json!(user.external_id));
    profile.extend(user.name.as_ref().map(|name| ("name".into(), json!(name))));
    profile.extend(
        user.email
            .as_ref()
            .map(|email| ("email".into(), json!(email))),
    );
    if !user.metadata.is_empty() {
        let metadata: Result<Map<String, Value>, serde_json::Error> = user
            .metadata
            .iter()
            .map(|(key, text)| Ok((key.clone(), serde_json::from_str(text)?)))
            .collect();
        profile.insert("metadata".into(), Value::Object(metadata?));
    }
    Ok(Value::Object(profile))
}

fn write_span(span: &SpanDetail) -> anyhow::Result<Box<RawValue>> {
    let mut line = Line::default();
    line.put("span_id", &span.id);
    line.put_some("parent_span_id", span.parent.as_ref());
    if !span.name.is_empty() {
        line.put("name", &span.name);
    }
    if span.kind != SpanKind::Span {
        line.put("type", span.kind.as_str());
    }
    line.put_some("start_time", span.start.map(|at| at.to_string()).as_ref());
    line.put_some("end_time", span.end.map(|at| at.to_string()).as_ref());
    line.put_some("model", span.model.as_ref());
    line.put_some("response_id", span.response_id.as_ref());
    if span.level != Level::Default {
        line.put("level", span.level.as_str());
    }
    line.put_some("status_message", span.status_message.as_ref());
    line.put_raw("input", span.input.as_ref())?;
    line.put_raw("output", span.output.as_ref())?;
    line.put_raw("model_parameters", span.model_parameters.as_ref())?;
    let usage = Some(describe_usage(&span.usage)).filter(|usage| !usage.is_empty());
    if span.counted {
        line.put_some("usage", usage.as_ref());
        if let Some(nanos) = span.pricing.nanos() {
            line.put_raw("total_cost", Some(&Dollars(nanos.into()).to_string()))?;
        }
        line.put_raw("metadata", span.metadata.as_ref())?;
    } else {
        let mut metadata: Map<String, Value> = span
            .metadata
            .as_deref()
            .map(serde_json::from_str)
            .transpose()?
            .unwrap_or_default();
        metadata.extend(usage.map(|usage| ("uncounted_usage".to_owned(), Value::Object(usage))));
        if !metadata.is_empty() {
            line.put("metadata", metadata);
        }
    }
    Ok(RawValue::from_string(line.finish()?)?)
}

fn describe_usage(usage: &Usage) -> Map<String, Value> {
    let fields = [
        ("prompt_tokens", usage.prompt),
        ("completion_tokens", usage.completion),
        ("total_tokens", usage.total),
        ("cached_tokens", usage.cached),
        ("cache_write_tokens", usage.cache_write),
        ("reasoning_tokens", usage.reasoning),
    ];
    fields
        .into_iter()
        .filter_map(|(name, tokens)| Some((name.to_owned(), json!(tokens?))))
        .collect()
}

/// A JSON object in the order of writing; payloads go in as the text that they are.
#[derive(Default)]
struct Line(Vec<(&'static str, String)>);

impl Line {
    fn put(&mut self, key: &'static str, value: impl serde::Serialize) {
        // Texts, numbers and maps with text keys have no failure.
        self.0.push((
            key,
            serde_json::to_string(&value).unwrap_or_else(|_| "null".into()),
        ));
    }

    fn put_some(&mut self, key: &'static str, value: Option<&impl serde::Serialize>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn put_raw(&mut self, key: &'static str, json: Option<&String>) -> anyhow::Result<()> {
        if let Some(text) = json {
            // Pretty-printed payloads span lines; a line break between tokens means nothing.
            let text = if text.contains(['\n', '\r']) {
                text.replace(['\n', '\r'], " ")
            } else {
                text.clone()
            };
            serde_json::from_str::<&RawValue>(&text)?;
            self.0.push((key, text));
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<String> {
        let fields = self
            .0
            .iter()
            .map(|(key, value)| format!("\"{key}\":{value}"));
        Ok(format!("{{{}}}", fields.collect::<Vec<String>>().join(",")))
    }
}
