//! Transactions for the registry.
use crate::error::{damaged, sql};
use crate::store::PostgresStore;
use async_trait::async_trait;
use bytes::BytesMut;
use cognobserve_ports::StoreError;
use cognobserve_registry::{BoxFuture, Row, Rows, Transactions, Value};
use deadpool_postgres::Transaction;
use futures_util::future::try_join_all;
use std::error::Error;
use tokio_postgres::IsolationLevel;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

#[async_trait]
impl Transactions for PostgresStore {
    const INSERT_WORKSPACE: &'static str = "INSERT INTO workspaces (name, developer, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
    const FOR_UPDATE: &'static str = " FOR UPDATE";
    const PROPERTY: &'static str = "(CASE json_typeof(e.properties::json -> $1::text) WHEN 'string' THEN e.properties::json ->> $1::text
        ELSE (e.properties::json -> $1::text)::text END) COLLATE \"C\"";

    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static,
    {
        let mut client = self.client().await?;
        let transaction = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await
            .map_err(sql)?;
        let value = work(&mut Open(&transaction)).await?;
        transaction.commit().await.map_err(sql)?;
        Ok(value)
    }

    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static,
    {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let value = work(&mut Open(&transaction)).await?;
        transaction.commit().await.map_err(sql)?;
        Ok(value)
    }
}

struct Open<'t>(&'t Transaction<'t>);

#[async_trait]
impl Rows for Open<'_> {
    async fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let statement = self.0.prepare_cached(statement).await.map_err(sql)?;
        let bound: Vec<Bound> = values.iter().map(Bound).collect();
        let bound = bound.iter().map(|value| value as &(dyn ToSql + Sync));
        let bound: Vec<_> = bound.collect();
        let found = self.0.query(&statement, &bound).await.map_err(sql)?;
        found.iter().map(read_row).collect()
    }

    async fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, StoreError> {
        let statement = self.0.prepare_cached(statement).await.map_err(sql)?;
        let bound: Vec<Bound> = values.iter().map(Bound).collect();
        let bound = bound.iter().map(|value| value as &(dyn ToSql + Sync));
        let bound: Vec<_> = bound.collect();
        self.0.execute(&statement, &bound).await.map_err(sql)
    }

    async fn execute_many(
        &mut self,
        statement: &str,
        values: &[Vec<Value>],
    ) -> Result<Vec<u64>, StoreError> {
        let statement = self.0.prepare_cached(statement).await.map_err(sql)?;
        // What is polled together is sent together.
        let sent = values.iter().map(|values| {
            let bound: Vec<Bound> = values.iter().map(Bound).collect();
            let statement = &statement;
            let transaction = self.0;
            async move {
                let bound: Vec<_> = bound
                    .iter()
                    .map(|value| value as &(dyn ToSql + Sync))
                    .collect();
                transaction.execute(statement, &bound).await
            }
        });
        try_join_all(sent).await.map_err(sql)
    }
}

fn read_row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let mut values = Vec::with_capacity(row.len());
    for (at, column) in row.columns().iter().enumerate() {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at).map(Value::from),
            Type::TEXT => row.try_get::<_, Option<String>>(at).map(Value::from),
            Type::BYTEA => row
                .try_get::<_, Option<Vec<u8>>>(at)
                .map(|bytes| bytes.map_or(Value::Null, Value::Bytes)),
            _ => return Err(damaged("registry")),
        };
        values.push(value.map_err(sql)?);
    }
    Ok(Row::new(values))
}

#[derive(Debug)]
struct Bound<'v>(&'v Value);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Number(number) => number.to_sql(kind, out),
            Value::Text(text) => text.to_sql(kind, out),
            Value::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}
