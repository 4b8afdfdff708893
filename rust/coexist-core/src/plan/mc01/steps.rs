//! The kinds of operations of MC-01, in the order in which a person goes through them.

use crate::plan::Step;

macro_rules! steps {
    ($($constant:ident = $name:literal, $why:literal, $what:literal;)+) => {
        $(pub(super) static $constant: Step = Step { name: $name, what: $what, why: $why };)+
        /// Every step.
        pub static STEPS: &[&Step] = &[$(&$constant),+];
    };
}

steps! {
    CREATE = "create", "TargetMissing", "Create the mail user that the mailbox will move to";
    CLEAR_PREVIOUS = "clearPreviousMailbox", "PreviousMailboxPresent", "Clear what Exchange remembers of a previous mailbox";
    STAMP = "stamp", "NotStamped", "Stamp the GUIDs and the X500 addresses of the source mailbox, and the addresses in the target's domains";
    SET_EXTERNAL = "setExternalAddress", "ExternalAddressNotSource", "Point the mail user at the source mailbox";
    SET_PRIMARY = "setPrimary", "PrimaryNotAccepted", "Make the address in the target's domain the primary";
    RAISE_QUOTA = "raiseQuota", "RecoverableItemsTooLarge", "Raise the Recoverable Items quota of the mail user";
    SET_UPN = "setUpn", "UpnNotFinal", "Give the account its final user principal name";
    SET_LOCATION = "setUsageLocation", "UsageLocationMissing", "Set the usage location that a licence needs";
    ASSIGN_LICENCE = "assignLicence", "LicenceMissing", "Assign the licence, now that the ExchangeGuid is stamped";
    REMOVE_ADDRESSES = "removeAddresses", "AddressNotAccepted",
        "Remove the addresses of domains that the target has not accepted; from here until cutover the person's mail is not attributed";
}
