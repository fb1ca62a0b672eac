//! Which attribute means what: for each of our fields the keys that carry it, the most trusted first.
//!
//! Data, not code: a client that spells something differently is one more string in a row. Of the keys that a span
//! has with a meaningful value, the first in its row wins.
use std::collections::HashMap;
use std::sync::LazyLock;

/// A field of ours that attributes may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    User,
    UserName,
    UserEmail,
    Session,
    TraceName,
    /// A name for the trace that only counts on a span without a parent.
    RootName,
    AppRoot,
    Kind,
    Level,
    StatusMessage,
    ErrorType,
    Model,
    ResponseId,
    Prompt,
    Completion,
    Total,
    Cached,
    CacheWrite,
    Reasoning,
    UsageDetails,
    CostInput,
    CostOutput,
    CostTotal,
    CostDetails,
    Input,
    Output,
    ModelParameters,
    /// OpenInference's JSON text of free metadata, which may name the user.
    Metadata,
}

impl Target {
    /// How many targets there are.
    pub const COUNT: usize = Target::Metadata as usize + 1;

    /// Whether the attribute is kept as metadata even if it fills the field: it may not be used in the end, or says
    /// more than the field holds.
    pub fn stays(self) -> bool {
        matches!(self, Target::RootName | Target::ErrorType | Target::Kind)
    }
}

/// Pseudo keys: what stands in OpenInference's `metadata` is offered as `metadata.KEY`.
pub const METADATA_USER_KEYS: [&str; 2] = ["user_id", "userId"];

/// Keys per field, in order of precedence.
pub const ROWS: &[(Target, &[&str])] = &[
    (
        Target::User,
        &[
            "langfuse.user.id",
            "user.id",
            "langfuse.trace.metadata.langfuse_user_id",
            "langfuse.observation.metadata.langfuse_user_id",
            "traceloop.association.properties.user_id",
            "lmnr.association.properties.user_id",
            "ai.telemetry.metadata.userId",
            "ai.settings.context.userId",
            "enduser.id",
            "user_id",
            "gen_ai.user.id",
            "metadata.user_id",
            "metadata.userId",
            "traceloop.association.properties.customer_id",
            "llm.user",
            "gen_ai.user",
            "enduser.pseudo.id",
        ],
    ),
    (Target::UserName, &["user.full_name", "user.name"]),
    (Target::UserEmail, &["user.email"]),
    (
        Target::Session,
        &[
            "langfuse.session.id",
            "session.id",
            "langfuse.trace.metadata.langfuse_session_id",
            "langfuse.observation.metadata.langfuse_session_id",
            "traceloop.association.properties.session_id",
            "lmnr.association.properties.session_id",
            "ai.telemetry.metadata.sessionId",
            "ai.settings.context.sessionId",
            "session_id",
            "gen_ai.conversation.id",
            "traceloop.association.properties.chat_id",
            "traceloop.association.properties.thread_id",
        ],
    ),
    (
        Target::TraceName,
        &[
            "langfuse.trace.name",
            "traceloop.workflow.name",
            "ai.telemetry.functionId",
        ],
    ),
    (Target::RootName, &["gen_ai.agent.name", "logfire.msg"]),
    (Target::AppRoot, &["langfuse.internal.is_app_root"]),
    (
        Target::Kind,
        &[
            "langfuse.observation.type",
            "openinference.span.kind",
            "gen_ai.operation.name",
            "lmnr.span.type",
            "traceloop.span.kind",
            "ai.operationId",
            "llm.request.type",
        ],
    ),
    (
        Target::Level,
        &["langfuse.observation.level", "logfire.level_num"],
    ),
    (
        Target::StatusMessage,
        &["langfuse.observation.status_message"],
    ),
    (Target::ErrorType, &["error.type"]),
    (
        Target::Model,
        &[
            "langfuse.observation.model.name",
            "gen_ai.response.model",
            "llm.response.model_name",
            "llm.model_name",
            "ai.response.model",
            "gen_ai.request.model",
            "llm.request.model_name",
            "ai.model.id",
            "model_name",
        ],
    ),
    (
        Target::ResponseId,
        &["gen_ai.response.id", "ai.response.id", "llm.response.id"],
    ),
    (
        Target::Prompt,
        &[
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.prompt_tokens",
            "llm.token_count.prompt",
            "ai.usage.inputTokens",
            "ai.usage.promptTokens",
            "llm.usage.prompt_tokens",
        ],
    ),
    (
        Target::Completion,
        &[
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.token_count.completion",
            "ai.usage.outputTokens",
            "ai.usage.completionTokens",
            "llm.usage.completion_tokens",
        ],
    ),
    (
        Target::Total,
        &[
            "gen_ai.usage.total_tokens",
            "llm.usage.total_tokens",
            "llm.token_count.total",
            "ai.usage.totalTokens",
            "ai.usage.tokens",
        ],
    ),
    (
        Target::Cached,
        &[
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.details.cache_read_tokens",
            "llm.token_count.prompt_details.cache_read",
            "ai.usage.inputTokenDetails.cacheReadTokens",
            "ai.usage.cachedInputTokens",
        ],
    ),
    (
        Target::CacheWrite,
        &[
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.details.cache_write_tokens",
            "llm.token_count.prompt_details.cache_write",
            "ai.usage.inputTokenDetails.cacheWriteTokens",
        ],
    ),
    (
        Target::Reasoning,
        &[
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "gen_ai.usage.details.reasoning_tokens",
            "llm.token_count.completion_details.reasoning",
            "ai.usage.outputTokenDetails.reasoningTokens",
            "ai.usage.reasoningTokens",
        ],
    ),
    (
        Target::UsageDetails,
        &["langfuse.observation.usage_details"],
    ),
    (
        Target::CostInput,
        &[
            "llm.cost.prompt",
            "gen_ai.cost.input_cost",
            "gen_ai.usage.input_cost",
        ],
    ),
    (
        Target::CostOutput,
        &[
            "llm.cost.completion",
            "gen_ai.cost.output_cost",
            "gen_ai.usage.output_cost",
        ],
    ),
    (
        Target::CostTotal,
        &[
            "operation.cost",
            "gen_ai.usage.cost",
            "llm.cost.total",
            "gen_ai.cost.total_cost",
            "$ai_total_cost_usd",
        ],
    ),
    (Target::CostDetails, &["langfuse.observation.cost_details"]),
    (
        Target::Input,
        &[
            "langfuse.observation.input",
            "gen_ai.input.messages",
            "input.value",
            "traceloop.entity.input",
            "lmnr.span.input",
            "ai.prompt.messages",
            "ai.prompt",
            "ai.toolCall.args",
            "gen_ai.tool.call.arguments",
            "pydantic_ai.all_messages",
            "langfuse.trace.input",
        ],
    ),
    (
        Target::Output,
        &[
            "langfuse.observation.output",
            "gen_ai.output.messages",
            "output.value",
            "traceloop.entity.output",
            "lmnr.span.output",
            "ai.response.text",
            "ai.response.object",
            "ai.response.toolCalls",
            "ai.toolCall.result",
            "gen_ai.tool.call.result",
            "final_result",
            "langfuse.trace.output",
        ],
    ),
    (
        Target::ModelParameters,
        &[
            "langfuse.observation.model.parameters",
            "llm.invocation_parameters",
        ],
    ),
    (Target::Metadata, &["metadata"]),
];

