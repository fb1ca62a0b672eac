//! `telemetry enable` and `disable`: a developer's own no, and that it does not overrule the settings.
use super::super::output::{print_json, print_line};
use super::known::Known;
use crate::assemble::Store;
use cognobserve_model::account::Project;
use cognobserve_ports::Actor;
use serde_json::json;

pub async fn choose(
    store: &Store,
    known: &Known,
    project: &Project,
    out: bool,
    is_json: bool,
) -> anyhow::Result<()> {
    let events = store.events();
    if !events.opt_out(&project.id, out, &Actor::Operator).await? {
        anyhow::bail!("the project does not exist any more");
    }
    let workspace = &project.workspace;
    let is_on = known.telemetry.is_enabled;
    let origin = known.origin("telemetry.enabled");
    if is_json {
        return print_json(&json!({
            "workspace": workspace,
            "enabled": is_on && !out,
            "optedOut": out,
            "switchedOffBy": (!is_on).then_some(origin),
        }));
    }
    print_line(&match (out, is_on) {
        (true, _) => format!("no events of the workspace {workspace} are captured or sent"),
        (false, true) => format!(
            "events of the workspace {workspace} are captured, unless the server was started with other settings"
        ),
        (false, false) => format!(
            "the workspace {workspace} has not opted out any more, but settings keep telemetry off: none of its events are captured (telemetry.enabled: {origin})"
        ),
    })
}
