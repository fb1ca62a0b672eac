//! Asking before something is gone for good. Only a person at a terminal is asked: a script
//! has said what it wants.
use anyhow::bail;
use std::io::{IsTerminal, Write};

/// `Err` if a person at the terminal does not type `yes`.
pub fn confirm(question: &str, is_sure: bool) -> anyhow::Result<()> {
    if is_sure || !std::io::stdin().is_terminal() {
        return Ok(());
    }
    let mut prompt = std::io::stderr().lock();
    write!(
        prompt,
        "{question} This cannot be undone. Type `yes` to go on: "
    )?;
    prompt.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if answer.trim() != "yes" {
        bail!("nothing was changed");
    }
    Ok(())
}
