//! The quick start of the README: one call of one user.
//!
//! `COGNOBSERVE_API_KEY=co_sk_… cargo run --example quick_start`

use cognobserve_sdk::{Config, Observe, init, observe, with_user};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), std::io::Error> {
    // Reads COGNOBSERVE_API_KEY and COGNOBSERVE_ENDPOINT. Dropped at the end of main, it sends what waits.
    let _client = init(Config::new());

    let call = Observe::new("answer").generation().input("Hello?");
    let answer = with_user("user-123", observe(call, ask("Hello?"))).await?;

    println!("{}", answer["choices"][0]["message"]["content"]);
    Ok(())
}

/// Stands for your provider's client: any answer that is `Serialize` is read.
async fn ask(_question: &str) -> Result<Value, std::io::Error> {
    Ok(json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-mini",
        "choices": [{"message": {"role": "assistant", "content": "Hello!"}}],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 300, "total_tokens": 1500},
    }))
}
