//! The address diff: what holds for every pair of a source and a target.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use coexist_core::address::{
    canonical_domain, compare, for_each_wanted, Action, AddressType, Change, Context, Diff, DomainMap, DomainSet, Field, NoOwners, Owner, Ownership,
    ProxyAddress, Reason,
};
use coexist_core::limits::Limits;
use coexist_core::snapshot::{push_json, Chunk, Kind, Record, RecordBuilder, Table};
use proptest::prelude::*;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};

/// One object of a snapshot.
struct Object(Table);

impl Object {
    fn new(value: &Value) -> Self {
        let mut builder = RecordBuilder::default();
        push_json(&mut builder, &value.to_string()).unwrap();
        let mut table = Table::new(Kind::MailUsers, "mailUsers.jsonl");
        table.push(Chunk::new(builder, vec![1]));
        Object(table)
    }

    fn record(&self) -> Record<'_> {
        self.0.get(0)
    }
}

struct Rules {
    accepted: DomainSet,
    map: DomainMap,
    limits: Limits,
    delivery: Option<&'static str>,
}

impl Rules {
    fn new(delivery: Option<&'static str>) -> Self {
        let accepted = DomainSet::new(["fabrikam.com", "fabrikam.onmicrosoft.com", "bücher.example"]);
        let map = BTreeMap::from([("contoso.com".to_string(), "Fabrikam.com".to_string()), ("xn--bcher-kva.example".into(), "bücher.example".into()),
            ("contoso.onmicrosoft.com".into(), "fabrikam.onmicrosoft.com".into())]);
        let map = DomainMap::new(&map, &accepted).unwrap();
        Rules { accepted, map, limits: Limits::default(), delivery }
    }

    fn context(&self) -> Context<'_> {
        Context { accepted: &self.accepted, delivery_domain: self.delivery, domain_map: &self.map, limits: &self.limits }
    }
}

/// Some addresses belong to somebody else.
struct Others(BTreeSet<String>);

impl Ownership for Others {
    fn other_owner(&self, address: &ProxyAddress, _: u64) -> Option<Owner> {
        self.0.contains(&address.key()).then(|| Owner::Target("somebody@fabrikam.com".into()))
    }
}

fn local() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => prop::sample::select(vec!["anna", "Anna", "ANNA", "bert", "anna+news", "zoë", "ZOË", "o'brien"]).prop_map(String::from),
        1 => "[a-zA-Z0-9.+ß]{1,6}",
    ]
}

fn domain() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "contoso.com", "Contoso.COM", "contoso.onmicrosoft.com", "fabrikam.com", "FABRIKAM.com", "fabrikam.onmicrosoft.com", "unaccepted.example",
        "bücher.example", "XN--bcher-kva.example", "sub.fabrikam.com",
    ])
}

/// Addresses of every type; of SMTP ones none is the primary.
fn secondary() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (prop::sample::select(vec!["smtp:", "Smtp:", ""]), local(), domain()).prop_map(|(prefix, local, domain)| format!("{prefix}{local}@{domain}")),
        4 => (prop::sample::select(vec!["X500:", "x500:"]), prop::sample::select(vec!["/o=Old/cn=", "/O=OLD/cn=", "/o=Older/cn="]), local())
            .prop_map(|(prefix, dn, local)| format!("{prefix}{dn}{local}")),
        1 => local().prop_map(|local| format!("X400:c=us;a= ;p=contoso;s={local};")),
        1 => (prop::sample::select(vec!["sip:", "SIP:", "EUM:", "SPO:", "notes:", "x-other_1:"]), local(), domain())
            .prop_map(|(prefix, local, domain)| format!("{prefix}{local}@{domain}")),
        1 => prop::sample::select(vec!["x500:nonsense", "smtp:nobody", "smtp:@contoso.com", "smtp:a b@contoso.com", "/o=Bare/cn=x"]).prop_map(String::from),
        1 => "\\PC{1,12}".prop_filter("empty", |text| !text.trim().is_empty() && !text.trim().starts_with("SMTP:")),
    ]
}

fn list(primaries: std::ops::Range<usize>) -> impl Strategy<Value = Vec<String>> {
    let primary = (local(), domain()).prop_map(|(local, domain)| format!("SMTP:{local}@{domain}"));
    (proptest::collection::vec(primary, primaries), proptest::collection::vec(secondary(), 0..8)).prop_map(|(mut primaries, rest)| {
        primaries.extend(rest);
        primaries
    })
}

