//! MC-01 from two snapshots: what is planned, in which order, and what keeps a person out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use coexist_core::plan::mc01::{Inputs, MapRow, Setup};
use coexist_core::snapshot::Kind;
use coexist_core::specification::Specification;
use serde_json::{json, Value};
use world::{guid, mail_user, mailbox, World};

fn anna() -> World {
    World::new().with_person(1, "anna")
}

#[test]
fn an_unstamped_external_member_gets_everything_in_order() {
    let plan = anna().plan();
    assert_eq!(plan.steps(), ["stamp", "setPrimary", "removeAddresses"]);
    let stamp = plan.step("stamp");
    assert_eq!(stamp["command"]["name"], "Set-MailUser");
    assert_eq!(stamp["command"]["parameters"]["Identity"], guid(0x2001));
    assert_eq!(stamp["command"]["parameters"]["ExchangeGuid"], guid(0x1001));
    assert!(stamp["command"]["parameters"].get("ArchiveGuid").is_none());
    assert_eq!(stamp["verify"][1], json!({"property": "EmailAddresses", "contains": "$added"}));
    assert_eq!(stamp["undo"]["command"]["parameters"]["EmailAddresses"], json!({"Remove": "$added"}));
    assert_eq!(stamp["stage"], "prepare");
    assert_eq!(stamp["expect"], json!([{"property": "ExchangeGuid", "empty": true}]));
    assert_eq!(
        stamp["command"]["parameters"]["EmailAddresses"]["Add"],
        json!([
            "X500:/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=00000001-anna",
            "x500:/o=Old/cn=anna",
            "smtp:anna@fabrikam.com"
        ])
    );
    assert_eq!(plan.step("setPrimary")["command"]["parameters"]["WindowsEmailAddress"], "anna@fabrikam.com");
    let removal = plan.step("removeAddresses");
    assert_eq!(removal["command"]["parameters"]["EmailAddresses"], json!({"Remove": ["smtp:anna@contoso.com"]}));
    assert_eq!(removal["stage"], "cutover");
    assert_eq!(removal["gates"][0]["waitFor"], "mailboxSynced");
    assert_eq!(removal["gates"][0]["deadlineMinutes"], 336 * 60);
    assert_eq!(removal["dependsOn"], json!(["stamp", "setPrimary"]));
    assert_eq!(plan.codes(), ["AddressNotAccepted"]);
}

#[test]
fn removal_is_never_in_prepare() {
    let mut world = anna();
    world.specification["items"] = json!({"MC-01": {"unacceptedAddresses": "preStage"}});
    let plan = world.plan();
    assert_eq!(plan.step("removeAddresses")["stage"], "preStage");
    for operation in &plan.operations {
        let removes = operation["command"]["parameters"]["EmailAddresses"].get("Remove").is_some();
        assert!(!(removes && operation["stage"] == "prepare"));
    }
}

#[test]
fn applying_the_plan_leaves_nothing_to_do() {
    let mut world = anna();
    let user = &mut world.target(Kind::MailUsers)[0];
    user["ExchangeGuid"] = json!(guid(0x1001));
    user["PrimarySmtpAddress"] = json!("anna@fabrikam.com");
    user["EmailAddresses"] = json!([
        "SMTP:anna@fabrikam.com",
        "smtp:anna@fabrikam.onmicrosoft.com",
        "X500:/O=EXCHANGELABS/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=00000001-ANNA",
        "X500:/o=Old/cn=anna"
    ]);
    let plan = world.plan();
    assert!(plan.steps().is_empty(), "{:?}", plan.steps());
    assert_eq!((plan.summary.people, plan.summary.ready, plan.summary.blocked), (1, 1, 0));
}

#[test]
fn a_missing_target_is_created_with_a_password_that_is_nowhere() {
    let mut world = anna();
    world.target(Kind::MailUsers).clear();
    let plan = world.plan();
    assert_eq!(plan.steps(), ["create", "stamp", "setPrimary", "removeAddresses"]);
    let create = plan.step("create");
    assert_eq!(create["command"]["name"], "New-MailUser");
    assert_eq!(create["command"]["parameters"]["MicrosoftOnlineServicesID"], "anna@fabrikam.com");
    assert_eq!(create["secrets"], json!([{"parameter": "Password", "kind": "generatedPassword"}]));
    assert!(create["command"]["parameters"].get("Password").is_none());
    assert_eq!(plan.step("stamp")["dependsOn"], json!(["create"]));
    assert_eq!(plan.step("stamp")["undo"], json!({"with": "create"}));
    assert_eq!(plan.step("removeAddresses")["command"]["parameters"]["EmailAddresses"]["Remove"], json!(["smtp:anna@contoso.com"]));

    world.specification["items"] = json!({"MC-01": {"createMissing": false}});
    let plan = world.plan();
    assert_eq!(plan.codes(), ["TargetMissing"]);
    assert!(plan.operations.is_empty());
}

