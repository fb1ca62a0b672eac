//! `events`: product events, asked of a running server. People only where the edition knows them.
use super::client::{Client, ClientArgs, encode_segment};
use super::output::{OutputArgs, print_json, print_line, print_table};
use super::pages::{cell, collect_pages, given, rows};
use anyhow::Context;
use serde_json::Value;

/// List and count product events of a running server
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cognobserve events list --event memory_created --user user_123\n  cognobserve events count --by endUser"
)]
pub struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum EventsCommand {
    /// List events, newest first (not in the open-source edition)
    #[command(after_help = "Example:\n  cognobserve events list --from 2026-11-01 --limit 20")]
    List {
        #[command(flatten)]
        filter: Filter,
        /// How many; 0 for all
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Count events, in all or by group
    #[command(
        after_help = "Examples:\n  cognobserve events count --by event\n  cognobserve events count --event memory_created --by endUser\n  cognobserve events count --by property.os"
    )]
    Count {
        #[command(flatten)]
        filter: Filter,
        /// event, developer, endUser or property.KEY; by developer or endUser not in the open-source edition
        #[arg(long, value_name = "GROUP")]
        by: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Filter {
    /// Events of this name
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Events of this developer (dev_…)
    #[arg(long, value_name = "ID")]
    developer: Option<String>,
    /// Events of this end user, by the id in your app
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Events of this end user, by the id that CognObserve gave (usr_…, of a session token acc_…)
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    user_id: Option<String>,
    /// From this time or date on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Up to, and without, this time or date
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

impl Filter {
    fn query(self, client: &Client) -> anyhow::Result<Vec<(&'static str, String)>> {
        let named = self.user.map(|user| find_user(client, &user)).transpose()?;
        let user = named.or(self.user_id);
        Ok(given([
            ("event", self.event),
            ("developerId", self.developer),
            ("endUserId", user),
            ("from", self.from),
            ("to", self.to),
        ]))
    }
}

fn find_user(client: &Client, user: &str) -> anyhow::Result<String> {
    let path = format!("/v1/users/by-external-id/{}", encode_segment(user));
    let answer = client.get(&path, &[])?;
    let id = answer.get("id").and_then(Value::as_str);
    let id = id.context("the answer has no id: is this a CognObserve server?")?;
    Ok(id.to_owned())
}

pub fn run(args: EventsArgs) -> anyhow::Result<()> {
    let client = Client::connect(&args.client)?;
    let is_json = args.output.json;
    match args.command {
        EventsCommand::List { filter, limit } => {
            let query = filter.query(&client)?;
            let answer = collect_pages(&client, "/v1/events", &query, limit)?;
            match is_json {
                true => print_json(&answer),
                false => print_events(&answer),
            }
        }
        EventsCommand::Count { filter, by } => {
            let mut query = filter.query(&client)?;
            query.extend(by.map(|group| ("groupBy", group)));
            let answer = client.get("/v1/events/count", &query)?;
            match is_json {
                true => print_json(&answer),
                false => print_counts(&answer),
            }
        }
    }
}

fn print_events(answer: &Value) -> anyhow::Result<()> {
    let keys = [
        "timestamp",
        "event",
        "developerId",
        "endUserId",
        "properties",
    ];
    let listed = rows(answer, "items").iter();
    let cells = listed.map(|row| keys.map(|key| cell(row, key)).to_vec());
    let headers = ["TIME", "EVENT", "DEVELOPER", "END USER", "PROPERTIES"];
    print_table(&headers, &[], cells)
}

fn print_counts(answer: &Value) -> anyhow::Result<()> {
    let counted = rows(answer, "rows").iter();
    let mut cells: Vec<Vec<String>> = counted
        .map(|row| vec![cell(row, "key"), cell(row, "count")])
        .collect();
    if cells.is_empty() {
        return print_line(&cell(answer, "total"));
    }
    if answer.get("other").and_then(Value::as_u64) > Some(0) {
        cells.push(vec!["(others)".to_owned(), cell(answer, "other")]);
    }
    cells.push(vec!["(total)".to_owned(), cell(answer, "total")]);
    print_table(&["KEY", "EVENTS"], &[1], cells)
}