#[derive(Debug, Clone)]
struct Pair {
    source: Value,
    target: Value,
    others: BTreeSet<String>,
    delivery: Option<&'static str>,
}

fn pairs(most_primaries: usize) -> impl Strategy<Value = Pair> {
    let external = proptest::option::of(prop_oneof![
        6 => (local(), domain()).prop_map(|(local, domain)| format!("SMTP:{local}@{domain}")),
        1 => local().prop_map(|local| format!("X400:c=us;a= ;p=contoso;s={local};")),
    ]);
    let own = proptest::option::of((local(), domain()).prop_map(|(local, domain)| format!("{local}@{domain}")));
    let delivery = prop::sample::select(vec![None, Some("fabrikam.onmicrosoft.com"), Some("Fabrikam.OnMicrosoft.com")]);
    let others = proptest::collection::btree_set(secondary().prop_map(|text| ProxyAddress::parse(&text).key()), 0..3);
    (list(0..most_primaries + 1), list(0..most_primaries + 1), external, own, delivery, others, local(), any::<bool>()).prop_map(
        |(source, target, external, primary, delivery, others, alias, none)| Pair {
            source: json!({"EmailAddresses": source, "PrimarySmtpAddress": primary, "LegacyExchangeDN": format!("/o=Old/cn={alias}"), "Alias": alias}),
            target: json!({"EmailAddresses": target, "ExternalEmailAddress": external}),
            others: if none { BTreeSet::new() } else { others },
            delivery,
        },
    )
}

fn addresses(object: &Value) -> Vec<String> {
    object["EmailAddresses"].as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_string()).collect()
}

fn of<'d>(diff: &'d Diff, field: Field) -> Vec<&'d Change<'d>> {
    diff.changes.iter().filter(|change| change.field == field).collect()
}

fn key(text: &str) -> String {
    ProxyAddress::parse(text).key()
}

fn survives(change: &Change) -> bool {
    matches!(change.action, Action::Keep | Action::Add | Action::MakePrimary)
}

/// The target object once the rows are carried out.
fn applied(target: &Value, changes: &[Change]) -> Value {
    let kept = |field| changes.iter().filter(move |change| change.field == field && survives(change)).map(|change| change.address.to_string());
    let external = match changes.iter().any(|change| change.field == Field::ExternalEmailAddress) {
        true => kept(Field::ExternalEmailAddress).next().map_or(Value::Null, Value::from),
        false => target["ExternalEmailAddress"].clone(),
    };
    json!({"EmailAddresses": kept(Field::EmailAddresses).collect::<Vec<_>>(), "ExternalEmailAddress": external})
}

