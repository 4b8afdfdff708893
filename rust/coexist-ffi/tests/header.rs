//! `cbindings/coexist.h` is what the source says. This test compares; with `COEXIST_WRITE_HEADER=1` it writes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What the header holds, in its order: a banner, and the source file whose public items follow it.
const SECTIONS: &[(&str, &str)] = &[
    ("Version", "version.rs"),
    ("Status: what exports return", "status.rs"),
    ("Memory", "memory.rs"),
    ("Derivations: delimited text in and out, no engine needed", "derive.rs"),
    ("The engine", "engine.rs"),
    ("Secrets", "secret.rs"),
    ("Quick questions: JSON in and out", "call.rs"),
    ("Jobs: slow operations, watched from outside", "job.rs"),
];

const TOP: &str = r#"/*
 * coexist.h: the C ABI of Coexist.
 *
 * Generated from rust/coexist-ffi; never edit it. To write it anew:
 *     COEXIST_WRITE_HEADER=1 cargo test -p coexist-ffi --test header
 *
 * The contract is cbindings/README.md. In short: input is pointer and length, UTF-8, NULL with length 0 is empty;
 * output is NULL/0 until there is some, and the caller's to free with coexist_bytes_free; every status above
 * COEXIST_EVENT comes with an error object (JSON) as output. A panic comes back as COEXIST_PANIC.
 */

#ifndef COEXIST_H
#define COEXIST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
"#;

const BOTTOM: &str = r#"
#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* COEXIST_H */
"#;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The declarations of one source file, as cbindgen writes them.
fn section(config: &cbindgen::Config, file: &str, scratch: &Path) -> String {
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file)).unwrap();
    // cbindgen 0.27 takes the attribute in its older spelling only.
    let source = source.replace("#[unsafe(no_mangle)]", "#[no_mangle]");
    // A file of its own, not the crate: cbindgen then starts no `cargo metadata`, and the order of sections is ours.
    let copy = scratch.join(file);
    std::fs::write(&copy, source.split("#[cfg(test)]").next().unwrap()).unwrap();
    let bindings = cbindgen::Builder::new().with_config(config.clone()).with_src(copy).generate().unwrap();
    let mut text = Vec::new();
    bindings.write(&mut text);
    String::from_utf8(text).unwrap()
}

fn header() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindings/cbindgen.toml")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let mut text = TOP.to_owned();
    for (title, file) in SECTIONS {
        let rule = "-".repeat(110 - title.len());
        writeln!(text, "\n\n/* ---- {title} {rule} */\n\n{}", section(&config, file, scratch.path()).trim()).unwrap();
    }
    text + BOTTOM
}

#[test]
fn the_header_is_what_the_source_says() {
    let path = root().join("cbindings/coexist.h");
    let wanted = header();
    if std::env::var_os("COEXIST_WRITE_HEADER").is_some_and(|value| value == "1") {
        return std::fs::write(path, wanted).unwrap();
    }
    // A checkout on Windows may have changed the line ends; they mean nothing in C.
    let found = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    let line = found.lines().zip(wanted.lines()).take_while(|(found, wanted)| found == wanted).count() + 1;
    assert!(
        found == wanted,
        "cbindings/coexist.h is not what the source says, from line {line} on. Write it anew and look at the difference:\n\n    \
         COEXIST_WRITE_HEADER=1 cargo test -p coexist-ffi --test header && git diff cbindings/coexist.h\n"
    );
}

#[test]
fn every_export_is_in_the_header() {
    let header = header();
    let exports = SECTIONS.iter().flat_map(|(_, file)| {
        let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file)).unwrap();
        let names = source.split("extern \"C\" fn ").skip(1).map(|rest| rest.split('(').next().unwrap().to_owned());
        names.collect::<Vec<_>>()
    });
    for name in exports {
        assert!(header.contains(&format!("{name}(")), "{name}");
    }
}
