//! One tenant's recipients with the look-ups that planning needs, each a hash away however large the tenant.

use crate::address::{AddressType, ProxyAddress};
use crate::snapshot::{Kind, Property, Record, Snapshot, Table};
use rayon::prelude::*;

/// A recipient of one tenant: an index over all its recipient tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipientId(pub u32);

/// Hashes with numbers, sorted, each pair once.
#[derive(Default)]
pub struct Entries(Vec<(u64, u32)>);

impl Entries {
    /// These, sorted.
    pub fn new(mut entries: Vec<(u64, u32)>) -> Self {
        entries.par_sort_unstable();
        entries.dedup();
        Entries(entries)
    }

    /// What `keys` makes of every number below `count`, a list for each kind of key: a tenant is gone through once, not once for each look-up.
    pub fn collect<const N: usize>(count: usize, keys: impl Fn(u32, &mut dyn FnMut(usize, u64)) + Sync) -> [Self; N] {
        const PART: u32 = 8192;
        let count = count as u32;
        let parts: Vec<[Vec<(u64, u32)>; N]> = (0..count.div_ceil(PART))
            .into_par_iter()
            .map(|part| {
                let mut lists = std::array::from_fn(|_| Vec::new());
                for number in part * PART..((part + 1) * PART).min(count) {
                    keys(number, &mut |list: usize, hash| lists[list].push((hash, number)));
                }
                lists
            })
            .collect();
        let together = |list: usize| Entries::new(parts.iter().map(|lists| &lists[list][..]).collect::<Vec<_>>().concat());
        let lists: Vec<Entries> = (0..N).into_par_iter().map(together).collect();
        lists.try_into().unwrap_or_else(|_| std::array::from_fn(|_| Entries::default()))
    }

    /// The numbers that were entered under a hash.
    pub fn numbers(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let from = self.0.partition_point(|(entry, _)| *entry < hash);
        self.0[from..].iter().take_while(move |(entry, _)| *entry == hash).map(|(_, number)| *number)
    }

    /// Those whose hash stands there with more than one number: what is unique needs no look-up.
    pub fn shared(self) -> Self {
        let runs = self.0.chunk_by(|a, b| a.0 == b.0);
        Entries(runs.filter(|run| run.len() > 1).flatten().copied().collect())
    }
}

/// Hashes to numbers: sorted, with a directory of the high bits, so that a look-up touches two places in memory and a million entries take 16 MB.
#[derive(Default)]
pub struct Index {
    entries: Vec<(u64, u32)>,
    starts: Vec<u32>,
    shift: u32,
}

