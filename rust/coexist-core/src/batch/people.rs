//! Who is to be put into batches, and by which names others speak of them.

use super::tie::Resolved;
use crate::directory::{same_text, text_hash, Entries, Index};
use crate::problem::{Category, Problem};
use crate::readiness::bytes;
use jiff::civil::Date;
use serde_json::Value;

/// One person, or one shared, room or equipment mailbox.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Person {
    /// As output shows it: what the row called it, or the primary SMTP address.
    pub identity: String,
    /// Everything else that others may call it.
    pub names: Vec<String>,
    /// The size of the mailbox.
    pub mailbox_bytes: Option<u64>,
    /// The size of the archive.
    pub archive_bytes: Option<u64>,
    /// Items in the mailbox.
    pub items: Option<u64>,
    /// The size of OneDrive; a person without one has none to move.
    pub one_drive_bytes: Option<u64>,
    /// Windows or IANA name, as it was found.
    pub time_zone: Option<String>,
    /// 1 goes early, 9 late; 5 where nothing is said.
    pub priority: Option<u8>,
    /// Goes first.
    pub pilot: bool,
    /// Does not go on the first night.
    pub vip: bool,
    /// The first night that will do.
    pub not_before: Option<Date>,
    /// The last night that will do.
    pub not_after: Option<Date>,
    /// The only night that will do.
    pub night: Option<Date>,
    /// The batch to be in.
    pub batch: Option<String>,
    /// That batch has been submitted to the service.
    pub submitted: bool,
    /// The address of the target object, which a migration batch takes.
    pub target_address: Option<String>,
    /// The id of the target object, which an orchestrator job takes.
    pub target_id: Option<String>,
    /// The user principal name in the source, which a move of OneDrive takes.
    pub user_principal_name: Option<String>,
    /// The user principal name of the target object.
    pub target_user_principal_name: Option<String>,
    /// To how many recipients of the target that take mail from named senders only the person may write.
    pub restricted: u32,
    /// Finding codes that the row itself brings.
    pub concerns: Vec<&'static str>,
    /// The file and line of the row, where there is one.
    pub place: Option<(String, u64)>,
}

impl Person {
    /// Mailbox and archive.
    pub fn bytes(&self) -> u64 {
        self.mailbox_bytes.unwrap_or(0).saturating_add(self.archive_bytes.unwrap_or(0))
    }

    /// Whether there is a OneDrive to move.
    pub fn has_one_drive(&self) -> bool {
        self.one_drive_bytes.is_some_and(|bytes| bytes > 0)
    }

    /// Every name, the identity first.
    fn all_names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.identity.as_str()).chain(self.names.iter().map(String::as_str))
    }

    /// Another name, unless it is known.
    pub fn add_name(&mut self, name: &str) {
        if !name.is_empty() && !self.all_names().any(|known| same_text(known, name)) {
            self.names.push(name.to_string());
        }
    }

    /// Takes from another what this one does not say: a row of a file over what the snapshot holds.
    pub fn fill_from(&mut self, other: &Person) {
        other.all_names().for_each(|name| self.add_name(name));
        fn fill<T: Clone>(mine: &mut Option<T>, theirs: &Option<T>) {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
        fill(&mut self.mailbox_bytes, &other.mailbox_bytes);
        fill(&mut self.archive_bytes, &other.archive_bytes);
        fill(&mut self.items, &other.items);
        fill(&mut self.one_drive_bytes, &other.one_drive_bytes);
        fill(&mut self.time_zone, &other.time_zone);
        fill(&mut self.target_address, &other.target_address);
        fill(&mut self.target_id, &other.target_id);
        fill(&mut self.user_principal_name, &other.user_principal_name);
        fill(&mut self.target_user_principal_name, &other.target_user_principal_name);
    }
}

