use super::*;
use crate::directory::IDENTITIES;
use crate::limits::Limits;
use crate::snapshot::{push_json, Chunk, Kind, Property, RecordBuilder, Snapshot, Table};
use proptest::prelude::*;
use serde_json::{json, Value};

/// Who is who by every identity of a table of mailboxes; its rows are the people.
pub(crate) fn resolver(table: &Table) -> impl Fn(&str) -> Resolved {
    let mut known: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (number, record) in table.iter().enumerate() {
        let names = IDENTITIES.iter().chain(&[Property::DisplayName, Property::Name]).filter_map(|property| record.text(*property).value());
        let addresses = record.list(Property::EmailAddresses).value().into_iter().flatten().filter_map(|address| Some(address.split_once(':')?.1));
        for name in names.chain(addresses) {
            let people = known.entry(name.to_lowercase()).or_default();
            if people.last() != Some(&(number as u32)) {
                people.push(number as u32);
            }
        }
    }
    move |text| match known.get(&text.to_lowercase()).map(Vec::as_slice) {
        Some([one]) => Resolved::One(*one),
        Some(_) => Resolved::Several,
        None => Resolved::Nobody,
    }
}

fn snapshot(tables: &[(Kind, Vec<Value>)]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (kind, objects) in tables {
        let mut builder = RecordBuilder::default();
        objects.iter().for_each(|object| push_json(&mut builder, &object.to_string()).unwrap());
        let mut table = Table::new(*kind, format!("source/{kind}.jsonl"));
        table.push(Chunk::new(builder, (1..=objects.len() as u32).collect()));
        snapshot.tables.insert(*kind, table);
    }
    snapshot
}

/// Anna, Bert, Čeněk, Zoë, a shared mailbox, a room, equipment, and two who are both called Kim Akers.
const PEOPLE: [(&str, &str, &str); 9] = [
    ("anna", "Anna Arendt", "UserMailbox"),
    ("bert", "Bert Brecht", "UserMailbox"),
    ("cenek", "Čeněk Dvořák", "UserMailbox"),
    ("zoe", "Müller, Zoë", "UserMailbox"),
    ("info", "Info Desk", "SharedMailbox"),
    ("room1", "Room 山", "RoomMailbox"),
    ("van", "The Van", "EquipmentMailbox"),
    ("kim", "Kim Akers", "UserMailbox"),
    ("kim2", "Kim Akers", "UserMailbox"),
];
const ANNA: u32 = 0;
const BERT: u32 = 1;
const CENEK: u32 = 2;
const ZOE: u32 = 3;
const INFO: u32 = 4;
const ROOM: u32 = 5;
const VAN: u32 = 6;

fn id(number: usize) -> String {
    format!("{number:08x}-1111-4222-8333-444455556666")
}

fn mailboxes() -> Vec<Value> {
    let mailbox = |(number, (alias, name, kind)): (usize, &(&str, &str, &str))| {
        json!({"ExternalDirectoryObjectId": id(number), "Alias": alias, "DisplayName": name, "Name": alias, "RecipientTypeDetails": kind,
            "UserPrincipalName": format!("{alias}@contoso.com"), "PrimarySmtpAddress": format!("{alias}@contoso.com"),
            "DistinguishedName": format!("CN={name},OU=contoso.onmicrosoft.com,OU=Microsoft Exchange Hosted Organizations,DC=EURPR07A001,DC=PROD,DC=OUTLOOK,DC=COM"),
            "EmailAddresses": [format!("SMTP:{alias}@contoso.com"), format!("smtp:{alias}@contoso.onmicrosoft.com")], "GrantSendOnBehalfTo": []})
    };
    PEOPLE.iter().enumerate().map(mailbox).collect()
}

/// Every kind of objects, all of them empty but the mailboxes and what is given.
fn found(tables: Vec<(Kind, Vec<Value>)>) -> Ties {
    let mut all = vec![(Kind::Mailboxes, mailboxes())];
    let kinds = [Kind::Permissions, Kind::RecipientPermissions, Kind::CalendarPermissions, Kind::ExchangeUsers, Kind::Groups, Kind::Members, Kind::Flows, Kind::UnifiedGroupLinks];
    all.extend(kinds.into_iter().map(|kind| (kind, Vec::new())));
    for (kind, objects) in tables {
        all.retain(|(other, _)| *other != kind);
        all.push((kind, objects));
    }
    let snapshot = snapshot(&all);
    from_snapshot(&snapshot, &Kinds::default(), &Limits::default(), &resolver(snapshot.table(Kind::Mailboxes).unwrap()))
}

