//! Sets of places.

/// A set of places (nights, or batches of one night).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Places(Vec<u64>);

impl Places {
    /// None of this many.
    pub fn none(of: usize) -> Self {
        Places(vec![0; of.div_ceil(64)])
    }

    /// All of this many.
    pub fn all(of: usize) -> Self {
        let mut places = Places::none(of);
        (0..of as u32).for_each(|place| places.add(place));
        places
    }

    /// Those of this many that the test lets in.
    pub fn of(of: usize, test: impl Fn(u32) -> bool) -> Self {
        let mut places = Places::none(of);
        (0..of as u32).filter(|place| test(*place)).for_each(|place| places.add(place));
        places
    }

    /// Whether a place is in it.
    pub fn has(&self, place: u32) -> bool {
        self.0.get(place as usize / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    /// Puts a place in; one beyond the end is passed over.
    pub fn add(&mut self, place: u32) {
        if let Some(word) = self.0.get_mut(place as usize / 64) {
            *word |= 1 << (place % 64);
        }
    }

    /// Takes a place out.
    pub fn remove(&mut self, place: u32) {
        if let Some(word) = self.0.get_mut(place as usize / 64) {
            *word &= !(1 << (place % 64));
        }
    }

    /// Keeps only what is also in the other.
    pub fn keep(&mut self, other: &Places) {
        for (at, word) in self.0.iter_mut().enumerate() {
            *word &= other.0.get(at).copied().unwrap_or(0);
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// How many are in it.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether everything in it is also in the other.
    pub fn within(&self, other: &Places) -> bool {
        self.0.iter().enumerate().all(|(at, word)| word & !other.0.get(at).copied().unwrap_or(0) == 0)
    }

    /// What is in it, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    at as u32 * 64 + bit
                })
            })
        })
    }
}
