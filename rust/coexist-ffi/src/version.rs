//! Which library this is.

use std::ffi::c_char;

use crate::boundary;

/// Changes whenever an existing export, status or field changes its meaning.
pub const COEXIST_ABI_VERSION: u32 = 1;

/// Returns COEXIST_ABI_VERSION as the library was built with it; compare before calling anything else.
///
/// Ownership: nothing to free.
/// Errors: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn coexist_abi_version() -> u32 {
    boundary::silent(0, || COEXIST_ABI_VERSION)
}

/// Returns the name and version of the library as NUL-terminated text, such as "coexist/0.1.0".
///
/// Ownership: the text is static; never free it.
/// Errors: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn coexist_version() -> *const c_char {
    boundary::silent(std::ptr::null(), || concat!("coexist/", env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast())
}