impl Index {
    /// The index of these entries.
    pub fn new(entries: Entries) -> Self {
        let Entries(mut entries) = entries;
        entries.shrink_to_fit();
        let bits = usize::BITS - entries.len().leading_zeros();
        let bits = bits.clamp(1, 24);
        let shift = 64 - bits;
        let mut starts = vec![0u32; (1usize << bits) + 1];
        for (hash, _) in &entries {
            starts[(hash >> shift) as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Index { entries, starts, shift }
    }

    /// The index of each of these.
    pub fn each<const N: usize>(entries: [Entries; N]) -> [Self; N] {
        let indexes: Vec<Index> = entries.into_iter().collect::<Vec<_>>().into_par_iter().map(Index::new).collect();
        indexes.try_into().unwrap_or_else(|_| std::array::from_fn(|_| Index::default()))
    }

    /// Those of its entries whose hash also stands among others, in one pass over both; `counts` is asked for each pair of numbers, the other one first.
    pub fn shared_with(&self, others: &Entries, counts: impl Fn(u32, u32) -> bool) -> Vec<(u64, u32)> {
        let mut own = self.entries.chunk_by(|a, b| a.0 == b.0).peekable();
        let mut shared = Vec::new();
        for others in others.0.chunk_by(|a, b| a.0 == b.0) {
            let hash = others[0].0;
            while own.next_if(|own| own[0].0 < hash).is_some() {}
            if let Some(own) = own.next_if(|own| own[0].0 == hash) {
                shared.extend(own.iter().filter(|own| others.iter().any(|other| counts(other.1, own.1))));
            }
        }
        shared
    }

    /// Every number that was entered under the hash, ascending. The caller compares what the hash stands for.
    pub fn get(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let bucket = (hash >> self.shift) as usize;
        let range = match self.starts.get(bucket..bucket + 2) {
            Some([start, end]) => *start as usize..*end as usize,
            _ => 0..0,
        };
        self.entries[range].iter().filter(move |(entry, _)| *entry == hash).map(|(_, number)| *number)
    }
}

impl Index {
    /// The first number that was entered under each hash.
    ///
    /// Step by step for all of them, and not one after another: the processor waits for many places in memory at once, and to wait is most of a look-up.
    pub fn first_of_each(&self, hashes: &[u64]) -> Vec<Option<u32>> {
        let from: Vec<usize> = hashes.iter().map(|hash| self.starts.get((hash >> self.shift) as usize).map_or(0, |start| *start as usize)).collect();
        // Without a decision that hangs on what is read, so that no wrong guess makes it wait after all.
        let touched = from.iter().fold(0, |touched, from| touched ^ self.entries.get(*from).map_or(0, |(hash, _)| *hash));
        std::hint::black_box(touched);
        let found = |(hash, from): (&u64, &usize)| {
            let entries = self.entries[*from..].iter().take_while(|(entry, _)| entry <= hash);
            entries.filter(|(entry, _)| entry == hash).map(|(_, number)| *number).next()
        };
        hashes.iter().zip(&from).map(found).collect()
    }
}

/// A hash of bytes, the same in every run.
pub fn hash(bytes: &[u8]) -> u64 {
    lower_hash(0, bytes)
}

/// A hash of ASCII without case, the same in every run; `seed` tells apart what may have the same text.
pub fn ascii_hash(seed: u64, text: &[u8]) -> u64 {
    hash_words(seed, text, lower)
}

/// As [`ascii_hash`], of what is in lower case already, ASCII or not.
pub fn lower_hash(seed: u64, text: &[u8]) -> u64 {
    hash_words(seed, text, |word| word)
}

/// A hash of a text without case, the same in every run.
pub fn text_hash(text: &str) -> u64 {
    if text.is_ascii() {
        ascii_hash(0, text.as_bytes())
    } else {
        hash(text.chars().flat_map(char::to_lowercase).collect::<String>().as_bytes())
    }
}

/// Eight ASCII characters in lower case.
fn lower(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // ASCII has seven bits: what is added carries into the eighth, which tells whether a character is behind `@`, and whether it is behind `Z`.
    let (behind_at, behind_z) = (word + EACH * u64::from(0x7f - b'@'), word + EACH * u64::from(0x7f - b'Z'));
    word | ((behind_at & !behind_z & (EACH << 7)) >> 2)
}

/// Sixteen bytes at a time, each half as `change` makes it, by multiplication to 128 bits (as wyhash does): all bits of the result are good, and the index
/// sorts by the high ones.
fn hash_words(seed: u64, bytes: &[u8], change: impl Fn(u64) -> u64) -> u64 {
    fn mix(a: u64, b: u64) -> u64 {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    }
    const KEYS: [u64; 3] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3];
    let halves = |pair: &[u8; 16]| {
        let pair = u128::from_le_bytes(*pair);
        [change(pair as u64), change((pair >> 64) as u64)]
    };
    let mut hash = seed ^ KEYS[0];
    let mut pairs = bytes.chunks_exact(16);
    for [low, high] in pairs.by_ref().filter_map(|pair| pair.try_into().ok()).map(halves) {
        hash = mix(low ^ KEYS[1], high ^ hash);
    }
    let mut rest = [0; 16];
    rest[..pairs.remainder().len()].copy_from_slice(pairs.remainder());
    let [low, high] = halves(&rest);
    mix(mix(low ^ KEYS[1], high ^ hash), bytes.len() as u64 ^ KEYS[2])
}

/// Whether two texts are the same without case.
pub fn same_text(a: &str, b: &str) -> bool {
    a == b || (a.len() == b.len() && a.eq_ignore_ascii_case(b)) || (!a.is_ascii() && a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase)))
}

