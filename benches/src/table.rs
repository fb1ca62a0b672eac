//! Markdown tables and the way in which figures are written in them.
use std::time::Duration;

pub struct Table<const N: usize> {
    title: &'static str,
    head: [&'static str; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub fn new(title: &'static str, head: &[&'static str; N]) -> Table<N> {
        Table {
            title,
            head: *head,
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    pub fn print(&self) {
        println!("### {}\n", self.title);
        println!("| {} |", self.head.join(" | "));
        println!("|{}", "---|".repeat(N));
        for row in &self.rows {
            println!("| {} |", row.join(" | "));
        }
        println!();
    }
}

/// `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub fn seconds(took: Duration) -> String {
    format!("{:.2} s", took.as_secs_f64())
}

/// Thousands of spans a second for each million, of the times at which each was complete.
pub fn parts(times: &[Duration]) -> String {
    let mut before = Duration::ZERO;
    let rates: Vec<String> = times
        .iter()
        .map(|time| {
            let took = time.saturating_sub(before);
            before = *time;
            format!("{:.0}k", 1_000.0 / took.as_secs_f64())
        })
        .collect();
    rates.join(" ")
}
