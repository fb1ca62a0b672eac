//! `users`: end users, read and changed over a running server.
//! Invariant: a user is named by the developer's own id unless `--id` says otherwise.
mod show;

use super::ask::confirm;
use super::client::{Client, ClientArgs, encode_segment};
use super::output::{OutputArgs, print_json, print_line};
use super::pages::{collect_pages, given};
use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

/// List, inspect and change end users of a running server
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cognobserve users list --search acme --sort totalCost\n  cognobserve users traces user_123 --level ERROR\n  cognobserve users delete user_123 --mode erase"
)]
pub struct UsersArgs {
    #[command(subcommand)]
    command: UsersCommand,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum UsersCommand {
    /// List users with their sums
    #[command(after_help = "Example:\n  cognobserve users list --sort totalCost --limit 20")]
    List(ListArgs),
    /// Show one user with the latest sessions
    #[command(after_help = "Example:\n  cognobserve users get user_123")]
    Get(UserArg),
    /// List a user's traces, newest first
    #[command(after_help = "Example:\n  cognobserve users traces user_123 --level ERROR")]
    Traces(TracesArgs),
    /// Show a user's days
    #[command(
        after_help = "Example:\n  cognobserve users analytics user_123 --days 7 --tz Europe/Berlin"
    )]
    Analytics(AnalyticsArgs),
    /// Change name, e-mail or metadata (needs a key with the scope admin)
    #[command(
        after_help = "Example:\n  cognobserve users update user_123 --name 'John Doe' --metadata plan=pro --metadata trial=null"
    )]
    Update(UpdateArgs),
    /// Delete a user (needs a key with the scope admin)
    #[command(after_help = "Example:\n  cognobserve users delete user_123 --mode erase")]
    Delete(DeleteArgs),
}

#[derive(Debug, clap::Args)]
struct UserArg {
    /// The user's id in your app
    user: String,
    /// USER is the id that CognObserve gave (usr_…)
    #[arg(long)]
    id: bool,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Part of a name, e-mail address or id
    #[arg(long)]
    search: Option<String>,
    /// lastSeenAt, firstSeenAt, traceCount, totalCost, totalTokens, errorCount, errorTraceRate, avgLatencyMs, sessionCount or name
    #[arg(long, value_name = "FIELD")]
    sort: Option<String>,
    /// asc or desc
    #[arg(long)]
    order: Option<String>,
    /// Last seen at or after this time or date
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Last seen at or before this time or date
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Sums from this time or date on
    #[arg(long, value_name = "TIME")]
    stats_from: Option<String>,
    /// Sums up to, and without, this time or date
    #[arg(long, value_name = "TIME")]
    stats_to: Option<String>,
    /// Only users whose metadata has this value; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    metadata: Vec<String>,
    /// How many; 0 for all
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, clap::Args)]
struct TracesArgs {
    #[command(flatten)]
    user: UserArg,
    /// Only traces with a span of this level: DEBUG, DEFAULT, WARNING or ERROR
    #[arg(long)]
    level: Option<String>,
    /// Part of a trace's id or name, of a span's name or message
    #[arg(long)]
    search: Option<String>,
    /// From this time or date on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Up to, and without, this time or date
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// How many; 0 for all
    #[arg(long, default_value_t = 20)]
    limit: usize,
}

