//! Every shared scenario, compared to the byte with what all SDKs send.

mod support;

use std::fmt::Display;

use cognobserve_sdk::{
    Content, Event, Level, Observe, Outcome, Usage, User, log, observe, observe_stream,
    observe_sync, set_user, start_trace, track, with_session_sync, with_user, with_user_sync,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use support::fixtures::{folder, normalise, read_answer, read_fixture};
use support::{Stage, start};

fn john() -> User {
    User::new("user-123")
        .name("John Doe")
        .email("john@acme.com")
}

fn call(name: &str) {
    observe_sync(Observe::new(name), || ());
}

fn chat() -> Result<Value, String> {
    Ok(read_answer("openai-chat"))
}

fn ask(name: &str, answer: &str) {
    observe_sync(Observe::new(name).user_id("user-123").generation(), || {
        read_answer(answer)
    });
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn expect<T: Outcome, E: Display>(answer: Result<T, E>, message: &str) -> Result<T, String> {
    answer.map_err(|error| {
        assert_eq!(error.to_string(), message);
        message.to_owned()
    })
}

fn play(name: &str, stage: &mut Stage) {
    match name {
        "user-id" => {
            let options = Observe::new("chat-completion")
                .user_id("user-123")
                .session("session-456");
            run(observe(options.generation(), async { chat() })).unwrap();
        }
        "full-user" => {
            let user = john()
                .attribute("plan", "enterprise")
                .attribute("company", "Acme Corp");
            let options = Observe::new("chat-completion")
                .user(user)
                .session("session-456");
            run(observe(options.generation(), async { chat() })).unwrap();
        }
        "global-user" => {
            set_user(john());
            observe_sync(Observe::new("action-1"), || "one");
            observe_sync(Observe::new("action-2"), || Value::Null);
            set_user(None);
            call("action-3");
        }
        "with-user" => {
            set_user(User::new("global-1").name("G"));
            with_user_sync(john(), || {
                call("a");
                observe_sync(Observe::new("b").user_id("user-123"), || ());
                observe_sync(Observe::new("c").user_id("user-9"), || ());
                let nina = User::new("user-9").name("Nina");
                observe_sync(Observe::new("d").user(nina).user_id("user-8"), || ());
                with_user_sync(None, || call("e"));
            });
            call("f");
            observe_sync(Observe::new("g").user_id("user-9"), || ());
        }
        "another-user-within" => {
            let welcome = || {
                let free = User::new("user-123").attribute("plan", "free");
                observe(Observe::new("welcome").user(free), async {
                    observe(Observe::new("write"), async { "hi" }).await;
                    "sent"
                })
            };
            let import = Observe::new("import").user_id("admin-1").session("batch-1");
            run(observe(import, async {
                welcome().await;
            }));
        }
        "user-of-the-innermost-scope" => run(with_user("outer-1", async {
            observe(Observe::new("call").user_id("user-123"), async {
                call("own");
                with_user("user-9", async { call("theirs") }).await;
            })
            .await;
        })),
        "nested" => nested(),
        "failure" => {
            let charge = || observe_sync(Observe::new("charge"), || Err::<(), _>("no credit"));
            let paid = observe_sync(Observe::new("pay").user_id("user-123"), charge);
            expect(paid, "no credit").unwrap_err();
        }
        "by-hand" => by_hand(),
        "empty-trace" => {
            let options = Observe::new("visit")
                .user_id("user-123")
                .session("session-456");
            let trace = start_trace(options.metadata("page", 1));
            trace.end();
            trace.end();
        }
        "late-span" => {
            let trace = start_trace(Observe::new("request").user_id("user-123"));
            let (respond, background) =
                (trace.start_span("respond"), trace.start_span("background"));
            respond.end();
            trace.end();
            stage.flush();
            background.set_output("late").end();
        }
        "log-alone" => {
            set_user("user-123");
            log("started", json!({"version": 3}), Level::Default);
        }
        "masked" => masked(stage),
        "events" => events(stage),
        "without-content" => {
            stage.restart(|config| config.capture_content(false));
            let options = Observe::new("ask")
                .user_id("user-123")
                .input("secret")
                .generation();
            observe_sync(options, chat).unwrap();
        }
        "anthropic" => ask("ask", "anthropic"),
        "responses" => ask("ask", "openai-responses"),
        "embeddings" => ask("embed", "openai-embeddings"),
        "openai-stream" => {
            let options = Observe::new("openai.chat.completions")
                .generation()
                .input(json!([{"role": "user", "content": "Hi"}]))
                .model("gpt-4o")
                .model_parameters(json!({"temperature": 0.2}));
            play_stream(options, "openai-stream", 5);
        }
        "anthropic-stream" => {
            let options = Observe::new("anthropic.messages")
                .generation()
                .input(json!([{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]))
                .model("claude-sonnet-4-5")
                .model_parameters(json!({"max_tokens": 100}));
            play_stream(options, "anthropic-stream", 8);
        }
        other => panic!("no scenario {other}"),
    }
}

fn nested() {
    let options = Observe::new("answer")
        .user_id("user-123")
        .metadata("feature", "support");
    run(observe(options, async {
        let search = Observe::new("search")
            .input(json!({"query": "invoice"}))
            .metadata("index", "help");
        observe(search, async { vec![1, 2] }).await;
        log("found", json!({"hits": 2}), Level::Warning);
        observe(Observe::new("llm").generation(), async { chat() })
            .await
            .unwrap();
        "done"
    }));
}

fn by_hand() {
    let options = Observe::new("job")
        .user_id("user-123")
        .session("session-456");
    let trace = start_trace(options.metadata("kind", "nightly"));
    let fetch = trace.start_span("fetch");
    fetch
        .set_input(json!({"page": 1}))
        .set_output(json!({"rows": 10}))
        .end();
    let llm = fetch.start_span(Observe::new("llm").generation());
    llm.set_model("gpt-4o")
        .set_model_parameters(json!({"temperature": 0.7}));
    llm.set_usage(Usage::tokens(100, 50))
        .set_cost(0.25)
        .set_metadata("try", 2)
        .end();
    trace.start_span("broken").set_error("time-out").end();
    trace.end();
}

fn events(stage: &mut Stage) {
    stage.restart(|config| {
        config.mask(|mut value, _| {
            value.as_object_mut().unwrap().remove("secret");
            value
        })
    });
    track("signup", ());
    with_user_sync(User::new("user-123").attribute("plan", "pro"), || {
        with_session_sync("session-456", || {
            let properties = json!({"type": "text", "count": 2, "has_metadata": true, "secret": 1});
            track("memory_created", properties);
            let read = Event::new("memory_read").user_id("user-9");
            track(read.session("session-7"), json!({}));
        });
    });
    with_user_sync(None, || track("logout", ()));
}

fn masked(stage: &mut Stage) {
    let ask = || {
        let options = Observe::new("ask")
            .user_id("user-123")
            .input("my card is 4111");
        observe_sync(options, || "thanks");
    };
    stage.restart(|config| {
        config.mask(|value, what| {
            let expected = if what == Content::Input {
                "my card is 4111"
            } else {
                "thanks"
            };
            assert_eq!(value, expected);
            json!({"hidden": true})
        })
    });
    ask();
    stage.flush();
    stage.restart(|config| config.mask(|_, _| panic!("on purpose")));
    ask();
    stage.flush();
}

fn play_stream(options: Observe, answer: &str, count: usize) {
    let pieces = read_answer(answer).as_array().unwrap().clone();
    let pieces = pieces.into_iter().map(Ok::<_, String>);
    run(with_user("user-123", async {
        let stream = observe_stream(options, stream::iter(pieces));
        assert_eq!(stream.count().await, count);
    }));
}

#[test]
fn every_scenario_sends_the_golden_requests() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            Some(
                entry
                    .unwrap()
                    .file_name()
                    .to_str()?
                    .strip_suffix(".json")?
                    .to_owned(),
            )
        })
        .collect();
    names.sort();
    assert_eq!(names.len(), 20);
    for name in names {
        let mut stage = start(|config| config);
        play(&name, &mut stage);
        stage.flush();
        let bodies = stage.server.bodies();
        let sent = if name == "masked" {
            // Two runs: ids begin anew.
            bodies
                .iter()
                .flat_map(|body| normalise(std::slice::from_ref(body)))
                .collect()
        } else {
            normalise(&bodies)
        };
        assert_eq!(sent, read_fixture(&name), "{name}");
    }
}
