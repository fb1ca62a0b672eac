//! An app that traces with `tracing`: a layer is all that is added. Many users at once, each with a span of their own.
//!
//! `COGNOBSERVE_API_KEY=co_sk_… cargo run --features tracing --example tracing_layer`

use std::time::Duration;

use cognobserve_sdk::{Config, TracingLayer, init};
use tracing::field::Empty;
use tracing::{Instrument, error, info_span};
use tracing_subscriber::prelude::*;

/// Stands for a call of your provider's package.
async fn ask_the_model(question: &str) -> Result<(String, u64, u64), String> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    match question {
        "" => Err("no question".to_owned()),
        _ => Ok(("Hello!".to_owned(), 12, 3)),
    }
}

async fn answer(question: &str) {
    let span = info_span!(
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.request.model = "gpt-4o",
        gen_ai.input.messages = question,
        gen_ai.output.messages = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
    );
    async {
        match ask_the_model(question).await {
            Ok((text, prompt, completion)) => {
                let span = tracing::Span::current();
                span.record("gen_ai.output.messages", text);
                span.record("gen_ai.usage.input_tokens", prompt);
                span.record("gen_ai.usage.output_tokens", completion);
            }
            Err(error) => error!(error, "the model did not answer"),
        }
    }
    .instrument(span)
    .await;
}

#[tokio::main]
async fn main() {
    let client = init(Config::new());
    tracing_subscriber::registry()
        .with(TracingLayer::new())
        .init();

    let requests: Vec<_> = (0..10)
        .map(|number| {
            let request = info_span!(
                "request",
                user.id = format!("traced-{number}"),
                user.plan = "pro",
                session.id = format!("chat-{number}"),
            );
            let question = if number == 9 { "" } else { "How do I pay?" };
            tokio::spawn(answer(question).instrument(request))
        })
        .collect();
    for request in requests {
        drop(request.await);
    }
    let is_sent = tokio::task::spawn_blocking(move || client.flush(Duration::from_secs(5))).await;
    println!("sent: {}", is_sent.unwrap_or(false));
}
