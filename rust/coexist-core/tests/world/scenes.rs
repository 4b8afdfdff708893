//! Worlds that together plan every step on every surface.

use super::{guid, mailbox, World};
use coexist_core::snapshot::Kind;
use serde_json::{json, Value};

/// A licence with everything that its options hold.
pub fn licence() -> Value {
    json!({"skuId": guid(9), "disabledPlans": [guid(7), guid(8)], "usageLocation": "DE"})
}

/// A person to whom everything happens that MC-01 knows: archive, previous mailbox, wrong external address, temporary UPN, large Recoverable Items.
pub fn everything(number: u32, alias: &str) -> World {
    let mut world = World::new().with_person(number, alias);
    world.specification["items"] =
        json!({"MC-01": {"clearPreviousMailbox": true, "raiseRecoverableItemsQuota": true, "holds": "warn", "licence": licence()}});
    let mailbox = &mut world.source(Kind::Mailboxes)[0];
    mailbox["ArchiveGuid"] = json!(guid(number + 0x3000));
    mailbox["LitigationHoldEnabled"] = json!(true);
    let target = guid(number + 0x2000);
    let user = &mut world.target(Kind::MailUsers)[0];
    user["UserPrincipalName"] = json!(format!("{alias}_contoso.com#EXT#@fabrikam.onmicrosoft.com"));
    user["ExternalEmailAddress"] = json!("SMTP:old.address@elsewhere.example");
    world.source(Kind::MailboxStatistics).push(json!({"MailboxGuid": guid(number + 0x1000), "TotalDeletedItemSize": "31 GB (33,285,996,544 bytes)"}));
    world.target(Kind::ExchangeUsers).push(json!({"ExternalDirectoryObjectId": target, "PreviousRecipientTypeDetails": "UserMailbox"}));
    world.target(Kind::Users).push(json!({"Id": target, "UserPrincipalName": format!("{alias}_contoso.com#EXT#@fabrikam.onmicrosoft.com"),
        "AssignedLicenses": [], "AssignedPlans": [], "UsageLocation": null}));
    world
}

/// The objectGUID of the AD user of [`synchronized`].
pub const AD_GUID: &str = "00112233-4455-6677-8899-aabbccddeeff";

/// Makes the only mail user one that AD masters.
pub fn synchronized(mut world: World) -> World {
    let user = &mut world.target(Kind::MailUsers)[0];
    user["IsDirSynced"] = json!(true);
    let (id, upn) = (user["ExternalDirectoryObjectId"].clone(), user["UserPrincipalName"].clone());
    let (addresses, external) = (user["EmailAddresses"].clone(), user["ExternalEmailAddress"].clone());
    let users = world.target(Kind::Users);
    if users.is_empty() {
        users.push(json!({"Id": id}));
    }
    users[0]["OnPremisesImmutableId"] = json!("MyIRAFVEd2aImaq7zN3u/w==");
    world.target(Kind::AdUsers).push(json!({"ObjectGUID": AD_GUID, "mS-DS-ConsistencyGuid": null, "SamAccountName": "anna", "UserPrincipalName": upn,
        "proxyAddresses": addresses, "targetAddress": external, "msExchMailboxGuid": null, "msExchArchiveGUID": null}));
    world
}

/// Every scene with its name.
pub fn all() -> Vec<(&'static str, World)> {
    let mut scenes = vec![("external member", World::new().with_person(1, "anna"))];

    let mut world = everything(1, "anna");
    world.target(Kind::MailUsers).clear();
    world.target(Kind::Users).clear();
    world.target(Kind::ExchangeUsers).clear();
    scenes.push(("nobody there yet", world));

    scenes.push(("everything in the cloud", everything(1, "anna")));

    let mut world = synchronized(everything(1, "anna"));
    world.source(Kind::MailboxStatistics).clear();
    scenes.push(("everything on-premises", world));

    let mut world = everything(1, "anna");
    let user = &mut world.target(Kind::MailUsers)[0];
    user["ExternalEmailAddress"] = json!("SMTP:anna.old@fabrikam.com");
    user["EmailAddresses"].as_array_mut().unwrap().push(json!("smtp:anna.old@fabrikam.com"));
    scenes.push(("an external address that is a proxy address, too", world));

    let mut world = everything(1, "anna");
    world.specification["items"]["MC-01"]["unacceptedAddresses"] = json!("preStage");
    scenes.push(("addresses removed before the batch", world));

    let mut world = World::new();
    let mut odd = mailbox(1, "zoë.o'brien+x");
    odd["EmailAddresses"] = json!(["SMTP:zoë.o'brien+x@contoso.com", "smtp:Zoë@Bücher.example", "X400:c=us;a= ;p=contoso;s=Brien;", "EUM:123;phone-context=x", "notes:CN=Zoë/O=Old"]);
    odd["UserPrincipalName"] = json!("zoe.o'brien#x@contoso.com");
    odd["DisplayName"] = json!("Zoë O'Brien ".repeat(8));
    world.source(Kind::Mailboxes).push(odd);
    world.specification["items"] = json!({"MC-01": {"licence": {"skuId": guid(9), "usageLocation": "IE"}}});
    scenes.push(("unusual characters", world));

    let mut world = World::new().with_person(1, "anna").with_person(2, "bert").with_person(3, "cleo");
    world.source(Kind::Mailboxes)[0]["InPlaceHolds"] = json!(["UniHabc", "-mbxdef"]);
    world.source(Kind::Mailboxes)[1]["ExchangeGuid"] = json!("System.Guid");
    world.target(Kind::MailUsers)[2]["ExchangeGuid"] = json!(guid(0x1003));
    scenes.push(("some are blocked", world));

    scenes.push(("nobody", World::new()));
    scenes
}
