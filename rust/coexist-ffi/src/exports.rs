//! Tests over all exports at once: none without the boundary, none undocumented, none that falls over on garbage.

use std::collections::BTreeMap;
use std::path::Path;
use std::ptr::{null, null_mut};

use crate::*;

/// Every export of this crate: its doc comment and its body, by name.
fn exports() -> BTreeMap<String, (String, String)> {
    fn visit(folder: &Path, found: &mut BTreeMap<String, (String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else if path.file_name().unwrap() != "exports.rs" {
                scan(&std::fs::read_to_string(path).unwrap(), found);
            }
        }
    }
    fn scan(source: &str, found: &mut BTreeMap<String, (String, String)>) {
        for (at, _) in source.match_indices("extern \"C\" fn ") {
            let (before, after) = source.split_at(at);
            let name = after["extern \"C\" fn ".len()..].split('(').next().unwrap();
            let item = before.rsplit("\n\n").next().unwrap();
            let (doc, attributes): (Vec<_>, Vec<_>) = item.lines().partition(|line| line.starts_with("///"));
            assert_eq!(attributes[0], "#[unsafe(no_mangle)]", "{name}: without it, it is no export");
            let body = &after[after.find(" {\n").unwrap() + 2..after.find("\n}\n").unwrap()];
            found.insert(name.to_owned(), (doc.join("\n"), body.to_owned()));
        }
    }
    let mut found = BTreeMap::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

#[test]
fn every_export_is_the_boundary_and_nothing_else() {
    for (name, (_, body)) in exports() {
        let code: Vec<_> = body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
        let code = code.join(" ");
        let code = match code.strip_prefix("unsafe {") {
            Some(inner) => inner.trim().strip_suffix('}').unwrap().trim(),
            None => &code,
        };
        let kinds = ["boundary::status(", "boundary::create(", "boundary::silent("];
        assert!(kinds.iter().any(|kind| code.starts_with(kind)) && code.ends_with(')'), "{name} does something outside the boundary: {code}");
    }
}

#[test]
fn every_export_says_the_same_things_in_the_same_order() {
    for (name, (doc, _)) in exports() {
        let lines: Vec<_> = doc.lines().map(|line| line.trim_start_matches("///").trim()).collect();
        let starts: Vec<_> = lines[1..].iter().filter(|line| !line.is_empty()).map(|line| line.split(':').next().unwrap()).collect();
        assert!(lines[0].ends_with(['.', ':']) || lines[1].is_empty(), "{name}: one sentence first: {}", lines[0]);
        let at = |what: &str| starts.iter().position(|start| *start == what).unwrap_or_else(|| panic!("{name} has no {what} line"));
        assert!(at("Ownership") < at("Errors") && at("Errors") < at("Threads"), "{name}");
    }
}

#[test]
fn derivations_return_the_fields_that_the_header_names() {
    type Derivation = unsafe extern "C" fn(*const u8, usize, *mut *mut u8, *mut usize) -> i32;
    let derivations: [(&str, Derivation, &str); 4] = [
        ("coexist_immutable_id_to", coexist_immutable_id_to, "6f9619ff-8b86-4011-b42d-00c04fc964ff\u{1f}\u{1f}\u{1f}"),
        ("coexist_immutable_id_from", coexist_immutable_id_from, "/xmWb4aLEUC0LQDAT8lk/w=="),
        ("coexist_x500_to", coexist_x500_to, "/o=Contoso/cn=anna\u{1f}1"),
        ("coexist_imceaex_to", coexist_imceaex_to, "/o=Contoso/cn=anna\u{1f}contoso.com"),
    ];
    let exports = exports();
    for (name, derive, fields) in derivations {
        let doc = &exports[name].0;
        let named = |what: &str| doc.lines().find_map(|line| line.strip_prefix(what)).unwrap().split(',').count();
        let (mut out, mut out_len) = (null_mut(), 0);
        // SAFETY: an input and places of this stack; what is returned is looked at and freed once.
        let count = unsafe {
            assert_eq!(derive(fields.as_ptr(), fields.len(), &mut out, &mut out_len), COEXIST_OK, "{name}");
            let count = std::slice::from_raw_parts(out, out_len).iter().filter(|byte| **byte == 0x1f).count() + 1;
            coexist_bytes_free(out, out_len);
            count
        };
        assert_eq!(fields.matches('\u{1f}').count() + 1, named("/// Fields in: "), "{name}");
        assert_eq!(count, named("/// Fields out: "), "{name}");
    }
}

/// Calls one export with the given input bytes and whatever handles there are.
type Probe = unsafe fn(&Hands, *const u8, usize) -> Option<i32>;

struct Hands {
    engine: *mut Engine,
    job: *mut Job,
    out: *mut *mut u8,
    out_len: *mut usize,
}

/// Every export with an input or a handle. What only frees is here with NULL.
const PROBES: &[(&str, Probe)] = &[
    ("coexist_abi_version", |_, _, _| (coexist_abi_version() != COEXIST_ABI_VERSION).then_some(-1)),
    ("coexist_version", |_, _, _| coexist_version().is_null().then_some(-1)),
    ("coexist_bytes_free", |_, _, len| {
        // SAFETY: NULL.
        unsafe { coexist_bytes_free(null_mut(), len) };
        None
    }),
    ("coexist_engine_new", |h, _, _| {
        let mut engine = null_mut();
        // SAFETY: a place on this stack; what was made is freed once.
        unsafe {
            let status = coexist_engine_new(&mut engine, h.out, h.out_len);
            coexist_engine_free(engine);
            Some(status)
        }
    }),
    ("coexist_engine_free", |_, _, _| {
        // SAFETY: NULL.
        unsafe { coexist_engine_free(null_mut()) };
        None
    }),
    // SAFETY: all of these get NULL or what the caller of the probe vouches for.
    ("coexist_immutable_id_to", |h, p, n| Some(unsafe { coexist_immutable_id_to(p, n, h.out, h.out_len) })),
    // SAFETY: as above.
    ("coexist_immutable_id_from", |h, p, n| Some(unsafe { coexist_immutable_id_from(p, n, h.out, h.out_len) })),
    // SAFETY: as above.
    ("coexist_x500_to", |h, p, n| Some(unsafe { coexist_x500_to(p, n, h.out, h.out_len) })),
    // SAFETY: as above.
    ("coexist_imceaex_to", |h, p, n| Some(unsafe { coexist_imceaex_to(p, n, h.out, h.out_len) })),
    // SAFETY: as above.
    ("coexist_call", |h, p, n| Some(unsafe { coexist_call(h.engine, p, n, h.out, h.out_len) })),
    ("coexist_job_start", |h, p, n| {
        let mut job = null_mut();
        // SAFETY: as above; what was made is freed once.
        unsafe {
            let status = coexist_job_start(h.engine, p, n, &mut job, h.out, h.out_len);
            coexist_job_free(job);
            Some(status)
        }
    }),
    // SAFETY: as above.
    ("coexist_job_wait", |h, _, n| Some(unsafe { coexist_job_wait(h.job, n as u32, h.out, h.out_len) })),
    // SAFETY: as above.
    ("coexist_job_answer", |h, p, n| Some(unsafe { coexist_job_answer(h.job, p, n, h.out, h.out_len) })),
    ("coexist_job_cancel", |_, _, _| {
        // SAFETY: NULL.
        unsafe { coexist_job_cancel(null_mut()) };
        None
    }),
    ("coexist_job_free", |_, _, _| {
        // SAFETY: NULL.
        unsafe { coexist_job_free(null_mut()) };
        None
    }),
    ("coexist_secret_new", |h, p, n| {
        let mut secret = 0;
        // SAFETY: as above.
        Some(unsafe { coexist_secret_new(h.engine, p, n, &mut secret, h.out, h.out_len) })
    }),
    // SAFETY: as above.
    ("coexist_secret_free", |h, _, _| Some(unsafe { coexist_secret_free(h.engine, u64::MAX, h.out, h.out_len) })),
];

const STATUSES: &[i32] = &[
    COEXIST_OK, COEXIST_PENDING, COEXIST_DONE, COEXIST_EVENT, COEXIST_INVALID_ARGUMENT, COEXIST_INVALID_UTF8, COEXIST_INVALID_JSON,
    COEXIST_INVALID_HANDLE, COEXIST_BUSY, COEXIST_VALIDATION, COEXIST_CONFLICT, COEXIST_NOT_FOUND, COEXIST_IO, COEXIST_CANCELLED,
];

#[test]
fn every_export_is_probed() {
    let probed: Vec<_> = PROBES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut sorted = probed.clone();
    sorted.sort();
    assert_eq!(sorted, exports().into_keys().collect::<Vec<_>>());
}

/// Runs a probe and checks what the contract says about outputs. Returns the status.
fn probe(name: &str, call: Probe, engine: *mut Engine, job: *mut Job, input: *const u8, len: usize) -> Option<i32> {
    let (mut out, mut out_len) = (usize::MAX as *mut u8, usize::MAX);
    let hands = Hands { engine, job, out: &mut out, out_len: &mut out_len };
    // SAFETY: live handles or NULL, an input as `memory::input` wants it, places on this stack.
    let status = unsafe { call(&hands, input, len) }?;
    assert!(STATUSES.contains(&status), "{name}: {status}");
    assert_eq!(out.is_null(), out_len == 0, "{name}");
    if status > COEXIST_EVENT {
        // SAFETY: what the export has just returned.
        let bytes = unsafe { std::slice::from_raw_parts(out, out_len) };
        let error: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        assert!(error["code"].is_string() && error["message"].as_str().unwrap().len() > 20, "{name}: {error}");
    }
    // SAFETY: what the export has just returned, once.
    unsafe { coexist_bytes_free(out, out_len) };
    Some(status)
}

#[test]
fn nulls_are_answered() {
    for (name, call) in PROBES {
        let nothing = Hands { engine: null_mut(), job: null_mut(), out: null_mut(), out_len: null_mut() };
        // SAFETY: NULL throughout.
        let status = unsafe { call(&nothing, null(), 0) };
        assert!(matches!(status, None | Some(COEXIST_INVALID_ARGUMENT)), "{name}: {status:?}");
        let status = probe(name, *call, null_mut(), null_mut(), null(), 0);
        // The one without inputs works; the derivations derive from an empty value, and say that they cannot.
        let alone = match *name {
            "coexist_engine_new" => COEXIST_OK,
            "coexist_immutable_id_to" | "coexist_immutable_id_from" | "coexist_x500_to" | "coexist_imceaex_to" => COEXIST_VALIDATION,
            _ => COEXIST_INVALID_ARGUMENT,
        };
        assert!(status.is_none_or(|status| status == alone), "{name}: {status:?}");
    }
}

#[test]
fn garbage_is_answered() {
    let mut engine = null_mut();
    let (mut out, mut out_len) = (null_mut(), 0);
    // SAFETY: places on this stack.
    assert_eq!(unsafe { coexist_engine_new(&mut engine, &mut out, &mut out_len) }, COEXIST_OK);
    // A job that stays open and has nothing to say.
    // SAFETY: a live engine.
    let job = Job::start(unsafe { &*engine }, Box::new(|context| context.ask("a", "b").map(|_| Vec::new()))).unwrap();
    let job = std::sync::Arc::into_raw(job).cast_mut();

    let mut inputs: Vec<Vec<u8>> = [
        "", "{", "[]", "null", "\"x\"", "{}", "{\"call\":null}", "{\"job\":[]}", "{\"id\":1}", "{\"id\":-1,\"answer\":1}",
        "{\"id\":18446744073709551615,\"answer\":{}}", "\u{1f}", "\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}", "\u{feff}{}", "\0",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    inputs.push(b"[".repeat(1 << 20));
    inputs.push(b"{\"call\":".repeat(1 << 17));
    let mut state = 1_u64;
    for len in 1..300 {
        let random = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as u8
        };
        inputs.push(std::iter::repeat_with(random).take(len).collect());
    }
    for (name, call) in PROBES {
        if *name == "coexist_job_wait" {
            continue; // its input is a number of milliseconds; see the job's own tests
        }
        for input in &inputs {
            probe(name, *call, engine, job, input.as_ptr(), input.len());
        }
        for (pointer, len) in [(null(), 1), (null(), usize::MAX), (std::ptr::dangling(), usize::MAX)] {
            let status = probe(name, *call, engine, job, pointer, len);
            let ignores = ["coexist_engine_new", "coexist_secret_free"].contains(name);
            assert!(matches!(status, None | Some(COEXIST_INVALID_ARGUMENT)) || ignores, "{name}: {status:?}");
        }
    }
    // SAFETY: each made once, freed once.
    unsafe {
        coexist_job_free(job);
        coexist_engine_free(engine);
    }
}
