//! Objects of the format, declared by their keys.
//! Invariant: a key that nobody knows is skipped; of a repeated key the last one counts.

/// Declares an object of the format: one `Raw` per known key, all other keys skipped.
macro_rules! wire_object {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident = $key:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq)]
        pub struct $name<'a> { $($(#[$field_doc])* pub $field: Raw<'a>,)* }

        impl<'a> crate::json::object::ReadObject<'a> for $name<'a> {
            fn read_field<A: serde::de::MapAccess<'a>>(&mut self, key: crate::json::object::Text<'a>, map: &mut A) -> Result<(), A::Error> {
                match key.0.as_ref() {
                    $($key => self.$field = map.next_value()?,)*
                    _ => { map.next_value::<serde::de::IgnoredAny>()?; }
                }
                Ok(())
            }
        }

        impl<'a> $name<'a> {
            /// Opens a value as this object; `None` if it is no object.
            pub fn read(raw: Raw<'a>) -> Option<Self> {
                let mut object = Self::default();
                raw.read_into(&mut object).then_some(object)
            }
        }
    };
}
