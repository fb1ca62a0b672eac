//! The registry as Prometheus text, and as the table of the reference page.
use super::number::BOUNDS_MS;
use super::{AREAS, Metrics, STATUSES};
use cognobserve_telemetry::delivery::Counts;
use cognobserve_telemetry::delivery::counts::SinkCounts;
use cognobserve_telemetry::edition::Provider;
use cognobserve_telemetry::sink::DropReason;
use std::fmt::Write;

enum Value {
    /// Label pairs (empty for none) and the number.
    Counter(Vec<(String, u64)>),
    Gauge(i64),
    /// As counters have them.
    Gauges(Vec<(String, u64)>),
    Seconds(Vec<u64>, f64),
}

/// One name with its meaning and present value.
pub struct Line {
    pub name: &'static str,
    pub help: &'static str,
    value: Value,
}

impl Metrics {
    /// Every number. `in_flight_bytes` is counted by the queue's budget, `sinks` by those that send events.
    pub fn lines(&self, in_flight_bytes: usize, sinks: &Counts) -> Vec<Line> {
        let counter = |name, help, counter: &super::Counter| Line {
            name,
            help,
            value: Value::Counter(vec![(String::new(), counter.get())]),
        };
        let gauge = |name, help, number| Line {
            name,
            help,
            value: Value::Gauge(number),
        };
        let (buckets, sum) = self.commit_seconds.read();
        let discarded = vec![
            (
                r#"{signal="metrics"}"#.to_owned(),
                self.discarded_metrics.get(),
            ),
            (r#"{signal="logs"}"#.to_owned(), self.discarded_logs.get()),
        ];
        let mut lines = vec![
            Line {
                name: "cognobserve_http_requests_total",
                help: "Answered requests by kind of route and status.",
                value: self.requests(),
            },
            counter(
                "cognobserve_ingest_bytes_total",
                "Bytes of accepted request bodies, decompressed.",
                &self.ingested_bytes,
            ),
            counter(
                "cognobserve_ingest_traces_total",
                "Pieces of traces that were committed.",
                &self.ingested_traces,
            ),
            counter(
                "cognobserve_ingest_spans_total",
                "Spans that were committed, repeats included.",
                &self.ingested_spans,
            ),
            counter(
                "cognobserve_ingest_events_total",
                "Product events that were stored, repeats left out.",
                &self.stored_events,
            ),
            counter(
                "cognobserve_ingest_refused_items_total",
                "Traces, spans or events that were refused while the rest of their request was taken.",
                &self.refused_items,
            ),
            counter(
                "cognobserve_ingest_warnings_total",
                "Warnings given to clients.",
                &self.warnings,
            ),
            Line {
                name: "cognobserve_ingest_discarded_requests_total",
                help: "OTLP requests that were accepted and dropped.",
                value: Value::Counter(discarded),
            },
            gauge(
                "cognobserve_queue_batches",
                "Batches that wait for their commit.",
                self.queued_batches.get(),
            ),
            gauge(
                "cognobserve_queue_bytes",
                "Request bytes in flight.",
                i64::try_from(in_flight_bytes).unwrap_or(i64::MAX),
            ),
            counter(
                "cognobserve_commit_batches_total",
                "Batches that the ledger answered.",
                &self.committed_batches,
            ),
            counter(
                "cognobserve_commit_spans_total",
                "Spans in those batches.",
                &self.committed_spans,
            ),
            counter(
                "cognobserve_commit_failures_total",
                "Groups of batches that the ledger failed to commit.",
                &self.failed_groups,
            ),
            Line {
                name: "cognobserve_commit_seconds",
                help: "Time of one group commit.",
                value: Value::Seconds(buckets, sum),
            },
            gauge(
                "cognobserve_stream_entries",
                "Entries of the queue's server that are not booked; 0 without one.",
                self.queue_depth.get(),
            ),
            gauge(
                "cognobserve_stream_oldest_ms",
                "Age of the oldest of them.",
                self.queue_age_ms.get(),
            ),
            gauge(
                "cognobserve_stream_workers",
                "Workers that were seen lately.",
                self.queue_workers.get(),
            ),
            gauge(
                "cognobserve_stream_memory_bytes",
                "Memory that the queue's server uses.",
                self.queue_memory_bytes.get(),
            ),
            gauge(
                "cognobserve_stream_dead_letters",
                "Entries that were given up and wait for a decision.",
                self.queue_dead.get(),
            ),
            counter(
                "cognobserve_stream_dead_letters_total",
                "Entries that this process gave up.",
                &self.dead_letters,
            ),
        ];
        lines.extend(list_sinks(sinks));
        lines
    }

    fn requests(&self) -> Value {
        let mut rows = Vec::new();
        for (area, counters) in AREAS.iter().zip(&self.requests) {
            for (status, counter) in STATUSES
                .iter()
                .zip(counters)
                .filter(|(_, counter)| counter.get() > 0)
            {
                rows.push((
                    format!(r#"{{area="{area}",status="{status}"}}"#),
                    counter.get(),
                ));
            }
        }
        Value::Counter(rows)
    }

    /// Prometheus text format 0.0.4.
    pub fn render(&self, in_flight_bytes: usize, sinks: &Counts) -> String {
        let mut text = String::with_capacity(4096);
        for line in self.lines(in_flight_bytes, sinks) {
            let kind = match line.value {
                Value::Counter(_) => "counter",
                Value::Gauge(_) | Value::Gauges(_) => "gauge",
                Value::Seconds(..) => "histogram",
            };
            let name = line.name;
            // Writing to a String has no failure.
            let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", line.help);
            match line.value {
                Value::Counter(rows) => {
                    for (labels, n) in rows {
                        let _ = writeln!(text, "{name}{labels} {n}");
                    }
                }
                Value::Gauge(n) => {
                    let _ = writeln!(text, "{name} {n}");
                }
                Value::Gauges(rows) => {
                    for (labels, n) in rows {
                        let _ = writeln!(text, "{name}{labels} {n}");
                    }
                }
                Value::Seconds(counts, sum) => write_buckets(&mut text, name, &counts, sum),
            }
        }
        text
    }
}

/// What became of events, sink by sink.
fn list_sinks(sinks: &Counts) -> [Line; 4] {
    let of_each = |read: fn(&SinkCounts) -> u64| -> Vec<(String, u64)> {
        let row = |provider: Provider| {
            let labels = format!(r#"{{provider="{}"}}"#, provider.as_str());
            (labels, read(sinks.of(provider)))
        };
        Provider::ALL.into_iter().map(row).collect()
    };
    let mut dropped = Vec::new();
    for provider in Provider::ALL {
        for reason in DropReason::ALL {
            let (sink, why) = (provider.as_str(), reason.as_str());
            let labels = format!(r#"{{provider="{sink}",reason="{why}"}}"#);
            dropped.push((labels, sinks.of(provider).dropped(reason)));
        }
    }
    let line = |name, help, value| Line { name, help, value };
    [
        line(
            "cognobserve_telemetry_sent_total",
            "Product events that a provider took from this process.",
            Value::Counter(of_each(SinkCounts::sent)),
        ),
        line(
            "cognobserve_telemetry_retried_total",
            "Sendings of events after the first.",
            Value::Counter(of_each(SinkCounts::retried)),
        ),
        line(
            "cognobserve_telemetry_dropped_total",
            "Events that are not sent, by reason.",
            Value::Counter(dropped),
        ),
        line(
            "cognobserve_telemetry_waiting",
            "Events that are stored and neither sent nor dropped; 0 in a process that does not serve the provider.",
            Value::Gauges(of_each(SinkCounts::waiting)),
        ),
    ]
}

fn write_buckets(text: &mut String, name: &str, counts: &[u64], sum: f64) {
    for (bound_ms, count) in BOUNDS_MS.iter().zip(counts) {
        let _ = writeln!(
            text,
            "{name}_bucket{{le=\"{}\"}} {count}",
            *bound_ms as f64 / 1000.0
        );
    }
    let total = counts.last().copied().unwrap_or(0);
    let _ = writeln!(
        text,
        "{name}_bucket{{le=\"+Inf\"}} {total}\n{name}_sum {sum}\n{name}_count {total}"
    );
}

#[cfg(test)]
mod tests {
    use super::super::Area;
    use super::*;
    use axum::http::StatusCode;
    use std::time::Duration;

    #[test]
    fn prometheus_text_has_every_number() {
        let metrics = Metrics::default();
        metrics.count_request(Area::Ingest, StatusCode::ACCEPTED);
        metrics.count_request(Area::Api, StatusCode::IM_A_TEAPOT);
        metrics.commit_seconds.observe(Duration::from_millis(3));
        metrics.commit_seconds.observe(Duration::from_secs(60));
        metrics.discarded_logs.add(2);
        let text = metrics.render(77, &Counts::default());
        for line in [
            r#"cognobserve_http_requests_total{area="ingest",status="202"} 1"#,
            r#"cognobserve_http_requests_total{area="api",status="other"} 1"#,
            r#"cognobserve_ingest_discarded_requests_total{signal="logs"} 2"#,
            "cognobserve_queue_bytes 77",
            r#"cognobserve_commit_seconds_bucket{le="0.002"} 0"#,
            r#"cognobserve_commit_seconds_bucket{le="0.005"} 1"#,
            r#"cognobserve_commit_seconds_bucket{le="+Inf"} 2"#,
            "cognobserve_commit_seconds_count 2",
            r#"cognobserve_telemetry_dropped_total{provider="posthog",reason="expired"} 0"#,
            r#"cognobserve_telemetry_waiting{provider="amplitude"} 0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
