//! Conversations in the shapes in which apps store them: lists of messages, requests and
//! responses of providers, contents in parts, calls of tools.
//! Invariant: either every element is a message, or it is no conversation at all.
use super::cut;
use serde::Deserialize;
use serde_json::value::RawValue;

const LEAST_BYTES_EACH: usize = 2 * 1024;
const MOST_PARTS: usize = 200;

/// One message as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub role: String,
    pub text: String,
    /// What is no text: `[image_url]`, or a tool's call as `name(arguments)`.
    pub extra: Vec<String>,
}

impl Message {
    /// The role as one of the words that the style sheet knows.
    pub fn class(&self) -> &'static str {
        match self.role.as_str() {
            "assistant" | "model" | "ai" => "assistant",
            "user" | "human" => "user",
            "system" | "developer" => "system",
            "tool" | "function" => "tool",
            _ => "other",
        }
    }
}

/// A message as it is stored.
#[derive(Deserialize)]
pub struct Stored<'a> {
    role: Option<String>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    parts: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
}

impl<'a> Stored<'a> {
    fn new(role: &str, content: &'a RawValue) -> Stored<'a> {
        Stored {
            role: Some(role.to_owned()),
            content: Some(content),
            parts: None,
            tool_calls: None,
            refusal: None,
        }
    }

    /// What it says, whole.
    fn show(&self) -> Message {
        let mut message = Message {
            role: self.role.clone().unwrap_or_default(),
            ..Message::default()
        };
        for said in [self.content, self.parts, self.refusal]
            .into_iter()
            .flatten()
        {
            say(&mut message, said.get());
        }
        let calls = self.tool_calls.map(|it| read_parts(it.get()));
        for call in calls.unwrap_or_default() {
            message.extra.push(write_call(&call, "tool"));
        }
        message
    }
}

/// What holds messages: a provider's request or response.
#[derive(Deserialize)]
struct Around<'a> {
    #[serde(borrow)]
    system: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
    #[serde(borrow)]
    function: Option<&'a RawValue>,
}

/// The messages of a JSON text; `None` if it holds something else.
pub fn recognise(json: &str) -> Option<Vec<Stored<'_>>> {
    match json.trim_start().chars().next()? {
        '[' => read_list(json),
        '{' => read_message(json)
            .map(|message| vec![message])
            .or_else(|| read_around(json)),
        _ => None,
    }
}

fn read_around<'a>(json: &'a str) -> Option<Vec<Stored<'a>>> {
    let around: Around<'a> = serde_json::from_str(json).ok()?;
    if let Some(choices) = around.choices {
        let choices: Vec<Around<'a>> = serde_json::from_str(choices.get()).ok()?;
        let read = |choice: Around<'a>| read_message(choice.message?.get());
        let messages: Option<Vec<_>> = choices.into_iter().map(read).collect();
        return messages.filter(|it| !it.is_empty());
    }
    if let Some(message) = around.message {
        return read_message(message.get()).map(|message| vec![message]);
    }
    let mut messages = read_list(around.messages?.get())?;
    if let Some(system) = around.system.filter(|it| is_content(it)) {
        messages.insert(0, Stored::new("system", system));
    }
    Some(messages)
}

fn read_list(json: &str) -> Option<Vec<Stored<'_>>> {
    let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    let messages: Option<Vec<_>> = items.iter().map(|it| read_message(it.get())).collect();
    messages.filter(|it| !it.is_empty())
}

fn read_message(json: &str) -> Option<Stored<'_>> {
    let message: Stored = serde_json::from_str(json).ok()?;
    let has_calls = message.tool_calls.is_some_and(is_list);
    let says = message.content.or(message.parts).or(message.refusal);
    let is_message = message.role.is_some() && says.map_or(has_calls, is_content);
    is_message.then_some(message)
}

fn is_list(value: &RawValue) -> bool {
    value.get().starts_with('[')
}

fn is_content(value: &RawValue) -> bool {
    value.get().starts_with(['"', '['])
}

fn read_text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// The parts that are objects; others say nothing.
fn read_parts(json: &str) -> Vec<Part<'_>> {
    let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    let parts = items.iter().take(MOST_PARTS);
    parts
        .filter_map(|it| serde_json::from_str(it.get()).ok())
        .collect()
}

/// Adds a content: a string, or an array of strings and parts.
fn say(message: &mut Message, content: &str) {
    let mut add = |text: &str| {
        if !message.text.is_empty() && !text.is_empty() {
            message.text.push('\n');
        }
        message.text.push_str(text);
    };
    if let Ok(text) = serde_json::from_str::<String>(content) {
        return add(&text);
    }
    let items: Vec<&RawValue> = serde_json::from_str(content).unwrap_or_default();
    for item in items.into_iter().take(MOST_PARTS) {
        if let Some(text) = read_text(item) {
            add(&text);
        } else if let Ok(part) = serde_json::from_str::<Part>(item.get()) {
            match part.text.or(part.content).and_then(read_text) {
                Some(text) => add(&text),
                None => message.extra.push(name_part(&part)),
            }
        }
    }
}

fn name_part(part: &Part<'_>) -> String {
    let kind = part.kind.as_deref().unwrap_or("part");
    match part.name {
        Some(_) => write_call(part, kind),
        None => format!("[{kind}]"),
    }
}

/// `name(arguments)`, arguments as they were stored.
fn write_call(call: &Part<'_>, kind: &str) -> String {
    let inner: Option<Part> = call
        .function
        .and_then(|it| serde_json::from_str(it.get()).ok());
    let call = inner.as_ref().unwrap_or(call);
    let arguments = call.arguments.or(call.args).or(call.input);
    let arguments = arguments.map(|it| read_text(it).unwrap_or_else(|| it.get().to_owned()));
    let name = call.name.as_deref().unwrap_or(kind);
    format!("{name}({})", arguments.unwrap_or_default())
}

/// The latest `count` messages with a fair share of `most` bytes each; whether any was cut, and
/// how many are left out.
pub fn show(stored: &[Stored<'_>], count: usize, most: usize) -> (Vec<Message>, bool, usize) {
    let left_out = stored.len().saturating_sub(count);
    let shown = &stored[left_out..];
    let mut left = most;
    let mut is_cut = false;
    let share = (most / shown.len().max(1)).max(LEAST_BYTES_EACH);
    let mut messages: Vec<Message> = Vec::with_capacity(shown.len());
    for stored in shown.iter().rev() {
        let mut message = stored.show();
        let before = left.min(share);
        let after = shrink(&mut message, before, &mut is_cut);
        left -= before - after;
        messages.push(message);
        if left == 0 {
            break;
        }
    }
    messages.reverse();
    let left_out = stored.len() - messages.len();
    (messages, is_cut, left_out)
}

/// Leaves a message `most` bytes of text; answers how many of them it did not need.
fn shrink(message: &mut Message, most: usize, is_cut: &mut bool) -> usize {
    let mut left = most;
    let extra = message.extra.iter_mut();
    for text in [&mut message.role, &mut message.text]
        .into_iter()
        .chain(extra)
    {
        let (kept, is_short) = cut(text, left);
        if is_short {
            *is_cut = true;
            *text = format!("{kept}…");
        }
        left -= text.len().min(left);
    }
    let enough = message.extra.iter().take_while(|it| it.as_str() != "…");
    let enough = enough.count();
    message.extra.truncate(enough);
    left
}
