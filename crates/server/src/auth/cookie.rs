//! The two cookies: of a log-in, and of a guest who is shown a form before there is a log-in.
//!
//! Under https both are `__Host-` cookies, so that no other host can plant one.
use super::secret::is_well_formed;
use crate::state::Site;
use axum::http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// How long a log-in lasts.
pub const LOGIN_LASTS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jar {
    Login,
    Guest,
}

impl Jar {
    fn name(self, site: &Site) -> &'static str {
        match (self, site.is_https()) {
            (Jar::Login, true) => "__Host-co_session",
            (Jar::Login, false) => "co_session",
            (Jar::Guest, true) => "__Host-co_guest",
            (Jar::Guest, false) => "co_guest",
        }
    }

    /// The cookie's secret, if there is exactly one that can be ours.
    pub fn read<'h>(self, headers: &'h HeaderMap, site: &Site) -> Option<&'h str> {
        let mut found = read_cookies(headers, self.name(site));
        let first = found.next()?;
        // Two of a name: somebody else has planted one.
        let is_one = found.next().is_none();
        (is_one && is_well_formed(first)).then_some(first)
    }

    /// Sets the cookie. A guest's ends with the browser.
    pub fn write(self, site: &Site, secret: &str) -> HeaderValue {
        let lasts = match self {
            Jar::Login => format!("; Max-Age={}", LOGIN_LASTS.as_secs()),
            Jar::Guest => String::new(),
        };
        self.build(site, secret, &lasts)
    }

    /// Takes the cookie away.
    pub fn clear(self, site: &Site) -> HeaderValue {
        self.build(site, "", "; Max-Age=0")
    }

    fn build(self, site: &Site, secret: &str, lasts: &str) -> HeaderValue {
        let secure = if site.is_https() { "; Secure" } else { "" };
        let text = format!(
            "{}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}{lasts}",
            self.name(site)
        );
        // Letters, digits and fixed words are always a header value.
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The values of all cookies of this name.
pub fn read_cookies<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(url: &str) -> Site {
        Site {
            public_url: url.into(),
            ..Site::default()
        }
    }

    #[test]
    fn under_https_the_cookie_is_for_https_alone() {
        let secret = "a".repeat(43);
        let secure = Jar::Login.write(&site("https://x.example"), &secret);
        assert_eq!(
            secure,
            format!(
                "__Host-co_session={secret}; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=2592000"
            )
        );
        let plain = Jar::Guest.write(&site("http://x.example"), &secret);
        assert_eq!(
            plain,
            format!("co_guest={secret}; Path=/; HttpOnly; SameSite=Lax")
        );
        let gone = Jar::Login.clear(&site("http://x.example"));
        assert_eq!(
            gone,
            "co_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }

    #[test]
    fn one_cookie_is_read_and_two_are_none() {
        let (plain, secure) = (site("http://x"), site("https://x"));
        let (one, other) = ("a".repeat(43), "b".repeat(43));
        let mut headers = HeaderMap::new();
        let line = format!("x=1; co_session={one}; __Host-co_session={other}");
        headers.insert(header::COOKIE, line.parse().unwrap());
        assert_eq!(Jar::Login.read(&headers, &plain), Some(one.as_str()));
        assert_eq!(Jar::Login.read(&headers, &secure), Some(other.as_str()));
        assert_eq!(Jar::Guest.read(&headers, &plain), None);
        headers.append(
            header::COOKIE,
            format!("co_session={other}").parse().unwrap(),
        );
        assert_eq!(Jar::Login.read(&headers, &plain), None);
        headers.insert(header::COOKIE, "co_session=short".parse().unwrap());
        assert_eq!(Jar::Login.read(&headers, &plain), None);
    }
}
