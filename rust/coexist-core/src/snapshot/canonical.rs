//! One way to write an object: names sorted, no white space, texts with as few escapes as JSON allows, numbers as they came.

use super::json::{explain, NotAnObject};
use super::scan::{Bad, Scanner, MAX_DEPTH};
use std::borrow::Cow;

/// Appends one JSON object in its canonical form. On an error nothing is appended.
///
/// Names are sorted by their bytes; of two equal ones the last stands, as in PowerShell. Every property is kept, and no number is rounded.
pub fn push_canonical(out: &mut Vec<u8>, text: &str) -> Result<(), NotAnObject> {
    let start = out.len();
    let mut scanner = Scanner::new(text);
    let result = if scanner.peek() == b'{' { value(out, &mut scanner, 0).and_then(|()| scanner.end()) } else { Err(Bad::Syntax) };
    result.map_err(|bad| {
        out.truncate(start);
        explain(text, bad)
    })
}

/// Appends a text as JSON.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    // Writing a str into a Vec cannot fail.
    let _ = serde_json::to_writer(out, text);
}

fn value(out: &mut Vec<u8>, scanner: &mut Scanner, depth: usize) -> Result<(), Bad> {
    match scanner.peek() {
        b'"' => push_string(out, &scanner.string()?),
        b'{' | b'[' if depth >= MAX_DEPTH => return Err(Bad::Depth),
        b'{' => object(out, scanner, depth + 1)?,
        b'[' => {
            out.push(b'[');
            let mut first = true;
            scanner.array(|scanner| {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                value(out, scanner, depth + 1)
            })?;
            out.push(b']');
        }
        b't' | b'f' | b'n' => out.extend_from_slice(match scanner.literal()? {
            Some(true) => b"true",
            Some(false) => b"false",
            None => b"null",
        }),
        _ => out.extend_from_slice(scanner.number()?.as_bytes()),
    }
    Ok(())
}

fn object(out: &mut Vec<u8>, scanner: &mut Scanner, depth: usize) -> Result<(), Bad> {
    // Written where they stand, then put in order: nothing is read twice, however deep.
    let start = out.len();
    let mut members: Vec<(Cow<str>, usize, usize)> = Vec::new();
    scanner.object(|scanner, name| {
        let from = out.len();
        push_string(out, &name);
        out.push(b':');
        value(out, scanner, depth)?;
        members.push((name, from, out.len()));
        Ok::<(), Bad>(())
    })?;
    // Stable, so that of equal names the last comes last.
    members.sort_by(|left, right| left.0.cmp(&right.0));
    let written = out.split_off(start);
    out.push(b'{');
    let mut first = true;
    for (index, (name, from, to)) in members.iter().enumerate() {
        if members.get(index + 1).is_some_and(|next| next.0 == *name) {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        out.extend_from_slice(&written[from - start..to - start]);
    }
    out.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> String {
        let mut out = Vec::new();
        push_canonical(&mut out, text).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_are_sorted_and_numbers_stay_as_they_are() {
        let cases = [
            ("{}", "{}"),
            (" { \"b\" : 1 , \"a\" : [ ] } ", r#"{"a":[],"b":1}"#),
            (r#"{"n":12345678901234567890123,"f":1.10,"e":1E+2,"z":-0}"#, r#"{"e":1E+2,"f":1.10,"n":12345678901234567890123,"z":-0}"#),
            (r#"{"a":{"d":1,"c":{"f":null,"e":true}}}"#, r#"{"a":{"c":{"e":true,"f":null},"d":1}}"#),
            (r#"{"a":"\u0027\u00eb\/\ud83d\ude00\u0001\n"}"#, "{\"a\":\"'ë/😀\\u0001\\n\"}"),
            (r#"{"a":1,"A":2,"\u0061":3}"#, r#"{"A":2,"a":3}"#),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text), expected);
        }
    }

    #[test]
    fn what_is_no_object_leaves_nothing_behind() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        for bad in ["", "[]", "{", "{\"a\":}", "{\"a\":1}x", "{\"a\":01}", "{\"a\":\"\\ud800\"}", &deep] {
            let mut out = b"before".to_vec();
            assert!(push_canonical(&mut out, bad).is_err(), "{bad}");
            assert_eq!(out, b"before");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC{0,8}".prop_map(Into::into),
            "[\\x00-\\x7f]{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::btree_map("[a-cA-C\\u{e9}]{0,2}", inner, 0..4).prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn the_value_is_the_same_and_the_form_is_its_own(members in proptest::collection::btree_map("[a-c]{0,3}", json(), 0..5)) {
            let value = serde_json::Value::Object(members.into_iter().collect());
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let once = canonical(&pretty);
            prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&once).unwrap(), &value);
            // serde_json's own map is sorted, so its compact form is the same.
            prop_assert_eq!(&once, &value.to_string());
            prop_assert_eq!(&canonical(&once), &once);
        }
    }
}
