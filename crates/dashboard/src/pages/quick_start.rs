//! What a project without traces shows: how to send the first one, and that it is waited for.
use super::Html;
use crate::frame::Frame;
use crate::link::Link;
use askama::Template;

#[derive(Template)]
#[template(path = "quick_start.html")]
struct QuickStartPage {
    frame: Frame,
    base: String,
    /// First characters of the latest usable key.
    key_prefix: Option<String>,
    keys: Link,
}

/// `base`: where this server is reached, without a trailing slash.
pub fn render(frame: Frame, base: &str, key_prefix: Option<String>) -> Html {
    let page = QuickStartPage {
        base: base.to_owned(),
        key_prefix,
        keys: frame.link("/settings/keys"),
        frame: Frame {
            waits: true,
            ..frame
        },
    };
    Ok(page.render()?)
}
