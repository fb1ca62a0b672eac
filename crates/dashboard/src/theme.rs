//! Light, dark, or as the system has it: what somebody chose for this browser.

/// What pages are shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it, also when it changes.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    /// As forms, the cookie and the pages' root call it.
    pub fn word(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// `None`: there is no such theme.
    pub fn read(word: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.word() == word)
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Theme::System => "System",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
        }
    }

    /// What browsers colour by themselves, like scroll bars.
    pub fn color_scheme(self) -> &'static str {
        match self {
            Theme::System => "light dark",
            chosen => chosen.word(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for theme in Theme::ALL {
            assert_eq!(Theme::read(theme.word()), Some(theme));
        }
        assert_eq!(Theme::read("DARK"), None);
        assert_eq!(Theme::default().color_scheme(), "light dark");
    }
}
