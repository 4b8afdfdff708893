//! Who this process is, for whoever finds the plan locked.

use std::time::{SystemTime, UNIX_EPOCH};

use coexist_core::fnv;

/// The machine's name.
pub(super) fn host() -> String {
    let named = || std::env::var("COMPUTERNAME").or_else(|_| std::env::var("HOSTNAME")).ok();
    system_name().or_else(named).filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".into())
}

#[cfg(unix)]
fn system_name() -> Option<String> {
    let mut name = [0_u8; 256];
    // SAFETY: the place is as long as is said; a name that is longer is cut, and then has no end, which is looked for below.
    let failed = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) } != 0;
    let end = name.iter().position(|byte| *byte == 0)?;
    (!failed).then(|| String::from_utf8_lossy(&name[..end]).into_owned())
}

#[cfg(not(unix))]
fn system_name() -> Option<String> {
    None
}

/// The account.
pub(super) fn user() -> String {
    let known = account().or_else(|| ["USERNAME", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()));
    match (std::env::var("USERDOMAIN"), known) {
        (Ok(domain), Some(user)) => format!("{domain}\\{user}"),
        (_, user) => user.unwrap_or_else(|| "unknown".into()),
    }
}

/// The account by its number: cron and services have no variables that name it.
#[cfg(unix)]
fn account() -> Option<String> {
    let mut buffer = vec![0_u8; 16 << 10];
    // SAFETY: a passwd of zeros and NULLs is valid, and is only written to.
    let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
    let mut found = std::ptr::null_mut();
    // SAFETY: every place is as long as is said and lives until the name has been copied.
    let failed = unsafe { libc::getpwuid_r(libc::geteuid(), &mut entry, buffer.as_mut_ptr().cast(), buffer.len(), &mut found) } != 0;
    if failed || found.is_null() || entry.pw_name.is_null() {
        return None;
    }
    // SAFETY: the name is a text with an end, inside of the buffer.
    Some(unsafe { std::ffi::CStr::from_ptr(entry.pw_name) }.to_string_lossy().into_owned())
}

#[cfg(not(unix))]
fn account() -> Option<String> {
    None
}

/// A name for a run that no other has.
pub(super) fn run_id(now: i64) -> String {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    let seed = [nanos, u64::from(std::process::id()), now as u64];
    format!("{:016x}", fnv::hash(seed.iter().flat_map(|part| part.to_le_bytes())))
}
