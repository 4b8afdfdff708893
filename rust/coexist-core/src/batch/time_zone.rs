//! Windows and IANA names of time zones.
