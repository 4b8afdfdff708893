//! A list that was joined into one text, as scripts do before Export-Csv.

/// The items of a joined list of addresses, holds or plans, in order.
///
/// The separator is the first of `;`, `|`, line break, `,` and space at which the text can be cut. `,` and space cut only before something that begins
/// like an address (`smtp:`), so that the spaces and commas inside an X500 address do not cut it; `;` does not cut an X400 address or a mailbox location,
/// which use it inside. Without any such place the text is one item.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let separator = SEPARATORS.into_iter().find(|separator| cut(text, *separator).is_some());
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let item = rest?;
        let at = separator.and_then(|separator| cut(item, separator));
        rest = at.map(|at| &item[at + 1..]);
        Some(tidy(&item[..at.unwrap_or(item.len())]))
    })
    .filter(|item| !item.is_empty())
}

const SEPARATORS: [char; 6] = [';', '|', '\n', '\r', ',', ' '];

/// The first place where the item at the beginning of `text` ends.
fn cut(text: &str, separator: char) -> Option<usize> {
    let form = Form::of(text);
    text.match_indices(separator).map(|(at, _)| at).find(|at| {
        // Two in a row: the first one belongs to the item before it (an X400 address ends in `;` itself).
        let after = &text[at + 1..];
        !after.starts_with(separator) && form.ends_before(after.trim_start_matches(' '), separator)
    })
}

/// What kind of item stands at the beginning of a text, as far as it decides about `;`.
enum Form {
    X400,
    MailboxLocation,
    Other,
}

impl Form {
    fn of(text: &str) -> Form {
        let text = text.trim_start_matches(' ');
        if has_prefix(text, "x400") {
            Form::X400
        } else if begins_location(text) {
            Form::MailboxLocation
        } else {
            Form::Other
        }
    }

    /// True where the next item may begin with `rest` after this separator.
    fn ends_before(&self, rest: &str, separator: char) -> bool {
        match (separator, self) {
            (',' | ' ', _) | (_, Form::X400) => KNOWN_PREFIXES.iter().any(|prefix| has_prefix(rest, prefix)),
            (';', Form::MailboxLocation) => begins_location(rest),
            _ => true,
        }
    }
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.get(prefix.len()) == Some(&b':') && bytes[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes())
}

/// True for `1;<guid>;Primary;<server>;<guid>`, the form of a mailbox location.
fn begins_location(text: &str) -> bool {
    let digits = text.bytes().take(3).take_while(u8::is_ascii_digit).count();
    digits > 0 && text.as_bytes().get(digits) == Some(&b';')
}

/// The prefixes that Exchange itself uses: what ends in a colon otherwise may be part of a name.
const KNOWN_PREFIXES: [&str; 6] = ["smtp", "x500", "x400", "sip", "eum", "spo"];

/// Without white space, and without a separator left at its end.
fn tidy(item: &str) -> &str {
    let item = item.trim();
    match Form::of(item) {
        Form::X400 => item,
        _ => item.trim_end_matches([';', '|']).trim_end(),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn joined_lists_are_cut_only_between_addresses() {
        let cases: [(&str, &[&str]); 12] = [
            ("SMTP:a@b.c;smtp:d@e.f", &["SMTP:a@b.c", "smtp:d@e.f"]),
            ("SMTP:a@b.c smtp:d@e.f X500:/o=A B/cn=C D", &["SMTP:a@b.c", "smtp:d@e.f", "X500:/o=A B/cn=C D"]),
            ("SMTP:a@b.c, X500:/o=A, Inc/cn=x", &["SMTP:a@b.c", "X500:/o=A, Inc/cn=x"]),
            ("X400:c=us;a= ;p=contoso;o=Exchange;s=Doe;g=Jo;;SMTP:a@b.c", &["X400:c=us;a= ;p=contoso;o=Exchange;s=Doe;g=Jo;", "SMTP:a@b.c"]),
            ("UniH0123;mbx4567:2", &["UniH0123", "mbx4567:2"]),
            ("UniH0123;mbx4567:2;", &["UniH0123", "mbx4567:2"]),
            ("X400:C=US;A= ;P=c;DDA:SMTP=a(a)b.c; ;smtp:d@e.f;", &["X400:C=US;A= ;P=c;DDA:SMTP=a(a)b.c;", "smtp:d@e.f"]),
            ("1;aa-bb;Primary;s;cc;2;dd-ee;MainArchive;s;cc", &["1;aa-bb;Primary;s;cc", "2;dd-ee;MainArchive;s;cc"]),
            ("SMTP:a@b.c\r\nsmtp:d@e.f\r\n", &["SMTP:a@b.c", "smtp:d@e.f"]),
            ("SMTP:ä@b.c , smtp:é@e.f", &["SMTP:ä@b.c", "smtp:é@e.f"]),
            ("SMTP:solo@b.c", &["SMTP:solo@b.c"]),
            ("", &[]),
        ];
        for (text, items) in cases {
            assert_eq!(split(text).collect::<Vec<_>>(), items, "{text}");
        }
    }

    #[test]
    fn a_hostile_text_is_split_in_linear_time() {
        for unit in [" ", ", ", ";", " ;", "\n ", "X400:;", "x:", "1;", "a|", "a;"] {
            let text = unit.repeat(400_000 / unit.len());
            assert!(split(&text).map(str::len).sum::<usize>() <= text.len());
        }
    }
}
