//! A server in small: many users at once, each request in a scope of its own.
//!
//! `COGNOBSERVE_API_KEY=co_sk_… cargo run --example many_users`

use cognobserve_sdk::{Config, Observe, init, observe, with_user};
use serde_json::{Value, json};

/// Stands for a call of your provider's package: any answer that is `Serialize` is read.
async fn ask_the_model(question: &str) -> Result<Value, std::io::Error> {
    tokio::task::yield_now().await;
    Ok(json!({
        "id": format!("chatcmpl-{question}"), "object": "chat.completion", "model": "gpt-4o",
        "choices": [{"message": {"role": "assistant", "content": "Hello!"}}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
    }))
}

async fn handle_request(user_id: String) -> Result<String, std::io::Error> {
    let question = format!("How do I pay, asks {user_id}?");
    with_user(user_id, async {
        let call = Observe::new("answer").input(&question).generation();
        let answer = observe(call, ask_the_model(&question)).await?;
        Ok(answer["choices"][0]["message"]["content"].to_string())
    })
    .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _client = init(Config::new());
    let tasks: Vec<_> = (0..10)
        .map(|number| tokio::spawn(handle_request(format!("visitor-{number}"))))
        .collect();
    let count = tasks.len();
    for task in tasks {
        task.await??;
    }
    println!("{count} answers");
    Ok(())
}
