//! From people, ties and a specification on disk to a plan of batches, and to what each batch needs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coexist_core::batch::calendar::Calendar;
use coexist_core::batch::explain::{explain, Explanation};
use coexist_core::batch::handover::{self, Handover};
use coexist_core::batch::options::Options;
use coexist_core::batch::outcome::BatchPlan;
use coexist_core::batch::people::{person_from_json, People, Person, Rows};
use coexist_core::batch::planner::{apply_options, plan, Input};
use coexist_core::batch::previous::Previous;
use coexist_core::batch::report::Report;
use coexist_core::batch::tie::{self, Kinds, Resolved, Ties};
use coexist_core::batch::verdict::Concern;
use coexist_core::batch::restricted::restricted;
use coexist_core::batch::survey;
use coexist_core::csv;
use coexist_core::finding::{Finding, Side};
use coexist_core::limits::Limits;
use coexist_core::plan::mc01;
use coexist_core::plan::Input as Fingerprint;
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::{Property, Snapshot};
use coexist_core::specification::{LateStage, Scope};

use crate::host::Host;
use crate::planning::Loaded;
use crate::read::{read_snapshot, read_text};
use crate::write::{failed, write_atomically, Written};

/// The schema of a plan of batches, as it is published.
pub const SCHEMA: &str = include_str!("../../../schema/batches.schema.json");
const SCHEMA_FILE: &str = "batches.schema.json";

/// What is asked for; whatever a parameter says goes before the specification.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The specification.
    pub specification: Option<PathBuf>,
    /// A source snapshot without a specification.
    pub snapshot: Option<PathBuf>,
    /// Piped people: one JSON object a line.
    pub people: Option<String>,
    /// A CSV of people.
    pub people_path: Option<PathBuf>,
    /// A CSV of ties.
    pub ties_path: Option<PathBuf>,
    /// An earlier plan of batches.
    pub previous: Option<PathBuf>,
    /// See [`Options`].
    pub batch_size: Option<u64>,
    /// See [`Options`].
    pub batch_count: Option<u64>,
    /// See [`Options`].
    pub people_per_night: Option<u64>,
    /// The calendar's nights.
    pub nights: Option<Vec<String>>,
    /// The calendar's zone.
    pub time_zone: Option<String>,
    /// Batches that have been submitted.
    pub submitted: Vec<String>,
}

/// A plan of batches with everything that it was made from.
pub struct Batched {
    people: People,
    ties: Ties,
    kinds: Kinds,
    concerns: Vec<Concern>,
    options: Options,
    limits: Limits,
    /// In which stage the specification has addresses removed.
    removal: LateStage,
    /// Whether people were judged by a specification.
    judged: bool,
    previous: Option<Previous>,
    plan: Option<BatchPlan>,
    /// What only the specification knows of the service's jobs.
    handover: Option<Handover>,
    inputs: Vec<Fingerprint>,
    /// Bad records and uncertainties on the way.
    pub problems: u64,
}

impl Batched {
    /// Reads what is asked for and plans.
    ///
    /// # Errors
    /// Those of reading and of [`plan`]; `PeopleMissing` where nobody is given.
    pub fn plan(request: &Request, host: &dyn Host) -> Result<Self, Problem> {
        let mut batched = Batched::read(request, host)?;
        batched.plan = Some(plan(&batched.input(), host)?);
        Ok(batched)
    }

