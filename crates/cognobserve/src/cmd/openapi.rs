//! `openapi`: the description of the HTTP interface, as `GET /openapi.json` gives it.
use super::output::print_json;
use anyhow::Context;

/// Print the OpenAPI document of the HTTP interface
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cognobserve openapi > openapi.json")]
pub struct OpenapiArgs {}

pub fn run() -> anyhow::Result<()> {
    let document = serde_json::to_value(cognobserve_server::api::openapi::describe_api())
        .context("the document is no JSON")?;
    print_json(&document)
}
