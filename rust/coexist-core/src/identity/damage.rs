//! Undoing what is done to an IMCEAEX address between the mail server and the administrator's clipboard.

use super::guid::{hex_byte, starts_with_ignore_case};
use super::imceaex::{push_octet, stands_for_itself};

/// Named characters of HTML that can stand in or around an address. Others are left as they are.
const ENTITIES: [(&str, char); 13] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("plus", '+'),
    ("equals", '='),
    ("lowbar", '_'),
    ("commat", '@'),
    ("hyphen", '-'),
    ("lpar", '('),
    ("rpar", ')'),
];
/// No entity that is undone here is longer than this, between & and ;.
const LONGEST_ENTITY: usize = 8;
/// What ends an address in running text or markup. An encoder writes none of them.
const ENDS: [char; 12] = [
    '<', '>', '"', '\'', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', ']', ';', ',', '?',
];

/// The address as it was, as far as that can be told; the caller decodes it and finds what cannot.
pub(super) fn undo(text: &str) -> String {
    let text = undo_soft_breaks(text);
    let text = undo_entities(&text);
    let text = undo_percent(&text);
    let start = find_ignore_case(&text, b"IMCEA").unwrap_or(0);
    let text = text[start..].split(ENDS).next().unwrap_or_default();
    let Some((local, domain)) = text.rsplit_once('@') else {
        return text.trim().to_owned();
    };
    let domain = domain
        .split(char::is_whitespace)
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    let local = undo_line_breaks(local);
    let mut out = match local.split_once('-') {
        Some((kind, encoded)) if looks_quoted_printable(encoded) => {
            let mut out = format!("{kind}-");
            undo_quoted_printable(encoded, &mut out);
            out
        }
        _ => local,
    };
    out.push('@');
    out.push_str(domain);
    out
}

/// Whether an IMCEA address may be somewhere in a text.
pub(super) fn holds_imcea(text: &str) -> bool {
    find_ignore_case(text, b"IMCEA").is_some()
}

/// A text without the quotes, brackets and white space around it.
pub(super) fn without_wrapping(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ENDS.contains(&c))
}

/// Whether `=XX` in an encoded address is quoted-printable's: every part but a rare few then begins with `=3D`, or a value holds `=XX`, where an
/// encoder writes `+XX` for all but letters, digits and a bare `=`.
pub(super) fn looks_quoted_printable(encoded: &str) -> bool {
    is_wholly_quoted(encoded)
        || encoded.split('_').any(|name| {
            name.match_indices('=')
                .skip(1)
                .any(|(at, _)| quoted(name, at).is_some())
        })
}

/// Every sign that quoted-printable changes has been changed: the `=` after each attribute, in two parts at least (`/o=3D/…` alone may be a name).
fn is_wholly_quoted(encoded: &str) -> bool {
    if encoded.starts_with("=5F") || encoded.starts_with("=5f") {
        return true;
    }
    let mut parts = 0;
    let all = encoded
        .split('_')
        .filter_map(|name| name.find('=').map(|at| (name, at)))
        .all(|(name, at)| {
            parts += 1;
            quoted(name, at) == Some(b'=')
        });
    all && parts >= 2
}

/// The octet that `=XX` at this place stands for.
fn quoted(text: &str, at: usize) -> Option<u8> {
    match text.as_bytes().get(at..at + 3)? {
        &[b'=', high, low] => hex_byte(high, low),
        _ => None,
    }
}

fn undo_quoted_printable(encoded: &str, out: &mut String) {
    let whole = is_wholly_quoted(encoded);
    let mut first_in_name = true;
    let mut at = 0;
    while let Some(c) = encoded[at..].chars().next() {
        let octet = match c == '=' && (whole || !first_in_name) {
            true => quoted(encoded, at),
            false => None,
        };
        match octet {
            Some(octet) => {
                push_address_octet(octet, out);
                at += 3;
            }
            None => {
                out.push(c);
                at += c.len_utf8();
            }
        }
        first_in_name = c == '_' || (first_in_name && c != '=');
    }
}

/// An octet that some encoding stood for: itself where an address may hold it, else as the address's own encoding writes it.
fn push_address_octet(octet: u8, out: &mut String) {
    if stands_for_itself(octet) || matches!(octet, b'_' | b'+' | b'@' | b'<' | b'>' | b':') {
        out.push(char::from(octet));
    } else {
        push_octet(octet, out);
    }
}

/// `=` at the end of a line, with white space that a transport may have added after it.
fn undo_soft_breaks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        let soft = line
            .trim_end()
            .strip_suffix('=')
            .filter(|_| lines.peek().is_some());
        out.push_str(soft.unwrap_or(line));
        if soft.is_none() && lines.peek().is_some() {
            out.push('\n');
        }
    }
    out
}

/// Line breaks within the address, with the indentation that came with them. A space inside a line stays: what was there cannot be known.
fn undo_line_breaks(text: &str) -> String {
    text.trim().split(['\r', '\n']).map(str::trim).collect()
}

fn undo_percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        match after.as_bytes() {
            &[high, low, ..] if hex_byte(high, low).is_some() => {
                push_address_octet(hex_byte(high, low).unwrap_or_default(), &mut out);
                rest = &after[2..];
            }
            _ => {
                out.push('%');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn undo_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after
            .bytes()
            .take(LONGEST_ENTITY + 1)
            .position(|b| b == b';');
        match end.and_then(|end| entity(&after[..end]).map(|c| (c, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &after[end + 1..];
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = match hex {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    ENTITIES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|&(_, c)| c)
}

fn find_ignore_case(text: &str, wanted: &[u8]) -> Option<usize> {
    // What is wanted is ASCII, so a place where it stands is the start of a character.
    (0..text.len()).find(|&at| starts_with_ignore_case(&text.as_bytes()[at..], wanted))
}
