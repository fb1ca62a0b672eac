//! Metadata keys to offer where one is typed: those of the users who were seen last. A sample of a
//! fixed size, so that it takes as long however many users there are; any other key may be typed.
use cognobserve_model::id::ProjectId;
use cognobserve_model::query::{PageRequest, Period, SortOrder, UserQuery, UserSort};
use cognobserve_model::report::UserStats;
use cognobserve_ports::{Reports, StoreError};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Users who are looked at.
const SAMPLE: usize = 200;
/// Keys that are offered.
const MOST: usize = 50;

/// The most usual first.
pub async fn list_keys(
    reports: &dyn Reports,
    project: &ProjectId,
) -> Result<Vec<String>, StoreError> {
    let query = UserQuery {
        search: None,
        last_seen_from: None,
        last_seen_to: None,
        sort: UserSort::LastSeenAt,
        order: SortOrder::Desc,
        stats: Period::ALL,
        active_only: false,
        metadata: Vec::new(),
        page: PageRequest {
            limit: SAMPLE,
            after: None,
        },
    };
    let page = reports.list_users(project, query).await?;
    Ok(rank(&page.items))
}

fn rank(users: &[UserStats]) -> Vec<String> {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for (key, _) in users.iter().flat_map(|stats| &stats.user.metadata) {
        *counted.entry(key).or_default() += 1;
    }
    let mut keys: Vec<(&str, usize)> = counted.into_iter().collect();
    // Stable: the like in the order of the alphabet.
    keys.sort_by_key(|(_, count)| Reverse(*count));
    let names = keys.into_iter().take(MOST).map(|(key, _)| key.to_owned());
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::id::UserId;
    use cognobserve_model::report::User;
    use cognobserve_model::time::Micros;

    fn user(keys: &[String]) -> UserStats {
        let pair = |key: &String| (key.clone(), "1".to_owned());
        UserStats {
            user: User {
                id: UserId::new("usr_1"),
                project: ProjectId::new("prj_1"),
                external_id: "1".into(),
                name: None,
                email: None,
                metadata: keys.iter().map(pair).collect(),
                first_seen: Micros(0),
                last_seen: Micros(0),
                created: Micros(0),
                updated: Micros(0),
            },
            measures: Default::default(),
            session_count: 0,
        }
    }

    #[test]
    fn the_most_usual_keys_come_first_and_not_too_many() {
        let of = |keys: &[&str]| user(&keys.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        let users = [
            of(&["plan", "beta"]),
            of(&["plan"]),
            of(&["age", "plan"]),
            of(&[]),
        ];
        assert_eq!(rank(&users), ["plan", "age", "beta"]);
        let many: Vec<String> = (0..80).map(|n| format!("k{n:02}")).collect();
        assert_eq!(rank(&[user(&many)]), many[..MOST]);
    }
}
