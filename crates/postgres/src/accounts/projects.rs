//! Projects and their workspaces. A project that is being removed is in no answer.
use super::{can_be_stored, make_id, missing_project};
use crate::audit;
use crate::error::{StoreResult, sql};
use cognobserve_books::told::tell_settings;
use cognobserve_model::account::{Capture, Project, ProjectSettings};
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, ErrorKind, StoreError};
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

/// Reads the columns of `accounts.find_project.sql` and its like.
pub(super) fn read_row(row: &Row) -> Result<Project, tokio_postgres::Error> {
    let capture: String = row.try_get("capture")?;
    let per_second: Option<i64> = row.try_get("max_spans_per_second")?;
    let days: Option<i64> = row.try_get("retention_payload_days")?;
    let users: Option<i64> = row.try_get("max_users")?;
    Ok(Project {
        id: ProjectId::new(row.try_get::<_, String>("id")?),
        workspace: row.try_get("workspace")?,
        name: row.try_get("name")?,
        developer: DeveloperId::new(row.try_get::<_, String>("developer")?),
        settings: ProjectSettings {
            retention_payload_days: days.and_then(|days| u32::try_from(days).ok()),
            capture: Capture::parse(&capture).unwrap_or(Capture::Full),
            time_zone: row.try_get("time_zone")?,
            max_spans_per_second: per_second.and_then(|most| u32::try_from(most).ok()),
            max_users: users.and_then(|most| u64::try_from(most).ok()),
        },
        created: Micros(row.try_get("created_at")?),
    })
}

pub(super) async fn find(
    client: &impl GenericClient,
    id_or_name: &str,
) -> StoreResult<Option<Project>> {
    if !can_be_stored(id_or_name) {
        return Ok(None);
    }
    let query = include_str!("../sql/accounts.find_project.sql");
    let statement = client.prepare_cached(query).await.map_err(sql)?;
    let row = client.query_opt(&statement, &[&id_or_name]).await;
    let row = row.map_err(sql)?;
    row.as_ref().map(read_row).transpose().map_err(sql)
}

pub(super) async fn list(client: &impl GenericClient) -> StoreResult<Vec<Project>> {
    let query = include_str!("../sql/accounts.list_projects.sql");
    let statement = client.prepare_cached(query).await.map_err(sql)?;
    let rows = client.query(&statement, &[]).await.map_err(sql)?;
    let projects: Result<_, _> = rows.iter().map(read_row).collect();
    projects.map_err(sql)
}

/// Whoever is first gets the name; the others wait for it and are told.
pub(super) async fn create(
    transaction: &Transaction<'_>,
    workspace: &str,
    name: &str,
    by: &Actor,
) -> StoreResult<Project> {
    let (now, developer, id) = (Micros::now().0, make_id("dev_"), make_id("prj_"));
    let query = "INSERT INTO workspaces (name, developer, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
    let made = transaction
        .execute(query, &[&workspace, &developer, &now])
        .await;
    made.map_err(sql)?;
    let query = include_str!("../sql/accounts.insert_project.sql");
    let made = transaction
        .query_opt(query, &[&id, &name, &now, &workspace])
        .await;
    let Some(row) = made.map_err(sql)? else {
        return Err(StoreError::new(
            ErrorKind::Conflict,
            format!("a project named {name:?} exists already"),
        ));
    };
    let no: i64 = row.try_get(0).map_err(sql)?;
    let client = transaction.client();
    audit::write(client, by, Some(no), "project.create", &id).await?;
    find(transaction, &id).await?.ok_or_else(missing_project)
}

pub(super) async fn update_settings(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    settings: &ProjectSettings,
    by: &Actor,
) -> StoreResult<Option<Project>> {
    // Locked, so that what the log says was before is what this change replaced.
    let lock = "SELECT no FROM projects WHERE id = $1 AND deleted_at IS NULL FOR UPDATE";
    let locked = transaction.query_opt(lock, &[&project.as_str()]).await;
    if locked.map_err(sql)?.is_none() {
        return Ok(None);
    }
    let Some(before) = find(transaction, project.as_str()).await? else {
        return Ok(None);
    };
    let users = settings.max_users;
    let updated = transaction
        .query_opt(
            include_str!("../sql/accounts.update_settings.sql"),
            &[
                &project.as_str(),
                &settings.retention_payload_days.map(i64::from),
                &settings.capture.as_str(),
                &settings.time_zone,
                &settings.max_spans_per_second.map(i64::from),
                &users.map(|most| i64::try_from(most).unwrap_or(i64::MAX)),
            ],
        )
        .await
        .map_err(sql)?;
    let Some(row) = updated else {
        return Ok(None);
    };
    let no: i64 = row.try_get(0).map_err(sql)?;
    let (client, id) = (transaction.client(), project.as_str());
    let told = tell_settings(&before.settings, settings);
    audit::write(client, by, Some(no), "project.settings", &told).await?;
    find(transaction, id).await
}

/// The project is gone at once, its name free and its keys void; its number, if there was
/// such a project. Its rows follow.
pub(super) async fn mark_deleted(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    by: &Actor,
) -> StoreResult<Option<i64>> {
    let id = project.as_str();
    let query = include_str!("../sql/accounts.mark_deleted.sql");
    let marked = transaction.query_opt(query, &[&id, &Micros::now().0]).await;
    let Some(row) = marked.map_err(sql)? else {
        return Ok(None);
    };
    let no: i64 = row.try_get(0).map_err(sql)?;
    let last_arrival: i64 = row.try_get(1).map_err(sql)?;
    let query = include_str!("../sql/accounts.keep_last_arrival.sql");
    let kept = transaction.execute(query, &[&last_arrival]).await;
    kept.map_err(sql)?;
    let query = "DELETE FROM api_keys WHERE project_no = $1";
    transaction.execute(query, &[&no]).await.map_err(sql)?;
    let client = transaction.client();
    audit::write(client, by, Some(no), "project.delete", id).await?;
    Ok(Some(no))
}

/// The number of a project, which is not deleted before the transaction ends.
pub(super) async fn lock(transaction: &Transaction<'_>, project: &ProjectId) -> StoreResult<i64> {
    let query = "SELECT no FROM projects WHERE id = $1 AND deleted_at IS NULL FOR KEY SHARE";
    let row = transaction.query_opt(query, &[&project.as_str()]).await;
    let row = row.map_err(sql)?.ok_or_else(missing_project)?;
    row.try_get(0).map_err(sql)
}
