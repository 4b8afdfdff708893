//! How long reading a snapshot file takes, as a ratio to what serde_json needs to parse the same bytes on one thread into borrowed structs.
//!
//! `cargo run --release -p coexist-files --example read_bench [records]`
#![allow(clippy::unwrap_used)]

use coexist_core::snapshot::Kind;
use coexist_core::watch::Unwatched;
use serde::Deserialize;
use std::borrow::Cow;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// The properties of a line, none of them copied that need not be.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code)]
struct Mailbox<'a> {
    #[serde(borrow)]
    alias: Cow<'a, str>,
    #[serde(borrow)]
    archive_guid: Cow<'a, str>,
    #[serde(borrow)]
    archive_status: Cow<'a, str>,
    #[serde(borrow)]
    display_name: Cow<'a, str>,
    #[serde(borrow)]
    distinguished_name: Cow<'a, str>,
    #[serde(borrow)]
    email_addresses: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    exchange_guid: Cow<'a, str>,
    #[serde(borrow)]
    external_directory_object_id: Cow<'a, str>,
    #[serde(borrow)]
    guid: Cow<'a, str>,
    #[serde(borrow)]
    in_place_holds: Vec<Cow<'a, str>>,
    is_dir_synced: bool,
    #[serde(borrow, rename = "LegacyExchangeDN")]
    legacy_exchange_dn: Cow<'a, str>,
    litigation_hold_enabled: bool,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    primary_smtp_address: Cow<'a, str>,
    #[serde(borrow)]
    recipient_type_details: Cow<'a, str>,
    #[serde(borrow)]
    user_principal_name: Cow<'a, str>,
}

fn guid(seed: u64) -> String {
    let a = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let b = (a ^ (a >> 31)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, a & 0xffff, b >> 52, (b >> 40) & 0xfff, b & 0xffff_ffff_ffff)
}

fn write(path: &Path, records: u64) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    let group = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=";
    for i in 0..records {
        let name = if i % 9 == 0 { format!("Zoë Müller {i}") } else { format!("Person Number {i}") };
        let mut addresses = format!(r#""SMTP:person.{i}@contoso.com","smtp:person.{i}@contoso.onmicrosoft.com","x500:{group}{}-person{i}""#, guid(i * 8));
        for alias in 0..2 + i % 4 {
            addresses += &format!(r#","smtp:alias{alias}.{i}@contoso.com""#);
        }
        writeln!(
            out,
            r#"{{"Alias":"person{i}","ArchiveGuid":"{}","ArchiveStatus":"None","DisplayName":"{name}","DistinguishedName":"CN={name},OU=contoso.onmicrosoft.com,OU=Microsoft Exchange Hosted Organizations,DC=EURPR01A001,DC=PROD,DC=OUTLOOK,DC=COM","EmailAddresses":[{addresses}],"ExchangeGuid":"{}","ExternalDirectoryObjectId":"{}","Guid":"{}","InPlaceHolds":[],"IsDirSynced":false,"LegacyExchangeDN":"{group}{}-person{i}","LitigationHoldEnabled":false,"Name":"person{i}","PrimarySmtpAddress":"person.{i}@contoso.com","RecipientTypeDetails":"UserMailbox","UserPrincipalName":"person.{i}@contoso.com"}}"#,
            guid(i * 8 + 1),
            guid(i * 8 + 2),
            guid(i * 8 + 3),
            guid(i * 8 + 4),
            guid(i * 8 + 5),
        )?;
    }
    out.flush()
}

/// The best of five: what disturbs a run only makes it longer.
fn best(mut run: impl FnMut() -> usize) -> (Duration, usize) {
    (0..5)
        .map(|_| {
            let begun = Instant::now();
            let result = run();
            (begun.elapsed(), result)
        })
        .min()
        .unwrap()
}

fn main() {
    let records: u64 = std::env::args().nth(1).map_or(200_000, |records| records.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mailboxes.jsonl");
    write(&path, records).unwrap();
    let bytes = std::fs::read(&path).unwrap();

    let (parse, parsed) = best(|| {
        let lines = memchr::memchr_iter(b'\n', &bytes).scan(0, |from, to| Some(&bytes[std::mem::replace(from, to + 1)..to]));
        lines.filter(|line| serde_json::from_slice::<Mailbox>(line).unwrap().email_addresses.len() > 4).count()
    });
    let read = || coexist_files::read::read_table(&path, Kind::Mailboxes, &Unwatched).unwrap().table.len();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let (single, _) = best(|| one.install(read));
    let (parallel, count) = best(read);
    assert_eq!((count, parsed), (records as usize, records as usize));

    println!("{count} records, {} MB", bytes.len() / 1_000_000);
    println!("serde_json, one thread            {parse:>10.1?}");
    println!("read_table, one thread            {single:>10.1?}  {:.2}", single.as_secs_f64() / parse.as_secs_f64());
    println!("read_table, {} threads             {parallel:>10.1?}  {:.2}", rayon::current_num_threads(), parallel.as_secs_f64() / parse.as_secs_f64());
}
