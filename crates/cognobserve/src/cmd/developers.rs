//! `developers`: who develops, by the events of their end users; asked of a running server.
use super::client::{Client, ClientArgs, encode_segment};
use super::output::{OutputArgs, print_json, print_table};
use super::pages::{cell, collect_pages, given, rows};
use serde_json::{Value, json};

/// Show developers of a running server by the events of their end users
#[derive(Debug, clap::Args)]
#[command(
    after_help = "In the open-source edition events are of nobody, and there is no answer.\n\nExamples:\n  cognobserve developers list --sort uniqueEndUsers\n  cognobserve developers retention dev_123 --days 30"
)]
pub struct DevelopersArgs {
    #[command(subcommand)]
    command: DevelopersCommand,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum DevelopersCommand {
    /// List the project's developers, biggest first
    #[command(after_help = "Example:\n  cognobserve developers list --sort eventCount")]
    List {
        /// uniqueEndUsers, eventCount or lastSeenAt
        #[arg(long, value_name = "FIELD")]
        sort: Option<String>,
        #[command(flatten)]
        filter: Filter,
        /// How many; 0 for all
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show one developer
    #[command(after_help = "Example:\n  cognobserve developers get dev_123 --from 2026-11-01")]
    Get {
        /// The developer's id (dev_…)
        developer: String,
        #[command(flatten)]
        filter: Filter,
    },
    /// Show how many end users came on each day, and how many of each week came back
    #[command(
        after_help = "Example:\n  cognobserve developers retention dev_123 --days 60 --tz Europe/Berlin"
    )]
    Retention {
        /// The developer's id (dev_…)
        developer: String,
        /// How many days, today last (1-366)
        #[arg(long, default_value_t = 30)]
        days: u32,
        /// By events of this name alone
        #[arg(long, value_name = "NAME")]
        event: Option<String>,
        /// Time zone of days and weeks [default: the project's]
        #[arg(long, value_name = "ZONE")]
        tz: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Filter {
    /// By events of this name alone
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// By events from this time or date on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// By events up to, and without, this time or date
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

impl Filter {
    fn query(self) -> Vec<(&'static str, String)> {
        given([("event", self.event), ("from", self.from), ("to", self.to)])
    }
}

pub fn run(args: DevelopersArgs) -> anyhow::Result<()> {
    let client = Client::connect(&args.client)?;
    let path = |developer: &str| format!("/v1/developers/{}", encode_segment(developer));
    type Print = fn(&Value) -> anyhow::Result<()>;
    let (answer, print): (Value, Print) = match args.command {
        DevelopersCommand::List {
            sort,
            filter,
            limit,
        } => {
            let mut query = filter.query();
            query.extend(sort.map(|sort| ("sortBy", sort)));
            let answer = collect_pages(&client, "/v1/developers", &query, limit)?;
            (answer, print_developers)
        }
        DevelopersCommand::Get { developer, filter } => {
            let answer = client.get(&path(&developer), &filter.query())?;
            (answer, |one| print_developers(&json!({"items": [one]})))
        }
        DevelopersCommand::Retention {
            developer,
            days,
            event,
            tz,
        } => {
            let path = format!("{}/retention", path(&developer));
            let query = given([
                ("days", Some(days.to_string())),
                ("event", event),
                ("tz", tz),
            ]);
            (client.get(&path, &query)?, print_retention)
        }
    };
    match args.output.json {
        true => print_json(&answer),
        false => print(&answer),
    }
}

fn print_developers(answer: &Value) -> anyhow::Result<()> {
    let keys = [
        "developerId",
        "eventCount",
        "uniqueEndUsers",
        "firstSeenAt",
        "lastSeenAt",
    ];
    let listed = rows(answer, "items").iter();
    let cells = listed.map(|row| keys.map(|key| cell(row, key)).to_vec());
    let headers = [
        "DEVELOPER",
        "EVENTS",
        "END USERS",
        "FIRST SEEN",
        "LAST SEEN",
    ];
    print_table(&headers, &[1, 2], cells)
}

fn print_retention(answer: &Value) -> anyhow::Result<()> {
    let days = rows(answer, "days").iter();
    let cells = days.map(|day| vec![cell(day, "date"), cell(day, "endUsers")]);
    print_table(&["DAY", "END USERS"], &[1], cells)?;
    let cohorts = rows(answer, "cohorts").iter().map(|cohort| {
        let active = rows(cohort, "active").iter();
        let active: Vec<String> = active.map(ToString::to_string).collect();
        vec![
            cell(cohort, "week"),
            cell(cohort, "endUsers"),
            active.join(" "),
        ]
    });
    let headers = ["FIRST SEEN IN WEEK OF", "END USERS", "ACTIVE, WEEK BY WEEK"];
    print_table(&headers, &[1], cohorts)
}