fn check(pair: &Pair) -> Result<(), TestCaseError> {
    let rules = Rules::new(pair.delivery);
    let (source, target) = (Object::new(&pair.source), Object::new(&pair.target));
    let others = Others(pair.others.clone());
    let diff = compare(&source.record(), &target.record(), true, &rules.context(), &others);
    prop_assert_eq!(&diff, &compare(&source.record(), &target.record(), true, &rules.context(), &others), "twice the same");
    prop_assert!(diff.unknown.is_empty());
    let rows = of(&diff, Field::EmailAddresses);
    let (sources, targets) = (addresses(&pair.source), addresses(&pair.target));

    // Every address of the target has exactly one row, and nobody else has one.
    let keys: Vec<String> = rows.iter().map(|row| key(&row.address)).collect();
    let present: BTreeSet<String> = targets.iter().map(|text| key(text)).collect();
    prop_assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "one row an address: {:?}", keys);
    for (row, key) in rows.iter().zip(&keys) {
        prop_assert_eq!(row.present, present.contains(key), "{:?}", row);
    }
    prop_assert!(present.iter().all(|key| keys.contains(key)));
    for text in &targets {
        // What is not SMTP is none of the diff's business.
        let address = ProxyAddress::parse(text);
        if address.kind != AddressType::Smtp {
            let row = &rows[keys.iter().position(|key| *key == address.key()).unwrap()];
            prop_assert_eq!(row.action, Action::Keep);
            prop_assert!(targets.iter().any(|text| text.trim() == row.address), "{:?}", row);
        }
    }

    // Nothing new that does not come from the source, under the map, or from the delivery domain.
    let legacy = format!("X500:{}", pair.source["LegacyExchangeDN"].as_str().unwrap());
    let mut allowed = BTreeSet::from([key(&legacy)]);
    let primary = pair.source["PrimarySmtpAddress"].as_str().map(String::from);
    for text in sources.iter().chain(&primary) {
        let address = ProxyAddress::parse(text);
        if matches!(address.kind, AddressType::X500 | AddressType::X400) {
            allowed.insert(address.key());
        }
        if let (Some(local), Some(domain)) = (address.local_part(), address.domain()) {
            allowed.extend(rules.map.get(domain).map(|domain| key(&format!("smtp:{local}@{domain}"))));
            allowed.extend(rules.delivery.map(|domain| key(&format!("smtp:{local}@{domain}"))));
        }
    }
    let alias = pair.source["Alias"].as_str().unwrap();
    allowed.extend(rules.delivery.map(|domain| key(&format!("smtp:{alias}@{domain}"))));
    let mut announced = BTreeSet::new();
    for_each_wanted(&source.record(), &rules.context(), |address| {
        announced.insert(address.key());
    });
    for (row, key) in rows.iter().zip(&keys).filter(|(row, _)| !row.present) {
        prop_assert!(allowed.contains(key), "{:?} comes from nowhere", row);
        prop_assert!(announced.contains(key), "{:?} is not among what a batch is searched for", row);
        let malformed = !ProxyAddress::parse(&row.address).is_well_formed();
        let expected = if malformed { Some(Reason::AddressMalformed) } else { pair.others.contains(key).then_some(Reason::AddressInUse) };
        prop_assert_eq!(row.action == Action::Conflict, expected.is_some(), "{:?}", row);
        prop_assert_eq!(row.owner.is_some(), expected == Some(Reason::AddressInUse));
        prop_assert!(expected.is_none_or(|expected| row.reason == expected), "{:?}", row);
    }
    // Nothing of the source is forgotten. Its primary is the one in the list; one that stands in PrimarySmtpAddress only is a primary, too.
    let listed = sources.iter().find(|text| ProxyAddress::parse(text).is_primary_smtp());
    let source_primary = listed.cloned().or(primary.clone());
    for text in sources.iter().chain([&legacy]).chain(&source_primary) {
        let address = ProxyAddress::parse(text);
        if matches!(address.kind, AddressType::X500 | AddressType::X400) {
            prop_assert!(keys.contains(&address.key()), "{} is forgotten", text);
        }
        if let Some(domain) = address.domain().and_then(|domain| rules.map.get(domain)) {
            prop_assert!(keys.contains(&key(&format!("smtp:{}@{domain}", address.local_part().unwrap()))), "{} is not carried", text);
        }
    }

    // What stays is accepted, with one primary, and an address in the delivery domain where one could be had.
    let left: Vec<&&Change> = rows.iter().filter(|row| survives(row)).collect();
    for row in left.iter().filter(|row| row.kind == AddressType::Smtp) {
        prop_assert!(ProxyAddress::parse(&row.address).domain().is_some_and(|domain| rules.accepted.contains(domain)), "{:?}", row);
    }
    let primaries: Vec<&str> = left.iter().filter_map(|row| row.address.strip_prefix("SMTP:")).collect();
    prop_assert_eq!(primaries, diff.primary.as_deref().into_iter().collect::<Vec<_>>());
    prop_assert_eq!(diff.primary.is_some(), left.iter().any(|row| row.kind == AddressType::Smtp));
    if let Some(delivery) = rules.delivery {
        let in_delivery = |row: &Change| ProxyAddress::parse(&row.address).domain().is_some_and(|domain| canonical_domain(domain) == canonical_domain(delivery));
        prop_assert!(!diff.delivery_missing, "the alias will do");
        // One will do; where none is there, it is made of the primary's or the alias's name.
        let local = source_primary.as_deref().and_then(|text| ProxyAddress::parse(text).local_part()).unwrap_or(alias);
        let made = key(&format!("smtp:{local}@{delivery}"));
        let there: Vec<&&Change> = left.iter().filter(|row| in_delivery(row)).copied().collect();
        prop_assert!(!there.is_empty() || keys.contains(&made), "no address in the delivery domain");
        if let Some(new) = rows.iter().find(|row| row.reason == Reason::DeliveryDomain && !row.present) {
            prop_assert_eq!(key(&new.address), made);
            prop_assert!(there.iter().all(|row| row.address == new.address), "{:?} is one too many", new);
        }
    }
    prop_assert_eq!(diff.count, rows.iter().filter(|row| row.action != Action::Conflict).count());

    // The external address is the source's, or somebody else's to free.
    let external = of(&diff, Field::ExternalEmailAddress);
    let mut own: BTreeSet<String> = sources.iter().map(|text| key(text)).collect();
    own.extend(primary.as_deref().map(key));
    for row in external.iter().filter(|row| survives(row) || row.action == Action::Conflict) {
        prop_assert!(own.contains(&key(&row.address)), "{:?}", row);
    }
    for row in external.iter().filter(|row| row.present) {
        prop_assert_eq!(key(&row.address), key(pair.target["ExternalEmailAddress"].as_str().unwrap()));
    }
    prop_assert!(external.iter().filter(|row| survives(row) || row.action == Action::Conflict).count() <= 1);

    // Carried out, nothing is left to do but what an administrator must decide.
    let after = applied(&pair.target, &diff.changes);
    let object = Object::new(&after);
    let again = compare(&source.record(), &object.record(), true, &rules.context(), &others);
    for row in again.changes.iter() {
        prop_assert!(matches!(row.action, Action::Keep | Action::Conflict), "left to do: {:?} of {}", row, after);
    }
    prop_assert_eq!(again.primary, diff.primary);
    Ok(())
}

