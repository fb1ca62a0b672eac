//! Worlds in words: what proptest prints when it has found one that goes wrong.
use super::plan::{Step, World};
use super::realise::{MODEL_NAMES, Maker, SESSION_IDS, TRACE_IDS, USER_IDS, time_of};
use cognobserve_model::piece::{Piece, SpanPart};
use std::fmt::{Debug, Display, Formatter, Result, Write};

/// The times at which things happen are told as µs after 2024-03-10T00:00:00Z.
const ORIGIN: i64 = 1_710_028_800_000_000;

impl Debug for World {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "World")?;
        let (maker, mut serial) = (Maker::of(self), 0);
        for (n, step) in self.steps.iter().enumerate() {
            match step {
                Step::Book(batches) => {
                    for (at, plan) in batches
                        .iter()
                        .enumerate()
                        .flat_map(|(at, batch)| batch.iter().map(move |plan| (at, plan)))
                    {
                        let piece = maker.piece(plan, serial);
                        serial += 1;
                        writeln!(
                            f,
                            "  {n}. book batch {at} project {}: {}",
                            plan.project,
                            tell_piece(&piece)
                        )?;
                    }
                }
                other => writeln!(f, "  {n}. {}", tell_step(other))?,
            }
        }
        write!(f, "  periods {:?}", self.periods)
    }
}

fn tell_step(step: &Step) -> String {
    let user = |user: &u8| USER_IDS[usize::from(*user)];
    match step {
        Step::Unlink { project, user: who } => format!("unlink {} of {project}", user(who)),
        Step::Erase { project, user: who } => format!("erase {} of {project}", user(who)),
        Step::Lift { project, user: who } => format!("lift {} of {project}", user(who)),
        Step::DeleteTrace { project, trace } => format!(
            "delete trace {} of {project}",
            TRACE_IDS[usize::from(*trace)]
        ),
        Step::DeleteSession { project, session } => format!(
            "delete session {} of {project}",
            SESSION_IDS[usize::from(*session)]
        ),
        Step::Patch {
            project,
            user: who,
            profile,
        } => format!("patch {} of {project}: {profile:?}", user(who)),
        Step::Price {
            project,
            model,
            nanos,
            from,
        } => {
            let from = from.map(|from| time_of(from).0 - ORIGIN);
            format!(
                "price {} of {project}: {nanos} from {from:?}",
                MODEL_NAMES[usize::from(*model)]
            )
        }
        other => format!("{other:?}"),
    }
}

/// Collects `name=value` of what is there.
struct Teller(String);

impl Teller {
    fn say(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            let _ = write!(self.0, " {name}={value}");
        }
    }
}

fn tell_piece(piece: &Piece) -> String {
    let mut teller = Teller(format!("{}@{}", piece.trace_id, piece.arrival.0 - ORIGIN));
    teller.say("user", piece.user.as_ref());
    teller.say(
        "session",
        piece.session.as_ref().map(|session| {
            format!(
                "{:?}",
                (&session.external_id, &session.name, &session.metadata)
            )
        }),
    );
    teller.say("time", piece.timestamp.map(|time| time.0 - ORIGIN));
    teller.say("name", piece.name.as_ref());
    teller.say("meta", piece.metadata.as_ref());
    for profile in &piece.profiles {
        teller.say(
            "profile",
            Some(format!(
                "{:?}",
                (profile.at.0 - ORIGIN, &profile.name, &profile.metadata)
            )),
        );
    }
    for span in &piece.spans {
        teller.say("span", Some(format!("[{}]", tell_span(span))));
    }
    teller.0
}

fn tell_span(span: &SpanPart) -> String {
    let mut teller = Teller(span.id.clone());
    teller.say("parent", span.parent.as_ref());
    teller.say("app_root", span.app_root);
    teller.say("name", span.name.as_ref());
    teller.say("kind", span.kind.map(|kind| kind.as_str()));
    teller.say("level", span.level.map(|level| level.as_str()));
    teller.say("status", span.status_message.as_ref());
    teller.say("start", span.start.map(|time| time.0 - ORIGIN));
    teller.say("end", span.end.map(|time| time.0 - ORIGIN));
    teller.say("model", span.model.as_ref());
    teller.say("response", span.response_id.as_ref());
    let usage = &span.usage;
    teller.say("prompt", usage.prompt);
    teller.say("completion", usage.completion);
    teller.say("total", usage.total);
    teller.say("cached", usage.cached);
    teller.say("reasoning", usage.reasoning);
    teller.say("cache_write", usage.cache_write);
    teller.say("cost.input", span.cost.input);
    teller.say("cost.output", span.cost.output);
    teller.say("cost.total", span.cost.total);
    teller.say("total_cost", span.cost.span_total);
    teller.say("user", span.user.as_ref());
    teller.say("session", span.session.as_ref());
    teller.say("trace_name", span.trace_name.as_ref());
    teller.say("input", span.payload.input.as_ref());
    teller.0
}
