//! Links: a path and its query, escaped once and in one place.
use std::fmt;

/// A path with a query that grows; empty values are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    path: String,
    query: Vec<(String, String)>,
    /// Of an element of the page there; `None`: its top.
    place: Option<&'static str>,
}

impl Link {
    pub fn to(path: impl Into<String>) -> Link {
        Link {
            path: path.into(),
            query: Vec::new(),
            place: None,
        }
    }

    /// Leads to an element of the page, by its id.
    pub fn at(mut self, id: &'static str) -> Link {
        self.place = Some(id);
        self
    }

    /// Sets a parameter; an empty value removes it.
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Link {
        let value = value.to_string();
        self.query.retain(|(key, _)| key != name);
        if !value.is_empty() {
            self.query.push((name.to_owned(), value));
        }
        self
    }

    /// The parameters, for a form's hidden fields.
    pub fn fields(&self) -> &[(String, String)] {
        &self.query
    }

    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if !self.query.is_empty() {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&self.query);
            write!(f, "?{}", query.finish())?;
        }
        self.place.map_or(Ok(()), |id| write!(f, "#{id}"))
    }
}

/// One segment of a path, escaped.
pub fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_escaped_replaced_and_left_out() {
        let link = Link::to("/users")
            .with("search", "a&b=c")
            .with("cursor", "")
            .with("search", "jörg");
        assert_eq!(link.to_string(), "/users?search=j%C3%B6rg");
        let bare = link.clone().with("search", "");
        assert_eq!(bare.to_string(), "/users");
        assert_eq!(link.at("rows").to_string(), "/users?search=j%C3%B6rg#rows");
        assert_eq!(bare.at("rows").to_string(), "/users#rows");
        assert_eq!(segment("a/b ü.."), "a%2Fb%20%C3%BC%2E%2E");
    }
}
