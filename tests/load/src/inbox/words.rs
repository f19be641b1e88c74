//! What customers and agents write: words of a made-up language, frequent ones and rare ones as in any other.

/// How many words there are.
const VOCABULARY: f64 = 30_000.0;
const SYLLABLES: [&str; 24] = [
    "ka", "lo", "mi", "ren", "sto", "va", "del", "pu", "ti", "gor", "na", "bel", "hu", "zan", "che", "ri",
    "wo", "fal", "ju", "ser", "dom", "qui", "ex", "ma",
];

/// Numbers that look drawn and are the same in every run.
pub struct Dice(u64);

impl Dice {
    /// Begins anew.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next one, below `under`.
    pub fn roll(&mut self, under: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % under
    }
}

/// The word at a place of the list of words by frequency.
pub fn word(mut place: u64) -> String {
    let mut word = String::new();
    loop {
        word.push_str(SYLLABLES[usize::try_from(place % 24).expect("small")]);
        place /= 24;
        if place == 0 {
            return word;
        }
    }
}

/// Something written; the n-th most frequent word comes about 1/n as often as the first.
pub fn text(dice: &mut Dice) -> String {
    let many = 6 + dice.roll(14);
    let drawn = (0..many).map(|_| {
        let share = dice.roll(1 << 30) as f64 / f64::from(1 << 30);
        word(VOCABULARY.powf(share) as u64 - 1)
    });
    drawn.collect::<Vec<_>>().join(" ")
}
