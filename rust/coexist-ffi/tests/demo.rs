//! The native demo is for machines where nothing else runs, so it is run here.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
fn the_native_demo_ends_as_it_should() {
    let folder = tempfile::tempdir().unwrap();
    let tests = std::env::current_exe().unwrap();
    // Beside the tests' folder, where cargo puts examples before it runs tests.
    let demo = tests.parent().unwrap().parent().unwrap().join("examples").join(format!("demo{}", std::env::consts::EXE_SUFFIX));
    let ran = Command::new(&demo).arg(folder.path()).env("COEXIST_DEMO_PEOPLE", "120").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("Everything that was planted was found") && said.contains("yes  no operation was done twice") && !said.contains("NO "), "{said}");
}
