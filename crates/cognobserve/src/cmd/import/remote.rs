//! Import over a running server: the same records with the same ids, in batches.
//! Invariant: a trace goes out with its id, so that sending it again changes nothing.
use super::intake::accept_record;
use super::records::Records;
use super::source::Source;
use super::{Tally, start_bar};
use crate::cmd::client::{Client, ClientArgs};
use anyhow::{Context, bail};
use cognobserve_model::account::{Project, ProjectSettings};
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_model::time::Micros;
use cognobserve_server::worker::ArrivalClock;
use serde_json::Value;
use serde_json::value::RawValue;
use std::path::PathBuf;

const BATCH_TRACES: usize = 500;
const BATCH_BYTES: usize = 8 << 20;

pub fn import_files(
    files: &[PathBuf],
    client: &ClientArgs,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let client = Client::connect(client)?;
    for file in files {
        let source = Source::open(file, &std::env::temp_dir())?;
        let bar = start_bar(&source)?;
        tally.bar = Some(bar.clone());
        let mut batch = Batch {
            client: &client,
            source: &source,
            numbers: Vec::new(),
            body: String::new(),
        };
        let clock = ArrivalClock::default();
        let project = stand_in();
        let mut records = Records::new(source.reader()?);
        while let Some(record) = records.next_record()? {
            tally.records += 1;
            let checked = record.text.and_then(|text| {
                let accepted = accept_record(&text, &project, &source.hash, record.number, &clock)?;
                Ok(with_trace_id(text, &accepted.piece.trace_id))
            });
            match checked {
                Ok(text) => batch.add(record.number, &text, tally)?,
                Err(problem) => tally.note_failure(&source.name, record.number, &problem),
            }
            bar.set_position(records.bytes_read());
        }
        batch.send(tally)?;
        bar.finish_and_clear();
        tally.bar = None;
    }
    Ok(())
}

/// The server knows the project; here only the format is checked.
fn stand_in() -> Project {
    Project {
        id: ProjectId::new(""),
        workspace: String::new(),
        name: String::new(),
        developer: DeveloperId::new(""),
        settings: ProjectSettings::default(),
        created: Micros(0),
    }
}

struct Batch<'a> {
    client: &'a Client,
    source: &'a Source,
    numbers: Vec<u64>,
    body: String,
}

impl Batch<'_> {
    fn add(&mut self, number: u64, text: &str, tally: &mut Tally) -> anyhow::Result<()> {
        if self.body.len() + text.len() > BATCH_BYTES || self.numbers.len() >= BATCH_TRACES {
            self.send(tally)?;
        }
        self.body.push_str(if self.numbers.is_empty() {
            "{\"traces\":["
        } else {
            ","
        });
        self.body.push_str(text);
        self.numbers.push(number);
        Ok(())
    }

    fn send(&mut self, tally: &mut Tally) -> anyhow::Result<()> {
        if self.numbers.is_empty() {
            return Ok(());
        }
        let body = std::mem::take(&mut self.body) + "]}";
        let numbers = std::mem::take(&mut self.numbers);
        let first = numbers.first().copied().unwrap_or_default();
        let answer = self.client.post_patiently("/v1/traces/batch", &body);
        let answer = answer.with_context(|| {
            format!(
                "{}: stopped before record {first}; run the same command again",
                self.source.name
            )
        })?;
        let results = answer
            .get("results")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        if results.len() != numbers.len() {
            bail!("the answer does not name every trace: is this a CognObserve server?");
        }
        for (number, result) in numbers.iter().zip(results) {
            if result.get("success").and_then(Value::as_bool) == Some(true) {
                tally.imported += 1;
                continue;
            }
            let message = result.pointer("/error/message").and_then(Value::as_str);
            tally.note_failure(
                &self.source.name,
                *number,
                message.unwrap_or("refused by the server"),
            );
        }
        Ok(())
    }
}

/// The trace with this id; of a repeated key the last one counts.
fn with_trace_id(mut text: String, trace_id: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Sent<'a> {
        #[serde(borrow)]
        trace_id: Option<&'a RawValue>,
    }
    let id = Value::from(trace_id).to_string();
    let sent = serde_json::from_str::<Sent>(&text).ok();
    if sent
        .and_then(|sent| sent.trace_id)
        .is_some_and(|sent| sent.get() == id)
    {
        return text;
    }
    if let Some(end) = text.rfind('}') {
        let comma = if text[..end].trim_end().ends_with('{') {
            ""
        } else {
            ","
        };
        text.insert_str(end, &format!("{comma}\"trace_id\":{id}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trace_goes_out_with_its_id() {
        for (text, expected) in [
            (
                r#"{"trace_id":"a","name":"x"}"#,
                r#"{"trace_id":"a","name":"x"}"#,
            ),
            (r#"{"name":"x"}"#, r#"{"name":"x","trace_id":"a"}"#),
            (
                r#"{"trace_id":null}"#,
                r#"{"trace_id":null,"trace_id":"a"}"#,
            ),
            ("{ }", r#"{ "trace_id":"a"}"#),
        ] {
            assert_eq!(with_trace_id(text.to_owned(), "a"), expected);
        }
    }
}