/// How an attribute that is in no row is treated, by the start of its key; the first match counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `…metadata.KEY` of the trace becomes KEY of the trace's metadata.
    TraceMetadata,
    /// The same for the span.
    SpanMetadata,
    /// A plain fact of the trace, put into its metadata.
    TraceFact,
    /// The same for the span.
    SpanFact,
    /// Custom attribute of the user.
    UserMetadata,
    /// One of several messages in.
    InputMessage,
    /// One of several messages out.
    OutputMessage,
    /// A parameter of the model call.
    ModelParameter,
}

/// Key prefixes and what they mean.
pub const FAMILIES: &[(&str, Family)] = &[
    ("langfuse.trace.metadata.", Family::TraceMetadata),
    ("langfuse.observation.metadata.", Family::SpanMetadata),
    ("langfuse.trace.", Family::TraceFact),
    ("langfuse.observation.", Family::SpanFact),
    ("langfuse.", Family::TraceFact),
    ("user.", Family::UserMetadata),
    ("gen_ai.prompt.", Family::InputMessage),
    ("llm.input_messages.", Family::InputMessage),
    ("gen_ai.completion.", Family::OutputMessage),
    ("llm.output_messages.", Family::OutputMessage),
    ("gen_ai.request.", Family::ModelParameter),
];

static BY_KEY: LazyLock<HashMap<&'static str, (Target, usize)>> = LazyLock::new(|| {
    let ranked = |(target, keys): &(Target, &'static [&'static str])| {
        let target = *target;
        keys.iter()
            .enumerate()
            .map(move |(rank, key)| (*key, (target, rank)))
    };
    ROWS.iter().flat_map(ranked).collect()
});

/// The field that a key may fill, and its rank in the row (0 is the most trusted).
pub fn find_target(key: &str) -> Option<(Target, usize)> {
    BY_KEY.get(key).copied()
}

/// The family of a key that is in no row, and what follows the prefix.
pub fn find_family(key: &str) -> Option<(Family, &str)> {
    FAMILIES
        .iter()
        .find_map(|(prefix, family)| Some((*family, key.strip_prefix(prefix)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_stands_once_and_every_target_has_a_row() {
        let all: usize = ROWS.iter().map(|(_, keys)| keys.len()).sum();
        assert_eq!(BY_KEY.len(), all);
        for (at, (target, _)) in ROWS.iter().enumerate() {
            assert_eq!(*target as usize, at, "rows are in the order of the targets");
        }
        assert_eq!(ROWS.len(), Target::COUNT);
    }

    #[test]
    fn finds_rows_and_families() {
        assert_eq!(find_target("user.id"), Some((Target::User, 1)));
        assert_eq!(find_target("nothing"), None);
        assert_eq!(
            find_family("user.roles"),
            Some((Family::UserMetadata, "roles"))
        );
        assert_eq!(
            find_family("langfuse.trace.metadata.a.b"),
            Some((Family::TraceMetadata, "a.b"))
        );
        assert_eq!(
            find_family("langfuse.environment"),
            Some((Family::TraceFact, "environment"))
        );
        assert_eq!(
            find_family("langfuse.observation.completion_start_time"),
            Some((Family::SpanFact, "completion_start_time"))
        );
        assert_eq!(find_family("other"), None);
        for key in METADATA_USER_KEYS {
            assert!(find_target(&format!("metadata.{key}")).is_some());
        }
    }
}