/// What a column of a people file, or a property of a piped object, means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Identity,
    Name,
    MailboxBytes,
    ArchiveBytes,
    Items,
    OneDriveBytes,
    TimeZone,
    Priority,
    Pilot,
    Vip,
    NotBefore,
    NotAfter,
    Night,
    Batch,
    Submitted,
    TargetAddress,
    TargetId,
    UserPrincipalName,
    TargetUserPrincipalName,
    Findings,
    /// Anything but nothing, no and 0 is this finding.
    Concern(&'static str),
}

/// The columns that are known; others are let be. Of several that mean the same the first one of this list counts.
const COLUMNS: [(&str, Column); 37] = [
    ("Identity", Column::Identity),
    ("PrimarySmtpAddress", Column::Name),
    ("UserPrincipalName", Column::UserPrincipalName),
    ("EmailAddress", Column::Name),
    ("Mail", Column::Name),
    ("ExternalDirectoryObjectId", Column::Name),
    ("Id", Column::Name),
    ("Guid", Column::Name),
    ("DistinguishedName", Column::Name),
    ("Alias", Column::Name),
    ("SamAccountName", Column::Name),
    ("DisplayName", Column::Name),
    ("Name", Column::Name),
    ("TotalItemSize", Column::MailboxBytes),
    ("MailboxSize", Column::MailboxBytes),
    ("ArchiveSize", Column::ArchiveBytes),
    ("ItemCount", Column::Items),
    ("OneDriveSize", Column::OneDriveBytes),
    ("TimeZone", Column::TimeZone),
    ("Priority", Column::Priority),
    ("Pilot", Column::Pilot),
    ("Vip", Column::Vip),
    ("NotBefore", Column::NotBefore),
    ("NotAfter", Column::NotAfter),
    ("Night", Column::Night),
    ("Batch", Column::Batch),
    ("Submitted", Column::Submitted),
    ("TargetAddress", Column::TargetAddress),
    ("TargetPrimarySmtpAddress", Column::TargetAddress),
    ("TargetId", Column::TargetId),
    ("TargetExternalDirectoryObjectId", Column::TargetId),
    ("TargetUserPrincipalName", Column::TargetUserPrincipalName),
    ("Findings", Column::Findings),
    ("EncryptedContent", Column::Concern("EncryptedContent")),
    ("FormsOwned", Column::Concern("FormsOwned")),
    ("VivaEngageAccess", Column::Concern("VivaEngageAccess")),
    ("LicensedByGovernance", Column::Concern("LicensedByGovernance")),
];

/// The names of the columns that are known.
pub fn columns() -> Vec<&'static str> {
    COLUMNS.iter().map(|(name, _)| *name).collect()
}

/// Reads rows of one file, or of the pipeline.
pub struct Rows<'a> {
    file: &'a str,
    /// For each column of the file what it means, with its rank among those that mean the same.
    meaning: Vec<Option<(usize, Column)>>,
    names: Vec<String>,
}

impl<'a> Rows<'a> {
    /// Rows under this header.
    ///
    /// # Errors
    /// `PeopleFileInvalid` where no column names a person.
    pub fn new<S: AsRef<str>>(file: &'a str, header: &[S]) -> Result<Self, Problem> {
        let names: Vec<String> = header.iter().map(|name| name.as_ref().trim().to_string()).collect();
        let find = |name: &String| {
            let rank = COLUMNS.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
            Some((rank, COLUMNS[rank].1))
        };
        let meaning: Vec<_> = names.iter().map(find).collect();
        if !meaning.iter().flatten().any(|(_, column)| matches!(column, Column::Identity | Column::Name | Column::UserPrincipalName)) {
            let message = format!("The people in '{file}' have no column that names them, so nobody could be put into a batch. It must have one of: Identity, PrimarySmtpAddress, UserPrincipalName.");
            return Err(Problem::new("PeopleFileInvalid", Category::InvalidData, message).about(file));
        }
        Ok(Rows { file, meaning, names })
    }

