//! Who moves together, on which night, and can they.
//!
//! People who share hard ties are one group ([`placement::Placement`]); groups are placed on nights so that little tie weight lies between different
//! nights; each night is then divided into batches by the same means.

pub mod calendar;
pub mod feasibility;
pub mod forecast;
pub mod graph;
pub mod handover;
pub mod hard_ties;
pub mod partition;
pub mod placement;
pub mod tie;
pub mod time_zone;
pub mod caps;
pub mod explain;
mod night;
pub mod options;
pub mod outcome;
pub mod people;
pub mod planner;
pub mod previous;
mod refusal;
pub mod report;
pub mod restricted;
pub mod rules;
pub mod steps;
pub mod survey;
pub mod verdict;