/// The properties that name a recipient, best first: what Exchange's Identity parameters take and people write into CSVs.
pub const IDENTITIES: [Property; 8] = [
    Property::ExternalDirectoryObjectId,
    Property::ExchangeGuid,
    Property::Guid,
    Property::UserPrincipalName,
    Property::PrimarySmtpAddress,
    Property::DistinguishedName,
    Property::Identity,
    Property::Alias,
];

/// The identity to give to Exchange: unique, and not changed by what a plan changes.
pub fn stable_identity<'a>(record: &Record<'a>) -> &'a str {
    record
        .first_text(&[
            Property::ExternalDirectoryObjectId,
            Property::Guid,
            Property::Id,
            Property::ObjectGuid,
            Property::UserPrincipalName,
            Property::PrimarySmtpAddress,
            Property::DistinguishedName,
            Property::Identity,
            Property::Alias,
            Property::Name,
        ])
        .unwrap_or("?")
}

/// What a person calls the object.
pub fn display_identity<'a>(record: &Record<'a>) -> &'a str {
    record
        .first_text(&[
            Property::PrimarySmtpAddress,
            Property::UserPrincipalName,
            Property::ExternalEmailAddress,
            Property::Mail,
            Property::DisplayName,
            Property::Alias,
            Property::Name,
            Property::Identity,
            Property::ExternalDirectoryObjectId,
        ])
        .unwrap_or("?")
}

/// All recipients of one snapshot.
pub struct Recipients<'s> {
    tables: Vec<(&'s Table, u32)>,
    len: u32,
}

impl<'s> Recipients<'s> {
    /// The recipients of a snapshot, kind by kind.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        let mut tables = Vec::new();
        let mut len = 0;
        for table in snapshot.tables.values().filter(|table| table.kind().is_recipient()) {
            tables.push((table, len));
            len += table.len() as u32;
        }
        Recipients { tables, len }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// True for a tenant without recipients.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn place(&self, id: RecipientId) -> (&'s Table, usize) {
        let at = self.tables.partition_point(|(_, first)| *first <= id.0) - 1;
        let (table, first) = self.tables[at];
        (table, (id.0 - first) as usize)
    }

    /// The recipient's properties.
    pub fn get(&self, id: RecipientId) -> Record<'s> {
        let (table, at) = self.place(id);
        table.get(at)
    }

    /// What the recipient is.
    pub fn kind(&self, id: RecipientId) -> Kind {
        self.place(id).0.kind()
    }

    /// The file and line that it was read from.
    pub fn origin(&self, id: RecipientId) -> (&'s str, u64) {
        let (table, at) = self.place(id);
        (table.file(), table.line(at))
    }

    /// The number of the first recipient of a kind.
    pub fn first_of(&self, kind: Kind) -> Option<u32> {
        self.tables.iter().find(|(table, _)| table.kind() == kind).map(|(_, first)| *first)
    }
}

/// An index over one table by one text property.
pub fn index_table(table: &Table, property: Property) -> Index {
    let [entries] = Entries::collect(table.len(), |number, push| {
        table.get(number as usize).text(property).value().into_iter().for_each(|text| push(0, text_hash(text)));
    });
    Index::new(entries)
}

