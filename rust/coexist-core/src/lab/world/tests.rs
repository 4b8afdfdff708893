//! Scenes: a rule each; and what holds whatever is done.

use super::*;
use crate::service_error;
use base64::Engine;
use proptest::prelude::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const SKU: &str = "05e9a617-0261-4cee-bb44-138d3ef5d965";

fn id(number: u32) -> String {
    format!("{number:08x}-1111-4222-8333-444455556666")
}

fn mail_user(number: u32, alias: &str) -> Value {
    json!({
        "ExternalDirectoryObjectId": id(number), "Name": alias, "Alias": alias, "UserPrincipalName": format!("{alias}@fabrikam.com"),
        "EmailAddresses": [format!("SMTP:{alias}@fabrikam.com"), format!("smtp:{alias}@fabrikam.onmicrosoft.com"), format!("smtp:{alias}@contoso.com")],
        "PrimarySmtpAddress": format!("{alias}@fabrikam.com"), "ExternalEmailAddress": format!("SMTP:{alias}@contoso.com"), "IsDirSynced": false,
        "ExchangeGuid": recipient::NIL, "ArchiveGuid": recipient::NIL, "RecipientTypeDetails": "MailUser"
    })
}

fn mailbox(number: u32, alias: &str) -> Value {
    json!({
        "ExternalDirectoryObjectId": id(number + 0x100), "Name": alias, "Alias": alias, "UserPrincipalName": format!("{alias}@contoso.com"),
        "EmailAddresses": [format!("SMTP:{alias}@contoso.com"), format!("smtp:{alias}@contoso.onmicrosoft.com")], "PrimarySmtpAddress": format!("{alias}@contoso.com"),
        "ExchangeGuid": id(number + 0x200), "LegacyExchangeDN": format!("/o=ExchangeLabs/cn={alias}"), "PersistedCapabilities": ["ExchangeT2TMbxMove"],
        "RecipientTypeDetails": "UserMailbox", "IsDirSynced": false
    })
}

fn world() -> World {
    let info = |name: &str| TenantInfo {
        id: format!("id of {name}"),
        name: format!("{name}.onmicrosoft.com"),
        initial_domain: format!("{name}.onmicrosoft.com"),
        domains: vec![format!("{name}.com"), format!("{name}.onmicrosoft.com")],
    };
    let mut world = World::new(info("contoso"), info("fabrikam"));
    for (number, alias) in [(1, "anna"), (2, "bela"), (3, "csaba")] {
        world.add(Side::Target, Kind::MailUsers, mail_user(number, alias));
        world.add(Side::Source, Kind::Mailboxes, mailbox(number, alias));
    }
    let mut synced = mail_user(4, "dora");
    synced["IsDirSynced"] = json!(true);
    world.add(Side::Target, Kind::MailUsers, synced);
    let anchor = Guid::parse(&id(0x44)).unwrap();
    world.add(Side::Target, Kind::Users, json!({"id": id(4), "userPrincipalName": "dora@fabrikam.com", "onPremisesSyncEnabled": true, "onPremisesImmutableId": immutable_id::encode(anchor), "usageLocation": null}));
    world.add(Side::Target, Kind::AdUsers, json!({"ObjectGUID": id(0x44), "DistinguishedName": "CN=dora,DC=corp,DC=fabrikam,DC=com", "SamAccountName": "dora", "UserPrincipalName": "dora@fabrikam.com",
        "proxyAddresses": ["SMTP:dora@fabrikam.com"], "targetAddress": "SMTP:dora@contoso.com", "msExchMailboxGuid": null, "mS-DS-ConsistencyGuid": null}));
    world.add(Side::Target, Kind::MailContacts, json!({"ExternalDirectoryObjectId": id(5), "Name": "Erik", "Alias": "erik", "EmailAddresses": ["SMTP:erik@northwind.example"], "ExternalEmailAddress": "SMTP:erik@northwind.example"}));
    world.add(Side::Target, Kind::Groups, json!({"ExternalDirectoryObjectId": id(6), "Name": "All", "Alias": "all", "EmailAddresses": ["SMTP:all@fabrikam.com"]}));
    world
}

fn run(world: &mut World, name: &str, parameters: Value) -> Result<Vec<Value>, Refusal> {
    world.command(Side::Target, name, &parameters)
}

fn good(world: &mut World, name: &str, parameters: Value) -> Vec<Value> {
    run(world, name, parameters).unwrap()
}

/// What a refusal is called, as the map of errors understands it.
fn refused(world: &mut World, name: &str, parameters: Value) -> &'static str {
    let before = (world.truth(Side::Target), world.writes());
    let refusal = run(world, name, parameters).unwrap_err();
    assert_eq!((world.truth(Side::Target), world.writes()), before, "a refusal changed something: {refusal:?}");
    &service_error::find(None, &refusal.id, &refusal.message).unwrap_or_else(|| panic!("nobody knows {refusal:?}")).name
}

fn graph(world: &mut World, method: &str, path: &str, body: Value) -> Reply {
    world.request(Side::Target, method, path, Some(&body))
}

fn graph_refused(world: &mut World, method: &str, path: &str, body: Value) -> (u16, &'static str) {
    let reply = graph(world, method, path, body);
    assert!(reply.status >= 400, "{reply:?}");
    let error = &reply.body["error"];
    let known = service_error::find(Some("graph"), error["code"].as_str().unwrap(), error["message"].as_str().unwrap());
    (reply.status, &known.unwrap_or_else(|| panic!("nobody knows {reply:?}")).name)
}

fn later(world: &mut World, milliseconds: i64) {
    let then = world.now() + milliseconds;
    world.advance_to(then);
}

fn now(world: &mut World, name: &str, identity: &str) -> Value {
    later(world, HOUR);
    good(world, name, json!({"Identity": identity})).remove(0)
}

fn stamp(world: &mut World, number: u32, alias: &str) {
    good(world, "Set-MailUser", json!({"Identity": id(number), "ExchangeGuid": id(number + 0x200), "EmailAddresses": {"Add": [format!("X500:/o=ExchangeLabs/cn={alias}")]}}));
}

fn licence(world: &mut World, user: &str) -> Reply {
    graph(world, "PATCH", &format!("/v1.0/users/{user}"), json!({"usageLocation": "HU"}));
    graph(world, "POST", &format!("/v1.0/users/{user}/assignLicense"), json!({"addLicenses": [{"skuId": SKU, "disabledPlans": []}], "removeLicenses": []}))
}

