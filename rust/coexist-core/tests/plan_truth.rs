//! Every operation, undo and read of a plan is one that its cmdlet or request accepts, judged without the planner's help.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;
mod world;

use serde_json::{json, Value};
use std::collections::BTreeSet;
use truth::Truth;
use world::{complete, scenes};

#[test]
fn every_operation_undo_and_read_is_what_its_cmdlet_or_request_accepts() {
    let truth = Truth::read();
    let mut steps = BTreeSet::new();
    for (name, world) in scenes::all() {
        let outcome = world.plan();
        let plan = complete(&outcome.document);
        let complaints = truth.complaints(&plan);
        assert!(complaints.is_empty(), "{name}: {complaints:#?}");
        for (operation, step) in outcome.operations.iter().zip(outcome.steps()) {
            steps.insert(format!("{} {step}", operation["surface"].as_str().unwrap()));
        }
    }
    // A step that no scene plans is one that nobody has checked.
    let all = [
        "activeDirectory removeAddresses", "activeDirectory setUpn", "activeDirectory stamp", "exchange clearPreviousMailbox", "exchange create",
        "exchange raiseQuota", "exchange removeAddresses", "exchange setExternalAddress", "exchange setPrimary", "exchange stamp", "graph assignLicence",
        "graph setUpn", "graph setUsageLocation",
    ];
    assert_eq!(steps.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

#[test]
fn so_is_every_one_of_a_lab_of_2000_people() {
    let plan = world::lab::world(2000, 1).plan();
    assert!(plan.operations.len() > 3000, "{}", plan.operations.len());
    let complaints = Truth::read().complaints(&complete(&plan.document));
    assert!(complaints.is_empty(), "{complaints:#?}");
}

fn complaint(surface: &str, command: Value, secrets: &[&str]) -> String {
    let mut wrong = Vec::new();
    Truth::read().command_complaints(surface, &command, secrets, &mut wrong);
    wrong.join("; ")
}

#[test]
fn what_a_cmdlet_does_not_accept_is_told() {
    let guid = "00112233-4455-6677-8899-aabbccddeeff";
    let create = json!({"Name": "a", "MicrosoftOnlineServicesID": "a@b.c", "ExternalEmailAddress": "SMTP:a@d.e"});
    let cases: &[(&str, &str, Value, &[&str], &str)] = &[
        ("exchange", "Set-MailUser", json!({"Identity": "a", "ExchangeGUID ": guid}), &[], "no parameter"),
        ("exchange", "Set-MailUsers", json!({"Identity": "a"}), &[], "no cmdlet"),
        ("exchange", "Set-ADUser", json!({"Identity": "a"}), &[], "not in Exchange Online"),
        ("activeDirectory", "Set-MailUser", json!({"Identity": "a"}), &[], "not in the ActiveDirectory module"),
        ("exchange", "Set-MailUser", json!({"Identity": "a", "UserPrincipalName": "a@b.c"}), &[], "does not exist in Exchange Online"),
        ("exchange", "Set-MailUser", json!({"Identity": "a", "PrimarySmtpAddress": "a@b.c"}), &[], "on-premises only"),
        ("exchange", "Set-MailUser", json!({"Identity": "a", "EmailAddresses": {"Add": ["smtp:a@b.c"]}, "PrimarySmtpAddress": "a@b.c"}), &[], "cannot be used in the same command"),
        ("exchange", "Set-MailUser", json!({"ExchangeGuid": guid}), &[], "lacks Identity"),
        ("exchange", "Set-MailUser", json!({"Identity": "a", "ExchangeGuid": "00112233"}), &[], "is a Guid"),
        ("exchange", "Set-MailUser", json!({"Identity": "a", "EmailAddresses": {"Set": ["smtp:a@b.c"]}}), &[], "is a ProxyAddressCollection"),
        ("exchange", "Set-MailUser", json!({"Identity": "a", "EmailAddresses": {"Add": ["a@b.c"]}}), &[], "is a ProxyAddressCollection"),
        ("exchange", "Set-MailUser", json!({"Identity": "a", "WindowsEmailAddress": "SMTP:a@b.c"}), &[], "is a SmtpAddress"),
        ("exchange", "Set-MailUser", json!({"Identity": "a", "EnableLitigationHoldForMigration": "true"}), &[], "is a SwitchParameter"),
        ("exchange", "Set-MailUser", json!({"Identity": "a", "EnableLitigationHoldForMigration": true, "RemoveLitigationHoldEnabled": true}), &[], "no parameter set"),
        ("exchange", "New-MailUser", create.clone(), &[], "lacks Password"),
        ("exchange", "New-MailUser", json!({"Name": "a", "MicrosoftOnlineServicesID": "a@b.c", "Password": "x"}), &[], "stands in the plan"),
        ("exchange", "New-MailUser", json!({"Name": "a", "MicrosoftOnlineServicesID": "a@b.c", "MessageFormat": "Mime"}), &["Password"], "no parameter set"),
        ("exchange", "New-MailUser", json!({"Name": "a".repeat(65), "MicrosoftOnlineServicesID": "a@b.c"}), &["Password"], "longer than 64"),
        ("exchange", "New-MailUser", create.clone(), &["Password", "Alias"], "no SecureString"),
        ("activeDirectory", "Set-ADUser", json!({"Identity": "a", "Replace": {"msExchMailboxGUID": {"bytes": "AAAAAAAAAAAAAAAAAAAAAA=="}}}), &[], "no attribute"),
        ("activeDirectory", "Set-ADUser", json!({"Identity": "a", "Replace": {"msExchMailboxGuid": guid}}), &[], "octetString"),
        ("activeDirectory", "Set-ADUser", json!({"Identity": "a", "Add": {"targetAddress": "SMTP:a@b.c"}}), &[], "replaced or cleared"),
        ("activeDirectory", "Set-ADUser", json!({"Identity": "a", "Clear": ["targetAdress"]}), &[], "no attribute"),
        ("activeDirectory", "Get-ADUser", json!({"Properties": ["proxyAddresses"]}), &[], "lacks Filter"),
        ("exchange", "Get-MigrationUser", json!({"Identity": "a", "EmailAddress": "a@b.c"}), &[], "no parameter set"),
    ];
    for (surface, name, parameters, secrets, expected) in cases {
        let wrong = complaint(surface, json!({"name": name, "parameters": parameters}), secrets);
        assert!(wrong.contains(expected), "{name} {parameters}: {wrong:?}");
    }
    assert_eq!(complaint("exchange", json!({"name": "New-MailUser", "parameters": create}), &["Password"]), "");
}

#[test]
fn what_graph_does_not_accept_is_told() {
    let guid = "00112233-4455-6677-8899-aabbccddeeff";
    let cases = [
        ("PATCH", "v1.0", "/users/a@b.c", json!({"userPrincipalname": "x"}), "no property"),
        ("PATCH", "v1.0", "/users/a@b.c", json!({"userPrincipalName": true}), "is not a string"),
        ("PATCH", "v1.0", "/users/a@b.c", json!({}), "changes nothing"),
        ("PATCH", "v1.0", "/users/a_b.c#EXT#@d.e", json!({"usageLocation": "DE"}), "not escaped"),
        ("PATCH", "v1.0", "/users/o'brien@d.e", json!({"usageLocation": "DE"}), "not escaped"),
        ("PATCH", "beta", "/users/a", json!({"usageLocation": "DE"}), "Graph has no"),
        ("POST", "v1.0", "/users/a/assignlicense", json!({"addLicenses": [], "removeLicenses": []}), "Graph has no"),
        ("POST", "v1.0", "/users/a/assignLicense", json!({"addLicenses": [{"skuID": guid}], "removeLicenses": []}), "no property"),
        ("POST", "v1.0", "/users/a/assignLicense", json!({"addLicenses": [{"skuId": "E5"}], "removeLicenses": []}), "is not a guid"),
        ("POST", "v1.0", "/users/a/assignLicense", json!({"addLicenses": {"skuId": guid}, "removeLicenses": []}), "is not a Collection"),
        ("GET", "v1.0", "/users/a?$select=id,assignedLicences", Value::Null, "no property assignedLicences"),
        ("GET", "v1.0", "/users/a?$filter=x", Value::Null, "no query parameter"),
        ("GET", "v1.0", "/users/a", json!({"id": "x"}), "body"),
    ];
    let truth = Truth::read();
    for (method, version, path, body, expected) in cases {
        let mut request = json!({"method": method, "version": version, "path": path});
        if !body.is_null() {
            request["body"] = body;
        }
        let mut wrong = Vec::new();
        truth.request_complaints(&request, &mut wrong);
        assert!(wrong.join("; ").contains(expected), "{request}: {wrong:?}");
    }
}

#[test]
fn a_spoiled_plan_is_told() {
    let (_, world) = scenes::all().remove(2);
    let whole = complete(&world.plan().document);
    let truth = Truth::read();
    type Spoil = fn(&mut Value);
    let cases: &[(&str, Spoil)] = &[
        ("does not only read", |plan| plan["reads"]["adUser"]["command"] = json!("Set-ADUser")),
        ("no attribute mail2", |plan| plan["reads"]["adUser"]["properties"] = json!(["mail2"])),
        ("no property skus", |plan| plan["reads"]["user"]["request"]["path"] = json!("/users/{id}?$select=skus")),
        ("does not bring", |plan| plan["operations"][0]["verify"][0]["property"] = json!("ExchangeGUID")),
        ("nothing is verified", |plan| plan["operations"][0]["verify"] = json!([])),
        ("there is no read", |plan| plan["operations"][0]["read"] = json!("mailbox")),
        ("exactly one test", |plan| plan["operations"][0]["verify"][0]["lacks"] = json!(["x"])),
        ("no reason", |plan| plan["operations"][0]["undo"] = json!({"irreversible": ""})),
        ("which is not in the plan", |plan| plan["operations"][0]["undo"] = json!({"with": "MC-01/x/create"})),
        ("not exactly one way", |plan| plan["operations"][0]["undo"] = json!({})),
        ("surface graph", |plan| plan["operations"][0]["surface"] = json!("graph")),
        ("not told under steps", |plan| drop(plan["steps"].as_object_mut().unwrap().remove("stamp"))),
        ("undo: there is no cmdlet", |plan| plan["operations"][1]["undo"]["command"]["name"] = json!("Set-Mailuser")),
    ];
    for (expected, spoil) in cases {
        let mut plan = whole.clone();
        spoil(&mut plan);
        let complaints = truth.complaints(&plan);
        assert!(complaints.iter().any(|text| text.contains(expected)), "{expected}: {complaints:?}");
    }
}