#[derive(Debug, clap::Args)]
struct AnalyticsArgs {
    #[command(flatten)]
    user: UserArg,
    /// How many days, today last (1-366)
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Time zone of the days [default: the project's]
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
}

#[derive(Debug, clap::Args)]
struct UpdateArgs {
    #[command(flatten)]
    user: UserArg,
    /// New name; empty clears it
    #[arg(long)]
    name: Option<String>,
    /// New e-mail address; empty clears it
    #[arg(long)]
    email: Option<String>,
    /// A key to set; VALUE is JSON if it can be read so, else a text; null deletes the key
    #[arg(long, value_name = "KEY=VALUE")]
    metadata: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct DeleteArgs {
    #[command(flatten)]
    user: UserArg,
    /// unlink: traces stay, unattributed. erase: everything readable goes, the spend stays anonymous
    #[arg(long, default_value = "unlink", value_parser = ["unlink", "erase"])]
    mode: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub fn run(args: UsersArgs) -> anyhow::Result<()> {
    let client = Client::connect(&args.client)?;
    let is_json = args.output.json;
    match args.command {
        UsersCommand::List(list) => {
            let answer = list_users(&client, &list)?;
            if is_json {
                print_json(&answer)
            } else {
                show::print_users(&answer)
            }
        }
        UsersCommand::Get(user) => {
            let answer = client.get(&path_of_detail(&user), &[])?;
            if is_json {
                print_json(&answer)
            } else {
                show::print_user(&answer)
            }
        }
        UsersCommand::Traces(traces) => {
            let path = format!("/v1/users/{}/traces", find_id(&client, &traces.user)?);
            let query = [
                ("level", traces.level),
                ("search", traces.search),
                ("from", traces.from),
                ("to", traces.to),
            ];
            let answer = collect_pages(&client, &path, &given(query), traces.limit)?;
            if is_json {
                print_json(&answer)
            } else {
                show::print_traces(&answer)
            }
        }
        UsersCommand::Analytics(args) => {
            let path = format!("/v1/users/{}/analytics", find_id(&client, &args.user)?);
            let query = given([("days", Some(args.days.to_string())), ("tz", args.tz)]);
            let answer = client.get(&path, &query)?;
            if is_json {
                print_json(&answer)
            } else {
                show::print_days(&answer)
            }
        }
        UsersCommand::Update(update) => {
            let body = write_changes(&update)?;
            let answer = client.patch(
                &format!("/v1/users/{}", find_id(&client, &update.user)?),
                &body,
            )?;
            if is_json {
                print_json(&answer)
            } else {
                show::print_user(&answer)
            }
        }
        UsersCommand::Delete(delete) => delete_user(&client, &delete, is_json),
    }
}

fn delete_user(client: &Client, args: &DeleteArgs, is_json: bool) -> anyhow::Result<()> {
    confirm(
        &format!("Delete user {:?} (mode {})?", args.user.user, args.mode),
        args.yes,
    )?;
    let path = format!("/v1/users/{}", find_id(client, &args.user)?);
    let answer = client.delete(&path, &[("mode", args.mode.clone())])?;
    if is_json {
        return print_json(&answer);
    }
    let count = |key: &str| answer.get(key).and_then(Value::as_i64).unwrap_or_default();
    print_line(&format!(
        "deleted; {} traces and {} sessions are unlinked",
        count("tracesUnlinked"),
        count("sessionsUnlinked")
    ))
}

fn list_users(client: &Client, args: &ListArgs) -> anyhow::Result<Value> {
    let fixed = [
        ("search", args.search.clone()),
        ("sortBy", args.sort.clone()),
        ("sortOrder", args.order.clone()),
        ("from", args.from.clone()),
        ("to", args.to.clone()),
        ("statsFrom", args.stats_from.clone()),
        ("statsTo", args.stats_to.clone()),
    ];
    let mut query = given(fixed);
    let filters: anyhow::Result<Vec<(String, String)>> =
        args.metadata.iter().map(|pair| split_pair(pair)).collect();
    let filters: Vec<(String, String)> = filters?
        .into_iter()
        .map(|(key, value)| (format!("metadata.{key}"), value))
        .collect();
    query.extend(
        filters
            .iter()
            .map(|(key, value)| (key.as_str(), value.clone())),
    );
    collect_pages(client, "/v1/users", &query, args.limit)
}

fn path_of_detail(user: &UserArg) -> String {
    let segment = encode_segment(&user.user);
    if user.id {
        format!("/v1/users/{segment}")
    } else {
        format!("/v1/users/by-external-id/{segment}")
    }
}

/// Our id, as a segment of a path.
fn find_id(client: &Client, user: &UserArg) -> anyhow::Result<String> {
    if user.id {
        return Ok(encode_segment(&user.user));
    }
    let answer = client.get(&path_of_detail(user), &[])?;
    let id = answer.get("id").and_then(Value::as_str);
    id.map(encode_segment)
        .context("the answer has no id: is this a CognObserve server?")
}

fn write_changes(args: &UpdateArgs) -> anyhow::Result<Value> {
    let mut body = Map::new();
    let clearable = |text: &String| {
        if text.is_empty() {
            Value::Null
        } else {
            json!(text)
        }
    };
    body.extend(
        args.name
            .as_ref()
            .map(|name| ("name".to_owned(), clearable(name))),
    );
    body.extend(
        args.email
            .as_ref()
            .map(|email| ("email".to_owned(), clearable(email))),
    );
    if !args.metadata.is_empty() {
        let mut metadata = Map::new();
        for pair in &args.metadata {
            let (key, text) = split_pair(pair)?;
            metadata.insert(
                key,
                serde_json::from_str(&text).unwrap_or(Value::String(text)),
            );
        }
        body.insert("metadata".to_owned(), Value::Object(metadata));
    }
    if body.is_empty() {
        bail!("nothing to change: give --name, --email or --metadata");
    }
    Ok(Value::Object(body))
}

fn split_pair(pair: &str) -> anyhow::Result<(String, String)> {
    let (key, value) = pair
        .split_once('=')
        .with_context(|| format!("{pair:?} is not KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}
