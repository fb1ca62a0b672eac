//! What a field's name means: OpenTelemetry's conventions for users, sessions and model calls.

/// Where a value goes. Of several names for one thing, the lower rank is trusted more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    UserId(u8),
    /// A part of the profile, by its key.
    User(&'a str),
    Session(u8),
    Operation,
    RequestModel,
    ResponseModel,
    ResponseId,
    Prompt,
    Completion,
    Total,
    Cached,
    CacheWrite,
    Reasoning,
    Cost,
    /// A parameter of the model, by its key.
    Parameter(&'a str),
    Input,
    Output,
    Name,
    Status,
    StatusMessage,
    ErrorType,
    /// Says nothing that is kept.
    Nothing,
    /// Metadata.
    Other,
}

pub(super) fn read_meaning(name: &str) -> Meaning<'_> {
    match name {
        "user.id" => Meaning::UserId(0),
        "enduser.id" => Meaning::UserId(1),
        "user.full_name" => Meaning::User("name"),
        "session.id" => Meaning::Session(0),
        "gen_ai.conversation.id" => Meaning::Session(1),
        "gen_ai.operation.name" => Meaning::Operation,
        "gen_ai.request.model" => Meaning::RequestModel,
        "gen_ai.response.model" => Meaning::ResponseModel,
        "gen_ai.response.id" => Meaning::ResponseId,
        "gen_ai.usage.input_tokens" | "gen_ai.usage.prompt_tokens" => Meaning::Prompt,
        "gen_ai.usage.output_tokens" | "gen_ai.usage.completion_tokens" => Meaning::Completion,
        "gen_ai.usage.total_tokens" => Meaning::Total,
        "gen_ai.usage.cache_read.input_tokens" => Meaning::Cached,
        "gen_ai.usage.cache_write.input_tokens" | "gen_ai.usage.cache_creation.input_tokens" => {
            Meaning::CacheWrite
        }
        "gen_ai.usage.reasoning.output_tokens" => Meaning::Reasoning,
        "gen_ai.usage.cost" | "operation.cost" => Meaning::Cost,
        "gen_ai.input.messages" | "gen_ai.prompt" | "input.value" => Meaning::Input,
        "gen_ai.output.messages" | "gen_ai.completion" | "output.value" => Meaning::Output,
        "otel.name" => Meaning::Name,
        "otel.status_code" => Meaning::Status,
        "otel.status_message" | "otel.status_description" | "exception.message" => {
            Meaning::StatusMessage
        }
        "error.type" => Meaning::ErrorType,
        "otel.kind" => Meaning::Nothing,
        _ => match name.split_once('.') {
            Some(("user", key)) if !key.is_empty() => Meaning::User(key),
            Some(("gen_ai", key)) => key
                .strip_prefix("request.")
                .map_or(Meaning::Other, Meaning::Parameter),
            _ => Meaning::Other,
        },
    }
}

/// Whether a span with this field is one that is recorded for its own sake.
pub(super) fn is_known(name: &str) -> bool {
    name.starts_with("gen_ai.")
        || matches!(read_meaning(name), Meaning::UserId(_) | Meaning::Session(_))
}

/// The type of a span with this `gen_ai.operation.name`.
pub(super) fn read_operation(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "chat" | "text_completion" | "generate_content" => "generation",
        "embeddings" => "embedding",
        "execute_tool" => "tool",
        "invoke_agent" | "create_agent" => "agent",
        "invoke_workflow" => "chain",
        "retrieval" => "retriever",
        _ => return None,
    })
}

/// Whether only a call of a model has this field.
pub(super) fn is_of_model_call(name: &str) -> bool {
    name.starts_with("gen_ai.usage.")
        || matches!(
            read_meaning(name),
            Meaning::RequestModel | Meaning::ResponseModel | Meaning::ResponseId
        )
}
