//! Who runs the product, and whom it may tell: the two settings that routing depends on.
use thiserror::Error;

/// Who runs this installation. Whatever is not said to be the cloud is kept private.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    Cloud,
    #[default]
    OpenSource,
}

impl Edition {
    /// Reads a setting; a word that is not known is the more private edition.
    pub fn read(word: &str) -> Edition {
        match word.trim().to_ascii_lowercase().as_str() {
            "cloud" => Edition::Cloud,
            _ => Edition::OpenSource,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Edition::Cloud => "cloud",
            Edition::OpenSource => "opensource",
        }
    }
}

/// Where events are sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    Amplitude,
    Posthog,
    /// Another installation, which sends them on.
    Proxy,
}

/// A word that names no provider.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} is no provider of telemetry: amplitude, posthog, proxy or none")]
pub struct UnknownProvider(String);

impl Provider {
    pub const ALL: [Provider; 3] = [Provider::Amplitude, Provider::Posthog, Provider::Proxy];

    pub fn as_str(self) -> &'static str {
        match self {
            Provider::Amplitude => "amplitude",
            Provider::Posthog => "posthog",
            Provider::Proxy => "proxy",
        }
    }

    /// Reads a list with commas, in the order of [`Provider::ALL`] and each once; `none` and nothing are an empty one.
    ///
    /// # Errors
    /// For the first word that names no provider.
    pub fn read_list(words: &str) -> Result<Vec<Provider>, UnknownProvider> {
        let words = words
            .split(',')
            .map(|word| word.trim().to_ascii_lowercase());
        let words: Vec<String> = words
            .filter(|word| !word.is_empty() && word != "none")
            .collect();
        let is_named = |word: &str| {
            Provider::ALL
                .iter()
                .any(|provider| provider.as_str() == word)
        };
        if let Some(unknown) = words.iter().find(|word| !is_named(word)) {
            return Err(UnknownProvider(unknown.clone()));
        }
        let listed = Provider::ALL.into_iter();
        Ok(listed
            .filter(|provider| words.iter().any(|word| word == provider.as_str()))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_cloud_is_private() {
        assert_eq!(Edition::read(" Cloud "), Edition::Cloud);
        for word in ["opensource", "", "clowd", "production"] {
            assert_eq!(Edition::read(word), Edition::OpenSource, "{word}");
        }
    }

    #[test]
    fn providers_are_listed_once_and_misspelt_ones_refused() {
        let both = [Provider::Amplitude, Provider::Posthog];
        assert_eq!(
            Provider::read_list("PostHog, amplitude,posthog").unwrap(),
            both
        );
        assert_eq!(Provider::read_list(" none ,").unwrap(), []);
        let error = Provider::read_list("amplitude,postdog").unwrap_err();
        assert!(error.to_string().contains("postdog"), "{error}");
    }
}