    /// One row.
    ///
    /// # Errors
    /// `PersonRowInvalid`: the row names nobody, or a cell cannot be read.
    pub fn person<S: AsRef<str>>(&self, cells: &[S], line: u64) -> Result<Person, Problem> {
        let mut person = Person { place: Some((self.file.to_string(), line)), ..Person::default() };
        let mut found: Vec<(usize, Column, &str, &str)> = Vec::new();
        for (at, meaning) in self.meaning.iter().enumerate() {
            let cell = cells.get(at).map_or("", |cell| cell.as_ref().trim());
            if let (Some((rank, column)), false) = (meaning, cell.is_empty()) {
                found.push((*rank, *column, cell, &self.names[at]));
            }
        }
        found.sort_by_key(|(rank, ..)| *rank);
        for (_, column, cell, name) in found {
            set(&mut person, column, cell).map_err(|wanted| {
                let who = if person.identity.is_empty() { "A person".to_string() } else { format!("'{}'", person.identity) };
                let message = format!("{who} has the {name} '{cell}', which is not {wanted}; the row was left out, so this person is in no batch. Correct it and run again.");
                Problem::new("PersonRowInvalid", Category::InvalidData, message).about(cell).at(self.file, line)
            })?;
        }
        if person.identity.is_empty() {
            let message = "A row names nobody; it was left out. Fill its Identity, PrimarySmtpAddress or UserPrincipalName.";
            return Err(Problem::new("PersonRowInvalid", Category::InvalidData, message).at(self.file, line));
        }
        Ok(person)
    }
}

fn set(person: &mut Person, column: Column, cell: &str) -> Result<(), &'static str> {
    let size = || bytes(cell).filter(|size| *size != u64::MAX).ok_or("a size, as in 1.5 GB or a number of bytes");
    let date = || date(cell).ok_or("a date, as in 2027-01-31");
    fn first<T>(place: &mut Option<T>, value: T) {
        if place.is_none() {
            *place = Some(value);
        }
    }
    match column {
        Column::Identity => person.identity = cell.to_string(),
        Column::Name if person.identity.is_empty() => person.identity = cell.to_string(),
        Column::Name => person.add_name(cell),
        Column::MailboxBytes => first(&mut person.mailbox_bytes, size()?),
        Column::ArchiveBytes => first(&mut person.archive_bytes, size()?),
        Column::OneDriveBytes => first(&mut person.one_drive_bytes, size()?),
        Column::Items => first(&mut person.items, cell.parse().map_err(|_| "a whole number")?),
        Column::TimeZone => first(&mut person.time_zone, cell.to_string()),
        Column::Priority => {
            let priority = cell.parse().ok().filter(|priority| (1..=9).contains(priority)).ok_or("a whole number from 1 (early) to 9 (late)")?;
            first(&mut person.priority, priority);
        }
        Column::Pilot => person.pilot = is_true(cell),
        Column::Vip => person.vip = is_true(cell),
        Column::NotBefore => first(&mut person.not_before, date()?),
        Column::NotAfter => first(&mut person.not_after, date()?),
        Column::Night => first(&mut person.night, date()?),
        Column::Batch => first(&mut person.batch, cell.to_string()),
        Column::Submitted => person.submitted = is_true(cell),
        Column::TargetAddress => first(&mut person.target_address, cell.to_string()),
        Column::TargetId => first(&mut person.target_id, cell.to_string()),
        Column::UserPrincipalName => {
            first(&mut person.user_principal_name, cell.to_string());
            set(person, Column::Name, cell)?;
        }
        Column::TargetUserPrincipalName => first(&mut person.target_user_principal_name, cell.to_string()),
        Column::Findings => {
            for code in cell.split([';', ',', ' ']).filter(|code| !code.is_empty()) {
                let rule = crate::finding::rules().iter().find(|rule| rule.code.eq_ignore_ascii_case(code)).ok_or("a list of finding codes")?;
                person.concerns.push(&rule.code);
            }
        }
        Column::Concern(code) => {
            if is_true(cell) {
                person.concerns.push(code);
            }
        }
    }
    Ok(())
}

/// What people write for yes: anything but nothing, no and zero.
fn is_true(cell: &str) -> bool {
    !["", "0", "no", "false", "none", "n"].iter().any(|no| cell.eq_ignore_ascii_case(no))
}