/// What a diff says, whatever the order of its rows.
fn said(diff: &Diff) -> BTreeSet<(String, String, String)> {
    diff.changes.iter().map(|row| (format!("{:?} {:?}", row.field, row.action), key(&row.address), format!("{:?}", row.reason))).collect()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn every_pair_keeps_the_promises(pair in pairs(1)) {
        check(&pair)?;
    }

    #[test]
    fn damaged_lists_with_several_primaries_keep_them_too(pair in pairs(3)) {
        check(&pair)?;
    }

    #[test]
    fn the_order_of_the_lists_and_the_case_of_x500_do_not_matter(pair in pairs(1), turn in 0usize..8) {
        let rules = Rules::new(pair.delivery);
        let others = Others(pair.others.clone());
        let mut turned = pair.clone();
        for object in [&mut turned.source, &mut turned.target] {
            let list = object["EmailAddresses"].as_array_mut().unwrap();
            if !list.is_empty() {
                let at = turn % list.len();
                list.rotate_left(at);
            }
        }
        for text in turned.target["EmailAddresses"].as_array_mut().unwrap() {
            let address = text.as_str().unwrap().to_string();
            if address.to_ascii_lowercase().starts_with("x500:") && !address.contains('ß') {
                *text = json!(if turn % 2 == 0 { address.to_uppercase() } else { address.to_lowercase() });
            }
        }
        let diff = |pair: &Pair| {
            let (source, target) = (Object::new(&pair.source), Object::new(&pair.target));
            said(&compare(&source.record(), &target.record(), true, &rules.context(), &others))
        };
        let (before, after) = (diff(&pair), diff(&turned));
        // Where nothing else decides, the first address becomes the primary: that is what order is for.
        if !before.iter().any(|(_, _, reason)| reason == "FirstAccepted") {
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn an_object_that_is_not_there_yet_is_an_empty_one(pair in pairs(1)) {
        let rules = Rules::new(pair.delivery);
        let (source, empty) = (Object::new(&pair.source), Object::new(&json!({"EmailAddresses": [], "ExternalEmailAddress": null})));
        let missing = compare(&source.record(), &Record::none(), false, &rules.context(), &NoOwners);
        prop_assert_eq!(missing, compare(&source.record(), &empty.record(), true, &rules.context(), &NoOwners));
    }

    #[test]
    fn no_text_at_all_makes_it_panic(texts in proptest::collection::vec("\\PC{0,20}|[\\x00-\\x7f]{0,12}", 0..6), dn in "\\PC{0,20}") {
        let rules = Rules::new(Some("fabrikam.onmicrosoft.com"));
        let source = Object::new(&json!({"EmailAddresses": texts, "LegacyExchangeDN": dn, "PrimarySmtpAddress": texts.first()}));
        let target = Object::new(&json!({"EmailAddresses": texts, "ExternalEmailAddress": texts.last()}));
        let diff = compare(&source.record(), &target.record(), true, &rules.context(), &NoOwners);
        for_each_wanted(&source.record(), &rules.context(), |address| drop(address.key()));
        prop_assert!(diff.changes.iter().all(|row| row.action != Action::Conflict || row.reason == Reason::AddressMalformed));
    }
}
