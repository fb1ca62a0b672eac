//! What kind of step a span is, in the words of the clients.
//!
//! A container must never be taken for a model call: both carry the same tokens, and only calls count for sure.
use crate::given::Given;
use cognobserve_model::span::{Level, SpanKind};

/// The kind that this attribute tells; `None` if its word says nothing.
pub fn read_kind(key: &str, given: &Given) -> Option<SpanKind> {
    let Given::Text(word) = given else {
        return None;
    };
    let word = word.trim();
    if key == "ai.operationId" {
        return read_operation(word);
    }
    let lower = word.to_ascii_lowercase();
    let kind = match (key, lower.as_str()) {
        ("gen_ai.operation.name", "chat" | "text_completion" | "generate_content") => {
            SpanKind::Generation
        }
        ("gen_ai.operation.name", "embeddings") => SpanKind::Embedding,
        ("gen_ai.operation.name", "invoke_agent" | "create_agent" | "agent_step") => {
            SpanKind::Agent
        }
        ("gen_ai.operation.name", "invoke_workflow") => SpanKind::Chain,
        ("gen_ai.operation.name", "execute_tool") => SpanKind::Tool,
        ("gen_ai.operation.name", "retrieval") => SpanKind::Retriever,
        ("traceloop.span.kind", "workflow") => SpanKind::Chain,
        ("traceloop.span.kind", "task") => SpanKind::Span,
        ("openinference.span.kind" | "lmnr.span.type", "llm") => SpanKind::Generation,
        ("openinference.span.kind", "prompt" | "decision") => SpanKind::Span,
        ("lmnr.span.type", "executor" | "evaluation") => SpanKind::Chain,
        ("llm.request.type", "chat" | "completion") => SpanKind::Generation,
        ("llm.request.type", "rerank") => SpanKind::Reranker,
        // A word of ours, which most of theirs are; `DEFAULT` and `UNKNOWN` are none.
        _ => return SpanKind::parse(&lower),
    };
    Some(kind)
}

/// The AI SDK's operations: only `do…` calls the provider, everything else is around such calls.
fn read_operation(word: &str) -> Option<SpanKind> {
    let last = word.rsplit('.').next().unwrap_or_default();
    match last {
        "doGenerate" | "doStream" => Some(SpanKind::Generation),
        "doEmbed" => Some(SpanKind::Embedding),
        "toolCall" => Some(SpanKind::Tool),
        _ => word.starts_with("ai.").then_some(SpanKind::Chain),
    }
}

/// The level that this attribute tells.
pub fn read_level(key: &str, given: &Given) -> Option<Level> {
    if key == "logfire.level_num" {
        // OpenTelemetry's severity numbers.
        return given.as_f64().map(|number| match number {
            n if n >= 17.0 => Level::Error,
            n if n >= 13.0 => Level::Warning,
            n if n < 9.0 => Level::Debug,
            _ => Level::Default,
        });
    }
    match given {
        Given::Text(word) => Level::parse(word.trim()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_words_become_ours() {
        let read = |key, word: &str| read_kind(key, &Given::Text(word.into()));
        for (key, word, kind) in [
            (
                "langfuse.observation.type",
                "generation",
                SpanKind::Generation,
            ),
            (
                "langfuse.observation.type",
                "guardrail",
                SpanKind::Guardrail,
            ),
            ("openinference.span.kind", "LLM", SpanKind::Generation),
            ("openinference.span.kind", "RERANKER", SpanKind::Reranker),
            ("gen_ai.operation.name", "chat", SpanKind::Generation),
            ("gen_ai.operation.name", "invoke_agent", SpanKind::Agent),
            ("traceloop.span.kind", "workflow", SpanKind::Chain),
            ("traceloop.span.kind", "tool", SpanKind::Tool),
            ("lmnr.span.type", "LLM", SpanKind::Generation),
            (
                "ai.operationId",
                "ai.generateText.doGenerate",
                SpanKind::Generation,
            ),
            ("ai.operationId", "ai.generateText", SpanKind::Chain),
            (
                "ai.operationId",
                "ai.embedMany.doEmbed",
                SpanKind::Embedding,
            ),
            ("ai.operationId", "ai.embed", SpanKind::Chain),
            ("ai.operationId", "ai.toolCall", SpanKind::Tool),
        ] {
            assert_eq!(read(key, word), Some(kind), "{key} {word}");
        }
        for (key, word) in [
            ("lmnr.span.type", "DEFAULT"),
            ("gen_ai.operation.name", "dance"),
            ("openinference.span.kind", "UNKNOWN"),
            ("ai.operationId", "x"),
        ] {
            assert_eq!(read(key, word), None, "{key} {word}");
        }
    }

    #[test]
    fn levels_come_as_words_and_numbers() {
        let level = |number| read_level("logfire.level_num", &Given::Int(number));
        assert_eq!(
            [5, 9, 13, 17].map(level),
            [Level::Debug, Level::Default, Level::Warning, Level::Error].map(Some)
        );
        assert_eq!(
            read_level("langfuse.observation.level", &Given::Text("WARNING".into())),
            Some(Level::Warning)
        );
        assert_eq!(
            read_level("langfuse.observation.level", &Given::Int(1)),
            None
        );
    }
}