#[test]
fn people_of_one_name_are_created_under_two() {
    let mut world = World::new();
    let names = [("anna", "Anna Schmidt"), ("annas", "ANNA Schmidt"), ("bert", "Bert Maier"), ("cleo", "Cleo")];
    for (number, (alias, name)) in names.iter().enumerate() {
        let mut mailbox = mailbox(number as u32 + 1, alias);
        mailbox["DisplayName"] = json!(name);
        world.source(Kind::Mailboxes).push(mailbox);
    }
    world.source(Kind::Mailboxes)[1]["DisplayName"] = json!(format!("ANNA Schmidt{}", " und zu Irgendwo".repeat(5)));
    world.source(Kind::Mailboxes)[0]["DisplayName"] = json!(format!("Anna Schmidt{}", " und zu Irgendwo".repeat(6)));
    world.target(Kind::Groups).push(json!({"Name": "bert maier", "EmailAddresses": [], "PrimarySmtpAddress": "all@fabrikam.com"}));
    let plan = world.plan();
    let created: Vec<&str> =
        plan.operations.iter().filter(|o| o["id"].as_str().unwrap().ends_with("/create")).map(|o| o["command"]["parameters"]["Name"].as_str().unwrap()).collect();
    assert_eq!(
        created,
        ["Anna Schmidt und zu Irgendwo und zu Irgendwo und zu Irgendw anna", "ANNA Schmidt und zu Irgendwo und zu Irgendwo und zu Irgend annas", "Bert Maier bert", "Cleo"]
    );
    assert!(created.iter().all(|name| name.chars().count() <= 64));
    assert_eq!(plan.codes(), ["NameNotUnique"; 3]);
    assert!(plan.findings[2].message().starts_with("The name Bert Maier of bert@contoso.com"), "{}", plan.findings[2].message());
}

#[test]
fn the_licence_waits_for_the_verified_stamp() {
    let mut world = anna();
    world.specification["items"] = json!({"MC-01": {"licence": {"skuId": guid(9), "disabledPlans": [guid(8)], "usageLocation": "DE"}}});
    let plan = world.plan();
    let licence = plan.step("assignLicence");
    assert_eq!(licence["request"]["path"], format!("/users/{}/assignLicense", guid(0x2001)));
    assert_eq!(licence["request"]["body"], json!({"addLicenses": [{"disabledPlans": [guid(8)], "skuId": guid(9)}], "removeLicenses": []}));
    assert_eq!(licence["stage"], "preStage");
    assert_eq!(licence["dependsOn"], json!(["stamp", "setUsageLocation"]));
    assert_eq!(licence["gates"][0]["conditions"], json!([{"property": "ExchangeGuid", "equals": guid(0x1001)}]));

    world.target(Kind::Users).push(json!({"Id": guid(0x2001), "UserPrincipalName": "anna@fabrikam.com", "AssignedLicenses": [{"skuId": guid(9)}], "UsageLocation": "FR"}));
    assert!(!world.plan().steps().contains(&"assignLicence".to_string()));
}

#[test]
fn a_target_without_its_id_is_not_addressed_by_what_the_plan_changes() {
    for (spoil, code) in [(Value::Null, "PropertyNotExported"), (json!("System.Object"), "PropertyFlattened")] {
        let mut world = anna();
        match spoil {
            Value::Null => drop(world.target(Kind::MailUsers)[0].as_object_mut().unwrap().remove("ExternalDirectoryObjectId")),
            value => world.target(Kind::MailUsers)[0]["ExternalDirectoryObjectId"] = value,
        }
        let plan = world.plan();
        assert_eq!(plan.codes(), [code]);
        assert!(plan.findings[0].message().starts_with("ExternalDirectoryObjectId"), "{}", plan.findings[0].message());
        assert!(plan.operations.is_empty());
    }
}

#[test]
fn setting_the_external_address_puts_the_primary_back() {
    let mut world = anna();
    let user = &mut world.target(Kind::MailUsers)[0];
    user["ExternalEmailAddress"] = json!("SMTP:somebody@else.example");
    user["EmailAddresses"] = json!(["SMTP:anna@fabrikam.com", "smtp:anna@fabrikam.onmicrosoft.com"]);
    let plan = world.plan();
    assert_eq!(plan.step("setExternalAddress")["command"]["parameters"]["ExternalEmailAddress"], "SMTP:anna@contoso.com");
    assert_eq!(plan.step("setPrimary")["dependsOn"], json!(["stamp", "setExternalAddress"]));
    assert_eq!(plan.step("removeAddresses")["command"]["parameters"]["EmailAddresses"]["Remove"], json!(["smtp:anna@contoso.com"]));
}

