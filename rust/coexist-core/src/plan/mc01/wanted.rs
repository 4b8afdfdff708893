//! What one person's target object lacks, before it is known on which surface that is changed.

use crate::identity::guid::Guid;
use std::borrow::Cow;

/// A mail user to create.
pub(super) struct Create<'a> {
    pub name: String,
    pub display_name: &'a str,
    pub alias: String,
    pub upn: String,
    /// The source's primary, with `SMTP:`.
    pub external: Cow<'a, str>,
}

/// A value and what stands in its place now.
pub(super) struct Replace<'a> {
    pub new: Cow<'a, str>,
    pub old: Option<Cow<'a, str>>,
}

/// Everything that one person's target object lacks; what is there already is not in here.
#[derive(Default)]
pub(super) struct Wanted<'a> {
    pub create: Option<Create<'a>>,
    /// PreviousRecipientTypeDetails, where a previous mailbox must be cleared.
    pub clear_previous: Option<&'a str>,
    pub exchange_guid: Option<Guid>,
    pub archive_guid: Option<Guid>,
    /// Addresses with their prefix.
    pub add: Vec<Cow<'a, str>>,
    /// The old external address where it is also a proxy address that shall stay: Exchange drops it from the proxies when another takes its place.
    pub add_again: Option<Cow<'a, str>>,
    /// Addresses with their prefix as they stand when the late stage comes: none is the primary.
    pub remove: Vec<Cow<'a, str>>,
    /// The primary SMTP address, without prefix, where it must change.
    pub primary: Option<Replace<'a>>,
    /// The primary SMTP address, without prefix, that the object has when everything is done: migration users go by it.
    pub final_primary: Option<Cow<'a, str>>,
    /// ExternalEmailAddress, with prefix.
    pub external: Option<Replace<'a>>,
    pub upn: Option<Replace<'a>>,
    pub raise_quota: bool,
    pub licence: bool,
    /// Usage location to set before the licence.
    pub usage_location: Option<&'a str>,
}