fn named(ties: &Ties) -> Vec<(u32, u32, String)> {
    ties.ties.iter().map(|tie| (tie.from, tie.to, Kinds::default().get(tie.kind).name.clone())).collect()
}

fn tie(from: u32, to: u32, kind: &str) -> (u32, u32, String) {
    (from, to, kind.to_string())
}

fn missed(ties: &Ties, kind: &str) -> Missed {
    ties.missed.get(&Kinds::default().index(kind).unwrap()).copied().unwrap_or_default()
}

#[test]
fn the_table_is_whole() {
    let mut names = std::collections::BTreeSet::new();
    for kind in Kinds::default().all() {
        assert!(names.insert(kind.name.clone()) && kind.weight > 0 && kind.weight <= 1000, "{kind:?}");
        for text in [&kind.what, &kind.why, &kind.source, &kind.date] {
            assert!(!text.is_empty(), "{kind:?}");
        }
    }
    let kinds = Kinds::default();
    for name in ["fullAccess", "sendAs", "sendOnBehalf", "calendarDelegate", "manager", "assistant", "groupOwner", "restrictedSender", "flow", "explicit"] {
        assert!(kinds.on(name).is_some(), "{name}");
    }
    assert_eq!(kinds.all().filter(|kind| kind.hard).map(|kind| kind.name.as_str()).collect::<Vec<_>>(), ["flow"]);
    assert_eq!((kinds.of_type("sharedmailbox"), kinds.of_type("UserMailbox")), (kinds.index("sharedMailbox"), None));
}