#[test]
fn the_upn_goes_to_the_surface_that_owns_it() {
    let mut world = anna();
    world.target(Kind::MailUsers)[0]["UserPrincipalName"] = json!("anna_contoso.com#EXT#@fabrikam.onmicrosoft.com");
    let plan = world.plan();
    let upn = plan.step("setUpn");
    assert_eq!((&upn["surface"], &upn["request"]["body"]), (&json!("graph"), &json!({"userPrincipalName": "anna@fabrikam.com"})));
    assert_eq!(upn["undo"]["request"]["body"]["userPrincipalName"], "anna_contoso.com#EXT#@fabrikam.onmicrosoft.com");

    synchronize(&mut world);
    let plan = world.plan();
    assert_eq!(plan.step("setUpn")["command"], json!({"name": "Set-ADUser", "parameters": {"Identity": "00112233-4455-6677-8899-aabbccddeeff", "UserPrincipalName": "anna@fabrikam.com"}}));
}

/// Makes the only mail user one that AD masters.
fn synchronize(world: &mut World) {
    world.target(Kind::MailUsers)[0]["IsDirSynced"] = json!(true);
    world.target(Kind::Users).push(json!({"Id": guid(0x2001), "OnPremisesImmutableId": "MyIRAFVEd2aImaq7zN3u/w=="}));
    let bytes: Vec<u8> = vec![0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
    world.target(Kind::AdUsers).push(json!({"ObjectGUID": "00112233-4455-6677-8899-aabbccddeeff", "mS-DS-ConsistencyGuid": bytes, "SamAccountName": "anna"}));
}

#[test]
fn what_ad_masters_is_changed_in_ad() {
    let mut world = anna();
    synchronize(&mut world);
    let plan = world.plan();
    assert!(plan.operations.iter().all(|operation| operation["surface"] == "activeDirectory"), "{:?}", plan.operations);
    assert_eq!(plan.steps(), ["stamp", "removeAddresses"]);
    // GUID 00001001-1111-… in AD byte order: 01 10 00 00 11 11 22 42 83 33 44 44 55 55 66 66.
    assert_eq!(plan.step("stamp")["command"]["parameters"]["Replace"], json!({"msExchMailboxGuid": {"bytes": "ARAAABERIkKDM0REVVVmZg=="}}));
    let addresses = &plan.step("stamp")["command"]["parameters"];
    assert_eq!(addresses["Remove"]["proxyAddresses"], json!(["SMTP:anna@contoso.com"]));
    assert!(addresses["Add"]["proxyAddresses"].as_array().unwrap().contains(&json!("SMTP:anna@fabrikam.com")));
    assert!(addresses["Add"]["proxyAddresses"].as_array().unwrap().contains(&json!("smtp:anna@contoso.com")));
    assert_eq!(plan.step("removeAddresses")["command"]["parameters"]["Remove"]["proxyAddresses"], json!(["smtp:anna@contoso.com"]));

    world.target(Kind::AdUsers).clear();
    assert!(world.plan().codes().contains(&"AdObjectUnknown"));
    world.target(Kind::MailUsers)[0].as_object_mut().unwrap().remove("IsDirSynced");
    assert!(world.plan().codes().contains(&"SyncStateUnknown"));
}

#[test]
fn what_is_unknown_is_never_taken_for_empty() {
    for (side, property) in [("source", "EmailAddresses"), ("source", "LegacyExchangeDN"), ("source", "ArchiveGuid"), ("source", "ExchangeGuid"), ("target", "EmailAddresses"), ("target", "ExternalEmailAddress"), ("target", "ExchangeGuid"), ("target", "ArchiveGuid")] {
        for flattened in [false, true] {
            let mut world = anna();
            let object = if side == "source" { &mut world.source(Kind::Mailboxes)[0] } else { &mut world.target(Kind::MailUsers)[0] };
            match flattened {
                true => object[property] = json!("System.Collections.ArrayList"),
                false => drop(object.as_object_mut().unwrap().remove(property)),
            }
            let plan = world.plan();
            let code = if flattened { "PropertyFlattened" } else { "PropertyNotExported" };
            let finding = plan.findings.iter().find(|finding| finding.code == code).unwrap_or_else(|| panic!("{side} {property}: {:?}", plan.codes()));
            assert!(finding.message().contains(property), "{}", finding.message());
            assert!(finding.place.as_ref().unwrap().0.starts_with(side));
            assert!(plan.operations.is_empty(), "{side} {property}: {:?}", plan.steps());
        }
    }
}

#[test]
fn troubles_are_found_and_stop_only_their_person() {
    type Spoil = fn(&mut World);
    let cases: &[(&str, Spoil)] = &[
        ("SourceExchangeGuidInvalid", |w| w.source(Kind::Mailboxes)[0]["ExchangeGuid"] = json!("00000000-0000-0000-0000-000000000000")),
        ("SourceLegacyExchangeDnInvalid", |w| w.source(Kind::Mailboxes)[0]["LegacyExchangeDN"] = json!("anna")),
        ("TargetExchangeGuidDiffers", |w| w.target(Kind::MailUsers)[0]["ExchangeGuid"] = json!(guid(77))),
        ("TargetArchiveGuidDiffers", |w| w.target(Kind::MailUsers)[0]["ArchiveGuid"] = json!(guid(77))),
        ("TargetIsGuest", |w| w.target(Kind::MailUsers)[0]["RecipientTypeDetails"] = json!("GuestMailUser")),
        ("TargetIsMailbox", |w| {
            let user = w.target(Kind::MailUsers).remove(0);
            w.target(Kind::Mailboxes).push(user);
        }),
        ("TargetIsContact", |w| {
            let user = w.target(Kind::MailUsers).remove(0);
            w.target(Kind::MailContacts).push(user);
        }),
        ("TargetNotMailEnabled", |w| {
            w.target(Kind::MailUsers).remove(0);
            w.target(Kind::Users).push(json!({"Id": guid(5), "UserPrincipalName": "anna@fabrikam.com"}));
        }),
        ("TargetAmbiguous", |w| {
            let mut other = mail_user(7, "other");
            other["UserPrincipalName"] = json!("other@fabrikam.com");
            other["EmailAddresses"] = json!(["SMTP:anna@fabrikam.com"]);
            w.target(Kind::MailUsers).push(other);
        }),
        ("TargetPreLicensed", |w| {
            w.target(Kind::Users).push(json!({"Id": guid(0x2001), "AssignedPlans": [{"servicePlanId": "EFB87545-963c-4e0d-99df-69c6916d9eb0", "capabilityStatus": "Enabled"}]}));
        }),
        ("PreviousMailboxPresent", |w| w.target(Kind::ExchangeUsers).push(json!({"ExternalDirectoryObjectId": guid(0x2001), "PreviousRecipientTypeDetails": "UserMailbox"}))),
        ("HoldLitigation", |w| w.source(Kind::Mailboxes)[0]["LitigationHoldEnabled"] = json!(true)),
        ("HoldEDiscovery", |w| w.source(Kind::Mailboxes)[0]["InPlaceHolds"] = json!(["UniHabc"])),
        ("TooManyArchives", |w| w.source(Kind::Mailboxes)[0]["MailboxLocations"] = (0..13).map(|n| json!(format!("1;{};AuxArchive;s;d", guid(n)))).collect()),
        ("RecoverableItemsTooLarge", |w| w.source(Kind::MailboxStatistics).push(json!({"MailboxGuid": guid(0x1001), "TotalDeletedItemSize": "31 GB (33,285,996,544 bytes)"}))),
        ("AddressInUse", |w| w.target(Kind::Groups).push(json!({"EmailAddresses": ["smtp:other@fabrikam.com", "X500:/O=old/CN=ANNA"], "PrimarySmtpAddress": "all@fabrikam.com"}))),
        ("AddressClaimedTwice", |w| w.source(Kind::Mailboxes)[0]["EmailAddresses"].as_array_mut().unwrap().push(json!("x500:/o=Old/cn=BERT"))),
        ("AddressLimitExceeded", |w| w.source(Kind::Mailboxes)[0]["EmailAddresses"].as_array_mut().unwrap().extend((0..400).map(|n| json!(format!("x500:/o=Move{n}/cn=a"))))),
        ("AddressMalformed", |w| w.source(Kind::Mailboxes)[0]["EmailAddresses"].as_array_mut().unwrap().push(json!("x500:nonsense"))),
        ("UpnInUse", |w| {
            w.target(Kind::MailUsers)[0]["UserPrincipalName"] = json!("a_x#EXT#@fabrikam.onmicrosoft.com");
            w.target(Kind::Users).push(json!({"Id": guid(5), "UserPrincipalName": "ANNA@fabrikam.com"}));
        }),
        ("AliasInUse", |w| {
            w.target(Kind::MailUsers).remove(0);
            w.target(Kind::Groups).push(json!({"Alias": "Anna", "EmailAddresses": [], "PrimarySmtpAddress": "all@fabrikam.com"}));
        }),
        ("MapTargetNotFound", |w| w.map.push(MapRow { source: "ANNA@contoso.com".into(), target: "nobody@fabrikam.com".into(), line: 2 })),
        ("MapRowDuplicate", |w| {
            w.map.push(MapRow { source: "anna@contoso.com".into(), target: "anna@fabrikam.com".into(), line: 2 });
            w.map.push(MapRow { source: guid(1), target: "bert@fabrikam.com".into(), line: 3 });
        }),
        ("TargetClaimedTwice", |w| w.map.push(MapRow { source: "anna@contoso.com".into(), target: guid(0x2002), line: 2 })),
        ("SourceExchangeGuidDuplicate", |w| {
            let guid = w.source(Kind::Mailboxes)[1]["ExchangeGuid"].clone();
            w.source(Kind::Mailboxes)[0]["ExchangeGuid"] = guid;
        }),
    ];
    for (code, spoil) in cases {
        let mut world = anna().with_person(2, "bert").with_person(3, "cleo");
        spoil(&mut world);
        let plan = world.plan();
        let finding = plan.findings.iter().find(|finding| finding.code == *code).unwrap_or_else(|| panic!("{code} not among {:?}", plan.codes()));
        assert!(finding.blocks, "{code}");
        assert!(!finding.message().contains('?') && !finding.message().contains('{'), "{code}: {}", finding.message());
        let people: Vec<&str> = plan.operations.iter().map(|operation| operation["subject"]["name"].as_str().unwrap()).collect();
        assert!(!people.contains(&"anna@contoso.com"), "{code}: anna is still planned");
        assert!(people.contains(&"cleo@contoso.com"), "{code}: cleo is not planned");
    }
}

#[test]
fn no_address_that_the_move_needs_is_left_out_without_a_word() {
    for (dn, listed, code) in [
        ("nonsense", None, "SourceLegacyExchangeDnInvalid"),
        (" /o=Old/cn=anna", None, "SourceLegacyExchangeDnInvalid"),
        ("/o=Old/cn=anna", Some("x500:nonsense/o=Old/cn=anna"), "AddressMalformed"),
    ] {
        let mut world = anna();
        world.source(Kind::Mailboxes)[0]["LegacyExchangeDN"] = json!(dn);
        world.source(Kind::Mailboxes)[0]["EmailAddresses"].as_array_mut().unwrap().extend(listed.map(|text| json!(text)));
        let plan = world.plan();
        let codes: Vec<_> = plan.findings.iter().filter(|finding| finding.blocks).map(|finding| finding.code).collect();
        assert_eq!(codes, [code], "{dn}");
        assert!(plan.operations.is_empty());
    }
}

#[test]
fn options_turn_findings_into_operations() {
    let mut world = anna();
    world.target(Kind::ExchangeUsers).push(json!({"ExternalDirectoryObjectId": guid(0x2001), "PreviousRecipientTypeDetails": "UserMailbox"}));
    world.source(Kind::MailboxStatistics).push(json!({"MailboxGuid": guid(0x1001), "TotalDeletedItemSize": "31 GB (33,285,996,544 bytes)"}));
    world.source(Kind::Mailboxes)[0]["LitigationHoldEnabled"] = json!(true);
    world.specification["items"] = json!({"MC-01": {"clearPreviousMailbox": true, "raiseRecoverableItemsQuota": true, "holds": "warn"}});
    let plan = world.plan();
    assert_eq!(plan.step("stamp")["dependsOn"], json!(["clearPreviousMailbox"]));
    assert!(plan.step("clearPreviousMailbox")["undo"]["irreversible"].as_str().unwrap().len() > 10);
    assert_eq!(plan.step("raiseQuota")["command"]["parameters"]["EnableLitigationHoldForMigration"], true);
    assert!(plan.findings.iter().all(|finding| !finding.blocks));
}

#[test]
fn a_policy_on_the_whole_organization_holds_whoever_is_not_excluded() {
    let mut world = anna().with_person(2, "bert").with_person(3, "cleo");
    let policies = json!(["mbx0123456789abcdef:2", "skpfedcba9876543210:1", "grp00112233:3", "-mbx99:2"]);
    world.source(Kind::Configuration).push(json!({"Name": "contoso.onmicrosoft.com", "InPlaceHolds": policies}));
    world.source(Kind::Mailboxes)[0]["InPlaceHolds"] = json!(["-MBX0123456789abcdef", "-skpfedcba9876543210:1"]);
    world.source(Kind::Mailboxes)[1]["InPlaceHolds"] = json!(["-mbx0123456789abcdef", "-mbx0123"]);
    world.specification["items"] = json!({"MC-01": {"unacceptedAddresses": "preStage"}});
    let plan = world.plan();
    let found: Vec<(&str, &str)> = plan.findings.iter().filter(|finding| finding.blocks).map(|finding| (finding.subject.name.as_str(), finding.code)).collect();
    let expected = [("bert@contoso.com", "HoldDeleteOnly"), ("cleo@contoso.com", "HoldRetentionPolicy"), ("cleo@contoso.com", "HoldDeleteOnly")];
    assert_eq!(found, expected);
    assert!(plan.findings.iter().any(|finding| finding.message().contains("(mbx0123456789abcdef:2, organization-wide)")));
}

#[test]
fn a_previous_mailbox_is_no_matter_once_the_guid_stands_there() {
    let mut world = anna();
    world.target(Kind::ExchangeUsers).push(json!({"ExternalDirectoryObjectId": guid(0x2001), "PreviousRecipientTypeDetails": "UserMailbox"}));
    assert!(world.plan().codes().contains(&"PreviousMailboxPresent"));
    world.target(Kind::MailUsers)[0]["ExchangeGuid"] = json!(guid(0x1001));
    assert_eq!(world.plan().codes(), ["AddressNotAccepted"]);
}

#[test]
fn limits_are_what_is_still_allowed() {
    let blocks = |world: &World| -> Vec<&'static str> { world.plan().findings.iter().filter(|finding| finding.blocks).map(|finding| finding.code).collect() };
    let mut world = anna();
    let archives = |count: u32| -> Value { (0..count).map(|n| json!(format!("1;{};AuxArchive;s;d", guid(n)))).collect() };
    world.source(Kind::Mailboxes)[0]["MailboxLocations"] = archives(12);
    assert!(blocks(&world).is_empty());
    world.source(Kind::Mailboxes)[0]["MailboxLocations"] = archives(13);
    assert_eq!(blocks(&world), ["TooManyArchives"]);
    world.source(Kind::Mailboxes)[0]["MailboxLocations"] = json!([]);

    world.source(Kind::MailboxStatistics).push(json!({"MailboxGuid": guid(0x1001)}));
    for (size, raise, expected) in [
        ("30 GB (32,212,254,720 bytes)", false, None),
        ("30 GB (32,212,254,721 bytes)", false, Some("RecoverableItemsTooLarge")),
        ("100 GB (107,374,182,400 bytes)", true, None),
        ("100 GB (107,374,182,401 bytes)", true, Some("RecoverableItemsTooLarge")),
    ] {
        world.source(Kind::MailboxStatistics)[0]["TotalDeletedItemSize"] = json!(size);
        world.specification["items"] = json!({"MC-01": {"raiseRecoverableItemsQuota": raise}});
        assert_eq!(blocks(&world).first().copied(), expected, "{size}");
    }
    // Of an object that AD masters, the quota cannot be raised in Exchange Online.
    world.source(Kind::MailboxStatistics)[0]["TotalDeletedItemSize"] = json!("31 GB (33,285,996,544 bytes)");
    assert!(blocks(&world).is_empty());
    synchronize(&mut world);
    assert_eq!(blocks(&world), ["RecoverableItemsTooLarge"]);
}

#[test]
fn two_people_cannot_get_one_user_principal_name() {
    let mut world = anna().with_person(2, "bert");
    world.specification["domainMap"]["contoso.net"] = json!("fabrikam.com");
    world.source(Kind::Mailboxes)[1]["UserPrincipalName"] = json!("ANNA@contoso.net");
    for user in [0, 1] {
        world.target(Kind::MailUsers)[user]["UserPrincipalName"] = json!(format!("u{user}_contoso.com#EXT#@fabrikam.onmicrosoft.com"));
    }
    let plan = world.plan();
    let found: Vec<String> = plan.findings.iter().filter(|finding| finding.blocks).map(|finding| finding.message()).collect();
    assert_eq!(
        found,
        [
            "The user principal name anna@fabrikam.com, planned for anna@contoso.com, belongs to bert@contoso.com.",
            "The user principal name ANNA@fabrikam.com, planned for bert@contoso.com, belongs to anna@contoso.com."
        ]
    );
}

#[test]
fn a_licence_is_too_early_only_before_the_stamp() {
    let mut world = anna();
    let plans = json!([{"servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0", "capabilityStatus": "Enabled"}]);
    world.target(Kind::Users).push(json!({"Id": guid(0x2001), "AssignedPlans": plans}));
    assert!(world.plan().codes().contains(&"TargetPreLicensed"));
    world.target(Kind::MailUsers)[0]["ExchangeGuid"] = json!(guid(0x1001));
    assert_eq!(world.plan().codes(), ["AddressNotAccepted"]);
}

#[test]
fn the_consistency_guid_beats_the_object_guid() {
    let mut world = anna();
    synchronize(&mut world);
    // A user who came from another forest, and another one who has the GUID for an objectGUID.
    let mut moved = world.target(Kind::AdUsers)[0].clone();
    moved["ObjectGUID"] = json!(guid(0x77));
    moved["SamAccountName"] = json!("moved");
    world.target(Kind::AdUsers)[0]["mS-DS-ConsistencyGuid"] = json!(guid(0x78));
    world.target(Kind::AdUsers).push(moved);
    assert_eq!(world.plan().step("stamp")["command"]["parameters"]["Identity"], guid(0x77));
}

#[test]
fn a_snapshot_of_another_tenant_is_refused() {
    let plan = |wanted: [Option<u32>; 2], found: [Option<u32>; 2]| -> Result<(), String> {
        let mut world = anna();
        for (side, id) in ["source", "target"].into_iter().zip(wanted) {
            world.specification[side]["tenantId"] = json!(id.map(guid));
        }
        let specification = Specification::parse(&world.specification.to_string()).unwrap();
        let (mut source, mut target) = (world::snapshot(&world.source, "source"), world::snapshot(&world.target, "target"));
        (source.tenant.id, target.tenant.id) = (found[0].map(guid), found[1].map(|id| guid(id).to_uppercase()));
        let inputs = Inputs { specification: &specification, source: &source, target: &target, map: &[] };
        Setup::new(&inputs).map(|_| ()).map_err(|problem| problem.code.to_string())
    };
    let refused = |code: &str| Err(code.to_string());
    assert_eq!(plan([Some(10), Some(11)], [Some(10), Some(11)]), Ok(()));
    assert_eq!(plan([None, None], [Some(10), Some(11)]), Ok(()));
    assert_eq!(plan([Some(10), Some(11)], [None, None]), Ok(()));
    assert_eq!(plan([Some(10), None], [Some(12), None]), refused("SnapshotOfAnotherTenant"));
    assert_eq!(plan([Some(10), Some(11)], [Some(10), Some(10)]), refused("SnapshotOfAnotherTenant"));
    assert_eq!(plan([None, None], [Some(10), Some(10)]), refused("TenantsAreTheSame"));
}

#[test]
fn a_created_mail_user_takes_what_the_service_gives() {
    let mut world = anna();
    world.target(Kind::MailUsers).clear();
    // The source was on hold once and has 100 GB since.
    world.source(Kind::Mailboxes)[0]["RecoverableItemsQuota"] = json!("100 GB (107,374,182,400 bytes)");
    world.source(Kind::MailboxStatistics).push(json!({"MailboxGuid": guid(0x1001), "TotalDeletedItemSize": "31 GB (33,285,996,544 bytes)"}));
    assert_eq!(world.plan().codes(), ["RecoverableItemsTooLarge"]);
    world.specification["items"] = json!({"MC-01": {"raiseRecoverableItemsQuota": true}});
    assert!(world.plan().steps().contains(&"raiseQuota".to_string()));
}

#[test]
fn a_stamp_in_ad_has_the_time_that_synchronization_takes() {
    let mut world = anna();
    world.specification["items"] = json!({"MC-01": {"licence": {"skuId": guid(9), "usageLocation": "DE"}}});
    assert_eq!(world.plan().step("assignLicence")["gates"][0]["deadlineMinutes"], 30);
    synchronize(&mut world);
    assert_eq!(world.plan().step("assignLicence")["gates"][0]["deadlineMinutes"], 180);
}

#[test]
fn a_contact_that_owns_the_persons_address_is_in_the_way() {
    let mut world = anna();
    world.target(Kind::MailUsers).clear();
    world.target(Kind::MailUsers).push({
        let mut user = mail_user(1, "anna");
        user["EmailAddresses"] = json!(["SMTP:anna@fabrikam.com", "smtp:anna@fabrikam.onmicrosoft.com"]);
        user["ExternalEmailAddress"] = json!("SMTP:anna@fabrikam.onmicrosoft.com");
        user
    });
    world.target(Kind::MailContacts).push(json!({"EmailAddresses": ["SMTP:anna@contoso.com"], "ExternalEmailAddress": "SMTP:anna@contoso.com", "PrimarySmtpAddress": "anna@contoso.com"}));
    let plan = world.plan();
    assert!(plan.codes().contains(&"AddressInUse"), "{:?}", plan.codes());
}

#[test]
fn an_address_that_somebody_might_have_wanted_is_free() {
    let mut world = anna().with_person(2, "bert");
    // Anna has no address in the delivery domain yet. Bert's would be the same one, had he not one already.
    world.target(Kind::MailUsers)[0]["EmailAddresses"] = json!(["SMTP:anna@contoso.com"]);
    let bert = &mut world.source(Kind::Mailboxes)[1];
    bert["PrimarySmtpAddress"] = json!("anna@contoso.net");
    bert["EmailAddresses"] = json!(["SMTP:anna@contoso.net", "smtp:bert@contoso.com"]);
    let plan = world.plan();
    assert!(plan.findings.iter().all(|finding| !finding.blocks), "{:?}", plan.codes());
    let added = plan.step("stamp")["command"]["parameters"]["EmailAddresses"]["Add"].to_string();
    assert!(added.contains("smtp:anna@fabrikam.onmicrosoft.com"), "{added}");
    // Now he has none either.
    world.target(Kind::MailUsers)[1]["EmailAddresses"] = json!(["SMTP:bert@contoso.com"]);
    assert!(world.plan().codes().contains(&"AddressClaimedTwice"));
}

#[test]
fn an_external_address_is_owned_like_any_other() {
    let mut world = anna();
    world.target(Kind::MailContacts).push(json!({"EmailAddresses": [], "ExternalEmailAddress": "SMTP:Anna@fabrikam.com", "DisplayName": "An old contact"}));
    world.target(Kind::MailUsers)[0]["UserPrincipalName"] = json!("anna@fabrikam.com");
    let plan = world.plan();
    let finding = plan.findings.iter().find(|finding| finding.code == "AddressInUse").unwrap();
    assert_eq!(finding.message(), "smtp:anna@fabrikam.com, which anna@contoso.com needs, belongs to SMTP:Anna@fabrikam.com in the target tenant.");
}

#[test]
fn the_map_file_decides_what_rules_cannot() {
    let mut world = anna();
    world.target(Kind::MailUsers)[0] = mail_user(1, "somebody");
    assert_eq!(world.plan().steps()[0], "create");
    world.map.push(MapRow { source: "anna@contoso.com".into(), target: "Somebody@Fabrikam.com".into(), line: 2 });
    world.map.push(MapRow { source: "nobody@contoso.com".into(), target: "x".into(), line: 3 });
    let plan = world.plan();
    assert_eq!(plan.steps()[..2], ["setExternalAddress", "stamp"]);
    assert_eq!(plan.codes(), ["AddressNotAccepted", "MapSourceNotFound"]);
}

#[test]
fn inputs_that_contradict_each_other_are_refused_whole() {
    type Spoil = fn(&mut World);
    let cases: &[(&str, Spoil)] = &[
        ("AcceptedDomainsUnknown", |w| drop(w.specification["target"].as_object_mut().unwrap().remove("acceptedDomains"))),
        ("DeliveryDomainUnknown", |w| drop(w.specification["target"].as_object_mut().unwrap().remove("deliveryDomain"))),
        ("DeliveryDomainNotAccepted", |w| w.specification["target"]["deliveryDomain"] = json!("elsewhere.example")),
        ("DomainMapNotAccepted", |w| w.specification["domainMap"] = json!({"contoso.com": "elsewhere.example"})),
        ("SourceMailboxesMissing", |w| w.source.clear()),
        ("TargetMailUsersMissing", |w| w.target.clear()),
        ("LimitUnknown", |w| w.specification["limits"] = json!({"nonsense": 1})),
    ];
    for (code, spoil) in cases {
        let mut world = anna();
        spoil(&mut world);
        let problem = world.try_plan().err().unwrap_or_else(|| panic!("{code}: planned"));
        assert_eq!(&problem.code, code);
    }
}

#[test]
fn the_plan_is_the_same_on_any_number_of_threads() {
    let mut world = World::new();
    for number in 0..3000 {
        world = world.with_person(number, &format!("p{number}"));
    }
    let plan = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| world.plan().text);
    let one = plan(1);
    assert_eq!(one, plan(2));
    assert_eq!(one, plan(7));
}

