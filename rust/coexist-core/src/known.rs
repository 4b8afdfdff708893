//! The difference between "has none" and "was not exported".

/// What is known of one property of one object.
///
/// A property that was not exported is not an empty one: what depends on it must say so instead of deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<T> {
    /// The property was exported and holds this.
    Value(T),
    /// The property was exported and is empty.
    Empty,
    /// The property was not exported.
    NotExported,
    /// The export wrote a type name where a list or an object was (`System.Collections.ArrayList`).
    Flattened,
}

impl<T> Known<T> {
    /// The value, where there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Known::Value(value) => Some(value),
            _ => None,
        }
    }

    /// True where the export says nothing about the property.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Known::NotExported | Known::Flattened)
    }

    /// Turns the value, where there is one, into another; `None` means that it cannot be read, which is unknown.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Option<U>) -> Known<U> {
        match self {
            Known::Value(value) => f(value).map_or(Known::Flattened, Known::Value),
            Known::Empty => Known::Empty,
            Known::NotExported => Known::NotExported,
            Known::Flattened => Known::Flattened,
        }
    }
}
