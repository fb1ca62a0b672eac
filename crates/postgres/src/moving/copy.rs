//! Rows sent by COPY in its binary form, and the values that the driver cannot write.
use crate::error::{StoreResult, sql};
use bytes::{BufMut, BytesMut};
use deadpool_postgres::Transaction;
use std::error::Error;
use std::pin::Pin;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A COPY that runs; dropped without [`Copy::finish`] it and its transaction fail.
pub(super) struct Copy(Pin<Box<BinaryCopyInWriter>>);

impl Copy {
    /// `target`: a table with its columns, of these types.
    pub async fn begin(
        transaction: &Transaction<'_>,
        target: &str,
        types: &[Type],
    ) -> StoreResult<Copy> {
        let statement = format!("COPY {target} FROM STDIN BINARY");
        let sink = transaction.copy_in(&statement).await.map_err(sql)?;
        Ok(Copy(Box::pin(BinaryCopyInWriter::new(sink, types))))
    }

    pub async fn put(&mut self, values: &[&(dyn ToSql + Sync)]) -> StoreResult<()> {
        self.0.as_mut().write(values).await.map_err(sql)
    }

    pub async fn finish(mut self) -> StoreResult<()> {
        self.0.as_mut().finish().await.map(drop).map_err(sql)
    }
}

/// JSON text for a column that keeps it as it is.
#[derive(Debug)]
pub(super) struct JsonText(pub String);

impl ToSql for JsonText {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::JSON
    }

    to_sql_checked!();
}

/// A whole number for a column of any width.
#[derive(Debug)]
pub(super) struct Wide(pub i128);

const BASE: u128 = 10_000;
const NEGATIVE: u16 = 0x4000;

impl Wide {
    /// Digits of the base, the highest first; none for 0.
    fn split(&self) -> Vec<u16> {
        let (mut rest, mut digits) = (self.0.unsigned_abs(), Vec::new());
        while rest > 0 {
            digits.push((rest % BASE) as u16);
            rest /= BASE;
        }
        digits.reverse();
        digits
    }
}

impl ToSql for Wide {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let digits = self.split();
        let count = u16::try_from(digits.len())?;
        out.put_u16(count);
        // The weight of the first digit, as a power of the base.
        out.put_u16(count.saturating_sub(1));
        out.put_u16(if self.0 < 0 { NEGATIVE } else { 0 });
        // Digits after the point.
        out.put_u16(0);
        digits.into_iter().for_each(|digit| out.put_u16(digit));
        Ok(IsNull::No)
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::NUMERIC
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_servers::postgres;
    use tokio_postgres::NoTls;

    #[test]
    fn digits_are_of_the_base() {
        assert_eq!(Wide(0).split(), [0; 0]);
        assert_eq!(Wide(-10_000).split(), [1, 0]);
        assert_eq!(Wide(123_456_789).split(), [1, 2345, 6789]);
    }

    #[tokio::test]
    async fn the_server_reads_wide_numbers_as_they_are_meant() {
        let (client, connection) = tokio_postgres::connect(postgres().url(), NoTls)
            .await
            .unwrap();
        let talk = tokio::spawn(connection);
        let values = [0, 1, -1, 9_999, 10_000, -120_000_000, i128::MAX, i128::MIN];
        for value in values {
            let wide = Wide(value);
            let query = "SELECT $1::numeric::text";
            let row = client.query_one(query, &[&wide]).await.unwrap();
            let text: String = row.get(0);
            assert_eq!(text, value.to_string());
        }
        drop(client);
        talk.await.unwrap().unwrap();
    }
}
