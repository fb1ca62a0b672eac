//! Cuts a file into traces: one a line, an array of them, `{"traces": […]}`, or one document.
//! Invariant: the same bytes give the same records with the same numbers, and a broken line is
//! one broken record. Looks no deeper into a trace than to find where it ends.
use cognobserve_wire::json::sanitize;
use serde_json::value::RawValue;
use std::io::{self, BufRead};

/// A single trace larger than this is refused, as the server refuses it.
const MAX_RECORD_BYTES: usize = 64 << 20;
/// One document that is no list of lines is held in memory as a whole.
const MAX_DOCUMENT_BYTES: usize = 1 << 30;

/// One trace's text, or why there is none; records are numbered from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub number: u64,
    pub text: Result<String, String>,
}

enum Shape {
    Lines,
    /// Inside a top-level array.
    Array,
    /// JSON values over several lines.
    Documents,
}

/// Reads records one after the other.
pub struct Records<R> {
    input: R,
    shape: Option<Shape>,
    /// The first line, read to find out the shape.
    first_line: Option<Vec<u8>>,
    /// Traces cut from a batch, last first.
    pending: Vec<Result<String, String>>,
    number: u64,
    bytes_read: u64,
    is_over: bool,
}

impl<R: BufRead> Records<R> {
    pub fn new(input: R) -> Records<R> {
        Records {
            input,
            shape: None,
            first_line: None,
            pending: Vec::new(),
            number: 0,
            bytes_read: 0,
            is_over: false,
        }
    }

    /// How much of the input is used up.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The next record; `None` at the end.
    pub fn next_record(&mut self) -> io::Result<Option<Record>> {
        loop {
            if let Some(text) = self.pending.pop() {
                return Ok(Some(self.number_record(text)));
            }
            if self.is_over {
                return Ok(None);
            }
            if let Some(found) = self.read_value()? {
                match found {
                    Ok(text) => self.open_value(text),
                    Err(problem) => return Ok(Some(self.number_record(Err(problem)))),
                }
            }
        }
    }

    fn number_record(&mut self, text: Result<String, String>) -> Record {
        self.number += 1;
        Record {
            number: self.number,
            text,
        }
    }

    /// A batch becomes its traces, anything else is a trace.
    fn open_value(&mut self, text: String) {
        match split_batch(&text) {
            Some(traces) => self.pending = traces,
            None => self.pending = vec![Ok(text)],
        }
    }

    /// The next JSON value's text, or the end.
    fn read_value(&mut self) -> io::Result<Option<Result<String, String>>> {
        if self.shape.is_none() {
            self.shape = Some(self.find_shape()?);
        }
        match self.shape {
            Some(Shape::Lines) => self.read_line(),
            Some(Shape::Array) => self.read_balanced(MAX_RECORD_BYTES),
            _ => self.read_balanced(MAX_DOCUMENT_BYTES),
        }
    }

    fn find_shape(&mut self) -> io::Result<Shape> {
        loop {
            let buffer = self.input.fill_buf()?;
            let blank = buffer
                .iter()
                .take_while(|byte| is_blank(**byte) || is_mark(**byte))
                .count();
            match buffer.get(blank) {
                None if buffer.is_empty() => return Ok(Shape::Lines),
                None => self.consume(blank),
                Some(b'[') => {
                    self.consume(blank + 1);
                    return Ok(Shape::Array);
                }
                Some(_) => {
                    self.consume(blank);
                    break;
                }
            }
        }
        let line = self.take_line()?;
        let mut depth = Depth::default();
        line.iter().for_each(|byte| depth.see(*byte));
        self.first_line = Some(line);
        Ok(if depth.is_open() {
            Shape::Documents
        } else {
            Shape::Lines
        })
    }

    fn read_line(&mut self) -> io::Result<Option<Result<String, String>>> {
        let line = match self.first_line.take() {
            Some(line) => line,
            None => self.take_line()?,
        };
        if line.is_empty() {
            self.is_over = true;
            return Ok(None);
        }
        Ok(trim(&line).map(read_text))
    }

