//! Whose a session or trace is, by the name that the list of users shows.
//! Invariant: the names of a page are asked for once, however many rows it has.
use super::row::user_link;
use crate::link::Link;
use crate::view::View;
use cognobserve_model::id::{ProjectId, UserId};
use cognobserve_model::report::{User, UserName, UserRef};
use cognobserve_ports::{Reports, StoreError};
use std::collections::HashMap;

/// What a person is called first: name, else e-mail, else the developer's id.
pub fn call(user: &User) -> &str {
    let name = user.name.as_deref().or(user.email.as_deref());
    name.unwrap_or(&user.external_id)
}

/// What the users of one page are called.
#[derive(Default)]
pub struct Names(HashMap<UserId, UserName>);

impl Names {
    /// Asks for all of them at once; for nobody it asks nothing.
    pub async fn read(
        reports: &dyn Reports,
        project: &ProjectId,
        mut ids: Vec<UserId>,
    ) -> Result<Names, StoreError> {
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Names::default());
        }
        let names = reports.name_users(project, &ids).await?;
        let named = ids.into_iter().zip(names);
        Ok(Names(
            named.filter_map(|(id, name)| Some((id, name?))).collect(),
        ))
    }

    /// As [`call`] does; the external id of who is not known.
    pub fn call<'a>(&'a self, id: &UserId, external_id: &'a str) -> &'a str {
        let known = self.0.get(id);
        let name = known.and_then(|it| it.name.as_deref().or(it.email.as_deref()));
        name.unwrap_or(external_id)
    }
}

/// Of those who have a page to look at.
pub fn list_ids<'a>(users: impl Iterator<Item = Option<&'a UserRef>>) -> Vec<UserId> {
    let known = users.flatten().filter(|user| user.external_id.is_some());
    known.map(|user| user.id.clone()).collect()
}

/// Whose a session or trace is.
pub struct Owner {
    pub text: String,
    /// The developer's id, where the text is another.
    pub title: String,
    /// `None`: nobody whom one could look at.
    pub link: Option<Link>,
}

impl Owner {
    /// Of one session or trace that has a page of its own.
    pub async fn find(
        reports: &dyn Reports,
        view: &View,
        user: Option<&UserRef>,
    ) -> Result<Owner, StoreError> {
        let ids = list_ids([user].into_iter());
        let names = Names::read(reports, &view.project.id, ids).await?;
        Ok(Owner::new(view, user, &names))
    }

    pub fn new(view: &View, user: Option<&UserRef>, names: &Names) -> Owner {
        let nobody = |text: &str| Owner {
            text: text.to_owned(),
            title: String::new(),
            link: None,
        };
        let Some(user) = user else {
            return nobody("no user");
        };
        let Some(external_id) = user.external_id.as_deref() else {
            return nobody("erased user");
        };
        let text = names.call(&user.id, external_id);
        Owner {
            title: match text == external_id {
                true => String::new(),
                false => external_id.to_owned(),
            },
            text: text.to_owned(),
            link: Some(user_link(view, user.id.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples;

    fn user(id: &str, external_id: Option<&str>) -> UserRef {
        UserRef {
            id: UserId::new(id),
            external_id: external_id.map(str::to_owned),
        }
    }

    fn name(name: Option<&str>, email: Option<&str>) -> UserName {
        UserName {
            external_id: "not asked".into(),
            name: name.map(str::to_owned),
            email: email.map(str::to_owned),
        }
    }

    #[test]
    fn an_owner_is_called_by_name_then_e_mail_then_id() {
        let view = samples::project_view();
        let names = Names(HashMap::from([
            (UserId::new("usr_1"), name(Some("Ann"), Some("a@x.com"))),
            (UserId::new("usr_2"), name(None, Some("b@x.com"))),
            (UserId::new("usr_3"), name(None, None)),
        ]));
        let shown = |user: Option<&UserRef>| {
            let owner = Owner::new(&view, user, &names);
            (owner.text, owner.title, owner.link.is_some())
        };
        let told = |text: &str, title: &str, linked| (text.to_owned(), title.to_owned(), linked);
        for (id, expected) in [
            ("usr_1", told("Ann", "ext", true)),
            ("usr_2", told("b@x.com", "ext", true)),
            ("usr_3", told("ext", "", true)),
            ("usr_4", told("ext", "", true)),
        ] {
            assert_eq!(shown(Some(&user(id, Some("ext")))), expected);
        }
        let erased = user("usr_1", None);
        assert_eq!(shown(Some(&erased)), told("erased user", "", false));
        assert_eq!(shown(None), told("no user", "", false));
        let (ann, bob) = (user("usr_1", Some("a")), user("usr_2", Some("b")));
        let rows = [Some(&ann), None, Some(&erased), Some(&bob)];
        let ids = list_ids(rows.into_iter());
        assert_eq!(ids, [UserId::new("usr_1"), UserId::new("usr_2")]);
    }
}