    fn read(request: &Request, host: &dyn Host) -> Result<Self, Problem> {
        let mut inputs = Vec::new();
        let mut problems = Vec::new();
        let mut rows = given_people(request, &mut inputs, &mut problems)?;
        let (mut options, mut limits, mut removal) = (Options::default(), Limits::default(), LateStage::Cutover);
        let (mut list, mut judged, mut counted) = (Vec::new(), Judged::default(), 0);
        let (mut source, mut handover): (Option<Snapshot>, Option<Handover>) = (None, None);
        if let Some(path) = &request.specification {
            let mut loaded = Loaded::read(path, host)?;
            options = loaded.specification().batches.clone();
            limits = Limits::with(&loaded.specification().limits)?;
            removal = loaded.specification().items.mc01.unaccepted_addresses;
            (list, judged) = from_specification(&mut loaded, host)?;
            counted = loaded.problems();
            inputs.extend(loaded.inputs().iter().cloned());
            handover = Some(loaded.handover());
            source = Some(loaded.into_source());
        } else if let Some(folder) = &request.snapshot {
            let read = read_snapshot(folder, host)?;
            counted = read.problems.len() as u64;
            host.problems(&read.problems)?;
            inputs.extend(read.fingerprints.iter().map(|(file, sha256)| Fingerprint { path: file.clone(), sha256: sha256.clone() }));
            let types = Scope::default().types;
            list = survey::people(&read.snapshot, |_, record| {
                record.text(Property::RecipientTypeDetails).value().is_none_or(|kind| types.iter().any(|known| known.eq_ignore_ascii_case(kind)))
            });
            source = Some(read.snapshot);
        }
        if rows.is_none() && source.is_none() {
            let message = "Nobody was given to be put into batches. Pipe people, or give -PeoplePath, -Specification or -Snapshot.";
            return Err(Problem::new("PeopleMissing", Category::InvalidArgument, message));
        }
        given_options(request, &mut options)?;
        let kinds = Kinds::with(&options.ties)?;

        let (mut people, twice) = match (rows.take(), &source) {
            (Some(rows), None) => People::new(rows),
            (None, _) => People::new(list),
            (Some(rows), Some(_)) => {
                let (known, twice) = People::new(list);
                problems.extend(twice);
                People::new(merge(rows, &known))
            }
        };
        problems.extend(twice);
        if let Some(source) = &source {
            survey::add_time_zones(&mut people, source);
        }
        let previous = match &request.previous {
            Some(path) => {
                let (text, sha256) = read_text(path)?;
                inputs.push(Fingerprint { path: file_name(path), sha256 });
                Some(Previous::parse(&text, &people).map_err(|problem| problem.about(path.display().to_string()))?)
            }
            None => None,
        };
        problems.extend(apply_options(&mut people, &options, previous.as_ref()));

        host.progress("Planning batches", "reading ties", 0, None);
        let resolve = |text: &str| people.resolve(text);
        let mut ties = Ties::default();
        if let Some(source) = &source {
            ties.merge(tie::from_snapshot(source, &kinds, &limits, &resolve));
        }
        if let Some(path) = &request.ties_path {
            let (text, sha256) = read_text(path)?;
            inputs.push(Fingerprint { path: file_name(path), sha256 });
            ties.merge(tie::from_csv(&text, &path.display().to_string(), &kinds, &limits, &resolve)?);
        }
        problems.append(&mut ties.problems);
        let concerns = judged.concerns(&people);
        host.problems(&problems)?;
        Ok(Batched { people, ties, kinds, concerns, options, limits, removal, judged: request.specification.is_some(), previous, plan: None, handover, inputs, problems: counted + problems.len() as u64 })
    }

    /// What was planned from.
    pub fn input(&self) -> Input<'_> {
        Input {
            people: &self.people,
            ties: &self.ties.ties,
            kinds: &self.kinds,
            concerns: &self.concerns,
            options: &self.options,
            limits: &self.limits,
            removal: self.judged.then_some(self.removal),
            previous: self.previous.as_ref(),
        }
    }

    /// Shows what came out.
    ///
    /// # Errors
    /// Those of `show`.
    pub fn show<T>(&self, show: impl FnOnce(&Report) -> Result<T, Problem>) -> Result<Option<T>, Problem> {
        let input = self.input();
        self.plan.as_ref().map(|plan| show(&Report::new(&input, plan, &self.ties.missed))).transpose()
    }

    /// Why somebody is where they are.
    ///
    /// # Errors
    /// `PersonUnknown`.
    pub fn explain(&self, identity: &str) -> Result<Option<Explanation>, Problem> {
        let what = match self.people.resolve(identity) {
            Resolved::One(person) => return Ok(self.plan.as_ref().map(|plan| explain(&self.input(), plan, person))),
            Resolved::Nobody => "nobody who was planned",
            Resolved::Several => "more than one person",
        };
        let message = format!("'{identity}' is {what}, so there is nothing to explain. Give the identity as New-CoexistBatchPlan shows it.");
        Err(Problem::new("PersonUnknown", Category::ObjectNotFound, message).about(identity))
    }

    /// Writes the plan, with its schema beside it.
    ///
    /// # Errors
    /// `BatchPlanExists`, and those of writing.
    pub fn write(&self, path: &Path, host: &dyn Host) -> Result<(), Problem> {
        if path.exists() && !host.may_replace(&path.display().to_string())? {
            let message = format!("'{}' exists and was not replaced. Use -Force, or another -Path.", path.display());
            return Err(Problem::new("BatchPlanExists", Category::ResourceExists, message).about(path.display().to_string()));
        }
        self.show(|report| {
            write_atomically(path, |file| report.write(&self.inputs, self.handover.as_ref(), &mut |bytes| file.write_all(bytes).map_err(|cause| failed(path, &cause))))?;
            let schema = path.parent().unwrap_or(Path::new("")).join(SCHEMA_FILE);
            write_atomically(&schema, |file| file.write_all(SCHEMA.as_bytes()).map_err(|cause| failed(&schema, &cause)))
        })
        .map(drop)
    }
}

