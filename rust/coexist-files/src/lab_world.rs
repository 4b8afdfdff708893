//! The lab's world on disk: the snapshots of the lab, and a log of everything that was done to it since.
//!
//! Several processes share one world: every call takes the lock, takes in what others have done, does its own, writes one line, and lets go. The lines are not
//! brought to the disk one by one: a tenant outlives the death of a process, and that is all that is played here.

use crate::read::{read_lines, read_text, TENANT_FILE};
use crate::write::failed;
use coexist_core::finding::Side;
use coexist_core::lab::world::{Refusal, Reply, TenantInfo, World, CALL};
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::{Kind, Tenant};
use coexist_core::specification::Specification;
use coexist_core::watch::{Unwatched, Watch};
use fd_lock::RwLock;
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const LOG: &str = "world.jsonl";
const LOCK: &str = "world.lock";

/// What of a snapshot the world is made of; recipients before what is known beside them.
const KINDS: [Kind; 9] = [
    Kind::AcceptedDomains, Kind::Mailboxes, Kind::MailUsers, Kind::MailContacts, Kind::Groups, Kind::ExchangeUsers, Kind::Users, Kind::Guests, Kind::AdUsers,
];

/// A line of the log: the moment after a call, and the call itself where it was a write that was accepted.
#[derive(Serialize, Deserialize)]
struct Line {
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    side: Option<Side>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    parameters: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    body: Value,
}

impl Line {
    fn time(at: i64) -> Self {
        Line { at, side: None, command: None, parameters: Value::Null, method: None, path: None, body: Value::Null }
    }
}

/// A lab's world, shared with whoever else has it open.
pub struct LabWorld {
    folder: PathBuf,
    world: World,
    /// How much of the log the world has taken in.
    taken: u64,
    /// The log could not be written: what is in memory is ahead of it.
    spoiled: bool,
    /// Of what lab the world is: one that is made anew in its folder is another.
    made: Option<SystemTime>,
}

impl LabWorld {
    /// The world of a lab's folder, as it is now.
    ///
    /// # Errors
    /// `LabNotFound`, those of reading the lab, `FileNotWritten`.
    pub fn open(folder: &Path, watch: &dyn Watch) -> Result<Self, Problem> {
        let mut lab = LabWorld { folder: folder.to_path_buf(), made: made(folder), world: read(folder, watch)?, taken: 0, spoiled: false };
        lab.locked(|_| Ok(((), None)))?;
        Ok(lab)
    }

    /// Carries a command out on the tenant of a side.
    ///
    /// # Errors
    /// What keeps the world from being read or written; what the service refuses is the inner result.
    pub fn command(&mut self, side: Side, name: &str, parameters: &Value) -> Result<Result<Vec<Value>, Refusal>, Problem> {
        let parameters = without_secrets(parameters);
        self.locked(|world| {
            let result = world.command(side, name, &parameters);
            let is_write = result.is_ok() && World::reads_only(name) == Some(false);
            let line = is_write.then(|| Line { side: Some(side), command: Some(name.into()), parameters: parameters.clone(), ..Line::time(world.now()) });
            Ok((result, Some(line.unwrap_or_else(|| Line::time(world.now())))))
        })
    }

    /// Answers a request to Graph.
    ///
    /// # Errors
    /// What keeps the world from being read or written.
    pub fn request(&mut self, side: Side, method: &str, path: &str, body: Option<&Value>) -> Result<Reply, Problem> {
        let body = body.map(without_secrets);
        self.locked(|world| {
            let reply = world.request(side, method, path, body.as_ref());
            let is_write = reply.status < 400 && !method.eq_ignore_ascii_case("GET");
            let write = || Line { side: Some(side), method: Some(method.into()), path: Some(path.into()), body: body.clone().unwrap_or(Value::Null), ..Line::time(world.now()) };
            let line = if is_write { write() } else { Line::time(world.now()) };
            Ok((reply, Some(line)))
        })
    }

    /// Milliseconds since 1970, in the lab's time.
    ///
    /// # Errors
    /// What keeps the world from being read.
    pub fn now(&mut self) -> Result<i64, Problem> {
        self.locked(|world| Ok((world.now(), None)))
    }

    /// Goes on to a moment; never back.
    ///
    /// # Errors
    /// What keeps the world from being read or written.
    pub fn advance_to(&mut self, now: i64) -> Result<i64, Problem> {
        self.locked(|world| {
            let before = world.now();
            world.advance_to(now);
            let line = (world.now() != before).then(|| Line::time(world.now()));
            Ok((world.now(), line))
        })
    }

    /// How many writes were accepted, of everybody.
    ///
    /// # Errors
    /// What keeps the world from being read.
    pub fn writes(&mut self) -> Result<u64, Problem> {
        self.locked(|world| Ok((world.writes(), None)))
    }

