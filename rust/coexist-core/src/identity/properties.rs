//! What must hold for every input, not only for the examples.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::string::string_regex;

use super::guid::Guid;
use super::immutable_id::{self, Form};
use super::{imceaex, protocol, x500, X500};

/// Any GUID that can be an anchor.
fn guid() -> impl Strategy<Value = Guid> {
    any::<[u8; 16]>()
        .prop_map(Guid::from_bytes)
        .prop_filter("nil is refused", |guid| !guid.is_nil())
}

/// Every way to write a GUID that tells its form.
fn written(guid: Guid) -> Vec<(Form, String)> {
    let d = guid.to_string();
    let bytes = guid.to_bytes();
    let apart = |separator: &str, write: fn(u8) -> String| bytes.map(write).join(separator);
    let x = |from: usize, to: usize| {
        let digits: String = d.chars().filter(char::is_ascii_hexdigit).collect();
        digits[from..to].to_owned()
    };
    let mut pushed = [String::new(), String::new(), String::new()];
    immutable_id::push_hex(guid, &mut pushed[0]);
    immutable_id::push_ldap_filter(guid, &mut pushed[1]);
    immutable_id::push_connector_dn(guid, &mut pushed[2]);
    let [hex, ldap, dn] = pushed;
    let mut forms = vec![
        (Form::Guid, d.to_uppercase()),
        (Form::Guid, format!("{{{d}}}")),
        (Form::Guid, format!("({d})")),
        (Form::Guid, format!("urn:uuid:{d}")),
        (
            Form::Guid,
            format!(
                "{{0x{},0x{},0x{},{{{}}}}}",
                x(0, 8),
                x(8, 12),
                x(12, 16),
                (8..16)
                    .map(|i| format!("0x{}", x(i * 2, i * 2 + 2)))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
        ),
        (Form::Guid, d),
        (Form::Hex, hex.to_uppercase()),
        (Form::Hex, format!("0x{hex}")),
        (Form::Hex, hex),
        (Form::Bytes, apart("-", |b| format!("{b:02X}"))),
        (Form::Bytes, apart(" ", |b| format!("{b:02x}"))),
        (Form::Bytes, apart(", ", |b| format!("0x{b:02x}"))),
        (Form::LdapFilter, format!("(objectGUID={ldap})")),
        (Form::LdapFilter, ldap),
        (Form::ConnectorDn, format!("{dn},OU=x")),
        (Form::ConnectorDn, dn.to_lowercase()),
        (Form::ConnectorDn, dn),
        (Form::Base64, immutable_id::encode(guid)),
    ];
    if bytes.iter().any(|&b| !(10..=99).contains(&b)) {
        forms.push((Form::Bytes, apart(" ", |b| b.to_string())));
    }
    forms
}

/// A legal DN: no control characters, no white space at its ends.
fn dn() -> impl Strategy<Value = String> {
    let value = || string_regex("[^/\\p{Cc}\\s]([^/\\p{Cc}]{0,20}[^/\\p{Cc}\\s])?").unwrap();
    let attribute = string_regex("[A-Za-z]{1,3}").unwrap();
    (
        prop_oneof!["o", "O"],
        value(),
        vec((attribute, value()), 0..4),
    )
        .prop_map(|(root, organization, rest)| {
            let mut dn = format!("/{root}={organization}");
            for (attribute, value) in rest {
                dn.push_str(&format!("/{attribute}={value}"));
            }
            dn
        })
}

/// Text of the shapes that the parsers branch on, separators and control characters included.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        string_regex("\\PC{0,12}").unwrap(),
        ".{0,6}",
        string_regex("[0-9a-fA-F]{0,40}").unwrap(),
        string_regex("[0-9 ,\\-x\\\\]{0,60}").unwrap(),
        prop::sample::select(vec![
            "\u{1f}",
            "\u{1e}",
            "\0",
            "\r\n",
            "=\r\n",
            "=3D",
            "=2B",
            "=5F",
            "=",
            "%2B",
            "%",
            "+",
            "+20",
            "+C3",
            "_",
            "/",
            "@",
            "&",
            "&amp;",
            "&#",
            "&#x110000;",
            "&lt;",
            "IMCEAEX-",
            "imcea",
            "IMCEASMTP-",
            "X500:",
            "x500:",
            "EX:",
            "/o=",
            "/cn=",
            "CN={",
            "}",
            "{",
            "(",
            ")",
            "\\40",
            "0x",
            "urn:uuid:",
            "mailto:",
            "System.Byte[]",
            "contoso.com",
            "QF5HMK7n80qvdYsUPIHa9Q==",
            "MzA0NzVlNDAt",
            "30475e40-e7ae-4af3-af75-8b143c81daf5",
            "\u{feff}",
            "İ",
            "ß",
            "👩‍👩‍👧",
            "1",
        ])
        .prop_map(str::to_owned),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

type Call = fn(&str, &mut String) -> Result<(), super::IdentityError>;
/// Each call with its number of fields out.
const CALLS: [(Call, usize); 4] = [
    (protocol::immutable_id_to, 8),
    (protocol::immutable_id_from, 7),
    (protocol::x500_to, 5),
    (protocol::imceaex_to, 4),
];

/// The fields of an answer.
fn answer(call: Call, request: &str) -> Option<Vec<String>> {
    let mut out = String::new();
    call(request, &mut out).ok()?;
    Some(
        out.split(protocol::FIELD_SEPARATOR)
            .map(str::to_owned)
            .collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn a_guid_survives_every_form(guid in guid()) {
        for (form, text) in written(guid) {
            let reading = immutable_id::read(&text).unwrap();
            prop_assert_eq!((reading.guid, reading.form), (guid, form), "{}", text);
        }
        prop_assert_eq!(immutable_id::decode(&immutable_id::encode(guid)), Ok(guid));
        prop_assert_eq!(Guid::parse(&guid.to_string().replace('-', "")), Ok(guid));
        prop_assert_eq!(guid.byte_swapped().byte_swapped(), guid);
    }

    #[test]
    fn every_field_of_an_answer_reads_back_to_the_same_answer(guid in guid()) {
        let first = answer(protocol::immutable_id_from, &guid.to_string()).unwrap();
        for field in [0, 1, 3, 4, 5] {
            let again = answer(protocol::immutable_id_from, &first[field]).unwrap();
            prop_assert_eq!((&again[..2], &again[3..6]), (&first[..2], &first[3..6]));
            let to = answer(protocol::immutable_id_to, &first[field]).unwrap();
            prop_assert_eq!((&to[0], &to[1]), (&first[1], &first[0]));
        }
    }

    #[test]
    fn one_text_means_one_immutable_id_and_the_other_way_round(a in guid(), b in guid()) {
        prop_assert_eq!(a == b, immutable_id::encode(a) == immutable_id::encode(b));
    }

    #[test]
    fn changing_the_case_of_an_immutable_id_never_gives_the_same_guid(guid in guid(), at in 0usize..22) {
        let id = immutable_id::encode(guid);
        let changed: String = id.char_indices().map(|(i, c)| match i == at {
            true if c.is_ascii_lowercase() => c.to_ascii_uppercase(),
            true => c.to_ascii_lowercase(),
            false => c,
        }).collect();
        prop_assume!(changed != id);
        prop_assert!(immutable_id::decode(&changed) != Ok(guid));
    }

    #[test]
    fn base64_of_a_guids_text_is_never_taken_for_an_anchor(guid in guid(), wide: bool) {
        use base64::Engine;
        for (form, text) in written(guid) {
            if form == Form::Bytes || text.contains("objectGUID") || text.contains("OU=") {
                continue; // longer than anything that was ever encoded by mistake, or not of one GUID alone
            }
            let bytes = match wide {
                true => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                false => text.into_bytes(),
            };
            let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
            prop_assert_eq!(immutable_id::read(&encoded).unwrap_err().code(), "ImmutableIdIsBase64OfText");
        }
    }

    #[test]
    fn consistency_guid_wins_and_difference_is_told(a in guid(), b in guid(), same: bool) {
        let object = if same { a } else { b };
        let fields = answer(protocol::immutable_id_to, &format!("\u{1f}{a}\u{1f}{object}\u{1f}1")).unwrap();
        prop_assert_eq!(&fields[1], &a.to_string());
        prop_assert_eq!(&fields[3], if a == object { "False" } else { "True" });
        prop_assert_eq!(fields[7].contains("AnchorsDiffer "), a != object);
    }

    #[test]
    fn imceaex_of_any_dn_decodes_to_it(dn in dn()) {
        let x500 = X500::parse(&dn).unwrap();
        prop_assert_eq!(x500.legacy_exchange_dn(), &dn);
        let mut address = String::new();
        imceaex::push_imceaex(&x500, "contoso.com", &mut address);
        prop_assert!(address.bytes().all(|b| b.is_ascii_graphic()));
        let decoded = imceaex::decode(&address).unwrap();
        prop_assert_eq!(decoded.x500.legacy_exchange_dn(), &dn);
        let mut again = String::new();
        imceaex::push_imceaex(&decoded.x500, &decoded.domain, &mut again);
        prop_assert_eq!(again, address);
    }

    #[test]
    fn what_is_strictly_right_is_not_repaired(dn in dn(), hostile in hostile()) {
        let mut address = String::new();
        imceaex::push_imceaex(&X500::parse(&dn).unwrap(), "contoso.com", &mut address);
        for text in [address, dn, hostile.clone(), format!("IMCEAEX-_o={hostile}@contoso.com"), format!("/o={hostile}")] {
            let text = text.replace(protocol::FIELD_SEPARATOR, "");
            let Some(strict) = answer(protocol::x500_to, &text) else { continue };
            let lenient = answer(protocol::x500_to, &format!("{text}\u{1f}1")).unwrap();
            if !strict[4].starts_with("LooksQuotedPrintable") {
                prop_assert_eq!(strict, lenient);
            }
        }
    }

    #[test]
    fn quoted_printable_and_html_are_undone(dn in dn().prop_filter("a name that looks encoded itself", |dn| {
        dn.matches('=').count() == dn.matches('/').count() && dn.matches('/').count() > 1
    })) {
        let mut address = String::new();
        imceaex::push_imceaex(&X500::parse(&dn).unwrap(), "contoso.com", &mut address);
        prop_assume!(!imceaex::decode(&address).unwrap().looks_quoted_printable);
        let quoted = address.replace('=', "=3D");
        let broken: String = quoted.chars().collect::<Vec<_>>().chunks(60).map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("=\r\n");
        for damaged in [quoted.clone(), broken, quoted.replace('+', "=2B"), address.replace('+', "%2B"), address.replace('+', "&#43;").replace('_', "&lowbar;")] {
            let repaired = imceaex::decode_lenient(&format!("&lt;{damaged}&gt;")).unwrap();
            prop_assert_eq!(repaired.x500.legacy_exchange_dn(), &dn, "{}", damaged);
        }
    }

    #[test]
    fn x500_is_idempotent_and_its_key_ignores_case_and_prefix(dn in dn(), prefix in prop::sample::select(vec!["", "X500:", "x500: ", "ex:"])) {
        let text = format!("{prefix}{dn}");
        let x500 = X500::parse(&text).unwrap();
        let written = x500.to_string();
        let again = X500::parse(&written).unwrap();
        prop_assert_eq!(again.legacy_exchange_dn(), &dn);
        let key = x500.compare_key().into_owned();
        let (lower, upper) = (dn.to_ascii_lowercase(), dn.to_ascii_uppercase());
        for same in [&text, &written, &key, &lower, &upper] {
            prop_assert_eq!(x500::compare_key(same), key.as_str());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn no_input_panics_and_every_answer_is_whole(fields in vec(hostile(), 0..6)) {
        let request = fields.join("\u{1f}");
        for (call, count) in CALLS {
            let mut out = String::from("kept");
            match call(&request, &mut out) {
                Ok(()) => {
                    prop_assert_eq!(out.matches(protocol::FIELD_SEPARATOR).count() + 1, count, "{:?}", out);
                    let (body, notes) = out.rsplit_once(protocol::FIELD_SEPARATOR).unwrap();
                    prop_assert!(!body.contains(protocol::NOTE_SEPARATOR));
                    prop_assert!(!body.replace(protocol::FIELD_SEPARATOR, "").chars().any(char::is_control), "{:?}", body);
                    prop_assert!(notes.is_empty() || notes.split(protocol::NOTE_SEPARATOR).all(|note| note.starts_with(|c: char| c.is_ascii_uppercase())));
                }
                Err(error) => {
                    prop_assert_eq!(out, "kept");
                    prop_assert!(error.code().bytes().all(|b| b.is_ascii_alphanumeric()));
                    prop_assert!(!error.message().chars().any(char::is_control), "{:?}", error.message());
                }
            }
        }
    }
}

/// What one call costs; `cargo test --release -p coexist-core -- --ignored --nocapture cost_of_a_call`. Aim: below a microsecond.
#[test]
#[ignore = "prints times, which mean something in a release build only"]
fn cost_of_a_call() {
    let dn = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=0b6f8e2a-anna";
    let mut address = String::new();
    imceaex::push_imceaex(&X500::parse(dn).unwrap(), "contoso.com", &mut address);
    let requests: [(&str, Call, String); 8] = [
        ("immutable_id_to, value", protocol::immutable_id_to, "30475e40-e7ae-4af3-af75-8b143c81daf5".into()),
        ("immutable_id_to, AD object", protocol::immutable_id_to, "\u{1f}40-5E-47-30-AE-E7-F3-4A-AF-75-8B-14-3C-81-DA-F5\u{1f}30475e40-e7ae-4af3-af75-8b143c81daf5\u{1f}1".into()),
        ("immutable_id_to, with a note", protocol::immutable_id_to, "\u{1f}\u{1f}30475e40-e7ae-4af3-af75-8b143c81daf5\u{1f}0".into()),
        ("immutable_id_from, base64", protocol::immutable_id_from, "QF5HMK7n80qvdYsUPIHa9Q==".into()),
        ("immutable_id_from, DN", protocol::immutable_id_from, "CN={514635484D4B376E38307176645973555049486139513D3D}".into()),
        ("x500_to, DN", protocol::x500_to, dn.into()),
        ("x500_to, IMCEAEX", protocol::x500_to, address),
        ("imceaex_to", protocol::imceaex_to, format!("{dn}\u{1f}contoso.com")),
    ];
    for (name, call, request) in requests {
        let mut out = String::new();
        let rounds = 1_000_000;
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            out.clear();
            call(std::hint::black_box(&request), &mut out).unwrap();
            std::hint::black_box(&out);
        }
        println!(
            "{name}: {:.0} ns",
            start.elapsed().as_secs_f64() * 1e9 / f64::from(rounds)
        );
    }
}
