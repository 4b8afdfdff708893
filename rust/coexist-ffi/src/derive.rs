//! Derivations: one call per piped object, fields in and out, no engine and no JSON.

use coexist_core::identity::{protocol, IdentityError};

use crate::boundary::{self, Out, Reply};
use crate::error::Failure;
use crate::memory;
use crate::operation::utf8;
use crate::status::*;

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Failure::new(COEXIST_VALIDATION, error.code(), error.category(), error.message()).about(error.target())
    }
}

/// # Safety
/// As `memory::input`.
unsafe fn derive(fields: *const u8, len: usize, by: fn(&str, &mut String) -> Result<(), IdentityError>) -> Result<Reply, Failure> {
    // SAFETY: the caller vouches for it.
    let fields = utf8(unsafe { memory::input("fields", fields, len) }?)?;
    // The answer holds the value several times over, in longer forms: room for it is made once.
    let mut answer = String::with_capacity(256 + 4 * fields.len());
    by(fields, &mut answer)?;
    Ok(Reply::ok(answer.into_bytes()))
}

/// Derives an ImmutableId and its other forms from the anchor of an on-premises object.
///
/// Fields in: Value, ConsistencyGuid, ObjectGuid, Known.
/// Fields out: ImmutableId, Guid, Anchor, AnchorsDiffer, Hex, LdapFilter, ConnectorDn, Notes.
/// Ownership: the caller frees the output with coexist_bytes_free.
/// Errors: INVALID_ARGUMENT (NULL), INVALID_UTF8, VALIDATION.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_immutable_id_to(fields: *const u8, fields_len: usize, out: *mut *mut u8, out_len: *mut usize) -> i32 {
    // SAFETY: the caller passes NULL or valid places, and leaves `fields` alone during the call.
    unsafe { boundary::status(Out { bytes: out, len: out_len }, || derive(fields, fields_len, protocol::immutable_id_to)) }
}

/// Reads an ImmutableId in any form, and returns the object's GUID and its other forms.
///
/// Fields in: Value.
/// Fields out: Guid, ImmutableId, Form, Hex, LdapFilter, ConnectorDn, Notes.
/// Ownership: the caller frees the output with coexist_bytes_free.
/// Errors: INVALID_ARGUMENT (NULL), INVALID_UTF8, VALIDATION.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_immutable_id_from(fields: *const u8, fields_len: usize, out: *mut *mut u8, out_len: *mut usize) -> i32 {
    // SAFETY: the caller passes NULL or valid places, and leaves `fields` alone during the call.
    unsafe { boundary::status(Out { bytes: out, len: out_len }, || derive(fields, fields_len, protocol::immutable_id_from)) }
}

/// Derives an X500 address from a LegacyExchangeDN, an X500 address or an IMCEAEX address.
///
/// Fields in: Value, Lenient.
/// Fields out: X500, LegacyExchangeDN, Imceaex, Domain, Notes.
/// Ownership: the caller frees the output with coexist_bytes_free.
/// Errors: INVALID_ARGUMENT (NULL), INVALID_UTF8, VALIDATION.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_x500_to(fields: *const u8, fields_len: usize, out: *mut *mut u8, out_len: *mut usize) -> i32 {
    // SAFETY: the caller passes NULL or valid places, and leaves `fields` alone during the call.
    unsafe { boundary::status(Out { bytes: out, len: out_len }, || derive(fields, fields_len, protocol::x500_to)) }
}

/// Derives the IMCEAEX address that stands for a LegacyExchangeDN or an X500 address in a domain.
///
/// Fields in: Value, Domain.
/// Fields out: Imceaex, X500, LegacyExchangeDN, Notes.
/// Ownership: the caller frees the output with coexist_bytes_free.
/// Errors: INVALID_ARGUMENT (NULL), INVALID_UTF8, VALIDATION.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_imceaex_to(fields: *const u8, fields_len: usize, out: *mut *mut u8, out_len: *mut usize) -> i32 {
    // SAFETY: the caller passes NULL or valid places, and leaves `fields` alone during the call.
    unsafe { boundary::status(Out { bytes: out, len: out_len }, || derive(fields, fields_len, protocol::imceaex_to)) }
}
