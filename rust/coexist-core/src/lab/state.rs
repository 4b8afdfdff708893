//! How far the preparation of a person is in the target tenant.

use serde::{Deserialize, Serialize};

/// What stands for a person in the target tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    /// Nothing: the mail user is yet to be created.
    Missing,
    /// An external member from cross-tenant synchronization, its old external address the primary, unstamped.
    External,
    /// A mail user in the target's domains, unstamped.
    Prepared,
    /// ExchangeGuid stamped, X500 and archive not yet.
    HalfStamped,
    /// All done: planning again gives nothing.
    Stamped,
    /// A mail user under another name, which only the map file gives.
    Mapped,
    /// Mastered in the forest, in the target's domains, unstamped.
    Synced,
    /// Mastered in the forest, its old external address the primary, unstamped.
    SyncedExternal,
    /// Mastered in the forest, all done.
    SyncedStamped,
    /// A mail contact.
    Contact,
    /// A guest.
    Guest,
    /// A group has the address.
    Group,
    /// A user without mail.
    PlainUser,
    /// A mailbox.
    Mailbox,
}

impl State {
    /// The name in `planted.json`.
    pub fn name(self) -> &'static str {
        match self {
            State::Missing => "missing",
            State::External => "external",
            State::Prepared => "prepared",
            State::HalfStamped => "halfStamped",
            State::Stamped => "stamped",
            State::Mapped => "mapped",
            State::Synced => "synced",
            State::SyncedExternal => "syncedExternal",
            State::SyncedStamped => "syncedStamped",
            State::Contact => "contact",
            State::Guest => "guest",
            State::Group => "group",
            State::PlainUser => "plainUser",
            State::Mailbox => "mailbox",
        }
    }

    /// Whether a mail user stands for the person.
    pub fn is_mail_user(self) -> bool {
        !matches!(self, State::Missing | State::Contact | State::Group | State::PlainUser | State::Mailbox)
    }

    /// Whether Entra has a user.
    pub fn is_user(self) -> bool {
        self.is_mail_user() || matches!(self, State::PlainUser | State::Mailbox)
    }

    /// Whether the object is mastered on-premises.
    pub fn is_synced(self) -> bool {
        matches!(self, State::Synced | State::SyncedExternal | State::SyncedStamped)
    }

    /// Whether the object came by an invitation: its UPN is of the form with `#EXT#`.
    pub fn is_invited(self) -> bool {
        matches!(self, State::External | State::Guest)
    }

    /// Whether the object's addresses are those of the source.
    pub fn has_source_addresses(self) -> bool {
        matches!(self, State::External | State::SyncedExternal | State::Guest)
    }

    /// Whether everything that the plan stamps is there.
    pub fn is_stamped(self) -> bool {
        matches!(self, State::Stamped | State::SyncedStamped)
    }
}
