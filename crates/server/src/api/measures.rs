//! All measures of the ledger as they go out, in JSON and as columns of CSV.
//!
//! Every number is made in the model; here they only get their names.
use cognobserve_model::measures::Measures;
use cognobserve_model::money::Dollars;
use serde::Serialize;
use utoipa::ToSchema;

/// Sums over spans and traces, all-time or of the asked period.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Measures)]
pub struct MeasuresOut {
    pub trace_count: i64,
    pub span_count: i64,
    /// Includes cached tokens.
    pub prompt_tokens: i64,
    /// Includes reasoning tokens.
    pub completion_tokens: i64,
    pub cached_tokens: i64,
    pub reasoning_tokens: i64,
    /// As given by the client, else prompt + completion.
    pub total_tokens: i64,
    /// Dollars, for display; exact in `totalCostUsd`.
    pub total_cost: f64,
    /// Dollars with nine decimals, exact.
    #[schema(example = "12.345678900")]
    pub total_cost_usd: String,
    /// Spans with tokens and no known price.
    pub unpriced_span_count: i64,
    /// Spans with level ERROR.
    pub error_count: i64,
    /// `errorCount` in percent of `spanCount`; 0 without spans.
    pub error_rate: f64,
    /// Traces with an ERROR span.
    pub error_trace_count: i64,
    /// `errorTraceCount` in percent of `traceCount`; 0 without traces.
    pub error_trace_rate: f64,
    /// Mean duration of ended spans.
    pub avg_latency_ms: Option<f64>,
    /// Mean time from a trace's first start to its last end.
    pub avg_trace_latency_ms: Option<f64>,
    /// Percentiles of that time, within 2 %; left out of rows that do not carry them.
    #[serde(rename = "p50TraceLatencyMs", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub p50_trace_latency_ms: Option<Option<f64>>,
    #[serde(rename = "p95TraceLatencyMs", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub p95_trace_latency_ms: Option<Option<f64>>,
    #[serde(rename = "p99TraceLatencyMs", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub p99_trace_latency_ms: Option<Option<f64>>,
}

impl From<&Measures> for MeasuresOut {
    fn from(sums: &Measures) -> MeasuresOut {
        // A row whose percentiles were not read has traces but no histogram.
        let has_percentiles = sums.ended_trace_count == 0 || !sums.trace_latency.is_empty();
        let percentile =
            |percent| has_percentiles.then(|| sums.trace_latency_percentile_ms(percent));
        MeasuresOut {
            trace_count: sums.trace_count,
            span_count: sums.span_count,
            prompt_tokens: sums.prompt_tokens,
            completion_tokens: sums.completion_tokens,
            cached_tokens: sums.cached_tokens,
            reasoning_tokens: sums.reasoning_tokens,
            total_tokens: sums.total_tokens,
            total_cost: Dollars(sums.cost_nanos).to_f64(),
            total_cost_usd: Dollars(sums.cost_nanos).to_string(),
            unpriced_span_count: sums.unpriced_span_count,
            error_count: sums.error_count,
            error_rate: sums.error_rate(),
            error_trace_count: sums.error_trace_count,
            error_trace_rate: sums.error_trace_rate(),
            avg_latency_ms: sums.avg_latency_ms(),
            avg_trace_latency_ms: sums.avg_trace_latency_ms(),
            p50_trace_latency_ms: percentile(50),
            p95_trace_latency_ms: percentile(95),
            p99_trace_latency_ms: percentile(99),
        }
    }
}

/// Measures, and the sessions that they are spread over.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MeasuresWithSessions)]
pub struct CountedOut {
    pub session_count: i64,
    #[serde(flatten)]
    pub measures: MeasuresOut,
}

impl CountedOut {
    pub fn new(measures: &Measures, session_count: i64) -> CountedOut {
        CountedOut {
            session_count,
            measures: measures.into(),
        }
    }