/// A date, alone or before a time of day.
pub fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = text.get(..10)?;
    let rest = &text[10..];
    if !rest.is_empty() && !rest.starts_with(['T', ' ']) {
        return None;
    }
    day.parse().ok()
}

/// One row from a piped object, as one line of JSON.
///
/// # Errors
/// `PersonRowInvalid`.
pub fn person_from_json(line: &str, number: u64) -> Result<Person, Problem> {
    let invalid = || Problem::new("PersonRowInvalid", Category::InvalidData, "A piped object could not be read as a person; it was left out.").at("pipeline", number);
    let Value::Object(members) = serde_json::from_str(line).map_err(|_| invalid())? else { return Err(invalid()) };
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(";"),
        _ => String::new(),
    };
    let (mut header, mut cells): (Vec<&str>, Vec<String>) = members.iter().map(|(name, value)| (name.as_str(), text(value))).unzip();
    // What Exchange calls Identity is a name that several may share; the address is what administrators write elsewhere.
    let exchange = header.iter().any(|name| name.eq_ignore_ascii_case("PrimarySmtpAddress"));
    if let (true, Some(at)) = (exchange, header.iter().position(|name| name.eq_ignore_ascii_case("Identity"))) {
        header[at] = "Name";
    }
    // Of a mailbox its own LegacyExchangeDN and the like are names, an empty address is none.
    cells.iter_mut().for_each(|cell| *cell = cell.trim().to_string());
    Rows::new("pipeline", &header).map_err(|_| invalid())?.person(&cells, number).map_err(|mut problem| {
        problem.file = None;
        problem.line = None;
        problem
    })
}

/// Everybody, found by any of their names.
pub struct People {
    /// In the order of the output.
    pub list: Vec<Person>,
    index: Index,
}