    /// Looks at the world as it is now.
    ///
    /// # Errors
    /// What keeps the world from being read.
    pub fn look<T>(&mut self, look: impl FnOnce(&World) -> T) -> Result<T, Problem> {
        self.locked(|world| Ok((look(world), None)))
    }

    /// The name and the id of each tenant, the source first.
    pub fn tenants(&self) -> [(String, String); 2] {
        self.world.tenants()
    }

    /// The tenant of an id or a name.
    pub fn tenant_side(&self, tenant: &str) -> Option<Side> {
        self.world.side_of(tenant)
    }

    /// Takes in what others have done, does something, writes its line; all that under the lock.
    fn locked<T>(&mut self, act: impl FnOnce(&mut World) -> Result<(T, Option<Line>), Problem>) -> Result<T, Problem> {
        let (lock_path, log_path) = (self.folder.join(LOCK), self.folder.join(LOG));
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).map_err(|cause| failed(&lock_path, &cause))?;
        let mut lock = RwLock::new(lock);
        let _held = lock.write().map_err(|cause| failed(&lock_path, &cause))?;
        let mut log = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&log_path).map_err(|cause| failed(&log_path, &cause))?;
        self.take_in(&mut log).map_err(|cause| failed(&log_path, &cause))?;
        let (result, line) = act(&mut self.world)?;
        if let Some(line) = line {
            // Texts and numbers cannot fail to serialize.
            let mut text = serde_json::to_vec(&line).unwrap_or_default();
            text.push(b'\n');
            if let Err(cause) = log.write_all(&text) {
                self.spoiled = true;
                // Half a line would only have to be cut by the next.
                let _ = log.set_len(self.taken);
                return Err(failed(&log_path, &cause));
            }
            self.taken += text.len() as u64;
        }
        Ok(result)
    }

    /// Plays what the log has beyond what is known, and leaves it at its end. A last line that was torn when its writer died is cut off: whoever wrote it had
    /// no answer yet.
    fn take_in(&mut self, log: &mut File) -> std::io::Result<()> {
        let length = log.metadata()?.len();
        // Another lab, or a log that is behind us: from the beginning.
        let made = made(&self.folder);
        if self.spoiled || length < self.taken || made != self.made {
            self.world = read(&self.folder, &Unwatched).map_err(|problem| std::io::Error::other(problem.to_string()))?;
            (self.taken, self.spoiled, self.made) = (0, false, made);
        }
        log.seek(SeekFrom::Start(self.taken))?;
        if length == self.taken {
            return Ok(());
        }
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        for line in bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(line) => play(&mut self.world, &line),
                Err(cause) => return Err(std::io::Error::other(format!("a line is damaged ({cause}); make the lab again with New-CoexistLab -Force"))),
            }
        }
        self.taken += whole as u64;
        if whole < bytes.len() {
            log.set_len(self.taken)?;
        }
        log.seek(SeekFrom::Start(self.taken)).map(|_| ())
    }
}

fn play(world: &mut World, line: &Line) {
    match (&line.side, &line.command, &line.method, &line.path) {
        (Some(side), Some(command), ..) => {
            world.advance_to(line.at - CALL);
            // It was accepted; the same calls in the same order give the same world.
            let _ = world.command(*side, command, &line.parameters);
        }
        (Some(side), None, Some(method), Some(path)) => {
            world.advance_to(line.at - CALL);
            world.request(*side, method, path, Some(&line.body));
        }
        _ => world.advance_to(line.at),
    }
}

/// Nothing that is secret is kept, whoever sent it: the log is a file.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let kept = entries.iter().map(|(name, entry)| {
                let is_secret = name.to_lowercase().ends_with("password") && !entry.is_boolean() && !entry.is_null();
                (name.clone(), if is_secret { json!({"secret": true}) } else { without_secrets(entry) })
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}

/// When the lab in a folder was made.
fn made(folder: &Path) -> Option<SystemTime> {
    std::fs::metadata(folder.join("planted.json")).and_then(|metadata| metadata.modified()).ok()
}

