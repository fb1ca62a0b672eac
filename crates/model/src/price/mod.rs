//! What tokens cost: rates, the price book, and the cost of one span's usage.
//!
//! Prices are whole pico-dollars (1e-12 USD) per token, costs are whole nano-dollars;
//! no float anywhere. A price that is not known is `None` and never counts as zero.
//! Nothing here reads files, clocks or a network: the built-in table is compiled in.

mod book;
mod cost;
mod names;
mod rates;
mod table;
mod text;

pub use book::{PriceBook, PriceEntry, Priced};
pub use cost::{Charge, cost_nanos, list_charges};
pub use rates::{Rates, Tier};
pub use table::{TableError, format_row, parse_row, parse_table};
pub use text::{MAX_PRICE_PICOS, PriceError, PriceUnit, format_price, parse_amount, parse_price};