impl Batched {
    /// What planning found.
    pub fn findings(&self) -> &[Finding] {
        self.plan.as_ref().map_or(&[], |plan| &plan.findings)
    }

    /// Writes what each batch needs into a folder: `<batch>.csv` for New-MigrationBatch, or `<batch>.job.json` for the orchestrator, and `<night>.notify.csv` with
    /// the people of each night. All or nothing: files are renamed into place once everything is written.
    ///
    /// # Errors
    /// `ExportExists`, and those of writing; people whose target is not known are problems.
    pub fn export(&self, folder: &Path, host: &dyn Host) -> Result<(), Problem> {
        let Some(plan) = &self.plan else { return Ok(()) };
        let made = handover::files(&self.input(), plan, self.handover.as_ref());
        host.problems(&made.problems)?;
        let taken = made.files.iter().map(|(name, _)| folder.join(name)).find(|path| path.exists());
        if let Some(taken) = taken {
            if !host.may_replace(&folder.display().to_string())? {
                let message = format!("'{}' exists and was not replaced; nothing was written. Use -Force, or another -ExportPath.", taken.display());
                return Err(Problem::new("ExportExists", Category::ResourceExists, message).about(taken.display().to_string()));
            }
        }
        std::fs::create_dir_all(folder).map_err(|cause| failed(folder, &cause))?;
        let mut written = Vec::with_capacity(made.files.len());
        for (name, text) in &made.files {
            let path = folder.join(name);
            written.push(Written::new(&path, |file| file.write_all(text.as_bytes()).map_err(|cause| failed(&path, &cause)))?);
        }
        written.into_iter().try_for_each(Written::publish)
    }
}

/// People from the pipeline and from a CSV; `None` where neither is there.
fn given_people(request: &Request, inputs: &mut Vec<Fingerprint>, problems: &mut Vec<Problem>) -> Result<Option<Vec<Person>>, Problem> {
    let mut list = None;
    if let Some(text) = &request.people {
        let people: &mut Vec<Person> = list.get_or_insert_default();
        for (at, line) in text.lines().enumerate() {
            match person_from_json(line, at as u64 + 1) {
                Ok(person) => people.push(person),
                Err(problem) => problems.push(problem),
            }
        }
    }
    if let Some(path) = &request.people_path {
        let (text, sha256) = read_text(path)?;
        let name = path.display().to_string();
        inputs.push(Fingerprint { path: file_name(path), sha256 });
        let people: &mut Vec<Person> = list.get_or_insert_default();
        let mut reader = csv::Reader::new(&text);
        let header: Vec<String> = reader.next().map(|row| cells(&row)).unwrap_or_default();
        let rows = Rows::new(&name, &header)?;
        while let Some(row) = reader.next() {
            // The last record of a file that was cut off may lack what decides about its person.
            let person = if row.is_cut { Err(cut_off(&name, row.line)) } else { rows.person(&cells(&row), row.line) };
            match person {
                Ok(person) => people.push(person),
                Err(problem) => problems.push(problem),
            }
        }
    }
    Ok(list)
}

fn cells(row: &csv::Row) -> Vec<String> {
    (0..row.len()).map(|at| row.get(at).to_string()).collect()
}

fn cut_off(file: &str, line: u64) -> Problem {
    let message = "The file ends within a row; it was left out, so this person is in no batch. Export the file again.";
    Problem::new("PersonRowInvalid", Category::InvalidData, message).at(file, line)
}