    /// A line with its end, cut short beyond the limit; empty at the end of the input.
    fn take_line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(line);
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(buffer.len(), |end| end + 1);
            if line.len() <= MAX_DOCUMENT_BYTES {
                line.extend_from_slice(&buffer[..taken]);
            }
            self.consume(taken);
            if end.is_some() {
                return Ok(line);
            }
        }
    }

    /// Text up to where all brackets are closed; commas, and the array's end, lie between.
    fn read_balanced(&mut self, limit: usize) -> io::Result<Option<Result<String, String>>> {
        let mut text = Vec::new();
        let mut depth = Depth::default();
        let started = self.first_line.take().unwrap_or_default();
        let mut at_start = started.as_slice();
        loop {
            let from_start = !at_start.is_empty();
            let buffer = if from_start {
                at_start
            } else {
                self.input.fill_buf()?
            };
            if buffer.is_empty() {
                self.is_over = true;
                return Ok(trim(&text).map(|_| Err("the file ends inside a record".into())));
            }
            let (mut used, mut is_whole) = (0, false);
            for byte in buffer {
                used += 1;
                let between = text.is_empty() && !depth.is_open();
                if between && (is_blank(*byte) || *byte == b',') {
                    continue;
                }
                if between && *byte == b']' {
                    self.is_over = true;
                    break;
                }
                if !depth.is_open() && !depth.in_text && matches!(byte, b',' | b']' | b'\n') {
                    is_whole = true;
                    self.is_over = *byte == b']';
                    break;
                }
                depth.see(*byte);
                if text.len() <= limit {
                    text.push(*byte);
                }
                if depth.closed {
                    is_whole = true;
                    break;
                }
            }
            if from_start {
                let rest = &at_start[used..];
                if is_whole || self.is_over {
                    self.first_line = Some(rest.to_vec()).filter(|rest| !rest.is_empty());
                }
                at_start = rest;
            } else {
                self.consume(used);
            }
            if is_whole {
                let over = text.len() > limit;
                return Ok(Some(if over {
                    Err(format!("longer than {} MiB", limit >> 20))
                } else {
                    read_text(&text)
                }));
            }
            if self.is_over {
                return Ok(None);
            }
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.input.consume(bytes);
        self.bytes_read += bytes as u64;
    }
}

/// Counts brackets outside of texts.
#[derive(Default)]
struct Depth {
    open: usize,
    in_text: bool,
    escaped: bool,
    /// The last byte closed the outermost bracket.
    closed: bool,
}

impl Depth {
    fn see(&mut self, byte: u8) {
        self.closed = false;
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.open += 1,
            b'}' | b']' if self.open > 0 => {
                self.open -= 1;
                self.closed = self.open == 0;
            }
            _ => {}
        }
    }

    fn is_open(&self) -> bool {
        self.open > 0
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Bytes of the mark that some programs put before UTF-8.
fn is_mark(byte: u8) -> bool {
    matches!(byte, 0xEF | 0xBB | 0xBF)
}

fn trim(line: &[u8]) -> Option<&[u8]> {
    let trimmed = line.trim_ascii();
    (!trimmed.is_empty()).then_some(trimmed)
}

fn read_text(bytes: &[u8]) -> Result<String, String> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(format!("longer than {} MiB", MAX_DOCUMENT_BYTES >> 20));
    }
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|_| "not valid UTF-8".into())
}

/// The traces of `{"traces": […]}`, last first; `None` if the text is anything else.
/// Unlike a request's, a file's batch may have any number of them.
fn split_batch(text: &str) -> Option<Vec<Result<String, String>>> {
    #[derive(serde::Deserialize)]
    struct Batch<'a> {
        #[serde(borrow)]
        traces: Option<&'a RawValue>,
    }
    if !text.contains("\"traces\"") {
        return None;
    }
    let clean = sanitize(text.as_bytes()).ok()?;
    let traces = serde_json::from_str::<Batch>(clean.text()).ok()?.traces?;
    Some(match serde_json::from_str::<Vec<&RawValue>>(traces.get()) {
        Ok(traces) => traces
            .iter()
            .rev()
            .map(|trace| Ok(trace.get().to_owned()))
            .collect(),
        Err(_) => vec![Err("traces: expected an array".into())],
    })
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
