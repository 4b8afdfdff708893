//! Plans played on a small model of the services: what they promise together, on worlds made at random.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;
mod truth;
mod world;

use coexist_core::snapshot::Kind;
use proptest::prelude::*;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use truth::Truth;
use world::{complete, guid, mail_user, mailbox, person_of, scenes, written_out, Outcome, World};

/// One person of a random world.
#[derive(Debug, Clone)]
struct Person {
    target: Target,
    archive: bool,
    external: External,
    temporary_upn: bool,
    previous_mailbox: bool,
    large: bool,
    located: bool,
    own_primary: bool,
    source_addresses: Vec<usize>,
    target_addresses: Vec<usize>,
    shuffled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Target {
    Missing,
    Cloud,
    Synchronized,
    Stamped,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum External {
    Right,
    SecondaryOfSource,
    Elsewhere,
    ElsewhereAndProxy,
    OwnDeliveryAddress,
}

const SOURCE_ADDRESSES: [&str; 9] = [
    "smtp:{}.alt@Contoso.com", "smtp:{}@bücher.example", "x500:/o=Older/cn={}", "X500:/O=ExchangeLabs/cn=Æ-{}", "X400:c=us;a= ;p=contoso;s={};",
    "sip:{}@contoso.com", "EUM:{};phone-context=x", "notes:CN={}/O=Contoso", "smtp:{}+plus@contoso.com",
];
const TARGET_ADDRESSES: [&str; 8] = [
    "smtp:{}@unaccepted.example", "smtp:{}.two@fabrikam.com", "x500:/o=Target/cn={}", "sip:{}@fabrikam.com", "X500:/O=OLD/CN={}", "smtp:{}@FABRIKAM.com",
    "smtp:{}@sub.fabrikam.com", "SPO:SPO_{}@SPO_2",
];

fn person() -> impl Strategy<Value = Person> {
    let target = prop_oneof![1 => Just(Target::Missing), 3 => Just(Target::Cloud), 2 => Just(Target::Synchronized), 1 => Just(Target::Stamped)];
    let external = prop_oneof![Just(External::Right), Just(External::SecondaryOfSource), Just(External::Elsewhere), Just(External::ElsewhereAndProxy), Just(External::OwnDeliveryAddress)];
    let some = |of: usize| proptest::collection::btree_set(0..of, 0..4).prop_map(|set| set.into_iter().collect::<Vec<_>>());
    (target, any::<bool>(), external, any::<[bool; 6]>(), some(SOURCE_ADDRESSES.len()), some(TARGET_ADDRESSES.len())).prop_map(
        |(target, archive, external, flags, source_addresses, target_addresses)| Person {
            target,
            archive,
            external,
            temporary_upn: flags[0],
            previous_mailbox: flags[1],
            large: flags[2],
            located: flags[3],
            source_addresses,
            target_addresses,
            shuffled: flags[4],
            own_primary: flags[5],
        },
    )
}

fn specification() -> impl Strategy<Value = Value> {
    (any::<bool>(), any::<bool>(), prop_oneof![Just("domainMap"), Just("primarySmtpAddress"), Just("keep")]).prop_map(|(licence, late, upn)| {
        let licence = if licence { scenes::licence() } else { Value::Null };
        json!({"userPrincipalName": upn, "items": {"MC-01": {"clearPreviousMailbox": true, "raiseRecoverableItemsQuota": true, "licence": licence,
            "unacceptedAddresses": if late { "cutover" } else { "preStage" }}}})
    })
}

fn add(world: &mut World, number: u32, person: &Person) {
    let alias = format!("p{number}");
    let fill = |templates: &[&str], chosen: &[usize]| -> Vec<Value> { chosen.iter().map(|at| json!(templates[*at].replace("{}", &alias))).collect() };
    let mut source = mailbox(number, &alias);
    // Names are not unique among people; the services refuse the second.
    source["DisplayName"] = json!(if person.shuffled { "Anna Schmidt" } else { "Zoë Ångström-Schmidt" });
    if person.archive {
        source["ArchiveGuid"] = json!(guid(number + 0x3000));
    }
    source["EmailAddresses"].as_array_mut().unwrap().extend(fill(&SOURCE_ADDRESSES, &person.source_addresses));
    if person.shuffled {
        source["EmailAddresses"].as_array_mut().unwrap().reverse();
    }
    let size = if person.large && person.target != Target::Synchronized { "31 GB (33,285,996,544 bytes)" } else { "1 GB (1,073,741,824 bytes)" };
    world.source(Kind::MailboxStatistics).push(json!({"MailboxGuid": source["ExchangeGuid"], "TotalDeletedItemSize": size}));
    world.source(Kind::Mailboxes).push(source);
    if person.target == Target::Missing {
        return;
    }
    let mut target = mail_user(number, &alias);
    if person.own_primary {
        target["EmailAddresses"] = json!([format!("SMTP:{alias}@fabrikam.com"), format!("smtp:{alias}@fabrikam.onmicrosoft.com")]);
        target["PrimarySmtpAddress"] = json!(format!("{alias}@fabrikam.com"));
    }
    let addresses = target["EmailAddresses"].as_array_mut().unwrap();
    addresses.extend(fill(&TARGET_ADDRESSES, &person.target_addresses));
    match person.external {
        External::Right => {}
        External::SecondaryOfSource => target["ExternalEmailAddress"] = json!(format!("SMTP:{alias}@contoso.onmicrosoft.com")),
        External::Elsewhere => target["ExternalEmailAddress"] = json!(format!("SMTP:{alias}@elsewhere.example")),
        External::OwnDeliveryAddress => target["ExternalEmailAddress"] = json!(format!("SMTP:{alias}@fabrikam.onmicrosoft.com")),
        External::ElsewhereAndProxy => {
            addresses.push(json!(format!("smtp:{alias}@elsewhere.example")));
            target["ExternalEmailAddress"] = json!(format!("SMTP:{alias}@elsewhere.example"));
        }
    }
    if person.temporary_upn {
        target["UserPrincipalName"] = json!(format!("{alias}_contoso.com#EXT#@fabrikam.onmicrosoft.com"));
    }
    if person.target == Target::Stamped {
        target["ExchangeGuid"] = json!(guid(number + 0x1000));
    }
    let location = if person.located { json!("FR") } else { Value::Null };
    let mut user = json!({"Id": target["ExternalDirectoryObjectId"], "UserPrincipalName": target["UserPrincipalName"], "AssignedLicenses": [], "AssignedPlans": [],
        "UsageLocation": location});
    // Once the right ExchangeGuid stands there, the previous mailbox was out of the way.
    if person.previous_mailbox && person.target != Target::Stamped {
        world.target(Kind::ExchangeUsers).push(json!({"ExternalDirectoryObjectId": target["ExternalDirectoryObjectId"], "PreviousRecipientTypeDetails": "UserMailbox"}));
    }
    if person.target == Target::Synchronized {
        target["IsDirSynced"] = json!(true);
        let anchor = guid(number + 0x4000);
        user["OnPremisesImmutableId"] = json!(coexist_core::identity::immutable_id::encode(coexist_core::identity::guid::Guid::parse(&anchor).unwrap()));
        world.target(Kind::AdUsers).push(json!({"ObjectGUID": anchor, "mS-DS-ConsistencyGuid": null, "UserPrincipalName": target["UserPrincipalName"],
            "proxyAddresses": target["EmailAddresses"], "targetAddress": target["ExternalEmailAddress"], "msExchMailboxGuid": null, "msExchArchiveGUID": null}));
    }
    world.target(Kind::Users).push(user);
    world.target(Kind::MailUsers).push(target);
}

fn world_of(people: &[Person], specification: &Value) -> World {
    let mut world = World::new();
    for (key, value) in specification.as_object().unwrap() {
        world.specification[key] = value.clone();
    }
    for kind in [Kind::Users, Kind::AdUsers, Kind::ExchangeUsers] {
        world.target(kind);
    }
    for (number, person) in people.iter().enumerate() {
        add(&mut world, number as u32 + 1, person);
    }
    world
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap().to_string()).collect()
}

/// What Microsoft's page asks of a target mail user before its mailbox can move (cross-tenant-mailbox-migration), held against the objects themselves.
fn ready_for_the_move(world: &mut World) -> Vec<String> {
    let mut wrong = Vec::new();
    let sources = world.source(Kind::Mailboxes).clone();
    let licensed = !world.specification["items"]["MC-01"]["licence"].is_null();
    let users = world.target(Kind::Users).clone();
    let exchange_users = world.target(Kind::ExchangeUsers).clone();
    for source in sources {
        let name = source["Alias"].as_str().unwrap();
        let Some(target) = world.target(Kind::MailUsers).iter().find(|target| target["Alias"] == source["Alias"]) else {
            wrong.push(format!("{name}: no mail user"));
            continue;
        };
        let mut demand = |good: bool, what: &str| {
            if !good {
                wrong.push(format!("{name}: {what}: {target}"));
            }
        };
        demand(target["ExchangeGuid"] == source["ExchangeGuid"], "ExchangeGuid");
        demand(target["ArchiveGuid"] == source["ArchiveGuid"], "ArchiveGuid");
        let addresses = strings(&target["EmailAddresses"]);
        let lower: Vec<String> = addresses.iter().map(|address| address.to_lowercase()).collect();
        demand(lower.contains(&format!("x500:{}", source["LegacyExchangeDN"].as_str().unwrap().to_lowercase())), "LegacyExchangeDN");
        for address in strings(&source["EmailAddresses"]).iter().map(|address| address.to_lowercase()).filter(|address| address.starts_with("x500:")) {
            demand(lower.contains(&address), &address);
        }
        let accepted = |address: &str| ["fabrikam.com", "fabrikam.onmicrosoft.com"].contains(&address.rsplit_once('@').map_or("", |(_, domain)| domain));
        demand(lower.iter().filter(|address| address.starts_with("smtp:")).all(|address| accepted(address)), "a domain that is not accepted");
        demand(lower.iter().any(|address| address.ends_with("@fabrikam.onmicrosoft.com")), "no address in the delivery domain");
        let primaries: Vec<&String> = addresses.iter().filter(|address| address.starts_with("SMTP:")).collect();
        demand(primaries.len() == 1 && target["PrimarySmtpAddress"] == primaries[0][5..], "the primary");
        let external = target["ExternalEmailAddress"].as_str().unwrap().to_lowercase();
        demand(strings(&source["EmailAddresses"]).iter().any(|address| address.to_lowercase() == external), "the external address");
        let previous = exchange_users.iter().find(|user| user["ExternalDirectoryObjectId"] == target["ExternalDirectoryObjectId"]);
        demand(previous.is_none_or(|user| user["PreviousRecipientTypeDetails"] == "None"), "the previous mailbox");
        if licensed {
            let user = users.iter().find(|user| user["Id"] == target["ExternalDirectoryObjectId"]);
            demand(user.is_some_and(|user| !user["AssignedLicenses"].as_array().unwrap().is_empty()), "the licence");
        }
    }
    wrong
}

/// Nobody is lost or counted twice, and dependencies lead only to earlier lines of the same person's plan.
fn check_structure(plan: &Outcome) {
    let planned: BTreeSet<&str> = plan.operations.iter().map(person_of).collect();
    let blocked: BTreeSet<&str> = plan.findings.iter().filter(|finding| finding.blocks).map(|finding| finding.subject.id.as_str()).collect();
    assert!(planned.is_disjoint(&blocked));
    let summary = &plan.summary;
    assert_eq!(summary.people, planned.len() as u64 + summary.ready + summary.blocked);
    assert_eq!(summary.blocked, blocked.len() as u64);
    assert_eq!(summary.operations, plan.operations.len() as u64);
    assert_eq!(summary.steps.values().sum::<u64>(), summary.operations);

    let mut before: BTreeMap<&str, &Value> = BTreeMap::new();
    let operations: Vec<Value> = plan.operations.iter().map(written_out).collect();
    for operation in &operations {
        for dependency in operation["dependsOn"].as_array().unwrap() {
            let earlier = before.get(dependency.as_str().unwrap()).unwrap_or_else(|| panic!("{dependency} does not stand before {}", operation["id"]));
            assert_eq!(person_of(earlier), person_of(operation));
            assert!(model::stage(earlier) <= model::stage(operation), "{dependency} is in a later stage than {}", operation["id"]);
        }
        assert!(before.insert(operation["id"].as_str().unwrap(), operation).is_none(), "{} stands twice", operation["id"]);
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn a_plan_applied_makes_everybody_ready_and_taken_back_leaves_what_was(
        people in proptest::collection::vec(person(), 1..4), specification in specification(),
    ) {
        let mut world = world_of(&people, &specification);
        let truth = Truth::read();
        let before = model::picture(&mut world);
        let plan = world.plan();
        check_structure(&plan);
        prop_assert_eq!(plan.summary.blocked, 0, "{:?}", plan.codes());
        let complaints = truth.complaints(&complete(&plan.document));
        prop_assert!(complaints.is_empty(), "{:#?}", complaints);

        model::apply(&mut world, &plan.operations).map_err(TestCaseError::fail)?;
        let wrong = ready_for_the_move(&mut world);
        prop_assert!(wrong.is_empty(), "{:#?}", wrong);
        let again = world.plan();
        prop_assert!(again.operations.is_empty(), "{:#?}", again.operations);
        prop_assert_eq!(again.summary.ready, again.summary.people);

        model::undo(&mut world, &plan.operations).map_err(TestCaseError::fail)?;
        // Whether an address that was external and proxy at once comes back as a proxy, Exchange's reference does not say.
        if !people.iter().any(|person| person.external == External::OwnDeliveryAddress) {
            prop_assert_eq!(model::picture(&mut world), before);
        }
    }

    #[test]
    fn a_plan_made_half_way_goes_on_where_the_first_stands(
        people in proptest::collection::vec(person(), 1..4), specification in specification(),
    ) {
        let mut world = world_of(&people, &specification);
        let plan = world.plan();
        let (first, later): (Vec<Value>, Vec<Value>) = plan.operations.iter().cloned().partition(|operation| operation["stage"] == "prepare");
        model::apply(&mut world, &first).map_err(TestCaseError::fail)?;
        let rest = world.plan();
        // Weeks lie between the stages. What is left must wait for the same as it would have in the first plan.
        let removals = |operations: &[Value]| -> BTreeMap<String, (String, BTreeSet<String>)> {
            let late = operations.iter().filter(|operation| operation["id"].as_str().unwrap().ends_with("/removeAddresses"));
            late.map(|operation| {
                let parameters = &operation["command"]["parameters"];
                let addresses = strings(parameters.pointer("/EmailAddresses/Remove").unwrap_or(&parameters["Remove"]["proxyAddresses"]));
                (operation["id"].to_string(), (format!("{} {}", operation["stage"], operation["gates"]), addresses.into_iter().collect()))
            })
            .collect()
        };
        let (left, planned) = (removals(&rest.operations), removals(&later));
        prop_assert_eq!(left.keys().collect::<Vec<_>>(), planned.keys().collect::<Vec<_>>());
        for (id, (when, addresses)) in &left {
            prop_assert_eq!(when, &planned[id].0);
            // An old external address may have gone by itself.
            prop_assert!(addresses.is_subset(&planned[id].1), "{:?} {:?}", addresses, planned[id].1);
        }
        prop_assert_eq!(rest.operations.len(), later.len());
        model::apply(&mut world, &rest.operations).map_err(TestCaseError::fail)?;
        let wrong = ready_for_the_move(&mut world);
        prop_assert!(wrong.is_empty(), "{:#?}", wrong);
    }

    #[test]
    fn one_persons_trouble_leaves_every_other_line_as_it_was(
        people in proptest::collection::vec(person(), 2..5), specification in specification(), which in any::<prop::sample::Index>(), trouble in 0usize..5,
    ) {
        let mut world = world_of(&people, &specification);
        let lines = |plan: &Outcome| -> BTreeMap<String, Vec<String>> {
            let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (operation, line) in plan.operations.iter().zip(String::from_utf8(plan.text.clone()).unwrap().trim().split(",\n")) {
                lines.entry(person_of(operation).to_string()).or_default().push(line.to_string());
            }
            lines
        };
        let mut expected = lines(&world.plan());
        let spoiled = &mut world.source(Kind::Mailboxes)[which.index(people.len())];
        let id = spoiled["ExternalDirectoryObjectId"].as_str().unwrap().to_string();
        match trouble {
            0 => spoiled["LitigationHoldEnabled"] = json!(true),
            1 => spoiled["ExchangeGuid"] = json!("System.Object"),
            2 => spoiled["LegacyExchangeDN"] = json!("nonsense"),
            3 => spoiled["EmailAddresses"].as_array_mut().unwrap().push(json!("x500:nonsense")),
            _ => drop(spoiled.as_object_mut().unwrap().remove("EmailAddresses")),
        }
        let plan = world.plan();
        check_structure(&plan);
        prop_assert_eq!(plan.summary.blocked, 1);
        expected.remove(&id);
        prop_assert_eq!(lines(&plan), expected);
    }

    #[test]
    fn the_order_of_the_target_snapshot_does_not_matter(people in proptest::collection::vec(person(), 2..5), specification in specification()) {
        let mut world = world_of(&people, &specification);
        let plan = world.plan();
        for kind in [Kind::MailUsers, Kind::Users, Kind::AdUsers, Kind::ExchangeUsers] {
            world.target(kind).reverse();
        }
        prop_assert_eq!(world.plan().text, plan.text);
    }
}

#[test]
fn every_scene_is_playable() {
    for (name, mut world) in scenes::all() {
        let plan = world.plan();
        check_structure(&plan);
        model::apply(&mut world, &plan.operations).unwrap_or_else(|what| panic!("{name}: {what}"));
        let again = world.plan();
        assert!(again.operations.is_empty(), "{name}: {:?}", again.steps());
    }
}

#[test]
fn a_lab_is_playable_and_can_be_taken_back() {
    let mut world = world::lab::world(300, 7);
    // Else the licences of people without a location fail, as the findings say.
    world.specification["items"]["MC-01"]["licence"]["usageLocation"] = json!("DE");
    let plan = world.plan();
    check_structure(&plan);
    let before = model::picture(&mut world);
    model::apply(&mut world, &plan.operations).unwrap_or_else(|what| panic!("{what}"));
    let again = world.plan();
    assert!(again.operations.is_empty(), "{:?}", again.operations[0]);
    model::undo(&mut world, &plan.operations).unwrap_or_else(|what| panic!("{what}"));
    let after = model::picture(&mut world);
    assert_eq!(after.len(), before.len());
    for (after, before) in after.iter().zip(&before) {
        assert_eq!(after, before);
    }
}