/// Rows over what the snapshot knows of the same people.
fn merge(mut rows: Vec<Person>, known: &People) -> Vec<Person> {
    for row in &mut rows {
        let names: Vec<String> = std::iter::once(row.identity.clone()).chain(row.names.iter().cloned()).collect();
        let found = names.iter().find_map(|name| if let Resolved::One(number) = known.resolve(name) { Some(number) } else { None });
        if let Some(number) = found {
            row.fill_from(&known.list[number as usize]);
        }
    }
    rows
}

/// What parameters say goes before the specification.
fn given_options(request: &Request, options: &mut Options) -> Result<(), Problem> {
    if request.batch_size.is_some() {
        options.batch_size = request.batch_size;
    }
    if request.batch_count.is_some() {
        options.batch_count = request.batch_count;
    }
    if request.people_per_night.is_some() {
        options.people_per_night = request.people_per_night;
    }
    options.submitted.extend(request.submitted.iter().cloned());
    if let Some(nights) = &request.nights {
        let calendar = serde_json::json!({ "nights": nights });
        let mut calendar: Calendar = serde_json::from_value(calendar).map_err(|cause| Problem::new("CalendarInvalid", Category::InvalidArgument, format!("The nights cannot be read: {cause}.")))?;
        if let Some(known) = options.calendar.take() {
            calendar = Calendar { nights: calendar.nights, days: Vec::new(), first: None, last: None, ..known };
        }
        options.calendar = Some(calendar);
    }
    if let Some(zone) = &request.time_zone {
        if let Some(calendar) = &mut options.calendar {
            calendar.time_zone.clone_from(zone);
        }
    }
    Ok(())
}

/// What MC-01 finds about people, by the identity of the source object.
#[derive(Default)]
struct Judged(Vec<(String, &'static str, bool)>);

impl Judged {
    fn concerns(&self, people: &People) -> Vec<Concern> {
        let one = |(identity, code, blocks): &(String, &'static str, bool)| match people.resolve(identity) {
            Resolved::One(person) => Some(Concern { person, code, blocks: *blocks }),
            _ => None,
        };
        self.0.iter().filter_map(one).collect()
    }
}

/// Everybody in scope of a specification, with their target objects and what stands in their way.
fn from_specification(loaded: &mut Loaded, host: &dyn Host) -> Result<(Vec<Person>, Judged), Problem> {
    let setup = loaded.setup(host)?;
    let mut judged = Judged::default();
    let mut primaries: BTreeMap<usize, String> = BTreeMap::new();
    mc01::run(&setup, false, host, |block| {
        primaries.extend(block.primaries);
        let about_people = block.findings.iter().filter(|finding| finding.subject.tenant == Side::Source);
        judged.0.extend(about_people.map(|finding| (finding.subject.id.clone(), finding.code, finding.blocks)));
        Ok(())
    })?;
    let surveyed = mc01::survey(&setup);
    let mut next = surveyed.iter().peekable();
    let mut targets = Vec::with_capacity(surveyed.len());
    let mut rows = Vec::with_capacity(surveyed.len());
    let mut list = survey::people(setup.source(), |row, _| {
        let found = next.next_if(|surveyed| surveyed.row == row);
        rows.extend(found.map(|surveyed| surveyed.row));
        found.inspect(|surveyed| targets.push(surveyed.target)).is_some()
    });
    let restricted = restricted(setup.target(), &targets);
    for (((person, target), restricted), row) in list.iter_mut().zip(targets).zip(restricted).zip(rows) {
        person.restricted = restricted;
        // The move names the target by the primary that it will have by then: MC-01 sets it, or creates the mail user with it.
        person.target_address = primaries.remove(&row);
        let Some(target) = target else { continue };
        person.target_id = target.text(Property::ExternalDirectoryObjectId).value().map(str::to_string);
        person.target_user_principal_name = target.text(Property::UserPrincipalName).value().map(str::to_string);
        let primary = target.text(Property::PrimarySmtpAddress).value().filter(|address| setup.accepts(address));
        let delivery = || {
            let addresses = target.list(Property::EmailAddresses).value()?;
            addresses.filter_map(|address| address.get(5..)).find(|address| address.rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(setup.delivery_domain())))
        };
        if person.target_address.is_none() {
            person.target_address = primary.or_else(delivery).map(str::to_string);
        }
    }
    Ok((list, judged))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
