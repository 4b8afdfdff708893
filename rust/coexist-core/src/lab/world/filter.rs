//! -Filter of the commands that list: comparisons with -eq, -ne and -like, joined by -and. Whatever else a service understands is refused: a filter that was
//! not understood must not list everybody.

use super::object::Fields;
use super::refusal::{fault, Fault};
use crate::apply::selection::is_like;
use serde_json::Value;

/// One comparison.
struct Comparison {
    property: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy)]
enum Operator {
    Equal,
    Unequal,
    Like,
}

/// What a filter asks for; all of it must hold.
pub(super) struct Filter(Vec<Comparison>);

impl Filter {
    /// Of the text of a filter; nothing, and `*`, hold of everything.
    pub fn read(text: Option<&str>) -> Result<Self, Fault> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty() && *text != "*") else { return Ok(Filter(Vec::new())) };
        let unknown = || fault("FilterInvalid", &[("filter", text)]);
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
        split_and(inner).into_iter().map(|part| comparison(part).ok_or_else(unknown)).collect::<Result<_, _>>().map(Filter)
    }

    pub fn holds(&self, fields: &Fields) -> bool {
        self.0.iter().all(|comparison| {
            let value = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(&comparison.property)).map_or(&Value::Null, |(_, value)| value);
            let equal = |text: &String| text.to_lowercase() == comparison.value.to_lowercase();
            let values = texts(value);
            match comparison.operator {
                Operator::Equal => values.iter().any(equal),
                Operator::Unequal => !values.iter().any(equal),
                Operator::Like => values.iter().any(|text| is_like(&comparison.value, text)),
            }
        })
    }
}

/// Of a list any value counts, as Exchange and AD do it.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

/// The parts between `-and`s that are in no quotes.
fn split_and(text: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut quote) = (Vec::new(), 0, None);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), character) if character == open => quote = None,
            (None, '-') if at >= begin && text.get(at..at + 5).is_some_and(|word| word.eq_ignore_ascii_case("-and ")) => {
                parts.push(&text[begin..at]);
                begin = at + 5;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

fn comparison(text: &str) -> Option<Comparison> {
    let text = text.trim();
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text).trim();
    let (property, rest) = text.split_once(char::is_whitespace)?;
    let (operator, value) = rest.trim_start().split_once(char::is_whitespace)?;
    let operator = match operator.to_ascii_lowercase().as_str() {
        "-eq" => Operator::Equal,
        "-ne" => Operator::Unequal,
        "-like" => Operator::Like,
        _ => return None,
    };
    let value = value.trim();
    let quoted = ['\'', '"'].into_iter().find_map(|quote| {
        let (inner, twice) = (value.strip_prefix(quote)?.strip_suffix(quote)?, format!("{quote}{quote}"));
        // A quote that stands alone ends the value: what follows is something else.
        (!inner.replace(&twice, "").contains(quote)).then(|| inner.replace(&twice, &quote.to_string()))
    });
    let value = match (quoted, value.to_ascii_lowercase().as_str()) {
        (Some(value), _) => value,
        (None, "$true") => "true".into(),
        (None, "$false") => "false".into(),
        (None, bare) if !bare.is_empty() && bare.chars().all(|character| character.is_alphanumeric() || "@.-_*".contains(character)) => value.into(),
        _ => return None,
    };
    let is_name = !property.is_empty() && property.chars().all(|character| character.is_alphanumeric() || character == '-');
    is_name.then(|| Comparison { property: property.into(), operator, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_understood_filters_and_the_rest_is_refused() {
        let object = json!({"Name": "O'Brien-and Co", "Alias": "obrien", "IsDirSynced": false, "EmailAddresses": ["SMTP:a@b.c", "smtp:d@e.f"], "Empty": null});
        let holds = |text: &str| Filter::read(Some(text)).unwrap().holds(object.as_object().unwrap());
        for good in [
            "*", "", "Alias -eq 'OBRIEN'", "alias -like 'o*n'", "{Alias -like \"*br*\"}", "EmailAddresses -eq 'smtp:A@b.c'", "(Alias -eq obrien) -and (IsDirSynced -eq $false)",
            "Name -eq 'O''Brien-and Co'", "Name -ne 'x' -and Alias -like '*'", "Empty -ne 'x'",
        ] {
            assert!(holds(good), "{good}");
        }
        for bad in ["Alias -eq 'x'", "Alias -like 'o*x'", "Empty -like '*'", "IsDirSynced -eq $true", "Alias -eq 'obrien' -and Name -eq 'x'", "Alias -like 'rien'"] {
            assert!(!holds(bad), "{bad}");
        }
        for unknown in ["Alias -gt 'a'", "Alias -eq 'a' -or Name -eq 'b'", "Alias", "-not Alias -eq 'x'", "Alias -eq $name", "((Alias -eq 'a')"] {
            assert!(Filter::read(Some(unknown)).is_err(), "{unknown}");
        }
    }
}