/// The world as the lab's snapshots have it.
fn read(folder: &Path, watch: &dyn Watch) -> Result<World, Problem> {
    let path = folder.join("coexist.json");
    let (text, _) = read_text(&path).map_err(|_| {
        let name = folder.display().to_string();
        let message = format!("'{name}' is no lab: it has no coexist.json. Make one with New-CoexistLab.");
        Problem::new("LabNotFound", Category::ObjectNotFound, message).about(name)
    })?;
    let specification = Specification::parse(&text)?;
    let (source, target) = (&specification.source, &specification.target);
    let folders = [folder.join(&source.snapshot), folder.join(&target.snapshot)];
    let mut infos = Vec::with_capacity(2);
    for (snapshot, name, id) in [(&folders[0], &source.name, &source.tenant_id), (&folders[1], &target.name, &target.tenant_id)] {
        let (text, _) = read_text(&snapshot.join(TENANT_FILE))?;
        let tenant: Tenant = serde_json::from_str(&text).unwrap_or_default();
        let initial_domain = tenant.initial_domain.unwrap_or_else(|| name.clone());
        infos.push(TenantInfo { id: tenant.id.or_else(|| id.clone()).unwrap_or_default(), name: name.clone(), initial_domain, domains: tenant.domains });
    }
    let target = infos.pop().unwrap_or_default();
    let mut world = World::new(infos.pop().unwrap_or_default(), target);
    for (side, snapshot) in [(Side::Source, &folders[0]), (Side::Target, &folders[1])] {
        for kind in KINDS {
            let taken = read_lines(snapshot, kind, watch, |lines| {
                for record in lines.lines().filter_map(|line| serde_json::from_str(line).ok()) {
                    world.add(side, kind, record);
                }
                Ok(())
            });
            // What a lab has not exported it does not have; bad records, which a lab plants, are left out.
            match taken {
                Err(problem) if problem.code != "KindNotFound" => return Err(problem),
                _ => {}
            }
        }
    }
    Ok(world)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::write_lab;
    use coexist_core::lab::Options;
    use tempfile::TempDir;

    fn lab() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        write_lab(&folder.path().join("lab"), 60, 1, &Options::default(), false, &Unwatched).unwrap();
        folder
    }

    fn open(folder: &TempDir) -> LabWorld {
        LabWorld::open(&folder.path().join("lab"), &Unwatched).unwrap()
    }

    fn new_mail_user(number: u32) -> Value {
        json!({"Name": format!("Anna {number}"), "MicrosoftOnlineServicesID": format!("anna{number}@fabrikam.com"),
            "ExternalEmailAddress": format!("anna{number}@contoso.com"), "Password": "never to be written"})
    }

    fn truths(world: &mut LabWorld) -> (Vec<String>, Vec<String>, i64) {
        world.look(|world| (world.truth(Side::Source), world.truth(Side::Target), world.now())).unwrap()
    }

    #[test]
    fn worlds_of_one_folder_agree_whoever_does_what() {
        let folder = lab();
        let (mut one, mut two) = (open(&folder), open(&folder));
        for number in 0..20 {
            let (acting, looking) = if number % 2 == 0 { (&mut one, &mut two) } else { (&mut two, &mut one) };
            acting.command(Side::Target, "New-MailUser", &new_mail_user(number)).unwrap().unwrap();
            let name = format!("anna{number}@fabrikam.com");
            let now = looking.now().unwrap();
            looking.advance_to(now + 900_000).unwrap();
            let stamp = json!({"Identity": name, "ExchangeGuid": format!("00000000-0000-4000-8000-0000000000{number:02}"), "EmailAddresses": {"Add": [format!("smtp:a{number}@fabrikam.com")]}});
            looking.command(Side::Target, "Set-MailUser", &stamp).unwrap().unwrap();
            let patched = looking.request(Side::Target, "PATCH", &format!("/v1.0/users/{name}"), Some(&json!({"usageLocation": "DE"}))).unwrap();
            assert_eq!(patched.status, 204, "{}", patched.body);
            // What the service refuses changes nothing, and takes its second.
            assert!(looking.command(Side::Target, "New-MailUser", &new_mail_user(number)).unwrap().is_err());
            acting.command(Side::Target, "Get-MailUser", &json!({"Identity": name})).unwrap().unwrap();
        }
        assert_eq!(truths(&mut one), truths(&mut two));
        assert_eq!(truths(&mut one), truths(&mut open(&folder)), "a replay of the log gives another world");
        assert_eq!(one.writes().unwrap(), 60);
        assert!(one.look(|world| world.effects().values().all(|count| *count == 1)).unwrap());
        let log = std::fs::read_to_string(folder.path().join("lab").join(LOG)).unwrap();
        assert!(!log.contains("never to be written"), "a password was written");
        assert!(log.contains(r#""Password":{"secret":true}"#));
    }

    #[test]
    fn processes_at_once_lose_nothing_of_each_other() {
        let folder = lab();
        let acting = |from: u32| {
            let mut world = open(&folder);
            for number in from..from + 40 {
                world.command(Side::Target, "New-MailUser", &new_mail_user(number)).unwrap().unwrap();
            }
        };
        std::thread::scope(|scope| {
            for thread in 0..3 {
                scope.spawn(move || acting(thread * 100));
            }
        });
        let mut world = open(&folder);
        assert_eq!(world.writes().unwrap(), 120);
        assert_eq!(world.now().unwrap(), coexist_core::lab::world::BEGINNING + 120 * CALL);
    }

    const CHILD: &str = "COEXIST_TEST_LAB_WORLD";

    /// Run by the test below in a process of its own, which is killed in the midst of it.
    #[test]
    fn a_process_that_writes_until_it_is_killed() {
        let Some(folder) = std::env::var_os(CHILD) else { return };
        let mut world = LabWorld::open(Path::new(&folder), &Unwatched).unwrap();
        loop {
            let next = world.writes().unwrap() as u32;
            // Another may have been quicker; then there is such a one already.
            let _ = world.command(Side::Target, "New-MailUser", &new_mail_user(next)).unwrap();
        }
    }

    #[test]
    fn the_world_outlives_the_processes_that_write_to_it() {
        let folder = lab();
        let path = folder.path().join("lab");
        let child = || {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "lab_world::tests::a_process_that_writes_until_it_is_killed"]).env(CHILD, &path);
            child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
        };
        let mut world = open(&folder);
        let mut seen = 0;
        for round in 0..6u64 {
            let mut children = [child(), child()];
            // Until they are in the midst of it, and a moment of no round number more.
            let mut waits = 0;
            while world.writes().unwrap() < seen + 5 {
                std::thread::sleep(std::time::Duration::from_millis(5));
                waits += 1;
                assert!(waits < 6_000, "the processes do not write");
            }
            std::thread::sleep(std::time::Duration::from_micros(1_700 * round));
            for child in &mut children {
                child.kill().unwrap();
                child.wait().unwrap();
            }
            let writes = world.writes().unwrap();
            assert_eq!(open(&folder).writes().unwrap(), writes, "round {round}");
            seen = writes;
        }
        let users = world.look(|world| world.objects(Side::Target, Kind::MailUsers)).unwrap();
        for number in 0..seen {
            let name = format!("anna{number}@fabrikam.com");
            assert_eq!(users.iter().filter(|user| user["UserPrincipalName"] == name.as_str()).count(), 1, "{name} of {seen}");
        }
        assert!(world.look(|world| world.effects().values().all(|count| *count == 1)).unwrap());
        assert_eq!(truths(&mut world), truths(&mut open(&folder)));
    }

    #[test]
    fn a_line_that_was_torn_is_cut_and_the_world_goes_on() {
        let folder = lab();
        let path = folder.path().join("lab").join(LOG);
        open(&folder).command(Side::Target, "New-MailUser", &new_mail_user(1)).unwrap().unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut world = open(&folder);
        world.command(Side::Target, "New-MailUser", &new_mail_user(2)).unwrap().unwrap();
        let log = std::fs::read(&path).unwrap();
        for cut in (whole.len()..log.len()).step_by(9) {
            std::fs::write(&path, &log[..cut]).unwrap();
            // One that was ahead of the log begins again, too.
            for opened in [&mut open(&folder), &mut world] {
                assert_eq!(opened.writes().unwrap(), 1, "cut at {cut}");
                assert_eq!(std::fs::read(&path).unwrap(), whole);
            }
        }
        world.command(Side::Target, "New-MailUser", &new_mail_user(2)).unwrap().unwrap();
        assert_eq!(open(&folder).writes().unwrap(), 2);
    }

    #[test]
    fn a_lab_that_is_made_anew_has_a_world_of_its_own() {
        let folder = lab();
        let (mut before, mut untouched) = (open(&folder), open(&folder));
        before.command(Side::Target, "New-MailUser", &new_mail_user(1)).unwrap().unwrap();
        write_lab(&folder.path().join("lab"), 30, 2, &Options::default(), true, &Unwatched).unwrap();
        let fresh = truths(&mut open(&folder));
        assert_eq!(truths(&mut before), fresh);
        assert_eq!(truths(&mut untouched), fresh);
        assert_eq!(before.writes().unwrap(), 0);
    }

    #[test]
    fn a_lab_with_bad_records_has_a_world_and_another_folder_none() {
        let folder = lab();
        let mut world = open(&folder);
        assert_eq!(world.tenant_side("fab21ca0-0000-4000-8000-00000000c0de"), Some(Side::Target));
        assert_eq!(world.tenant_side("Contoso.onmicrosoft.com"), Some(Side::Source));
        assert_eq!(world.tenant_side("other.example"), None);
        let mailboxes = world.look(|world| world.objects(Side::Source, Kind::Mailboxes).len()).unwrap();
        assert!(mailboxes >= 60, "{mailboxes}");
        assert_eq!(LabWorld::open(folder.path(), &Unwatched).err().unwrap().code, "LabNotFound");
    }
}
