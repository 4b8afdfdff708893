//! The lab's own source of numbers: every draw is a function of the seed, the object and the field, so any object can be made again without the others.
//!
//! No crate: the bytes of a lab must be the same for every version of every dependency on every platform, and the crates promise that of none of their
//! convenient draws. SplitMix64's finalizer (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014) is four lines and never changes.

use crate::identity::guid::Guid;

pub(super) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finalizer.
pub(super) const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// What is drawn. The numbers are part of the lab's bytes: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(super) enum Field {
    Names = 1,
    TargetOrder = 2,
    StatisticsOrder = 3,
    ForestOrder = 4,
    Planting = 5,
    State = 10,
    Type = 11,
    HomeDomain = 12,
    Spelling = 13,
    NameOrder = 14,
    AddressCount = 15,
    AddressStart = 16,
    AddressStep = 17,
    HasArchive = 18,
    Anchor = 19,
    ItemSize = 20,
    NativeKind = 21,
    Licensing = 22,
    SourceId = 30,
    SourceGuid = 31,
    ExchangeGuid = 32,
    ArchiveGuid = 33,
    LegacyDn = 34,
    EarlierDn = 35,
    SiteId = 36,
    TargetId = 37,
    TargetGuid = 38,
    TargetLegacyDn = 39,
    ContactDn = 40,
    ObjectGuid = 41,
    ConsistencyGuid = 42,
    Fresh = 43,
    FreshHex = 44,
    TargetMailbox = 45,
    Department = 46,
    Habit = 47,
    MailboxUsers = 48,
    GroupId = 49,
    ListDn = 50,
    TeamDn = 51,
    FlowId = 52,
    Region = 53,
    TimeZone = 54,
    MailboxSize = 55,
    MailboxBytes = 56,
    ArchiveSize = 57,
    ArchiveBytes = 58,
    ItemCount = 59,
    Senders = 60,
}

/// Everything that can be drawn for one object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw(u64);

impl Draw {
    /// Of the object of that number in the lab of that seed.
    pub fn new(seed: u64, object: u64) -> Self {
        Draw(mix(mix(seed.wrapping_add(GOLDEN)).wrapping_add(object.wrapping_mul(GOLDEN))))
    }

    pub fn word(self, field: Field) -> u64 {
        self.nth(field, 0)
    }

    pub fn nth(self, field: Field, n: u64) -> u64 {
        mix(self.0.wrapping_add((field as u64).wrapping_mul(GOLDEN)).wrapping_add(mix(n)))
    }

    /// A number below `bound`, which is below 2^32.
    pub fn below(self, field: Field, bound: u64) -> u64 {
        ((self.word(field) >> 32) * bound) >> 32
    }

    /// True in so many of a hundred objects.
    pub fn percent(self, field: Field, percent: u64) -> bool {
        self.below(field, 100) < percent
    }

    /// One of the weighted choices; the last where all weights are zero.
    pub fn choose<T>(self, field: Field, choices: impl Iterator<Item = (T, u64)> + Clone, otherwise: T) -> T {
        let mut at = self.below(field, choices.clone().map(|(_, weight)| weight).sum());
        for (choice, weight) in choices {
            if at < weight {
                return choice;
            }
            at -= weight;
        }
        otherwise
    }

    /// A GUID of version 4.
    pub fn guid(self, field: Field) -> Guid {
        self.guid_from(field, (self.word(field) >> 32) as u32)
    }

    /// A GUID of version 4 whose text comes, among `count`, at the place `rank`: files are sorted by such GUIDs, and written without sorting.
    pub fn ranked_guid(self, field: Field, rank: u64, count: u64) -> Guid {
        let jitter = self.word(field) & 0x7fff_ffff;
        self.guid_from(field, (((rank << 32) + jitter) / count.max(1)) as u32)
    }

    fn guid_from(self, field: Field, first: u32) -> Guid {
        let mut bytes = [0u8; 16];
        bytes[..8].copy_from_slice(&self.nth(field, 1).to_le_bytes());
        bytes[8..].copy_from_slice(&self.nth(field, 2).to_le_bytes());
        bytes[..4].copy_from_slice(&first.to_le_bytes());
        bytes[7] = bytes[7] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Guid::from_bytes(bytes)
    }

    /// So many random hex digits, at most 32.
    pub fn hex(self, field: Field, digits: usize) -> String {
        let mut text = format!("{:016x}{:016x}", self.nth(field, 1), self.nth(field, 2));
        text.truncate(digits);
        text
    }
}

/// A one-to-one shuffling of the numbers below `count`, both ways in constant memory: a Feistel network over the next power of four, walked until it
/// falls below `count`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shuffle {
    count: u64,
    half: u32,
    keys: [u64; 4],
}

impl Shuffle {
    pub fn new(seed: u64, field: Field, count: u64) -> Self {
        let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        let draw = Draw::new(seed, u64::MAX);
        Shuffle { count, half: bits.div_ceil(2).max(1), keys: [0, 1, 2, 3].map(|round| draw.nth(field, round)) }
    }

    /// Where a number goes.
    pub fn place(&self, number: u64) -> u64 {
        self.walk(number, |mut left, mut right, keys| {
            for key in keys {
                (left, right) = (right, left ^ self.round(right, key));
            }
            (left, right)
        })
    }

    /// Which number went there.
    pub fn at(&self, place: u64) -> u64 {
        self.walk(place, |mut left, mut right, keys| {
            for key in keys.into_iter().rev() {
                (left, right) = (right ^ self.round(left, key), left);
            }
            (left, right)
        })
    }

    fn round(&self, word: u64, key: u64) -> u64 {
        mix(word ^ key) & self.mask()
    }

    fn mask(&self) -> u64 {
        (1 << self.half) - 1
    }

    fn walk(&self, mut number: u64, rounds: impl Fn(u64, u64, [u64; 4]) -> (u64, u64)) -> u64 {
        // A number outside is nobody's: given back as it is, so that the walk always ends.
        if number >= self.count {
            return number;
        }
        loop {
            let (left, right) = rounds(number >> self.half, number & self.mask(), self.keys);
            number = left << self.half | right;
            if number < self.count {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_shuffle_is_one_to_one(seed: u64, count in 1u64..3000) {
            let shuffle = Shuffle::new(seed, Field::TargetOrder, count);
            let mut seen = vec![false; count as usize];
            for number in 0..count {
                let place = shuffle.place(number);
                prop_assert!(place < count && !std::mem::replace(&mut seen[place as usize], true));
                prop_assert_eq!(shuffle.at(place), number);
            }
        }

        #[test]
        fn ranked_guids_sort_by_rank(seed: u64, count in 1u64..2_000_000, rank in 0u64..2_000_000) {
            let rank = rank % count;
            let text = |rank| Draw::new(seed, rank).ranked_guid(Field::SourceId, rank, count).to_string();
            if rank + 1 < count {
                prop_assert!(text(rank) < text(rank + 1));
            }
            prop_assert_eq!(text(rank).as_bytes()[14], b'4');
        }
    }

    #[test]
    fn draws_are_what_they_always_were() {
        // SplitMix64's published first output for seed 0.
        assert_eq!(mix(GOLDEN), 0xe220_a839_7b1d_cdaf);
        assert_eq!(Draw::new(7, 42).guid(Field::SourceId).to_string(), Draw::new(7, 42).guid(Field::SourceId).to_string());
        assert_ne!(Draw::new(7, 42).word(Field::SourceId), Draw::new(7, 43).word(Field::SourceId));
        assert_ne!(Draw::new(7, 42).word(Field::SourceId), Draw::new(8, 42).word(Field::SourceId));
    }
}
