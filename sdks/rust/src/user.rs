//! End users: what an app says of them. Whose a call is, is decided in `scope`.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::encode;
use crate::say::warn_once;

const MOST_PROFILE_BYTES: usize = 64 * 1024;

/// An end user of your app: an id, and if you like a name, an address and any attributes of your own.
///
/// ```
/// use cognobserve_sdk::User;
/// let user = User::new("user-123").name("John Doe").email("john@acme.com").attribute("plan", "pro");
/// assert_eq!(user.id(), "user-123");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    id: String,
    profile: Map<String, Value>,
}

impl User {
    /// A user by the id that your app knows them by: a text, a number, a UUID.
    pub fn new(id: impl ToString) -> Self {
        Self {
            id: id.to_string(),
            profile: Map::new(),
        }
    }

    /// What they are called.
    pub fn name(self, name: impl Into<String>) -> Self {
        let name: String = name.into();
        self.attribute("name", name)
    }

    /// Their e-mail address.
    pub fn email(self, email: impl Into<String>) -> Self {
        let email: String = email.into();
        self.attribute("email", email)
    }

    /// Anything else that is known of them, such as a plan. `None` clears what is known. `id` is reserved.
    pub fn attribute(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        let key = key.into();
        if key != "id" {
            let value = encode::write(&value, MOST_PROFILE_BYTES)
                .parse()
                .unwrap_or(Value::Null);
            self.profile.insert(key, value);
        }
        self
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Name, address or attribute of theirs.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.profile.get(key)
    }
}

impl From<&str> for User {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for User {
    fn from(id: String) -> Self {
        Self::new(id)
    }
}

/// Who a scope is for: a [`User`], an id, or nobody. Made from any of them, `None` being nobody.
#[derive(Clone, Debug, Default)]
pub struct Who(pub(crate) Option<User>);

impl From<User> for Who {
    fn from(user: User) -> Self {
        Self(Some(user))
    }
}

impl From<&User> for Who {
    fn from(user: &User) -> Self {
        Self(Some(user.clone()))
    }
}

impl From<Option<User>> for Who {
    fn from(user: Option<User>) -> Self {
        Self(user)
    }
}

macro_rules! who_from_id {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Who {
            fn from(id: $kind) -> Self {
                Self(Some(User::new(id)))
            }
        }
    )*};
}

who_from_id!(&str, String, &String, i32, i64, u32, u64, u128);

/// A user as they are sent. No id: nobody. No profile: known by id alone.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) id: Option<String>,
    pub(crate) profile: Option<Map<String, Value>>,
    pub(crate) wire: Option<Vec<u8>>,
}

impl Person {
    pub(crate) fn nobody() -> Arc<Self> {
        Arc::new(Self {
            id: None,
            profile: None,
            wire: None,
        })
    }

    /// Whom `user` and `user_id` name; `None` if neither names anybody.
    pub(crate) fn read(user: Option<&User>, user_id: Option<&str>) -> Option<Arc<Self>> {
        let named = user_id.filter(|id| !id.trim().is_empty());
        let inner = user.map(User::id).filter(|id| !id.trim().is_empty());
        let mut profile = user
            .map(|user| &user.profile)
            .filter(|profile| !profile.is_empty());
        if named.is_some() && inner.is_some() && named != inner {
            warn_once(
                "two users",
                "user_id and the user's id differ: user_id holds, the profile is left out",
            );
            profile = None;
        }
        let Some(id) = named.or(inner) else {
            if user.is_some() {
                warn_once(
                    "no user id",
                    "a user without an id was given: it names nobody",
                );
            }
            return None;
        };
        Some(Arc::new(Self::make(id.to_owned(), profile.cloned())))
    }

    fn make(id: String, profile: Option<Map<String, Value>>) -> Self {
        let wire = profile.as_ref().and_then(|profile| {
            let mut whole = Map::new();
            whole.insert("id".into(), Value::String(id.clone()));
            whole.extend(profile.clone());
            match encode::write(&whole, MOST_PROFILE_BYTES) {
                encode::Written::Whole(bytes) => Some(bytes),
                encode::Written::Cut(_) => {
                    warn_once("profile", "a user's profile is over 64 KiB and is left out");
                    None
                }
            }
        });
        Self {
            id: Some(id),
            profile,
            wire,
        }
    }

    /// The user as the app would write them.
    pub(crate) fn show(&self) -> Option<User> {
        let id = self.id.clone()?;
        Some(User {
            id,
            profile: self.profile.clone().unwrap_or_default(),
        })
    }
}
