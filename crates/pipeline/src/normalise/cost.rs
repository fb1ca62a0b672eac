//! Cost as the client tells it: exact decimal dollars, never through a float.
use crate::given::Given;
use crate::warning::{Notes, Place, Reason};
use cognobserve_model::money::{AmountError, Nanos, parse_dollars};
use cognobserve_model::span::ClientCost;
use cognobserve_wire::json::Raw;
use cognobserve_wire::native::{CostIn, SpanIn};

/// Reads dollars to nano-dollars, rounded half to even.
pub fn read_dollars(given: &Given) -> Result<Option<Nanos>, Reason> {
    let amount = match given {
        Given::Absent | Given::Null => return Ok(None),
        Given::Text(text) => parse_dollars(text),
        Given::Int(number) => parse_dollars(&number.to_string()),
        Given::Decimal(token) => parse_dollars(token),
        // The shortest decimal that reads back to the same float: what its sender meant.
        Given::Float(number) => parse_dollars(&number.to_string()),
        Given::Other => return Err(Reason::InvalidNumber),
    };
    amount.map(Some).map_err(|error| match error {
        AmountError::NotANumber => Reason::InvalidNumber,
        AmountError::Negative => Reason::NegativeNumber,
        AmountError::TooLarge => Reason::NumberTooLarge,
    })
}

/// Reads `cost` and `total_cost` of the span at `index`.
pub fn read_cost(span: &SpanIn, index: usize, notes: &mut Notes) -> ClientCost {
    let sent = CostIn::read(span.cost).unwrap_or_else(|| {
        if span.cost.is_given() {
            notes.add(
                Place::of_span(index, "cost"),
                Reason::WrongType("an object"),
            );
        }
        CostIn::default()
    });
    let mut read =
        |raw: Raw, field| notes.keep(Place::of_span(index, field), read_dollars(&raw.into()));
    ClientCost {
        input: read(sent.input, "cost.input"),
        output: read(sent.output, "cost.output"),
        total: read(sent.total, "cost.total"),
        span_total: read(span.total_cost, "total_cost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Option<Nanos>, Reason> {
        read_dollars(&Given::from(serde_json::from_str::<Raw>(json).unwrap()))
    }

    #[test]
    fn reads_numbers_and_text_exactly() {
        for (json, nanos) in [
            ("0", 0),
            ("1", 1_000_000_000),
            ("0.1", 100_000_000),
            ("\"0.0000000015\"", 2),
            ("0.0000000025", 2),
            ("1.5E-7", 150),
            ("\" 3e2 \"", 300_000_000_000),
            ("0.12345678949999999999999999", 123_456_789),
            ("1000000", 1_000_000_000_000_000),
        ] {
            assert_eq!(read(json), Ok(Some(nanos)), "{json}");
        }
        assert_eq!(read_dollars(&Given::Float(0.000_1)), Ok(Some(100_000)));
    }

    #[test]
    fn leaves_out_what_is_no_cost() {
        for (json, reason) in [
            ("-0.01", Reason::NegativeNumber),
            ("1000001", Reason::NumberTooLarge),
            ("1e400", Reason::NumberTooLarge),
            ("\"$5\"", Reason::InvalidNumber),
            ("{}", Reason::InvalidNumber),
        ] {
            assert_eq!(read(json), Err(reason), "{json}");
        }
        assert_eq!(
            read_dollars(&Given::Float(f64::INFINITY)),
            Err(Reason::InvalidNumber)
        );
        assert_eq!(read("null"), Ok(None));
    }

    #[test]
    fn reads_both_places() {
        let json = r#"{"cost":{"input":"0.5","output":-1},"total_cost":2}"#;
        let trace = format!(r#"{{"spans":[{json}]}}"#);
        let trace = cognobserve_wire::native::TraceIn::decode(&trace).unwrap();
        let mut notes = Notes::default();
        let cost = read_cost(&trace.spans[0], 0, &mut notes);
        assert_eq!(
            (cost.input, cost.output, cost.total),
            (Some(500_000_000), None, None)
        );
        assert_eq!(cost.span_total, Some(2_000_000_000));
        assert_eq!(notes.finish().len(), 1);
    }
}
