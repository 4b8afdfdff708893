//! Requests: UTF-8 JSON that names its operation; tables from names to functions.

use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Failure;
use crate::status::*;

/// Names and what they stand for, in the order of `cbindings/README.md`.
pub(crate) type Table<F> = &'static [(&'static str, F)];

/// Reads JSON from the caller.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let text = utf8(bytes)?;
    serde_json::from_str(text).map_err(|cause| Failure::invalid_json(&cause))
}

/// Checks that the caller sent UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(bytes).map_err(|cause| {
        let message = format!("the input is not UTF-8 from byte {} on; encode text as UTF-8 without a byte order mark", cause.valid_up_to());
        Failure::new(COEXIST_INVALID_UTF8, "InvalidUtf8", "InvalidData", message)
    })
}

/// Finds the operation that a request names under `key`, and returns it with the rest of the request.
pub(crate) fn find<F: Copy>(key: &str, table: Table<F>, bytes: &[u8]) -> Result<(F, Value), Failure> {
    let mut request: Map<String, Value> = parse(bytes)?;
    let named = request.remove(key);
    let name = named.as_ref().and_then(Value::as_str).unwrap_or_default();
    match table.iter().find(|(known, _)| *known == name) {
        Some((_, found)) => Ok((*found, Value::Object(request))),
        None => {
            let known: Vec<_> = table.iter().map(|(known, _)| *known).collect();
            let message = format!("\"{key}\" names no operation of this library: {name:?}; it knows: {}", known.join(", "));
            Err(Failure::invalid_argument("UnknownOperation", message).about(name))
        }
    }
}

/// Reads the fields of a request. Its struct says `deny_unknown_fields`, so that a misspelt option is not an ignored one.
pub(crate) fn decode<T: DeserializeOwned>(request: Value) -> Result<T, Failure> {
    serde_json::from_value(request).map_err(|cause| Failure::invalid_json(&cause))
}

/// Writes a result.
pub(crate) fn encode(result: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(result).map_err(|cause| Failure::internal(format!("a result has no JSON form: {cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table<u8> = &[("one", 1), ("two", 2)];

    #[test]
    fn a_name_leads_to_its_function_and_the_rest_stays() {
        let (found, rest) = find("call", TABLE, br#"{"a":[1],"call":"two"}"#).unwrap();
        assert_eq!((found, rest.to_string()), (2, r#"{"a":[1]}"#.to_owned()));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        for request in [r#"{"call":"three"}"#, r#"{"call":2}"#, "{}"] {
            let failure = find("call", TABLE, request.as_bytes()).unwrap_err();
            assert_eq!((failure.status, failure.error.code.as_ref()), (COEXIST_INVALID_ARGUMENT, "UnknownOperation"));
            assert!(failure.error.message.ends_with("one, two"), "{failure:?}");
        }
    }

    #[test]
    fn what_is_not_a_request_says_so() {
        let nested = "[".repeat(1_000_000);
        for (bytes, status) in [
            (&b"\xff"[..], COEXIST_INVALID_UTF8),
            (b"", COEXIST_INVALID_JSON),
            (b"[]", COEXIST_INVALID_JSON),
            (b"{\"call\":\"one\"", COEXIST_INVALID_JSON),
            (nested.as_bytes(), COEXIST_INVALID_JSON),
        ] {
            assert_eq!(find("call", TABLE, bytes).unwrap_err().status, status);
        }
    }
}