impl People {
    /// These; of those who share an identity the first one counts, the others are told (`PersonTwice`).
    pub fn new(list: Vec<Person>) -> (Self, Vec<Problem>) {
        let index = index(&list);
        let mut problems = Vec::new();
        let mut kept = Vec::with_capacity(list.len());
        for (number, person) in list.iter().enumerate() {
            let first = index.get(text_hash(&person.identity)).find(|other| same_text(&list[*other as usize].identity, &person.identity));
            kept.push(first == Some(number as u32));
            if let (Some(first), false) = (first, kept[number]) {
                let lines = |person: &Person| person.place.as_ref().map_or(String::new(), |(_, line)| format!(" (line {line})"));
                let message = format!("'{}'{} is there twice; the first one{} counts.", person.identity, lines(person), lines(&list[first as usize]));
                let mut problem = Problem::new("PersonTwice", Category::InvalidData, message).about(person.identity.clone());
                if let Some((file, line)) = &person.place {
                    problem = problem.at(file.clone(), *line);
                }
                problems.push(problem);
            }
        }
        if problems.is_empty() {
            return (People { list, index }, problems);
        }
        let mut keep = kept.into_iter();
        let list: Vec<Person> = list.into_iter().filter(|_| keep.next().unwrap_or(false)).collect();
        let index = self::index(&list);
        (People { list, index }, problems)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True without anybody.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whom a text means: an identity before another name, `DOMAIN\name` by its name.
    pub fn resolve(&self, text: &str) -> Resolved {
        let text = text.trim();
        match self.exactly(text) {
            Resolved::Nobody => match text.rsplit_once('\\') {
                Some((_, name)) if !name.is_empty() => self.exactly(name),
                _ => Resolved::Nobody,
            },
            found => found,
        }
    }

    fn exactly(&self, text: &str) -> Resolved {
        if text.is_empty() {
            return Resolved::Nobody;
        }
        let mut found = Resolved::Nobody;
        for number in self.index.get(text_hash(text)) {
            let person = &self.list[number as usize];
            if same_text(&person.identity, text) {
                return Resolved::One(number);
            }
            if person.names.iter().any(|name| same_text(name, text)) {
                found = if found == Resolved::Nobody { Resolved::One(number) } else { Resolved::Several };
            }
        }
        found
    }
}

fn index(list: &[Person]) -> Index {
    let mut entries = Vec::with_capacity(list.len() * 4);
    for (number, person) in list.iter().enumerate() {
        entries.extend(person.all_names().map(|name| (text_hash(name), number as u32)));
    }
    Index::new(Entries::new(entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn a_row_is_read_whatever_its_columns_are_called() {
        let rows = Rows::new("people.csv", &["totalitemsize", "IDENTITY", "Alias", "Pilot", "NotBefore", "FormsOwned", "Findings", "Else"]).unwrap();
        let person = rows.person(&["1.5 GB (1,610,612,736 bytes)", " zoë@contoso.com ", "zoë", "yes", "2027-01-31T00:00:00", "3", "holdlitigation", "x"], 7).unwrap();
        assert_eq!((person.identity.as_str(), person.names.as_slice(), person.bytes(), person.pilot), ("zoë@contoso.com", &["zoë".to_string()][..], 1_610_612_736, true));
        assert_eq!((person.not_before, person.concerns.as_slice()), (Some(day(2027, 1, 31)), &["HoldLitigation", "FormsOwned"][..]));
        for (column, cell) in [("TotalItemSize", "lots"), ("TotalItemSize", "Unlimited"), ("NotAfter", "31.01.2027"), ("NotAfter", "2027-02-30"), ("Priority", "0"), ("Findings", "Nonsense"), ("ItemCount", "-1")] {
            let problem = Rows::new("people.csv", &["Identity", column]).unwrap().person(&["a", cell], 9).unwrap_err();
            assert_eq!((problem.code, problem.line), ("PersonRowInvalid", Some(9)), "{column} {cell}");
            assert!(problem.message.contains(cell) && problem.message.contains(column), "{}", problem.message);
        }
        assert_eq!(Rows::new("people.csv", &["Pilot"]).err().unwrap().code, "PeopleFileInvalid");
        assert_eq!(rows.person(&["1 GB"], 3).unwrap_err().code, "PersonRowInvalid");
    }

    #[test]
    fn a_mailbox_from_the_pipeline_is_called_by_its_address() {
        let person = person_from_json(r#"{"Identity":"Ann Smith","PrimarySmtpAddress":"ann@contoso.com","Alias":"ann","ItemCount":12,"Vip":true,"Pilot":false}"#, 1).unwrap();
        assert_eq!((person.identity.as_str(), person.items, person.vip, person.pilot), ("ann@contoso.com", Some(12), true, false));
        assert_eq!(person.names, ["ann", "Ann Smith"]);
        assert_eq!(person_from_json(r#"{"Identity":"Ann Smith"}"#, 1).unwrap().identity, "Ann Smith");
        for line in ["{}", "[]", "", r#"{"Pilot":true}"#, r#"{"Identity":""}"#] {
            assert_eq!(person_from_json(line, 1).unwrap_err().code, "PersonRowInvalid", "{line}");
        }
    }

    #[test]
    fn people_are_found_by_any_name_and_an_identity_wins() {
        let named = |identity: &str, names: &[&str]| Person { identity: identity.into(), names: names.iter().map(|name| name.to_string()).collect(), ..Person::default() };
        let (people, problems) = People::new(vec![named("ann@contoso.com", &["ann", "Ann Smith"]), named("b", &["ann smith", "ann@CONTOSO.com"]), named("ANN@contoso.com", &["late"])]);
        assert_eq!((people.len(), problems.len(), problems[0].code), (2, 1, "PersonTwice"));
        assert_eq!(people.resolve("Ann@Contoso.com"), Resolved::One(0));
        assert_eq!(people.resolve(" CONTOSO\\ann "), Resolved::One(0));
        assert_eq!(people.resolve("Ann Smith"), Resolved::Several);
        assert_eq!(people.resolve("late"), Resolved::Nobody);
        assert_eq!(people.resolve(""), Resolved::Nobody);
    }
}