#[test]
fn a_upn_that_no_rule_carries_is_told() {
    let mut world = anna();
    world.source(Kind::Mailboxes)[0]["UserPrincipalName"] = json!("anna@unmapped.example");
    world.specification["domainMap"] = json!({});
    assert!(world.plan().codes().contains(&"UpnNotMapped"));
    // What people sign in with follows the mapped primary.
    world.specification["domainMap"] = json!({"contoso.com": "fabrikam.com"});
    assert!(!world.plan().codes().contains(&"UpnNotMapped"));
}

#[test]
fn people_out_of_scope_are_left_alone() {
    let mut world = anna().with_person(2, "bert").with_person(3, "cleo");
    world.source(Kind::Mailboxes)[2]["RecipientTypeDetails"] = json!("DiscoveryMailbox");
    world.specification["scope"] = json!({"exclude": ["ANNA@contoso.com"], "include": null});
    let plan = world.plan();
    assert_eq!(plan.summary.people, 1);
    assert!(plan.codes().contains(&"SourceExcluded") && plan.codes().contains(&"SourceTypeNotInScope"));
    world.specification["scope"] = json!({"include": ["bert@contoso.com", "ghost@contoso.com"]});
    let plan = world.plan();
    assert_eq!(plan.summary.people, 1);
    assert!(plan.codes().contains(&"ScopeIncludeNotFound"));
}

#[test]
fn a_shared_mailbox_moves_like_any_other() {
    let mut world = World::new();
    let mut shared = mailbox(1, "info");
    shared["RecipientTypeDetails"] = json!("SharedMailbox");
    world.source(Kind::Mailboxes).push(shared);
    world.target(Kind::MailUsers).push(mail_user(1, "info"));
    let steps: Vec<Value> = world.plan().operations;
    assert!(!steps.is_empty());
}