#[test]
fn a_specification_changes_kinds_and_unknown_names_are_told() {
    let change = |text: &str| serde_json::from_str::<BTreeMap<String, Override>>(text);
    let kinds = Kinds::with(&change(r#"{"manager": {"weight": 0}, "assistant": {"hard": true}, "flow": {"weight": 7, "hard": false}}"#).unwrap()).unwrap();
    assert_eq!((kinds.on("manager"), kinds.index("MANAGER")), (None, Kinds::default().index("manager")));
    let get = |name: &str| kinds.get(kinds.index(name).unwrap());
    assert_eq!((get("assistant").weight, get("assistant").hard, get("flow").weight, get("flow").hard), (90, true, 7, false));
    let problem = Kinds::with(&change(r#"{"delegate": {}}"#).unwrap()).unwrap_err();
    assert_eq!(problem.code, "TieKindUnknown");
    assert!(problem.message.contains("calendarDelegate") && problem.target.as_deref() == Some("delegate"));
    assert!(change(r#"{"flow": {"wieght": 1}}"#).is_err() && change(r#"{"flow": {"weight": -1}}"#).is_err());
}

#[test]
fn nobody_is_nobody_and_people_are_people() {
    for text in ["NT AUTHORITY\\SELF", "nt authority\\system", "S-1-5-21-1-2-3-4", "Default", "anonymous", "", " ", "EURPR07A001\\Domain Admins", "Organization Management"] {
        assert!(is_nobody(text), "{text}");
    }
    for text in ["anna@contoso.com", "CONTOSO\\anna", "Default Dan", "Ünal", "S-1-anna", "Everyone's Desk", "山"] {
        assert!(!is_nobody(text), "{text}");
    }
}

#[test]
fn mailbox_permissions_tie_as_the_cmdlet_emits_them() {
    let row = |identity: &str, user: &str, rights: Value| json!({"Identity": identity, "User": user, "AccessRights": rights, "Deny": false, "IsInherited": false, "InheritanceType": "All"});
    let mut rows = vec![
        row(&id(0), "NT AUTHORITY\\SELF", json!(["FullAccess", "ReadPermission"])),
        row(&id(0), "bert@contoso.com", json!(["FullAccess"])),
        row("anna", "S-1-5-21-9-9", json!(["FullAccess"])),
        row("Müller, Zoë", "ČENĚK DVOŘÁK", json!(["FullAccess", "DeleteItem"])),
        row("zoe@contoso.com", "anna@contoso.com", json!(["ReadPermission"])),
        row("info@contoso.com", "anna@contoso.com", json!("FullAccess, ReadPermission")),
        row("Room 山", "Bert@Contoso.com", json!(["FullAccess"])),
        row("van", "zoe", json!("FullAccess;DeleteItem")),
        row("bert", "gone@contoso.com", json!(["FullAccess"])),
        row("bert", "svc@contoso.com", json!(["FullAccess"])),
        row("cenek", "Kim Akers", json!(["FullAccess"])),
        row("gone@contoso.com", "svc@contoso.com", json!(["FullAccess"])),
        row("bert", "bert@contoso.com", json!(["FullAccess"])),
    ];
    let mut denied = row("anna", "zoe@contoso.com", json!(["FullAccess"]));
    denied["Deny"] = json!(true);
    let mut inherited = row("anna", "cenek@contoso.com", json!(["FullAccess"]));
    inherited["IsInherited"] = json!("True");
    rows.extend([denied, inherited]);
    let ties = found(vec![(Kind::Permissions, rows)]);
    let wanted = [tie(ANNA, BERT, "fullAccess"), tie(ZOE, CENEK, "fullAccess"), tie(INFO, ANNA, "sharedMailbox"), tie(ROOM, BERT, "roomMailbox"), tie(VAN, ZOE, "equipmentMailbox")];
    assert_eq!(named(&ties), wanted);
    assert_eq!(missed(&ties, "fullAccess"), Missed { nobody: 2, several: 1, people: 2, too_large: 0 });
    assert!(ties.problems.is_empty(), "{:?}", ties.problems);
}

#[test]
fn recipient_permissions_tie_whichever_file_they_are_in() {
    let row = |identity: &str, trustee: &str, control: &str| json!({"Identity": identity, "Trustee": trustee, "AccessControlType": control, "AccessRights": ["SendAs"], "IsInherited": false});
    let rows = vec![row("Anna Arendt", "bert@contoso.com", "Allow"), row("info", "bert@contoso.com", "Allow"), row("anna", "zoe@contoso.com", "Deny"), row("anna", "NT AUTHORITY\\SELF", "Allow")];
    let wanted = [tie(ANNA, BERT, "sendAs"), tie(INFO, BERT, "sharedMailbox")];
    assert_eq!(named(&found(vec![(Kind::RecipientPermissions, rows.clone())])), wanted);
    assert_eq!(named(&found(vec![(Kind::Permissions, rows.clone())])), wanted);
    // Full access and sending from one shared mailbox are one tie.
    let both = json!({"Identity": "info", "User": "bert", "AccessRights": ["FullAccess"], "Deny": false, "IsInherited": false});
    assert_eq!(named(&found(vec![(Kind::RecipientPermissions, rows), (Kind::Permissions, vec![both])])), wanted);
    // Sending as a list is no tie to a person.
    let list = json!({"Name": "sales", "PrimarySmtpAddress": "sales@contoso.com", "ManagedBy": [], "AcceptMessagesOnlyFromSendersOrMembers": []});
    let ties = found(vec![(Kind::RecipientPermissions, vec![row("sales", "bert", "Allow")]), (Kind::Groups, vec![list])]);
    assert!(ties.ties.is_empty() && ties.missed.is_empty());
}

#[test]
fn calendar_permissions_need_the_mailbox_that_the_cmdlet_does_not_emit() {
    let row = |user: &str, rights: Value, flags: Value| json!({"FolderName": "Kalender", "User": user, "AccessRights": rights, "SharingPermissionFlags": flags, "Identity": user, "IsValid": true});
    let with = |mut row: Value, mailbox: &str| {
        row["Mailbox"] = json!(mailbox);
        row
    };
    let mut asked = row("Anna Arendt", json!(["PublishingEditor"]), json!(null));
    asked["Identity"] = json!("zoe@contoso.com:\\Calendrier");
    let rows = vec![
        with(row("Default", json!(["AvailabilityOnly"]), json!(null)), "anna@contoso.com"),
        with(row("Anonymous", json!(["None"]), json!(null)), "anna@contoso.com"),
        with(row("Bert Brecht", json!(["Editor"]), json!("Delegate, CanViewPrivateItems")), "anna@contoso.com"),
        with(row("Čeněk Dvořák", json!(["Reviewer"]), json!(null)), "anna@contoso.com"),
        with(row("Müller, Zoë", json!(["ReadItems", "EditAllItems"]), json!("")), "anna@contoso.com"),
        with(row("Info Desk", json!(["Reviewer"]), json!("Delegate")), "anna@contoso.com"),
        with(row("Bert Brecht", json!(["Editor"]), json!(null)), "room1@contoso.com"),
        with(row("Kim Akers", json!(["Editor"]), json!(null)), "anna@contoso.com"),
        asked,
    ];
    let ties = found(vec![(Kind::CalendarPermissions, rows)]);
    let delegate = |from, to| tie(from, to, "calendarDelegate");
    assert_eq!(named(&ties), [delegate(ANNA, BERT), delegate(ANNA, ZOE), delegate(ANNA, INFO), delegate(ZOE, ANNA), tie(ROOM, BERT, "roomMailbox")]);
    assert_eq!((missed(&ties, "calendarDelegate").several, ties.problems.len()), (1, 0));

    let ties = found(vec![(Kind::CalendarPermissions, vec![row("Bert Brecht", json!(["Editor"]), json!(null)), row("Default", json!(["Editor"]), json!(null))])]);
    assert_eq!((ties.ties.len(), ties.problems.len()), (0, 1));
    let problem = &ties.problems[0];
    assert_eq!((problem.code, problem.target.as_deref(), problem.line), ("TiePropertyUnknown", Some("Mailbox"), Some(1)));
    assert!(problem.message.contains("Add-Member"), "{}", problem.message);
}

#[test]
fn managers_assistants_and_those_who_send_on_behalf_are_tied() {
    let mut people = mailboxes();
    people[0]["GrantSendOnBehalfTo"] = json!(["bert", "Müller, Zoë", "sales"]);
    let user = |number: usize, manager: Value, assistant: Value| json!({"ExternalDirectoryObjectId": id(number), "UserPrincipalName": format!("{}@contoso.com", PEOPLE[number].0),
        "Manager": manager, "AssistantName": assistant, "PreviousRecipientTypeDetails": "None"});
    let users = vec![user(0, json!(null), json!("bert brecht")), user(1, json!("anna"), json!("")), user(2, json!("Anna Arendt"), json!("Kim Akers")), user(3, json!("Boss who left"), json!("my assistant"))];
    let ad = |name: &str, manager: Value| json!({"DistinguishedName": format!("CN={name},OU=Ünits,DC=contoso,DC=com"), "UserPrincipalName": format!("{name}@contoso.com"), "Manager": manager});
    let forest = vec![ad("zoe", json!(null)), ad("info", json!("cn=ZOE,OU=ünits,DC=contoso,DC=com")), ad("room1", json!("CN=nobody,DC=contoso,DC=com"))];
    let ties = found(vec![(Kind::Mailboxes, people), (Kind::ExchangeUsers, users), (Kind::AdUsers, forest)]);
    let wanted = [
        tie(ANNA, BERT, "sendOnBehalf"), tie(ANNA, BERT, "manager"), tie(ANNA, BERT, "assistant"), tie(ANNA, CENEK, "manager"), tie(ANNA, ZOE, "sendOnBehalf"),
        tie(ZOE, INFO, "manager"),
    ];
    assert_eq!(named(&ties), wanted);
    assert_eq!(missed(&ties, "manager"), Missed { nobody: 2, several: 0, people: 2, too_large: 0 });
    assert_eq!((missed(&ties, "sendOnBehalf").nobody, missed(&ties, "assistant")), (1, Missed::default()));
}

fn list(name: &str, owners: Value, senders: Value) -> Value {
    json!({"Name": name, "DisplayName": format!("List {name}"), "PrimarySmtpAddress": format!("{name}@contoso.com"), "ExternalDirectoryObjectId": format!("g-{name}"),
        "RecipientTypeDetails": "MailUniversalSecurityGroup", "ManagedBy": owners, "AcceptMessagesOnlyFromSendersOrMembers": senders})
}

#[test]
fn a_star_of_many_has_one_tie_for_each_of_the_others() {
    let owners: Vec<&str> = PEOPLE.iter().rev().map(|(alias, ..)| *alias).collect();
    let ties = found(vec![(Kind::Groups, vec![list("all", json!(owners), json!([]))])]);
    assert_eq!(named(&ties), (1..PEOPLE.len() as u32).map(|other| tie(ANNA, other, "groupOwner")).collect::<Vec<_>>());
}

fn member(group: &str, number: usize) -> Value {
    json!({"Group": group, "ExternalDirectoryObjectId": id(number), "RecipientTypeDetails": PEOPLE[number].2})
}

#[test]
fn owners_and_senders_are_stars() {
    let groups = vec![
        list("sales", json!(["anna", "bert", "cenek", "Organization Management"]), json!(["sales"])),
        list("board", json!(["zoe"]), json!(["anna", "List sales", "gone"])),
        list("open", json!(["zoe", "gone"]), json!([])),
        list("mystery", json!([]), json!(["mystery"])),
    ];
    let nested = json!({"Group": "board@contoso.com", "ExternalDirectoryObjectId": "g-sales", "RecipientTypeDetails": "MailUniversalSecurityGroup"});
    // A ring of groups ends.
    let back = json!({"Group": "sales", "ExternalDirectoryObjectId": "g-board", "RecipientTypeDetails": "MailUniversalDistributionGroup"});
    let members = vec![member("sales", 1), member("sales", 2), member("SALES@contoso.com", 3), nested, back];
    let link = |group: &str, number: usize, link: &str| json!({"Group": group, "LinkType": link, "ExternalDirectoryObjectId": id(number), "RecipientTypeDetails": "UserMailbox"});
    let links = vec![link("team x", 1, "Owners"), link("Team X", 3, "Owners"), link("team x", 2, "Members"), link("open@contoso.com", 2, "Owners")];
    let ties = found(vec![(Kind::Groups, groups), (Kind::Members, members), (Kind::UnifiedGroupLinks, links)]);
    let owner = |from, to| tie(from, to, "groupOwner");
    let sender = |from, to| tie(from, to, "restrictedSender");
    let wanted = [
        owner(ANNA, BERT), sender(ANNA, BERT), owner(ANNA, CENEK), sender(ANNA, CENEK), sender(ANNA, ZOE), owner(BERT, ZOE), owner(CENEK, ZOE), sender(ZOE, ANNA), sender(ZOE, BERT),
        sender(ZOE, CENEK),
    ];
    assert_eq!(named(&ties), wanted);
    assert_eq!(missed(&ties, "groupOwner"), Missed { nobody: 1, several: 0, people: 2, too_large: 0 });
    assert_eq!(missed(&ties, "restrictedSender").nobody, 1);
    let problems: Vec<_> = ties.problems.iter().map(|problem| (problem.code, problem.target.as_deref())).collect();
    assert_eq!(problems, [("TiesNotExported", Some("members"))], "the members of mystery are not known");
}

#[test]
fn groups_that_hold_permissions_are_their_members_unless_they_are_large() {
    let grant = |identity: &str, user: &str| json!({"Identity": identity, "User": user, "AccessRights": ["FullAccess"], "Deny": false, "IsInherited": false});
    let groups = vec![list("desk", json!([]), json!([])), list("empty", json!([]), json!([]))];
    let members = vec![member("desk", 0), member("desk", 1), member("desk", 4)];
    let tables = vec![(Kind::Permissions, vec![grant("info", "List desk"), grant("anna", "empty")]), (Kind::Groups, groups), (Kind::Members, members)];
    let ties = found(tables.clone());
    assert_eq!(named(&ties), [tie(INFO, ANNA, "sharedMailbox"), tie(INFO, BERT, "sharedMailbox")]);
    assert_eq!(ties.problems.len(), 1);
    let mut all = vec![(Kind::Mailboxes, mailboxes())];
    all.extend(tables);
    let snapshot = snapshot(&all);
    let limits = Limits::with(&BTreeMap::from([("tiedGroupPeople".to_string(), 2)])).unwrap();
    let ties = from_snapshot(&snapshot, &Kinds::default(), &limits, &resolver(snapshot.table(Kind::Mailboxes).unwrap()));
    assert_eq!((ties.ties.len(), missed(&ties, "sharedMailbox").too_large), (0, 1));
}

#[test]
fn flows_are_hard_stars_around_their_owner() {
    let row = |flow: &str, person: &str, role: &str, kind: &str| json!({"FlowName": flow, "PrincipalObjectId": person, "PrincipalType": kind, "RoleType": role, "EnvironmentName": "Default-1"});
    let rows = vec![
        row("f1", &id(1), "CanEdit", "User"), row("F1", &id(2), "Owner", "User"), row("f1", &id(3), "CanView", "User"), row("f1", &id(99), "CanView", "User"),
        row("f1", "c0270500", "CanView", "Tenant"),
        row("f2", &id(0), "Owner", "User"), row("f2", "g-desk", "CanEdit", "Group"),
        json!({"FlowName": "by hand", "Owner": "zoe@contoso.com", "Users": "anna@contoso.com;bert@contoso.com"}),
        row("alone", &id(0), "Owner", "User"),
    ];
    let tables = vec![(Kind::Flows, rows), (Kind::Groups, vec![list("desk", json!([]), json!([]))]), (Kind::Members, vec![member("desk", 4)])];
    let ties = found(tables);
    let flow = |from, to| tie(from, to, "flow");
    assert_eq!(named(&ties), [flow(ANNA, INFO), flow(CENEK, BERT), flow(CENEK, ZOE), flow(ZOE, ANNA), flow(ZOE, BERT)]);
    assert!(ties.ties.iter().all(|tie| tie.hard && tie.weight == 200));
    assert_eq!(missed(&ties, "flow"), Missed { nobody: 1, several: 0, people: 3, too_large: 0 });
    assert!(ties.problems.is_empty(), "{:?}", ties.problems);
}

#[test]
fn what_was_not_exported_is_told_and_never_empty() {
    // Export-Csv of each cmdlet: lists became type names.
    let list = "System.Collections.ArrayList";
    let mut people = mailboxes();
    people[0]["GrantSendOnBehalfTo"] = json!("Microsoft.Exchange.Data.MultiValuedProperty`1[Microsoft.Exchange.Data.Directory.ADObjectId]");
    people[1].as_object_mut().unwrap().remove("GrantSendOnBehalfTo");
    let ties = found(vec![
        (Kind::Mailboxes, people),
        (Kind::Permissions, vec![json!({"Identity": "anna", "User": "bert", "AccessRights": list, "Deny": "False", "IsInherited": "False"})]),
        (Kind::RecipientPermissions, vec![json!({"Identity": "anna", "AccessRights": "SendAs"}), json!({"Trustee": "bert", "AccessRights": "SendAs"})]),
        (Kind::CalendarPermissions, vec![json!({"FolderName": "Calendar", "User": "Bert Brecht", "AccessRights": list, "Mailbox": "anna"})]),
        (Kind::ExchangeUsers, vec![json!({"UserPrincipalName": "anna@contoso.com", "Manager": "bert"})]),
        (Kind::Groups, vec![json!({"Name": "g", "ManagedBy": list, "AcceptMessagesOnlyFromSendersOrMembers": list})]),
        (Kind::Flows, vec![json!({"FlowName": "f", "Owner": "anna", "Users": "System.Object[]"}), json!({"DisplayName": "x"})]),
    ]);
    let told: Vec<(Option<&str>, Option<&str>)> = ties.problems.iter().map(|problem| (problem.target.as_deref(), problem.file.as_deref())).collect();
    let wanted = [
        ("AccessRights", "calendarPermissions"), ("AssistantName", "exchangeUsers"), ("FlowName", "flows"), ("Users", "flows"),
        ("AcceptMessagesOnlyFromSendersOrMembers", "groups"), ("ManagedBy", "groups"), ("GrantSendOnBehalfTo", "mailboxes"), ("AccessRights", "permissions"),
        ("Identity", "recipientPermissions"), ("User", "recipientPermissions"),
    ];
    let files: Vec<String> = wanted.iter().map(|(_, kind)| format!("source/{kind}.jsonl")).collect();
    assert_eq!(told, wanted.iter().zip(&files).map(|((property, _), file)| (Some(*property), Some(file.as_str()))).collect::<Vec<_>>());
    let behalf = &ties.problems[6];
    assert!(behalf.message.contains("2 objects") && behalf.message.contains("(1 times)") && behalf.line == Some(1), "{behalf}");
    assert_eq!(named(&ties), [tie(BERT, ANNA, "manager")]);

    // Nothing but mailboxes: each missing kind is told once, with the ties that it hides.
    let snapshot = snapshot(&[(Kind::Mailboxes, mailboxes())]);
    let nobody = |_: &str| Resolved::Nobody;
    let ties = from_snapshot(&snapshot, &Kinds::default(), &Limits::default(), &nobody);
    let told: Vec<_> = ties.problems.iter().map(|problem| problem.target.as_deref().unwrap()).collect();
    assert_eq!(told, ["calendarPermissions", "exchangeUsers", "flows", "groups", "permissions", "recipientPermissions", "unifiedGroupLinks"]);
    assert!(ties.problems.iter().all(|problem| problem.code == "TiesNotExported"));
    let off = Kinds::default().all().map(|kind| (kind.name.clone(), Override { weight: Some(0), hard: None })).collect();
    let ties = from_snapshot(&snapshot, &Kinds::with(&off).unwrap(), &Limits::default(), &nobody);
    assert_eq!(ties, Ties::default(), "what is switched off is not missed");
}

#[test]
fn a_kind_that_is_switched_off_makes_no_ties() {
    let all = |off: &str| {
        let overrides = BTreeMap::from([(off.to_string(), Override { weight: Some(0), hard: None })]);
        let grant = |identity: &str| json!({"Identity": identity, "User": "bert", "AccessRights": ["FullAccess", "SendAs"], "Deny": false, "IsInherited": false});
        let snapshot = snapshot(&[(Kind::Mailboxes, mailboxes()), (Kind::Permissions, vec![grant("anna"), grant("info")])]);
        let ties = from_snapshot(&snapshot, &Kinds::with(&overrides).unwrap(), &Limits::default(), &resolver(snapshot.table(Kind::Mailboxes).unwrap()));
        named(&ties).into_iter().map(|(_, _, kind)| kind).collect::<Vec<_>>()
    };
    assert_eq!(all("manager"), ["fullAccess", "sendAs", "sharedMailbox"]);
    assert_eq!(all("fullAccess"), ["sendAs", "sharedMailbox"]);
    assert_eq!(all("sharedMailbox"), ["fullAccess", "sendAs"]);
}

fn csv(text: &str) -> Ties {
    let snapshot = snapshot(&[(Kind::Mailboxes, mailboxes())]);
    from_csv(text, "ties.csv", &Kinds::default(), &Limits::default(), &resolver(snapshot.table(Kind::Mailboxes).unwrap())).unwrap()
}

#[test]
fn a_file_of_ties_is_read_as_people_write_it() {
    let ties = csv("\u{feff}\"weight\";Comment;\"TO\";\"from\";kind\r\n7;\"x;y\";bert@contoso.com;anna@contoso.com;\r\nHard;;\"Müller, Zoë\";čeněk dvořák;Manager\r\n;;zoe;anna;flow\r\n\r\n");
    let explicit = Kinds::default().index("explicit").unwrap();
    let manager = Kinds::default().index("manager").unwrap();
    let flow = Kinds::default().index("flow").unwrap();
    let wanted = [
        Tie { from: ANNA, to: BERT, kind: explicit, weight: 7, hard: false },
        Tie { from: ANNA, to: ZOE, kind: flow, weight: 200, hard: true },
        Tie { from: CENEK, to: ZOE, kind: manager, weight: 20, hard: true },
    ];
    assert_eq!(ties.ties, wanted);
    assert!(ties.problems.is_empty() && ties.missed.is_empty());
    // Of one pair that is named twice the heavier row counts.
    assert_eq!(csv("From,To,Weight\nanna,bert,7\nanna,bert,9\nanna,bert,8\nbert,anna,1\n").ties.iter().map(|tie| tie.weight).collect::<Vec<_>>(), [9, 1]);
    let both = csv("From,To,Weight\nanna,bert,hard\nanna,bert,300\nanna,bert,\n").ties;
    assert_eq!(both, [Tie { from: ANNA, to: BERT, kind: explicit, weight: 300, hard: true }]);
    let own = csv("From,To\nanna,bert\nanna,anna@contoso.com\n").ties;
    assert_eq!(own, [Tie { from: ANNA, to: BERT, kind: explicit, weight: 100, hard: false }]);
}

#[test]
fn bad_rows_are_told_with_their_lines_and_the_rest_goes_on() {
    let ties = csv("From,To,Kind,Weight\nanna,,explicit,1\nanna,bert,freind,1\nanna,bert,,0\nanna,bert,,-3\nanna,bert,,1.5\nanna,bert,,99999999999\nanna,bert\n\"kim\",zoe,,3\n\"anna\",\"be");
    let told: Vec<_> = ties.problems.iter().map(|problem| (problem.code, problem.line.unwrap())).collect();
    let row = |line| ("TieRowInvalid", line);
    assert_eq!(told, [row(2), ("TieKindUnknown", 3), row(4), row(5), row(6), row(7), row(8), row(10)]);
    assert!(ties.problems.iter().all(|problem| problem.file.as_deref() == Some("ties.csv")));
    assert_eq!(ties.ties.iter().map(|tie| (tie.from, tie.to, tie.weight)).collect::<Vec<_>>(), [(7, ZOE, 3)]);
    for text in ["", "\n", "From;Whom\n", "To\n"] {
        let nobody = |_: &str| Resolved::Nobody;
        assert_eq!(from_csv(text, "t", &Kinds::default(), &Limits::default(), &nobody).unwrap_err().code, "TiesFileInvalid");
    }
    let many = csv(&format!("From,To\n{}", ",x\n".repeat(1500)));
    assert_eq!((many.problems.len(), many.problems[1000].code), (1001, "ProblemsOmitted"));
}

#[test]
fn who_is_not_found_or_could_be_several_is_counted_with_those_who_move() {
    let ties = csv("From,To\nanna,nobody@x\nnobody@y,anna\nbert,nobody@x\nKim Akers,anna\nKim Akers,nobody@x\nnobody@x,nobody@y\nNT AUTHORITY\\SELF,zoe\n");
    assert!(ties.ties.is_empty());
    assert_eq!(missed(&ties, "explicit"), Missed { nobody: 4, several: 2, people: 3, too_large: 0 });
    let mut both = csv("From,To\nanna,bert\n");
    both.merge(ties);
    both.merge(csv("From,To,Weight\nanna,bert,300\n"));
    let row = |weight| TieRow { from: "anna", to: "zoe@contoso.com", kind: "", weight, place: ("pipeline", 1) };
    let resolve = |text: &str| if text == "anna" { Resolved::One(ANNA) } else { Resolved::One(ZOE) };
    let piped = from_rows([row(Some("hard")), row(Some("often")), row(None)].into_iter(), "pipeline", &Kinds::default(), &Limits::default(), &resolve);
    assert_eq!((piped.ties.len(), piped.ties[0].hard, piped.ties[0].weight, piped.problems.len()), (1, true, 100, 1));
    assert_eq!((both.ties.len(), both.ties[0].weight, missed(&both, "explicit").nobody), (1, 300, 4));
}

proptest! {
    #[test]
    fn rows_come_back_whatever_the_names(rows in proptest::collection::vec((0u32..50, 0u32..50, 0usize..13, proptest::option::of(1u32..1000)), 0..60)) {
        let kinds = Kinds::default();
        let name = |person: u32| format!("Ü\"{person}\";, \u{1F98A}山 ");
        let resolve = |text: &str| text.trim().strip_prefix("Ü\"").and_then(|rest| rest.split('"').next()?.parse().ok()).map_or(Resolved::Nobody, Resolved::One);
        let mut text = String::from("Kind,To,From,Weight\r\n");
        let mut wanted: BTreeMap<(u32, u32, u16), u32> = BTreeMap::new();
        for (from, to, kind, weight) in &rows {
            let row = kinds.get(*kind as u16);
            let quote = |text: String| format!("\"{}\"", text.replace('"', "\"\""));
            text += &format!("{},{},{},{}\r\n", row.name.to_uppercase(), quote(name(*to)), quote(name(*from)), weight.map(|weight| weight.to_string()).unwrap_or_default());
            if from != to {
                let entry = wanted.entry((*from, *to, *kind as u16)).or_default();
                *entry = (*entry).max(weight.unwrap_or(row.weight));
            }
        }
        let ties = from_csv(&text, "t", &kinds, &Limits::default(), &resolve).unwrap();
        prop_assert!(ties.problems.is_empty(), "{:?}", ties.problems);
        prop_assert_eq!(ties.ties.iter().map(|tie| ((tie.from, tie.to, tie.kind), tie.weight)).collect::<BTreeMap<_, _>>(), wanted);
        prop_assert!(ties.ties.windows(2).all(|pair| (pair[0].from, pair[0].to, pair[0].kind) < (pair[1].from, pair[1].to, pair[1].kind)));
    }

    #[test]
    fn no_file_is_too_odd(text: String) {
        let _ = from_csv(&format!("From,To,Weight\n{text}"), "t", &Kinds::default(), &Limits::default(), &|_| Resolved::Nobody);
        let _ = from_csv(&text, "t", &Kinds::default(), &Limits::default(), &|_| Resolved::Several);
    }
}

/// Run it as a release build with --nocapture.
#[test]
#[ignore = "prints times, which mean something in a release build only"]
fn cost_of_five_million_rows() {
    use std::fmt::Write;
    let mut text = String::from("From,To,Kind,Weight\n");
    for row in 0..5_000_000u32 {
        let (from, to) = (row % 500_000, row.wrapping_mul(2_654_435_761) % 500_000);
        writeln!(text, "user{from}@contoso.com,user{to}@contoso.com,fullAccess,{}", row % 100 + 1).unwrap();
    }
    let people = Entries::new((0..500_000u32).map(|person| (text_hash(&format!("user{person}@contoso.com")), person)).collect());
    let people = Index::new(people);
    let resolve = |text: &str| people.get(text_hash(text)).next().map_or(Resolved::Nobody, Resolved::One);
    let started = std::time::Instant::now();
    let ties = from_csv(&text, "ties.csv", &Kinds::default(), &Limits::default(), &resolve).unwrap();
    println!("{} ties of {} MB in {:?}", ties.ties.len(), text.len() / 1_000_000, started.elapsed());
}

use crate::directory::{text_hash, Entries, Index};
