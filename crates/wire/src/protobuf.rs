//! The protobuf wire format: a message as a sequence of numbered fields, borrowed from the body.
//! Invariant: every step consumes bytes or ends, so any input ends; nothing is copied or allocated.
//! It exists because generated code unfolds a whole request before anything can be counted: two bytes of an empty
//! span become hundreds in memory, and one bad byte fails the batch.

use std::borrow::Cow;

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    /// Length-delimited content; empty for any other kind.
    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Field::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// A number of any width; 0 for bytes.
    pub(crate) fn number(self) -> u64 {
        match self {
            Field::Varint(number) | Field::Fixed64(number) => number,
            Field::Fixed32(number) => u64::from(number),
            Field::Bytes(_) => 0,
        }
    }

    /// Text, with U+FFFD for NUL and for what is not UTF-8.
    pub(crate) fn text(self) -> Cow<'a, str> {
        let text = String::from_utf8_lossy(self.bytes());
        match memchr::memchr(0, text.as_bytes()) {
            None => text,
            Some(_) => Cow::Owned(text.replace('\0', "\u{fffd}")),
        }
    }
}

/// Walks the fields of a message; an error is the last thing it yields.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Field<'a>), &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read_field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn read_field(&mut self) -> Result<(u32, Field<'a>), &'static str> {
        let key = self.read_varint()?;
        let tag = u32::try_from(key >> 3).map_err(|_| "field number out of range")?;
        if tag == 0 {
            return Err("field number zero");
        }
        let field = match key & 7 {
            0 => Field::Varint(self.read_varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.take_array()?)),
            2 => {
                let len = usize::try_from(self.read_varint()?).map_err(|_| CUT)?;
                Field::Bytes(self.take(len)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.take_array()?)),
            _ => return Err("unknown wire type"),
        };
        Ok((tag, field))
    }

    fn read_varint(&mut self) -> Result<u64, &'static str> {
        let mut number = 0u64;
        for (i, byte) in self.0.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                self.0 = &self.0[i + 1..];
                return Ok(number);
            }
        }
        Err(if self.0.len() < 10 {
            CUT
        } else {
            "a number is too long"
        })
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(*taken)
    }
}

const CUT: &str = "the message is cut short";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_wire_type() {
        let bytes = [
            0x08, 0x96, 0x01, 0x12, 2, b'h', b'i', 0x19, 1, 0, 0, 0, 0, 0, 0, 0, 0x25, 2, 0, 0, 0,
        ];
        let fields: Vec<_> = Fields(&bytes).map(Result::unwrap).collect();
        assert_eq!(
            fields,
            [
                (1, Field::Varint(150)),
                (2, Field::Bytes(b"hi")),
                (3, Field::Fixed64(1)),
                (4, Field::Fixed32(2)),
            ]
        );
        assert_eq!(fields[1].1.text(), "hi");
        assert_eq!(fields[1].1.number(), 0);
        assert_eq!(fields[3].1.number(), 2);
    }

    #[test]
    fn cleans_text() {
        assert_eq!(Field::Bytes(b"a\0b\xff").text(), "a\u{fffd}b\u{fffd}");
        assert!(matches!(Field::Bytes(b"ab").text(), Cow::Borrowed("ab")));
    }

    #[test]
    fn ends_after_an_error() {
        for bytes in [
            &[0x0a, 5, 1][..],
            &[0x80],
            &[0x0b],
            &[0x00, 1],
            &[0x08; 1],
            &[0xff; 20],
        ] {
            let mut fields = Fields(bytes);
            assert!(fields.next().unwrap().is_err());
            assert!(fields.next().is_none());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Fields(&bytes).count() <= bytes.len());
        }
    }
}
