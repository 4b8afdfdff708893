//! Marks the shared library as one that stays loaded.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|v| v.split(',').any(|v| v == value));
    // Threads and their thread-local destructors outlive a dlclose, and would then run in unmapped memory. On ELF the
    // linker can forbid the unmapping; Windows and macOS hosts must simply never unload (see cbindings/README.md).
    if is("CARGO_CFG_TARGET_FAMILY", "unix") && !is("CARGO_CFG_TARGET_VENDOR", "apple") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
