//! Light or dark pages: kept in a cookie of this browser, so that the server writes each page in
//! it from the start. It opens nothing. Who refuses a page has no request: it is told the choice by the
//! task that answers.
use crate::auth::cookie::read_cookies;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use cognobserve_dashboard::Theme;

/// No secret, and nothing else than a word of [`Theme`].
const COOKIE: &str = "co_theme";

tokio::task_local! {
    static CHOSEN: Theme;
}

/// Lets pages of words, made for this request, be in the theme of its browser.
pub async fn keep_theme(request: Request, next: Next) -> Response {
    let theme = read_theme(request.headers());
    CHOSEN.scope(theme, next.run(request)).await
}

/// The same for one that is made at once.
pub fn with_theme_of<T>(headers: &HeaderMap, make: impl FnOnce() -> T) -> T {
    CHOSEN.sync_scope(read_theme(headers), make)
}

/// What [`keep_theme`] found; the system's where nobody looked.
pub fn find_theme() -> Theme {
    CHOSEN.try_with(|theme| *theme).unwrap_or_default()
}

/// What this browser chose.
pub fn read_theme(headers: &HeaderMap) -> Theme {
    let chosen = read_cookies(headers, COOKIE).find_map(Theme::read);
    chosen.unwrap_or_default()
}

/// Sets the cookie, or takes it away.
pub fn write_theme(theme: Theme, is_https: bool) -> HeaderValue {
    let secure = if is_https { "; Secure" } else { "" };
    let lasts = match theme {
        // The cookie goes: there is nothing to remember.
        Theme::System => 0,
        _ => 31_536_000,
    };
    let word = theme.word();
    let text = format!("{COOKIE}={word}; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age={lasts}");
    // Fixed words are always a header value.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    #[test]
    fn a_theme_comes_back_and_anything_else_is_the_systems() {
        let read = |cookie: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            read_theme(&headers)
        };
        for theme in [Theme::Light, Theme::Dark] {
            let cookie = write_theme(theme, false);
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            assert_eq!(read(pair), theme);
        }
        for other in ["co_theme=neon", "co_theme=", "theme=dark"] {
            assert_eq!(read(other), Theme::System, "{other}");
        }
        assert_eq!(
            write_theme(Theme::System, true),
            "co_theme=system; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
        );
    }
}
