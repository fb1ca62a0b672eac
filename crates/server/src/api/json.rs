//! Pieces of JSON that answers are made of: times, stored JSON texts, deletions.
//!
//! Stored JSON goes out token for token, never re-written.
use cognobserve_model::time::Micros;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

/// A time as `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOut(pub Micros);

impl Serialize for TimeOut {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl PartialSchema for TimeOut {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        let description = "RFC 3339, UTC, with microseconds: `2026-11-22T01:02:03.123456Z`.";
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(format))
            .description(Some(description))
            .into()
    }
}

impl ToSchema for TimeOut {
    fn name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }
}

/// A stored JSON text.
#[derive(Clone, Debug)]
pub struct JsonOut(Box<RawValue>);

impl JsonOut {
    /// `null` if the text is no JSON, which a store must not hold.
    pub fn of(text: String) -> JsonOut {
        JsonOut(RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl Serialize for JsonOut {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl PartialSchema for JsonOut {
    fn schema() -> RefOr<Schema> {
        Schema::Object(
            ObjectBuilder::new()
                .schema_type(utoipa::openapi::schema::SchemaType::AnyValue)
                .description(Some("Any JSON, as it was sent."))
                .build(),
        )
        .into()
    }
}

impl ToSchema for JsonOut {
    fn name() -> std::borrow::Cow<'static, str> {
        "Json".into()
    }
}

/// A JSON object of keys and JSON texts, in the order given.
#[derive(Clone, Debug)]
pub struct MetadataOut(pub Vec<(String, String)>);

impl Serialize for MetadataOut {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (key, text) in &self.0 {
            map.serialize_entry(key, serde_json::from_str(text).unwrap_or(RawValue::NULL))?;
        }
        map.end()
    }
}

impl PartialSchema for MetadataOut {
    fn schema() -> RefOr<Schema> {
        let any = AdditionalProperties::FreeForm(true);
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(any))
            .description(Some("Free keys with any JSON."))
            .into()
    }
}

impl ToSchema for MetadataOut {
    fn name() -> std::borrow::Cow<'static, str> {
        "Metadata".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_json_goes_out_token_for_token() {
        let text = r#"{ "b":1.50, "a": [1e400,"ä\/"] }"#;
        assert_eq!(
            serde_json::to_string(&JsonOut::of(text.to_owned())).unwrap(),
            text
        );
        assert_eq!(
            serde_json::to_string(&JsonOut::of("nonsense".to_owned())).unwrap(),
            "null"
        );
        let metadata = MetadataOut(vec![
            ("plan".into(), "\"pro\"".into()),
            ("n".into(), "1.0".into()),
        ]);
        assert_eq!(
            serde_json::to_string(&metadata).unwrap(),
            r#"{"plan":"pro","n":1.0}"#
        );
    }
}
