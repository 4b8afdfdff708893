//! JSON batches: many requests in one, many answers in one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::Value;

use crate::call::{Answer, Call};

#[derive(Serialize)]
struct Requests<'c> {
    requests: Vec<Step<'c>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step<'c> {
    id: String,
    method: &'static str,
    url: &'c str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'c str, &'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'c Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<String>,
}

/// The body of a batch; the id of a call is its place, from 1. Batches are fully parallel, or fully sequential: Graph knows nothing between.
pub(crate) fn encode(calls: &[&Call], sequential: bool) -> Vec<u8> {
    fn step<'c>(place: usize, call: &'c Call, sequential: bool) -> Step<'c> {
        let mut headers: BTreeMap<&str, &str> = call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if call.body.is_some() {
            headers.insert("Content-Type", "application/json");
        }
        let depends_on = if sequential && place > 0 { vec![place.to_string()] } else { Vec::new() };
        Step { id: (place + 1).to_string(), method: call.method.name(), url: &call.path, headers, body: call.body.as_ref(), depends_on }
    }
    let requests = Requests { requests: calls.iter().enumerate().map(|(place, call)| step(place, call, sequential)).collect() };
    // Texts and JSON values: serde_json has no way to fail on them.
    serde_json::to_vec(&requests).unwrap_or_default()
}

#[derive(Deserialize)]
struct Responses<'a> {
    #[serde(borrow)]
    responses: Vec<Response<'a>>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    status: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default, borrow)]
    body: Option<&'a RawValue>,
}

/// The answers by the place of their calls; none where one is missing. In whatever order they come, each is taken once: of two with the same id the first.
/// Nothing where the text is no whole answer to a batch.
pub(crate) fn decode(body: &[u8], calls: usize) -> Option<Vec<Option<Answer>>> {
    let parsed: Responses = serde_json::from_slice(body).ok()?;
    let mut answers: Vec<Option<Answer>> = (0..calls).map(|_| None).collect();
    for response in parsed.responses {
        let place = response.id.parse::<usize>().ok().and_then(|id| answers.get_mut(id.checked_sub(1)?));
        if let Some(place @ None) = place {
            let text = |value: Value| match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let headers = response.headers.unwrap_or_default().into_iter().map(|(name, value)| (name, text(value))).collect();
            let body = response.body.map(|body| body.get().as_bytes().to_vec()).unwrap_or_default();
            *place = Some(Answer { status: response.status, headers, body, settled: false });
        }
    }
    Some(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Method;
    use serde_json::json;

    #[test]
    fn a_batch_is_written_as_graph_reads_it() {
        let calls = [
            Call::get("/users/1?$select=id").with_header("ConsistencyLevel", "eventual"),
            Call::new(Method::Patch, "/users/2").with_body(json!({"city": "Köln"})),
            Call::new(Method::Delete, "/users/3"),
        ];
        let calls: Vec<_> = calls.iter().collect();
        let written: Value = serde_json::from_slice(&encode(&calls, false)).unwrap();
        let expected = json!({"requests": [
            {"id": "1", "method": "GET", "url": "/users/1?$select=id", "headers": {"ConsistencyLevel": "eventual"}},
            {"id": "2", "method": "PATCH", "url": "/users/2", "headers": {"Content-Type": "application/json"}, "body": {"city": "Köln"}},
            {"id": "3", "method": "DELETE", "url": "/users/3"},
        ]});
        assert_eq!(written, expected);
        let written: Value = serde_json::from_slice(&encode(&calls, true)).unwrap();
        let depends: Vec<_> = written["requests"].as_array().unwrap().iter().map(|step| step["dependsOn"].clone()).collect();
        assert_eq!(depends, [json!(null), json!(["1"]), json!(["2"])]);
    }

    #[test]
    fn answers_find_their_calls_in_any_order_and_count_once() {
        let body = br#"{"responses":[{"id":"3","status":204},{"id":"1","status":200,"headers":{"Retry-After":3},"body":{"n":1.50,"at":"2026-01-01T00:00:00Z"}},
            {"id":"1","status":500},{"id":"9","status":200},{"id":"0","status":200},{"id":"x","status":200}]}"#;
        let answers = decode(body, 3).unwrap();
        let first = answers[0].as_ref().unwrap();
        assert_eq!((first.status, first.body.as_slice(), first.header("retry-after")), (200, &br#"{"n":1.50,"at":"2026-01-01T00:00:00Z"}"#[..], Some("3")));
        assert!(answers[1].is_none());
        assert_eq!(answers[2].as_ref().unwrap().status, 204);
        for broken in [&body[..body.len() - 3], b"", b"{}", b"<html>", b"{\"responses\":null}"] {
            assert!(decode(broken, 3).is_none());
        }
    }
}