#[test]
fn every_refusal_that_the_world_makes_is_in_the_map_of_errors() {
    let sources = [
        include_str!("batch.rs"), include_str!("filter.rs"), include_str!("forest.rs"), include_str!("graph.rs"), include_str!("invitation.rs"), include_str!("job.rs"), include_str!("licence.rs"),
        include_str!("mail_user.rs"), include_str!("mod.rs"), include_str!("one_drive.rs"), include_str!("parameters.rs"), include_str!("recipient.rs"), include_str!("teams.rs"),
    ];
    let mut seen = 0;
    for name in sources.iter().flat_map(|source| source.split("fault(\"").skip(1)).filter_map(|rest| rest.split('"').next()) {
        assert!(service_error::by_name(name).is_some(), "{name}");
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn the_facts_have_every_command_of_the_world() {
    let facts: Value = serde_json::from_str(include_str!("../../../../../data/cmdlets.json")).unwrap();
    for name in World::commands() {
        assert!(facts["cmdlets"].get(name).is_some(), "{name}");
    }
    assert_eq!((World::reads_only("get-mailuser"), World::reads_only("Set-MailUser"), World::reads_only("Get-EXOMailbox")), (Some(true), Some(false), None));
}

#[test]
fn a_licence_before_the_stamp_makes_a_mailbox_of_its_own_and_the_batch_says_so() {
    let mut world = world();
    assert_eq!(licence(&mut world, &id(1)).status, 200);
    let made = now(&mut world, "Get-Mailbox", &id(1));
    assert!(made["ExchangeGuid"] != recipient::NIL && made["RecipientTypeDetails"] == "UserMailbox");
    assert_eq!(refused(&mut world, "Get-MailUser", json!({"Identity": id(1)})), "ManagementObjectNotFoundException");
    new_batch(&mut world, "B1", &["anna@fabrikam.com"], 24);
    start(&mut world, "B1", HOUR);
    assert!(error_of(&mut world, "anna@fabrikam.com").contains("already has a primary mailbox"));
    // Without the licence it is a mail user again, and Exchange remembers.
    let back = graph(&mut world, "POST", &format!("/v1.0/users/{}/assignLicense", id(1)), json!({"addLicenses": [], "removeLicenses": [SKU]}));
    assert_eq!(back.status, 200);
    assert_eq!(now(&mut world, "Get-MailUser", &id(1))["ExchangeGuid"], recipient::NIL);
    assert_eq!(now(&mut world, "Get-User", &id(1))["PreviousRecipientTypeDetails"], "UserMailbox");
    good(&mut world, "Set-User", json!({"Identity": id(1), "PermanentlyClearPreviousMailboxInfo": true}));
    assert_eq!(now(&mut world, "Get-User", &id(1))["PreviousRecipientTypeDetails"], "None");
    // With the ExchangeGuid stamped before, it stays a mail user.
    stamp(&mut world, 1, "anna");
    licence(&mut world, &id(1));
    assert_eq!(now(&mut world, "Get-MailUser", &id(1))["ExchangeGuid"], id(0x201));
}

#[test]
fn exchange_s_plans_scrub_a_mail_user_of_the_source_and_not_one_of_the_target() {
    let mut world = world();
    let mut user = mail_user(9, "zoe");
    user["EmailAddresses"] = json!(["SMTP:zoe@fabrikam.com", "smtp:zoe@contoso.com", "X500:/o=x/cn=zoe"]);
    user["PrimarySmtpAddress"] = json!("zoe@fabrikam.com");
    user["UserPrincipalName"] = json!("zoe@contoso.com");
    user["ExchangeGuid"] = json!(id(0x999));
    world.add(Side::Source, Kind::MailUsers, user);
    let path = format!("/v1.0/users/{}", id(9));
    assert_eq!(world.request(Side::Source, "PATCH", &path, Some(&json!({"usageLocation": "HU"}))).status, 204);
    let only_teams = json!({"addLicenses": [{"skuId": SKU, "disabledPlans": ["efb87545-963c-4e0d-99df-69c6916d9eb0", "9f431833-0334-42de-a7dc-70aa40db46db"]}], "removeLicenses": []});
    assert_eq!(world.request(Side::Source, "POST", &format!("{path}/assignLicense"), Some(&only_teams)).status, 200);
    let zoe = |world: &World| world.objects(Side::Source, Kind::MailUsers).into_iter().find(|user| user["Name"] == "zoe").unwrap();
    assert_eq!(zoe(&world)["PrimarySmtpAddress"], "zoe@fabrikam.com");
    let all = json!({"addLicenses": [{"skuId": SKU, "disabledPlans": []}], "removeLicenses": []});
    assert_eq!(world.request(Side::Source, "POST", &format!("{path}/assignLicense"), Some(&all)).status, 200);
    assert_eq!(zoe(&world)["EmailAddresses"], json!(["SMTP:zoe@contoso.com", "X500:/o=x/cn=zoe"]));
    assert_eq!(zoe(&world)["ExternalEmailAddress"], "SMTP:zoe@contoso.com");
    // What comes later goes, too.
    world.command(Side::Source, "Set-MailUser", &json!({"Identity": id(9), "EmailAddresses": {"Add": ["smtp:zoe@fabrikam.com"]}})).unwrap();
    assert_eq!(zoe(&world)["EmailAddresses"], json!(["SMTP:zoe@contoso.com", "X500:/o=x/cn=zoe"]));

    stamp(&mut world, 1, "anna");
    licence(&mut world, &id(1));
    assert!(now(&mut world, "Get-MailUser", &id(1))["EmailAddresses"].to_string().contains("anna@contoso.com"));
}

#[test]
fn the_external_address_alone_moves_the_primary_and_drops_the_old_one() {
    let mut world = world();
    good(&mut world, "Set-MailUser", json!({"Identity": "anna@fabrikam.com", "ExternalEmailAddress": "SMTP:anna@elsewhere.example"}));
    let anna = now(&mut world, "Get-MailUser", &id(1));
    assert_eq!(anna["EmailAddresses"], json!(["SMTP:anna@elsewhere.example", "smtp:anna@fabrikam.com", "smtp:anna@fabrikam.onmicrosoft.com"]));
    assert_eq!((&anna["PrimarySmtpAddress"], &anna["ExternalEmailAddress"]), (&json!("anna@elsewhere.example"), &json!("SMTP:anna@elsewhere.example")));
    // With a primary beside it, that stays.
    good(&mut world, "Set-MailUser", json!({"Identity": id(2), "ExternalEmailAddress": "bela@elsewhere.example", "WindowsEmailAddress": "bela@fabrikam.com"}));
    let bela = now(&mut world, "Get-MailUser", &id(2));
    assert_eq!((&bela["PrimarySmtpAddress"], &bela["ExternalEmailAddress"]), (&json!("bela@fabrikam.com"), &json!("SMTP:bela@elsewhere.example")));
    assert!(!bela["EmailAddresses"].to_string().contains("bela@contoso.com"));
}

#[test]
fn a_contact_that_owns_the_address_makes_the_guest_come_without_mail() {
    let mut world = world();
    let invite = |address: &str| json!({"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapplications.microsoft.com"});
    let reply = graph(&mut world, "POST", "/v1.0/invitations", invite("erik@northwind.example"));
    assert_eq!(reply.status, 201, "{reply:?}");
    let path = format!("/v1.0/users/{}?$select=mail,proxyAddresses,otherMails,userType,userPrincipalName", reply.body["invitedUser"]["id"].as_str().unwrap());
    later(&mut world, HOUR);
    let guest = graph(&mut world, "GET", &path, Value::Null).body;
    assert_eq!(guest, json!({"mail": null, "proxyAddresses": [], "otherMails": ["erik@northwind.example"], "userType": "Guest", "userPrincipalName": "erik_northwind.example#EXT#@fabrikam.onmicrosoft.com"}));
    good(&mut world, "Remove-MailContact", json!({"Identity": "Erik"}));
    let reply = graph(&mut world, "POST", "/v1.0/invitations", invite("frida@northwind.example"));
    later(&mut world, HOUR);
    let guest = graph(&mut world, "GET", &format!("/v1.0/users/{}", reply.body["invitedUser"]["id"].as_str().unwrap()), Value::Null).body;
    assert_eq!(guest["mail"], "frida@northwind.example");
    assert_eq!(now(&mut world, "Get-MailUser", "frida@northwind.example")["RecipientTypeDetails"], "GuestMailUser");
    // Invited again it is the same one; a member is none.
    let again = graph(&mut world, "POST", "/v1.0/invitations", invite("frida@northwind.example"));
    assert_eq!(again.body["invitedUser"]["id"], reply.body["invitedUser"]["id"]);
    assert_eq!(graph_refused(&mut world, "POST", "/v1.0/invitations", invite("anna@fabrikam.com")), (400, "InvitedUserIsMember"));
}

#[test]
fn an_internal_user_is_invited_only_under_an_address_of_its_own_and_without_a_name_on_premises() {
    let mut world = world();
    let invite = |address: &str| json!({"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://x.example", "invitedUser": {"id": id(1)}});
    assert_eq!(graph_refused(&mut world, "POST", "/v1.0/invitations", invite("anna@elsewhere.example")), (400, "InvitationMailDiffers"));
    assert_eq!(graph(&mut world, "POST", "/v1.0/invitations", invite("anna@fabrikam.com")).status, 201);
    world.add(Side::Target, Kind::Users, json!({"id": id(2), "onPremisesUserPrincipalName": "bela@corp.local"}));
    let refused = graph_refused(&mut world, "POST", "/v1.0/invitations", json!({"invitedUserEmailAddress": "bela@fabrikam.com", "inviteRedirectUrl": "https://x.example", "invitedUser": {"id": id(2)}}));
    assert_eq!(refused, (400, "InvitationOnPremisesUserPrincipalName"));
}

#[test]
fn what_ad_masters_is_refused_in_the_cloud_and_arrives_by_the_cycle() {
    let mut world = world();
    assert_eq!(refused(&mut world, "Set-MailUser", json!({"Identity": "dora@fabrikam.com", "ExchangeGuid": id(0x204)})), "OnPremisesMasteredWriteScope");
    assert_eq!(refused(&mut world, "Remove-MailUser", json!({"Identity": "dora@fabrikam.com"})), "OnPremisesMasteredWriteScope");
    assert_eq!(graph_refused(&mut world, "PATCH", &format!("/v1.0/users/{}", id(4)), json!({"displayName": "D"})), (400, "OnPremisesMasteredObject"));
    // The cloud's own: where somebody is, what Exchange remembers.
    assert_eq!(graph(&mut world, "PATCH", &format!("/v1.0/users/{}", id(4)), json!({"usageLocation": "HU"})).status, 204);
    good(&mut world, "Set-User", json!({"Identity": id(4), "PermanentlyClearPreviousMailboxInfo": true}));

    let start = world.now();
    let bytes = base64::engine::general_purpose::STANDARD.encode(Guid::parse(&id(0x204)).unwrap().to_bytes());
    good(&mut world, "Set-ADUser", json!({"Identity": id(0x44), "Add": {"proxyAddresses": ["smtp:dora.two@fabrikam.com", "SMTP:DORA@fabrikam.com"]}, "Replace": {"msExchMailboxGuid": {"bytes": bytes}}}));
    later(&mut world, MINUTE);
    let own = good(&mut world, "Get-ADUser", json!({"Identity": "dora", "Properties": ["proxyAddresses", "msExchMailboxGuid"]})).remove(0);
    assert_eq!(own["proxyAddresses"], json!(["SMTP:dora@fabrikam.com", "smtp:dora.two@fabrikam.com"]));
    assert_eq!(own["msExchMailboxGuid"], json!(Guid::parse(&id(0x204)).unwrap().to_bytes().to_vec()));
    assert!(own.get("targetAddress").is_none(), "it was not asked for: {own}");
    let in_cloud = |world: &World| world.objects(Side::Target, Kind::MailUsers).into_iter().find(|user| user["Name"] == "dora").unwrap();
    assert_eq!(in_cloud(&world)["ExchangeGuid"], recipient::NIL, "before the cycle");
    world.advance_to(start + 30 * MINUTE);
    assert_eq!(in_cloud(&world)["ExchangeGuid"], id(0x204));
    assert!(in_cloud(&world)["EmailAddresses"].to_string().contains("dora@fabrikam.onmicrosoft.com"), "what is the cloud's own stays");
    // Exchange shows it later still.
    let seen = good(&mut world, "Get-MailUser", json!({"Identity": id(4)})).remove(0);
    assert_eq!(seen["ExchangeGuid"], recipient::NIL);
    assert_eq!(now(&mut world, "Get-MailUser", &id(4))["ExchangeGuid"], id(0x204));
    assert_eq!(refused(&mut world, "Get-ADUser", json!({"Identity": "nobody"})), "ADIdentityNotFoundException");
}

#[test]
fn names_and_addresses_are_one_each_among_all_recipients() {
    let mut world = world();
    let new = |name: &str, alias: &str, upn: &str, external: &str| json!({"Name": name, "Alias": alias, "MicrosoftOnlineServicesID": upn, "ExternalEmailAddress": external, "Password": {"secret": true}});
    assert_eq!(refused(&mut world, "New-MailUser", new("ANNA", "x", "x@fabrikam.com", "x@contoso.com")), "NameNotAvailable");
    assert_eq!(refused(&mut world, "New-MailUser", new("X", "All", "x@fabrikam.com", "x@contoso.com")), "NameNotAvailable");
    assert_eq!(refused(&mut world, "New-MailUser", new("X", "x", "Anna@Fabrikam.com", "x@contoso.com")), "MemberNameExists");
    assert_eq!(refused(&mut world, "New-MailUser", new("X", "x", "x@fabrikam.com", "SMTP:ERIK@northwind.example")), "ProxyAddressExistsException");
    assert_eq!(refused(&mut world, "New-MailUser", new("X", "x", "x@unverified.example", "x@contoso.com")), "NotAcceptedDomainException");
    assert_eq!(refused(&mut world, "New-MailUser", new(&"x".repeat(65), "x", "x@fabrikam.com", "x@contoso.com")), "NameTooLong");
    assert_eq!(refused(&mut world, "New-MailUser", new("X", "x", "x@fabrikam.com", "no address")), "EmailAddressInvalid");
    assert_eq!(refused(&mut world, "Set-MailUser", json!({"Identity": id(1), "EmailAddresses": {"Add": ["smtp:ALL@fabrikam.com"]}})), "ProxyAddressExistsException");
    assert_eq!(refused(&mut world, "Set-MailUser", json!({"Identity": id(1), "WindowsEmailAddress": "bela@fabrikam.com"})), "ProxyAddressExistsException");
    assert_eq!(refused(&mut world, "New-MailContact", json!({"Name": "Y", "ExternalEmailAddress": "anna@contoso.com"})), "ProxyAddressExistsException");
    assert_eq!(graph_refused(&mut world, "PATCH", &format!("/v1.0/users/{}", id(1)), json!({"userPrincipalName": "bela@fabrikam.com"})), (400, "AnotherObjectWithTheSameValue"));
    assert_eq!(graph_refused(&mut world, "PATCH", &format!("/v1.0/users/{}", id(1)), json!({"userPrincipalName": "a@unverified.example"})), (400, "UserPrincipalNameDomainInvalid"));
    // Its own is nobody else's; what was freed may be given again.
    good(&mut world, "Set-MailUser", json!({"Identity": id(1), "Name": "ANNA", "EmailAddresses": {"Add": ["smtp:ANNA@contoso.com"]}}));
    good(&mut world, "Remove-MailContact", json!({"Identity": "erik"}));
    good(&mut world, "New-MailUser", new("Erik", "erik", "erik@fabrikam.com", "erik@northwind.example"));
}

#[test]
fn what_a_mail_user_cannot_be_is_refused() {
    let mut world = world();
    assert_eq!(refused(&mut world, "Set-MailUser", json!({"Identity": id(1), "EmailAddresses": {"Remove": ["smtp:anna@fabrikam.com"]}})), "PrimaryAddressRemoved");
    let many: Vec<String> = (0..331).map(|number| format!("x500:/o=x/cn={number}")).collect();
    assert_eq!(refused(&mut world, "Set-MailUser", json!({"Identity": id(1), "EmailAddresses": {"Add": many}})), "TooManyProxyAddresses");
    good(&mut world, "Set-MailUser", json!({"Identity": id(1), "EmailAddresses": {"Add": many[1..]}}));
    for parameters in [json!({"Identity": id(1), "UserPrincipalName": "x@fabrikam.com"}), json!({"Identity": id(1), "PrimarySmtpAddress": "x@fabrikam.com"}), json!({"Identity": id(1), "Nonsense": 1})] {
        assert_eq!(refused(&mut world, "Set-MailUser", parameters), "NamedParameterNotFound");
    }
    assert_eq!(refused(&mut world, "Set-MailUser", json!({"ExchangeGuid": id(1)})), "MissingMandatoryParameter");
    assert_eq!(refused(&mut world, "Get-EXOMailbox", json!({})), "CommandNotFoundException");
    assert_eq!(refused(&mut world, "Set-MailUser", json!({"Identity": "nobody@fabrikam.com", "ExchangeGuid": id(1)})), "ManagementObjectNotFoundException");
    assert_eq!(refused(&mut world, "Set-MailUser", json!({"Identity": "all@fabrikam.com", "ExchangeGuid": id(1)})), "ManagementObjectNotFoundException");
    let licensed = json!({"addLicenses": [{"skuId": SKU, "disabledPlans": []}], "removeLicenses": []});
    assert_eq!(graph_refused(&mut world, "POST", &format!("/v1.0/users/{}/assignLicense", id(1)), licensed), (400, "UsageLocationMissing"));
    assert_eq!(graph_refused(&mut world, "GET", "/v1.0/users/nobody@fabrikam.com", Value::Null), (404, "Request_ResourceNotFound"));
    assert_eq!(graph_refused(&mut world, "PATCH", &format!("/v1.0/users/{}", id(1)), json!({"nonsense": 1})), (400, "Request_BadRequest"));
    // Names without case, as PowerShell has them; what only sets a preference is nobody's.
    good(&mut world, "set-mailuser", json!({"identity": id(1), "exchangeguid": id(0x201), "Confirm": false}));
    // The whole list anew: the first is the primary where none is in capitals.
    good(&mut world, "Set-MailUser", json!({"Identity": id(2), "EmailAddresses": ["bela@fabrikam.com", "smtp:b@fabrikam.com"]}));
    assert_eq!(now(&mut world, "Get-MailUser", &id(2))["EmailAddresses"], json!(["SMTP:bela@fabrikam.com", "smtp:b@fabrikam.com"]));
    good(&mut world, "Set-MailUser", json!({"Identity": id(2), "EnableLitigationHoldForMigration": true}));
    assert_eq!(now(&mut world, "Get-MailUser", &id(2))["RecoverableItemsQuota"], "100 GB (107,374,182,400 bytes)");
}

#[test]
fn writes_show_late_on_their_own_surface_later_on_others_and_never_go_back() {
    let mut world = world();
    let made = good(&mut world, "New-MailUser", json!({"Name": "New", "MicrosoftOnlineServicesID": "new@fabrikam.com", "ExternalEmailAddress": "new@contoso.com", "Password": {"secret": true}}));
    assert_eq!(made[0]["UserPrincipalName"], "new@fabrikam.com", "the command's own answer shows it at once");
    assert_eq!(graph_refused(&mut world, "PATCH", "/v1.0/users/new@fabrikam.com", json!({"usageLocation": "HU"})), (404, "Request_ResourceNotFound"));
    // What is there is there, for uniqueness and for the next command.
    good(&mut world, "Set-MailUser", json!({"Identity": "new@fabrikam.com", "CustomAttribute1": "1"}));
    let (mut in_exchange, mut in_graph, begin) = (None, None, world.now());
    for _ in 0..700 {
        let shown = run(&mut world, "Get-MailUser", json!({"Identity": "new@fabrikam.com"})).is_ok();
        let seen = graph(&mut world, "GET", "/v1.0/users/new@fabrikam.com", Value::Null).status == 200;
        assert!((shown || in_exchange.is_none()) && (seen || in_graph.is_none()), "what was seen is gone again");
        shown.then(|| in_exchange.get_or_insert(world.now() - begin));
        seen.then(|| in_graph.get_or_insert(world.now() - begin));
    }
    assert!(in_exchange.unwrap() <= 21_000 && in_graph.unwrap() >= 4_000 && in_graph.unwrap() <= 601_000, "{in_exchange:?} {in_graph:?}");
    // A removal shows late, too.
    good(&mut world, "Remove-MailUser", json!({"Identity": "new@fabrikam.com"}));
    assert_eq!(graph(&mut world, "GET", "/v1.0/users/new@fabrikam.com", Value::Null).status, 200);
    later(&mut world, HOUR);
    assert_eq!(graph(&mut world, "GET", "/v1.0/users/new@fabrikam.com", Value::Null).status, 404);
    // A name that was changed is found under the old one until the change shows.
    assert_eq!(graph(&mut world, "PATCH", &format!("/v1.0/users/{}", id(1)), json!({"userPrincipalName": "anna.new@fabrikam.com"})).status, 204);
    assert!(run(&mut world, "Get-MailUser", json!({"Identity": "anna.new@fabrikam.com"})).is_err());
    assert_eq!(good(&mut world, "Get-User", json!({"Identity": "anna@fabrikam.com"}))[0]["UserPrincipalName"], "anna@fabrikam.com");
    assert_eq!(now(&mut world, "Get-MailUser", "anna.new@fabrikam.com")["UserPrincipalName"], "anna.new@fabrikam.com");
}

fn csv(people: &[&str]) -> Value {
    json!({"bytes": base64::engine::general_purpose::STANDARD.encode(format!("EmailAddress\n{}\n", people.join("\n")))})
}

fn new_batch(world: &mut World, name: &str, people: &[&str], hours: i64) -> i64 {
    let complete = world.now() + hours * HOUR;
    good(world, "New-MigrationBatch", json!({"Name": name, "SourceEndpoint": "Contoso", "TargetDeliveryDomain": "fabrikam.onmicrosoft.com", "CSVData": csv(people), "CompleteAfter": iso(complete)}));
    complete
}

fn start(world: &mut World, name: &str, wait: i64) {
    good(world, "Start-MigrationBatch", json!({"Identity": name}));
    later(world, wait);
}

fn status(world: &mut World, name: &str) -> String {
    later(world, MINUTE);
    good(world, "Get-MigrationBatch", json!({"Identity": name}))[0]["Status"].as_str().unwrap().into()
}

fn error_of(world: &mut World, person: &str) -> String {
    let user = good(world, "Get-MigrationUser", json!({"Identity": person})).remove(0);
    assert_eq!(user["Status"], "Failed", "{user}");
    user["ErrorSummary"].as_str().unwrap().into()
}

#[test]
fn a_batch_syncs_waits_for_its_moment_and_turns_mail_users_into_mailboxes() {
    let mut world = world();
    stamp(&mut world, 1, "anna");
    let complete = new_batch(&mut world, "B1", &["anna@fabrikam.com"], 48);
    assert_eq!(status(&mut world, "b1"), "Created");
    start(&mut world, "B1", MINUTE);
    assert_eq!(status(&mut world, "B1"), "Syncing");
    later(&mut world, 12 * HOUR);
    assert_eq!(status(&mut world, "B1"), "Synced");
    // The address that the target has not accepted keeps it from arriving; the batch is resumed.
    world.advance_to(complete + 2 * HOUR);
    assert_eq!(status(&mut world, "B1"), "Failed");
    assert!(error_of(&mut world, "anna@fabrikam.com").starts_with("NotAcceptedDomainException"));
    good(&mut world, "Set-MailUser", json!({"Identity": id(1), "EmailAddresses": {"Remove": ["smtp:anna@contoso.com"]}}));
    start(&mut world, "B1", 12 * HOUR);
    assert_eq!(status(&mut world, "B1"), "Completed");
    assert_eq!(now(&mut world, "Get-Mailbox", "anna@fabrikam.com")["ExchangeGuid"], id(0x201));
    let old = world.objects(Side::Source, Kind::MailUsers);
    assert_eq!((old[0]["Name"].as_str(), old[0]["ExternalEmailAddress"].as_str()), (Some("anna"), Some("SMTP:anna@fabrikam.onmicrosoft.com")));
    assert_eq!(refused(&mut world, "Stop-MigrationBatch", json!({"Identity": "B1"})), "MigrationBatchStateInvalid");
    good(&mut world, "Remove-MigrationBatch", json!({"Identity": "B1"}));
    later(&mut world, HOUR);
    assert_eq!(refused(&mut world, "Get-MigrationBatch", json!({"Identity": "B1"})), "MigrationBatchNotFoundException");
    assert_eq!(refused(&mut world, "Get-MigrationUser", json!({"Identity": "anna@fabrikam.com"})), "MigrationUserNotFoundException");
}

#[test]
fn each_person_of_a_batch_fails_for_a_reason_of_its_own() {
    let mut world = world();
    stamp(&mut world, 1, "anna");
    good(&mut world, "Set-MailUser", json!({"Identity": id(3), "ExchangeGuid": id(0x203)}));
    new_batch(&mut world, "B1", &["anna@fabrikam.com", "bela@fabrikam.com", "csaba@fabrikam.com", "nobody@fabrikam.com", "all@fabrikam.com"], 48);
    start(&mut world, "B1", 12 * HOUR);
    assert_eq!(status(&mut world, "B1"), "SyncedWithErrors");
    for (person, error) in [
        ("bela", "MissingExchangeGuidException"), ("csaba", "LegacyExchangeDNMissing"), ("nobody", "MigrationRecipientNotFoundException"), ("all", "MigrationRecipientNotFoundException"),
    ] {
        let text = error_of(&mut world, &format!("{person}@fabrikam.com"));
        assert_eq!(service_error::find(Some("exchange"), "", &text).unwrap().name, error, "{text}");
    }
    // Who is in a batch cannot be in another; who is taken out can.
    new_batch(&mut world, "B2", &["anna@fabrikam.com"], 48);
    start(&mut world, "B2", HOUR);
    let both = good(&mut world, "Get-MigrationUser", json!({"BatchId": "B2"}));
    assert!(both[0]["ErrorSummary"].as_str().unwrap().starts_with("UserDuplicateInOtherBatchException"), "{both:?}");
    good(&mut world, "Remove-MigrationUser", json!({"Identity": "bela@fabrikam.com"}));
    later(&mut world, MINUTE);
    assert_eq!(good(&mut world, "Get-MigrationUser", json!({"BatchId": "B1", "Status": "Failed"})).len(), 3);
    // No licence for the move; no address in the delivery domain.
    let mut unlicensed = mailbox(2, "bela");
    unlicensed["PersistedCapabilities"] = json!([]);
    let at = world.all(Side::Source, &[format!("i:{}", id(0x102))])[0];
    world.at_mut(Side::Source, at).truth.insert("PersistedCapabilities".into(), json!([]));
    stamp(&mut world, 2, "bela");
    let test = |world: &World, domain: &str| batch::check(world, Side::Target, "bela@fabrikam.com", domain, false).unwrap_err().text();
    assert!(test(&world, "fabrikam.onmicrosoft.com").starts_with("CrossTenantMigrationWithoutLicensePermanentException"));
    assert!(test(&world, "elsewhere.onmicrosoft.com").starts_with("TargetDeliveryDomainMissing"));
    assert_eq!(good(&mut world, "Test-MigrationServerAvailability", json!({"Endpoint": "Contoso"}))[0]["Result"], "Success");
    assert_eq!(good(&mut world, "Test-MigrationServerAvailability", json!({"Endpoint": "Contoso", "TestMailbox": "all@fabrikam.com"}))[0]["Result"], "Failed");
}

#[test]
fn a_batch_is_stopped_taken_up_again_and_given_another_moment() {
    let mut world = world();
    stamp(&mut world, 1, "anna");
    good(&mut world, "Set-MailUser", json!({"Identity": id(1), "EmailAddresses": {"Remove": ["smtp:anna@contoso.com"]}}));
    let complete = new_batch(&mut world, "B1", &["anna@fabrikam.com"], 24);
    assert_eq!(refused(&mut world, "New-MigrationBatch", json!({"Name": "b1", "SourceEndpoint": "C", "TargetDeliveryDomain": "d", "CSVData": csv(&["x@y.z"])})), "MigrationBatchAlreadyExistsException");
    assert_eq!(refused(&mut world, "New-MigrationBatch", json!({"Name": "b2", "SourceEndpoint": "C", "TargetDeliveryDomain": "d", "CSVData": {"bytes": "TmFtZQo="}})), "MigrationCSVInvalid");
    start(&mut world, "B1", MINUTE);
    assert_eq!(refused(&mut world, "Remove-MigrationBatch", json!({"Identity": "B1"})), "MigrationBatchStateInvalid");
    good(&mut world, "Stop-MigrationBatch", json!({"Identity": "B1"}));
    later(&mut world, 12 * HOUR);
    assert_eq!(status(&mut world, "B1"), "Stopped");
    start(&mut world, "B1", 10 * HOUR);
    assert_eq!(status(&mut world, "B1"), "Synced");
    good(&mut world, "Set-MigrationBatch", json!({"Identity": "B1", "CompleteAfter": iso(complete + 48 * HOUR)}));
    world.advance_to(complete + 24 * HOUR);
    assert_eq!(status(&mut world, "B1"), "Synced");
    assert_eq!(good(&mut world, "Get-MigrationBatch", json!({"Identity": "B1"}))[0]["CompleteAfterUTC"], iso(complete + 48 * HOUR));
    world.advance_to(complete + 50 * HOUR);
    assert_eq!(status(&mut world, "B1"), "Completed");
}

#[test]
fn a_job_is_validated_migrated_and_ends() {
    let mut world = world();
    stamp(&mut world, 1, "anna");
    good(&mut world, "Set-MailUser", json!({"Identity": id(1), "EmailAddresses": {"Remove": ["smtp:anna@contoso.com"]}}));
    let complete = world.now() + 48 * HOUR;
    let job = |complete: i64, people: Vec<String>| json!({"displayName": "Wave 'one'", "completeAfterDateTime": iso(complete), "sourceTenantId": "s", "resources": people, "resourceType": "Users",
        "exchangeSettings": {"sourceEndpoint": "Contoso", "targetDeliveryDomain": "fabrikam.onmicrosoft.com"}, "workloads": ["Exchange"]});
    let jobs = "/v1.0/solutions/migrations/crossTenantMigrationJobs";
    let one = format!("{jobs}(displayName='Wave%20%27%27one%27%27')");
    assert_eq!(graph_refused(&mut world, "POST", jobs, job(BEGINNING - 1, vec![id(1)])), (422, "minThresholdFailed"));
    assert_eq!(graph(&mut world, "POST", jobs, job(complete, vec![id(1), id(2)])).status, 201);
    assert_eq!(graph_refused(&mut world, "POST", jobs, job(complete, vec![id(1)])), (422, "duplicateDisplayNameJob"));
    assert_eq!(graph_refused(&mut world, "POST", &format!("{one}/migrate"), Value::Null), (409, "JobStateInvalid"));
    let state = |world: &mut World| {
        later(world, HOUR);
        let reply = graph(world, "GET", &format!("{one}?$select=id,displayName,status,completeAfterDateTime"), Value::Null);
        assert_eq!(reply.body.as_object().unwrap().len(), 4, "{reply:?}");
        reply.body["status"].as_str().unwrap().to_string()
    };
    graph(&mut world, "POST", &format!("{one}/validate"), Value::Null);
    assert_eq!(graph_refused(&mut world, "DELETE", &one, Value::Null), (409, "resourceTypeMismatch"));
    assert_eq!(state(&mut world), "validateFailed");
    let tasks = |world: &mut World| graph(world, "GET", &format!("{one}/users"), Value::Null).body["value"].clone();
    assert_eq!(tasks(&mut world)[1]["currentStatus"][0]["errors"][0]["code"], "MissingExchangeGuidException");
    stamp(&mut world, 2, "bela");
    graph(&mut world, "POST", &format!("{one}/validate"), Value::Null);
    assert_eq!(state(&mut world), "validatePassed");
    assert_eq!(graph(&mut world, "POST", &format!("{one}/migrate"), Value::Null).status, 200);
    assert_eq!(state(&mut world), "inProgress");
    later(&mut world, 12 * HOUR);
    assert_eq!(tasks(&mut world)[0]["currentStatus"][0]["status"], "synced");
    assert_eq!(graph(&mut world, "PATCH", &one, json!({"completeAfterDateTime": iso(complete + HOUR)})).status, 204);
    world.advance_to(complete + HOUR + 30_000);
    assert_eq!(graph_refused(&mut world, "POST", &format!("{one}/cancel"), Value::Null), (409, "JobStateInvalid"));
    world.advance_to(complete + 6 * HOUR);
    assert_eq!(state(&mut world), "completedWithErrors");
    assert_eq!(now(&mut world, "Get-Mailbox", &id(1))["ExchangeGuid"], id(0x201));
    assert_eq!(now(&mut world, "Get-MailUser", &id(2))["ExchangeGuid"], id(0x202), "an address of another domain kept it");
    assert_eq!(graph(&mut world, "DELETE", &one, Value::Null).status, 204);
    later(&mut world, HOUR);
    assert_eq!(graph_refused(&mut world, "GET", &one, Value::Null), (404, "MigrationJobNotFound"));
}

#[test]
fn a_validation_expires_and_a_job_is_cancelled() {
    let mut world = world();
    stamp(&mut world, 1, "anna");
    let job = json!({"displayName": "W", "sourceTenantId": "s", "resources": [id(1)], "exchangeSettings": {"targetDeliveryDomain": "fabrikam.onmicrosoft.com"}});
    let one = "/beta/solutions/migrations/crossTenantMigrationJobs(displayName='W')";
    graph(&mut world, "POST", "/beta/solutions/migrations/crossTenantMigrationJobs", job);
    graph(&mut world, "POST", &format!("{one}/validate"), Value::Null);
    later(&mut world, 8 * 24 * HOUR);
    assert_eq!(graph_refused(&mut world, "POST", &format!("{one}/migrate"), Value::Null), (409, "JobStateInvalid"));
    graph(&mut world, "POST", &format!("{one}/validate"), Value::Null);
    later(&mut world, HOUR);
    assert_eq!(graph(&mut world, "POST", &format!("{one}/migrate"), Value::Null).status, 200);
    assert_eq!(graph(&mut world, "POST", &format!("{one}/cancel"), Value::Null).status, 200);
    later(&mut world, HOUR);
    assert_eq!(graph(&mut world, "GET", one, Value::Null).body["status"], "cancelled");
    assert!(world.objects(Side::Target, Kind::Mailboxes).is_empty());
}

#[test]
fn onedrive_moves_from_its_moment_and_can_be_stopped() {
    let mut world = world();
    let begin = world.now() + 24 * HOUR;
    let start = json!({"SourceUserPrincipalName": "anna@contoso.com", "TargetUserPrincipalName": "anna@fabrikam.com", "TargetCrossTenantHostUrl": "https://fabrikam-my.sharepoint.com/", "PreferredMoveBeginDate": iso(begin)});
    let source = |world: &mut World, name: &str, parameters: &Value| world.command(Side::Source, name, parameters);
    let asked = json!({"SourceUserPrincipalName": "anna@contoso.com", "PartnerCrossTenantHostUrl": "https://fabrikam-my.sharepoint.com/"});
    assert!(source(&mut world, "Get-SPOCrossTenantUserContentMoveState", &asked).is_err());
    source(&mut world, "Start-SPOCrossTenantUserContentMove", &start).unwrap();
    assert!(source(&mut world, "Start-SPOCrossTenantUserContentMove", &start).is_err());
    let state = |world: &mut World| {
        later(world, 2 * MINUTE);
        world.command(Side::Source, "Get-SPOCrossTenantUserContentMoveState", &asked).unwrap()[0]["MoveState"].as_str().unwrap().to_string()
    };
    assert_eq!(state(&mut world), "Scheduled");
    source(&mut world, "Stop-SPOCrossTenantUserContentMove", &json!({"SourceUserPrincipalName": "anna@contoso.com"})).unwrap();
    later(&mut world, HOUR);
    assert!(source(&mut world, "Get-SPOCrossTenantUserContentMoveState", &asked).is_err());
    source(&mut world, "Start-SPOCrossTenantUserContentMove", &start).unwrap();
    world.advance_to(begin);
    assert_eq!(state(&mut world), "InProgress");
    later(&mut world, 5 * HOUR);
    assert_eq!(state(&mut world), "Success");
}

#[test]
fn sessions_say_whose_they_are_and_federation_is_changed() {
    let mut world = world();
    assert_eq!(good(&mut world, "Get-ConnectionInformation", json!({}))[0]["TenantID"], "id of fabrikam");
    assert_eq!(good(&mut world, "Get-CsTenant", json!({}))[0]["TenantId"], "id of fabrikam");
    assert_eq!(good(&mut world, "Get-ADDomain", json!({"Server": "dc01"}))[0]["DNSRoot"], "corp.fabrikam.com");
    assert_eq!(graph(&mut world, "GET", "/v1.0/organization?$select=id", Value::Null).body, json!({"value": [{"id": "id of fabrikam"}]}));
    good(&mut world, "Set-CsTenantFederationConfiguration", json!({"AllowedDomainsAsAList": {"Add": ["contoso.com", "Contoso.com"]}}));
    later(&mut world, HOUR);
    assert_eq!(good(&mut world, "Get-CsTenantFederationConfiguration", json!({}))[0]["AllowedDomains"], json!(["contoso.com"]));
    good(&mut world, "Set-CsTenantFederationConfiguration", json!({"AllowedDomainsAsAList": {"Remove": ["contoso.com"]}, "AllowFederatedUsers": false}));
    later(&mut world, HOUR);
    assert_eq!(good(&mut world, "Get-CsTenantFederationConfiguration", json!({}))[0]["AllowFederatedUsers"], false);
    assert_eq!(good(&mut world, "Get-Recipient", json!({})).len(), 6);
    assert_eq!(good(&mut world, "Get-Recipient", json!({"RecipientTypeDetails": ["MailUser"], "ResultSize": "Unlimited"})).len(), 4);
    assert_eq!(good(&mut world, "Get-MailUser", json!({"Filter": "Alias -like '*a' -and Name -ne 'dora'"})).len(), 3);
    assert_eq!(good(&mut world, "Get-Recipient", json!({"Anr": "an"}))[0]["Name"], "anna");
    assert_eq!(good(&mut world, "Get-ADUser", json!({"Filter": "SamAccountName -eq 'dora'"})).len(), 1);
    assert_eq!(refused(&mut world, "Get-ADUser", json!({"LDAPFilter": "(sAMAccountName=dora)"})), "FilterInvalid");
    assert_eq!((world.side_of("ID of Contoso"), world.side_of("fabrikam.onmicrosoft.com"), world.side_of("x")), (Some(Side::Source), Some(Side::Target), None));
}

#[derive(Debug, Clone)]
enum Deed {
    New(u8, u8),
    Remove(u8),
    Addresses(u8, u8, u8),
    Primary(u8, u8),
    External(u8, u8),
    Stamp(u8, u8),
    Licence(u8, bool),
    Name(u8, u8),
    Ad(u8),
    Contact(u8),
    Batch(u8, u8),
    Wait(u32),
}

fn deed() -> impl Strategy<Value = Deed> {
    let few = 0..6u8;
    prop_oneof![
        (few.clone(), few.clone()).prop_map(|(a, b)| Deed::New(a, b)),
        few.clone().prop_map(Deed::Remove),
        (few.clone(), few.clone(), few.clone()).prop_map(|(a, b, c)| Deed::Addresses(a, b, c)),
        (few.clone(), few.clone()).prop_map(|(a, b)| Deed::Primary(a, b)),
        (few.clone(), few.clone()).prop_map(|(a, b)| Deed::External(a, b)),
        (few.clone(), few.clone()).prop_map(|(a, b)| Deed::Stamp(a, b)),
        (few.clone(), any::<bool>()).prop_map(|(a, b)| Deed::Licence(a, b)),
        (few.clone(), few.clone()).prop_map(|(a, b)| Deed::Name(a, b)),
        few.clone().prop_map(Deed::Ad),
        few.clone().prop_map(Deed::Contact),
        (few.clone(), few).prop_map(|(a, b)| Deed::Batch(a, b)),
        (0..7_200_000u32).prop_map(Deed::Wait),
    ]
}

const NAMES: [&str; 6] = ["anna@fabrikam.com", "bela@fabrikam.com", "csaba@fabrikam.com", "dora@fabrikam.com", "new@fabrikam.com", "other@fabrikam.com"];
const ADDRESSES: [&str; 6] = ["smtp:anna@fabrikam.com", "SMTP:bela@fabrikam.com", "smtp:x@fabrikam.com", "X500:/o=ExchangeLabs/cn=anna", "y@contoso.com", "smtp:dora3@fabrikam.com"];

/// Does it; what is refused is nothing.
fn perform(world: &mut World, deed: &Deed) {
    let (name, address) = (|at: &u8| NAMES[*at as usize], |at: &u8| ADDRESSES[*at as usize]);
    let bare = |at: &u8| ProxyAddress::parse(ADDRESSES[*at as usize]).value.to_string();
    let _ = match deed {
        Deed::New(who, at) => run(world, "New-MailUser", json!({"Name": format!("N {}", name(who)), "MicrosoftOnlineServicesID": name(who), "ExternalEmailAddress": bare(at)})),
        Deed::Remove(who) => run(world, "Remove-MailUser", json!({"Identity": name(who)})),
        Deed::Addresses(who, add, remove) => run(world, "Set-MailUser", json!({"Identity": name(who), "EmailAddresses": {"Add": [address(add)], "Remove": address(remove)}})),
        Deed::Primary(who, at) => run(world, "Set-MailUser", json!({"Identity": name(who), "WindowsEmailAddress": bare(at)})),
        Deed::External(who, at) => run(world, "Set-MailUser", json!({"Identity": name(who), "ExternalEmailAddress": bare(at)})),
        Deed::Stamp(who, at) => run(world, "Set-MailUser", json!({"Identity": name(who), "ExchangeGuid": id(0x200 + u32::from(*at))})),
        Deed::Licence(who, on) => {
            let path = format!("/v1.0/users/{}", name(who));
            graph(world, "PATCH", &path, json!({"usageLocation": "HU"}));
            let (add, remove) = if *on { (json!([{"skuId": SKU, "disabledPlans": []}]), json!([])) } else { (json!([]), json!([SKU])) };
            graph(world, "POST", &format!("{path}/assignLicense"), json!({"addLicenses": add, "removeLicenses": remove}));
            return;
        }
        Deed::Name(who, to) => {
            graph(world, "PATCH", &format!("/v1.0/users/{}", name(who)), json!({"userPrincipalName": name(to)}));
            return;
        }
        Deed::Ad(at) => run(world, "Set-ADUser", json!({"Identity": "dora", "Add": {"proxyAddresses": [format!("smtp:dora{at}@fabrikam.com")]}, "Remove": {"proxyAddresses": format!("smtp:dora{}@fabrikam.com", (at + 1) % 6)}})),
        Deed::Contact(at) => run(world, "New-MailContact", json!({"Name": format!("Contact {at}"), "ExternalEmailAddress": bare(at)})),
        Deed::Batch(who, number) => {
            let batch = format!("B{number}");
            let _ = run(world, "New-MigrationBatch", json!({"Name": batch, "SourceEndpoint": "C", "TargetDeliveryDomain": "fabrikam.onmicrosoft.com", "CSVData": csv(&[name(who)]), "CompleteAfter": iso(world.now())}));
            run(world, "Start-MigrationBatch", json!({"Identity": batch}))
        }
        Deed::Wait(milliseconds) => {
            later(world, i64::from(*milliseconds));
            return;
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_is_done_addresses_and_names_stay_one_each_and_reads_catch_up(deeds in proptest::collection::vec(deed(), 1..40)) {
        let mut world = world();
        for deed in &deeds {
            perform(&mut world, deed);
            let mut owners: BTreeMap<String, String> = BTreeMap::new();
            for kind in [Kind::MailUsers, Kind::Mailboxes, Kind::MailContacts, Kind::Groups] {
                for object in world.objects(Side::Target, kind) {
                    let addresses = object::list(&object["EmailAddresses"]);
                    let primaries: Vec<&String> = addresses.iter().filter(|address| address.starts_with("SMTP:")).collect();
                    prop_assert_eq!(primaries.len(), 1, "after {:?}: {}", deed, object);
                    if object.get("PrimarySmtpAddress").is_some() {
                        prop_assert_eq!(object["PrimarySmtpAddress"].as_str(), primaries[0].strip_prefix("SMTP:"), "after {:?}: {}", deed, object);
                    }
                    let keys = addresses.iter().map(|address| ProxyAddress::parse(address).key()).chain(object["UserPrincipalName"].as_str().map(|upn| format!("upn {}", upn.to_lowercase())));
                    for key in keys {
                        let before = owners.insert(key.clone(), object["Name"].to_string());
                        prop_assert!(before.is_none(), "after {:?}: {} is {} and {:?}", deed, key, object["Name"], before);
                    }
                }
            }
        }
        // The same again is the same world.
        let mut again = self::world();
        deeds.iter().for_each(|deed| perform(&mut again, deed));
        prop_assert_eq!(world.truth(Side::Target), again.truth(Side::Target));
        prop_assert_eq!(world.effects(), again.effects());
        // Days later everybody sees everything as it is.
        later(&mut world, 96 * HOUR);
        for (at, object) in world.tenant(Side::Target).objects.iter().enumerate() {
            for reader in [Via::Exchange, Via::Graph, Via::ActiveDirectory] {
                prop_assert_eq!(&*world.seen(Side::Target, at, reader), &object.truth);
            }
        }
    }
}
