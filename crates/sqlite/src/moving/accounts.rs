//! Pages of projects, keys and what else is not booked.
use super::rows::{Page, Read};
use cognobserve_books::moving::{
    ApiKey, AuditLine, Field, Price, Project, Rows, Suppression, Workspace,
};
use rusqlite::Row;

impl Page<'_> {
    pub fn read_workspaces(&self) -> Read {
        let query = "SELECT no, name, developer, created, opted_out FROM workspaces WHERE no > ?1 ORDER BY no";
        let read = |row: &Row| {
            let workspace = Workspace {
                no: row.get(0)?,
                name: row.get(1)?,
                developer: row.get(2)?,
                created: row.get(3)?,
                opted_out: row.get(4)?,
            };
            Ok((workspace, 0))
        };
        self.list(query, read, |it| vec![Field::No(it.no)], Rows::Workspaces)
    }

    pub fn read_projects(&self) -> Read {
        let read = |row: &Row| {
            let project = Project {
                no: row.get(0)?,
                id: row.get(1)?,
                workspace_no: row.get(2)?,
                name: row.get(3)?,
                created: row.get(4)?,
                retention_payload_days: row.get(5)?,
                capture: row.get(6)?,
                time_zone: row.get(7)?,
                max_spans_per_second: row.get(8)?,
                max_users: row.get(9)?,
                payloads_removed_to: row.get(10)?,
            };
            Ok((project, 0))
        };
        let query = include_str!("../sql/moving.projects.sql");
        self.list(query, read, |it| vec![Field::No(it.no)], Rows::Projects)
    }

    pub fn read_prices(&self) -> Read {
        let read = |row: &Row| {
            let price = Price {
                project_no: row.get(0)?,
                model: row.get(1)?,
                effective_from: row.get(2)?,
                rates: row.get(3)?,
            };
            Ok((price, 0))
        };
        let key_of = |it: &Price| {
            vec![
                Field::No(it.project_no),
                Field::Text(it.model.clone()),
                Field::No(it.effective_from),
            ]
        };
        let query = include_str!("../sql/moving.prices.sql");
        self.list(query, read, key_of, Rows::Prices)
    }

    pub fn read_audit(&self) -> Read {
        let query = "SELECT no, at, project_no, actor, action, detail, workspace_no FROM audit WHERE no > ?1 ORDER BY no";
        let read = |row: &Row| {
            let line = AuditLine {
                no: row.get(0)?,
                at: row.get(1)?,
                project_no: row.get(2)?,
                actor: row.get(3)?,
                action: row.get(4)?,
                detail: row.get(5)?,
                workspace_no: row.get(6)?,
            };
            Ok((line, 0))
        };
        self.list(query, read, |it| vec![Field::No(it.no)], Rows::Audit)
    }

    pub fn read_suppressions(&self) -> Read {
        let read = |row: &Row| {
            let suppression = Suppression {
                project_no: row.get(0)?,
                external_hash: row.get(1)?,
                user_no: row.get(2)?,
                at: row.get(3)?,
            };
            Ok((suppression, 0))
        };
        let key_of = |it: &Suppression| {
            vec![
                Field::No(it.project_no),
                Field::Text(it.external_hash.clone()),
            ]
        };
        let query = include_str!("../sql/moving.suppressions.sql");
        self.list(query, read, key_of, Rows::Suppressions)
    }

    pub fn read_api_keys(&self) -> Read {
        let read = |row: &Row| {
            let key = ApiKey {
                id: row.get(0)?,
                project_no: row.get(1)?,
                hash: row.get(2)?,
                prefix: row.get(3)?,
                name: row.get(4)?,
                scopes: row.get(5)?,
                created: row.get(6)?,
                created_by: row.get(7)?,
                expires: row.get(8)?,
                last_used: row.get(9)?,
                revoked: row.get(10)?,
            };
            Ok((key, 0))
        };
        let query = include_str!("../sql/moving.api_keys.sql");
        let key_of = |it: &ApiKey| vec![Field::Text(it.id.clone())];
        self.list(query, read, key_of, Rows::ApiKeys)
    }
}