    /// Names of the CSV columns: the JSON names, with money as `totalCostUsd` alone.
    pub const CSV_COLUMNS: [&'static str; 19] = [
        "traceCount",
        "spanCount",
        "sessionCount",
        "promptTokens",
        "completionTokens",
        "cachedTokens",
        "reasoningTokens",
        "totalTokens",
        "totalCostUsd",
        "unpricedSpanCount",
        "errorCount",
        "errorRate",
        "errorTraceCount",
        "errorTraceRate",
        "avgLatencyMs",
        "avgTraceLatencyMs",
        "p50TraceLatencyMs",
        "p95TraceLatencyMs",
        "p99TraceLatencyMs",
    ];

    /// How many of those columns come before the percentiles, which rows of a period do not carry.
    pub const CSV_SUMS: usize = 16;

    /// The cells of those columns; nothing where JSON has null or leaves it out.
    pub fn csv_cells(&self) -> [String; 19] {
        let sums = &self.measures;
        let text = |number: i64| number.to_string();
        let maybe = |number: Option<f64>| number.map(|n| n.to_string()).unwrap_or_default();
        [
            text(sums.trace_count),
            text(sums.span_count),
            text(self.session_count),
            text(sums.prompt_tokens),
            text(sums.completion_tokens),
            text(sums.cached_tokens),
            text(sums.reasoning_tokens),
            text(sums.total_tokens),
            sums.total_cost_usd.clone(),
            text(sums.unpriced_span_count),
            text(sums.error_count),
            sums.error_rate.to_string(),
            text(sums.error_trace_count),
            sums.error_trace_rate.to_string(),
            maybe(sums.avg_latency_ms),
            maybe(sums.avg_trace_latency_ms),
            maybe(sums.p50_trace_latency_ms.flatten()),
            maybe(sums.p95_trace_latency_ms.flatten()),
            maybe(sums.p99_trace_latency_ms.flatten()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_and_json_have_the_same_names_and_numbers() {
        let mut sums = Measures {
            trace_count: 2,
            span_count: 3,
            error_count: 1,
            cost_nanos: 1_500_000_001,
            ended_trace_count: 1,
            ..Measures::default()
        };
        sums.trace_latency.add(2_000, 1);
        let counted = CountedOut::new(&sums, 4);
        let json = serde_json::to_value(&counted).unwrap();
        for (name, cell) in CountedOut::CSV_COLUMNS.iter().zip(counted.csv_cells()) {
            let value = &json[*name];
            let text = value.as_str().map(str::to_owned).unwrap_or_else(|| {
                if value.is_null() {
                    String::new()
                } else {
                    value.to_string()
                }
            });
            assert_eq!(cell.parse::<f64>().ok(), text.parse::<f64>().ok(), "{name}");
        }
        assert_eq!(json["totalCost"], 1.500000001);
        assert_eq!(
            json.as_object().unwrap().len(),
            CountedOut::CSV_COLUMNS.len() + 1
        );
    }

    #[test]
    fn sums_end_where_percentiles_begin() {
        let columns = CountedOut::CSV_COLUMNS;
        let is_percentile = |name: &&&str| name.starts_with('p') && name.ends_with("LatencyMs");
        let count = columns.iter().filter(is_percentile).count();
        assert_eq!(CountedOut::CSV_SUMS + count, columns.len());
        assert_eq!(columns[CountedOut::CSV_SUMS], "p50TraceLatencyMs");
    }

    #[test]
    fn percentiles_that_were_not_read_are_left_out() {
        let without = Measures {
            ended_trace_count: 5,
            ..Measures::default()
        };
        let json = serde_json::to_value(MeasuresOut::from(&without)).unwrap();
        assert!(json.get("p95TraceLatencyMs").is_none());
        let json = serde_json::to_value(MeasuresOut::from(&Measures::default())).unwrap();
        assert!(json["p95TraceLatencyMs"].is_null());
        assert!(json.as_object().unwrap().contains_key("p95TraceLatencyMs"));
    }
}