/// Every address that a recipient owns: its proxy addresses, its external address, and its LegacyExchangeDN as X500.
pub fn for_each_address(record: &Record, mut each: impl FnMut(&ProxyAddress)) {
    for text in record.list(Property::EmailAddresses).value().into_iter().flatten() {
        each(&ProxyAddress::parse(text));
    }
    if let Some(text) = record.text(Property::ExternalEmailAddress).value() {
        each(&ProxyAddress::parse(text));
    }
    if let Some(dn) = record.text(Property::LegacyExchangeDN).value() {
        each(&ProxyAddress { text: dn, kind: AddressType::X500, prefix: "X500", value: dn });
    }
}

/// Whether a recipient owns an address.
pub fn owns(record: &Record, address: &ProxyAddress) -> bool {
    let mut found = false;
    for_each_address(record, |own| found = found || own.same_as(address));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_finds_all_and_only_what_was_entered() {
        for count in [0u64, 1, 2, 3, 1000] {
            let hash = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let entries: Vec<(u64, u32)> = (0..count).flat_map(|n| [(hash(n), n as u32), (hash(n), n as u32 + 1), (hash(n), n as u32)]).collect();
            let index = Index::new(Entries::new(entries));
            for n in 0..count {
                assert_eq!(index.get(hash(n)).collect::<Vec<_>>(), [n as u32, n as u32 + 1]);
            }
            let hashes: Vec<u64> = (0..count + 7).map(hash).chain([0, u64::MAX]).collect();
            let firsts: Vec<Option<u32>> = hashes.iter().map(|hash| index.get(*hash).next()).collect();
            assert_eq!(index.first_of_each(&hashes), firsts);
            assert_eq!(index.get(hash(count + 7)).count(), 0);
            assert_eq!(index.get(u64::MAX).count(), 0);
        }
    }

    #[test]
    fn what_two_share_is_found() {
        let entries = |list: &[(u64, u32)]| Entries::new(list.to_vec());
        assert_eq!(entries(&[(3, 1), (1, 2), (3, 1), (1, 4), (9, 9)]).shared().0, [(1, 2), (1, 4)]);
        let index = Index::new(entries(&[(1, 10), (1, 11), (2, 12), (5, 13), (u64::MAX, 14)]));
        let others = entries(&[(0, 0), (1, 11), (1, 10), (3, 1), (5, 13), (u64::MAX, 1)]);
        assert_eq!(index.shared_with(&others, |_, _| true), [(1, 10), (1, 11), (5, 13), (u64::MAX, 14)]);
        assert_eq!(index.shared_with(&others, |other, own| other != own), [(1, 10), (1, 11), (u64::MAX, 14)]);
    }

    #[test]
    fn hashes_know_every_byte_and_only_text_ignores_case() {
        let text: String = (1..128u8).map(char::from).cycle().take(300).collect();
        let mut seen = std::collections::BTreeSet::new();
        for length in 0..text.len() {
            let part = &text[..length];
            assert_eq!(text_hash(part), hash(part.to_ascii_lowercase().as_bytes()), "{length}");
            assert_eq!(text_hash(part), text_hash(&part.to_ascii_uppercase()), "{length}");
            assert!(seen.insert(hash(part.as_bytes())) && seen.insert(ascii_hash(1, part.as_bytes())), "{length}");
            for at in 0..length {
                let mut other = part.as_bytes().to_vec();
                other[at] ^= 0x02;
                assert_ne!(hash(part.as_bytes()), hash(&other), "{length} {at}");
            }
        }
        // A character whose lower case is in ASCII is the same on both ways.
        assert_eq!(text_hash("\u{212a}elvin"), text_hash("kelvin"));
    }

    #[test]
    fn text_compares_without_case_beyond_ascii() {
        assert_eq!(text_hash("ÇAĞLA@x"), text_hash("çağla@X"));
        assert!(same_text("ÇAĞLA@x", "çağla@X"));
        assert!(!same_text("çağla", "cagla"));
        assert_ne!(text_hash("ab"), text_hash("abc"));
    }
}
