//! What commands print: tables for people, one JSON document for programs.
//! Invariant: data goes to standard output, everything else to standard error; a reader that
//! goes away ends the command without a panic.
use crate::assemble::AssembleError;
use anyhow::Context;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;
use std::io::{IsTerminal, Write};

/// `--json`, for commands that print data.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct OutputArgs {
    /// Print one JSON document instead of a table
    #[arg(long, global = true)]
    pub json: bool,
}

/// Prints a line (or several) of data.
pub fn print_line(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("cannot write to standard output")
}

/// Prints one JSON document.
pub fn print_json(document: &Value) -> anyhow::Result<()> {
    print_line(&serde_json::to_string_pretty(document)?)
}

/// A table that fits the terminal; `right` are the columns with numbers.
pub fn build_table(
    headers: &[&str],
    right: &[usize],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headers.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| show_plainly(cell)));
    }
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

pub fn print_table(
    headers: &[&str],
    right: &[usize],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> anyhow::Result<()> {
    print_line(&build_table(headers, right, rows).to_string())
}

/// Texts of end users may hold escape sequences; a terminal must not obey them.
pub fn show_plainly(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{FFFD}'
            } else {
                letter
            }
        })
        .collect()
}

pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Adds what to do if the store belongs to a running server.
pub fn explain_taken(error: anyhow::Error, remedy: &str) -> anyhow::Error {
    let is_taken = error
        .downcast_ref::<AssembleError>()
        .is_some_and(AssembleError::is_taken);
    if is_taken {
        anyhow::anyhow!("{error}: {remedy}")
    } else {
        error
    }
}
