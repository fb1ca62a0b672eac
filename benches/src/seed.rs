//! The design that this one grew out of, on the same PostgreSQL server: one trace at a time over one
//! connection, a statement for each row that is looked up, and lists that ask for every user
//! singly. Here only to be measured beside the product.
use crate::latency::Latencies;
use crate::traffic::Traffic;
use anyhow::Context;
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

const SCHEMA: &str = include_str!("seed.sql");
const FILL: &str = include_str!("seed_fill.sql");
const PAGE: usize = 50;

pub struct Seed {
    client: Client,
}

impl Seed {
    /// In a schema of its own.
    pub async fn make(url: &str) -> anyhow::Result<Seed> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute(SCHEMA).await?;
        Ok(Seed { client })
    }

    /// Books traces for a while; spans per second.
    pub async fn ingest_for(&self, mut traffic: Traffic, lasts: Duration) -> anyhow::Result<f64> {
        let (began, mut spans, mut body) = (Instant::now(), 0, Vec::new());
        while began.elapsed() < lasts {
            body.clear();
            traffic.write_body(&mut body);
            let trace: Value = serde_json::from_slice(&body)?;
            spans += self.process_trace(&trace).await?;
        }
        Ok(spans as f64 / began.elapsed().as_secs_f64())
    }

    /// Statements in the order and with the commits of the original; the spans in one.
    async fn process_trace(&self, trace: &Value) -> anyhow::Result<usize> {
        let text = |field: &str| trace[field].as_str().with_context(|| field.to_owned());
        let user = "INSERT INTO tracked_users (external_id) VALUES ($1)
            ON CONFLICT (project_id, external_id) DO UPDATE SET last_seen_at = now() RETURNING id";
        let user: i64 = self.ask(user, &[&text("user_id")?]).await?;
        let session = "INSERT INTO trace_sessions (external_id, user_id) VALUES ($1, $2)
            ON CONFLICT (project_id, external_id) DO UPDATE SET updated_at = now() RETURNING id";
        let session: i64 = self.ask(session, &[&text("session_id")?, &user]).await?;
        let link = "UPDATE trace_sessions SET user_id = $1 WHERE id = $2 RETURNING id";
        let _: i64 = self.ask(link, &[&user, &session]).await?;
        let insert = "INSERT INTO traces (external_id, session_id, user_id, name) VALUES ($1, $2, $3, $4) RETURNING id";
        let id: i64 = self
            .ask(
                insert,
                &[&text("trace_id")?, &session, &user, &text("name")?],
            )
            .await?;
        let spans = trace["spans"].to_string();
        let insert = "INSERT INTO spans (trace_id, name, model, level, started, ended, total_tokens, total_cost, input, output)
            SELECT $1, s->>'name', s->>'model', s->>'level',
                   to_timestamp((s->>'start_time')::bigint / 1000.0), to_timestamp((s->>'end_time')::bigint / 1000.0),
                   (s#>>'{usage,prompt_tokens}')::int + (s#>>'{usage,completion_tokens}')::int, 0.001, s->'input', s->'output'
            FROM jsonb_array_elements($2::text::jsonb) s";
        let statement = self.client.prepare_typed(insert, &[]).await?;
        let count = self.client.execute(&statement, &[&id, &spans]).await?;
        Ok(count as usize)
    }

    async fn ask(
        &self,
        text: &str,
        params: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> anyhow::Result<i64> {
        Ok(self.client.query_one(text, params).await?.get(0))
    }

    /// Fills the tables at once, with about as many rows as the product has.
    pub async fn fill(&self, spans: u64, users: u64) -> anyhow::Result<()> {
        let text = FILL
            .replace(":users", &users.to_string())
            .replace(":traces", &(spans / 4).to_string());
        self.client.batch_execute(&text).await?;
        Ok(())
    }

    /// The list of users by cost as it was written: a page by last seen, then three questions
    /// for each of its users, sorted at last.
    pub async fn list_users(&self, rounds: usize) -> anyhow::Result<Latencies> {
        let page = "SELECT u.id, (SELECT count(*) FROM traces t WHERE t.user_id = u.id),
                           (SELECT count(*) FROM trace_sessions s WHERE s.user_id = u.id)
            FROM tracked_users u WHERE u.project_id = 1 ORDER BY u.last_seen_at DESC LIMIT 51";
        let questions = [
            "SELECT sum(s.total_tokens), count(s.id) FROM spans s WHERE s.trace_id IN (SELECT id FROM traces WHERE user_id = $1)",
            "SELECT count(*) FROM spans s WHERE s.level = 'ERROR' AND s.trace_id IN (SELECT id FROM traces WHERE user_id = $1)",
            "SELECT avg(extract(epoch FROM s.ended - s.started) * 1000)::float8 FROM spans s JOIN traces t ON s.trace_id = t.id
             WHERE t.user_id = $1 AND s.ended IS NOT NULL",
        ];
        let mut latencies = Latencies::default();
        for _ in 0..rounds {
            let began = Instant::now();
            let users = self.client.query(page, &[]).await?;
            for user in users.iter().take(PAGE) {
                let id: i64 = user.get(0);
                for question in questions {
                    self.client.query(question, &[&id]).await?;
                }
            }
            latencies.add(began.elapsed());
        }
        Ok(latencies)
    }
}
