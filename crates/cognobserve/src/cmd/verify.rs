//! `verify`: recomputes every rollup from the stored spans; exit 1 if any differs.
use super::output::{OutputArgs, print_json, print_line, print_table};
use super::settings::SettingsArgs;
use crate::assemble::{self, Access};
use cognobserve_model::report::Verification;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Recompute every sum from the stored spans and compare
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code 1 if anything differs. Right also while a server runs.\n\nExample:\n  cognobserve verify --json"
)]
pub struct VerifyArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let place = args.settings.place()?;
    let found = assemble::run_on_store(&place, Access::Existing, async |store| {
        anyhow::Ok(store.verify().await?)
    })?;
    if args.output.json {
        print_json(&describe(&found))?;
    } else {
        print_found(&found)?;
    }
    Ok(if found.difference_count == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn describe(found: &Verification) -> Value {
    let differences = found.differences.iter().map(|difference| {
        json!({"place": difference.place, "stored": difference.stored, "recomputed": difference.recomputed})
    });
    json!({
        "ok": found.difference_count == 0,
        "traces": found.traces,
        "spans": found.spans,
        "rollupRows": found.rollup_rows,
        "differenceCount": found.difference_count,
        "differences": differences.collect::<Vec<Value>>(),
    })
}

fn print_found(found: &Verification) -> anyhow::Result<()> {
    let counts = format!(
        "{} traces, {} spans, {} sums: {} differences",
        found.traces, found.spans, found.rollup_rows, found.difference_count
    );
    print_line(&counts)?;
    if found.differences.is_empty() {
        return Ok(());
    }
    print_table(
        &["WHERE", "STORED", "RECOMPUTED"],
        &[],
        found.differences.iter().map(|difference| {
            vec![
                difference.place.clone(),
                difference.stored.clone(),
                difference.recomputed.clone(),
            ]
        }),
    )
}
