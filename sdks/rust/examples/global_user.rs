//! A program with one user, such as a command line tool: the user is named once.
//!
//! `COGNOBSERVE_API_KEY=co_sk_… cargo run --example global_user`

use cognobserve_sdk::{
    Config, Level, Observe, Usage, User, current_span, init, log, observe_sync, set_user,
};
use serde_json::json;

fn read_file(name: &str) -> String {
    observe_sync(Observe::new("read_file").input(name), || {
        format!("the text of {name}")
    })
}

fn summarise(name: &str) -> String {
    observe_sync(
        Observe::new("summarise").metadata("feature", "summary"),
        || {
            let text = read_file(name);
            log("read", json!({"characters": text.len()}), Level::Default);
            observe_sync(Observe::new("llm").generation().input(&text), || {
                if let Some(llm) = current_span() {
                    llm.set_model("my-own-model")
                        .set_model_parameters(json!({"temperature": 0.2}));
                    llm.set_usage(Usage::tokens(100, 50)).set_cost(0.25);
                }
                "short".to_owned()
            })
        },
    )
}

fn main() {
    let _client = init(Config::new());
    set_user(
        User::new("user-789")
            .name("Global User")
            .email("global@acme.com"),
    );
    println!("{}", summarise("report.txt"));
}
