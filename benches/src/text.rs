//! Text to fill spans with: words that a compressor finds as easy as a support chat.
//! Each piece is cut from another place, so that no two spans are alike.

/// Random numbers, the same for the same seed (xorshift64*): cheap enough not to count.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// 0 ≤ n < `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(end)) >> 64) as u64
    }

    /// 0 ≤ x < 1.
    pub fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Words of one to four syllables, as often as words are in a language: few often, most seldom.
fn make_words(dice: &mut Dice) -> Vec<String> {
    const SYLLABLES: [&str; 40] = [
        "ta", "re", "mi", "con", "ver", "ship", "or", "der", "pay", "ment", "ac", "count", "in",
        "voice", "re", "fund", "lo", "gin", "cus", "tom", "er", "ser", "vice", "pro", "duct", "de",
        "liv", "ery", "sup", "port", "tick", "et", "up", "date", "a", "gent", "mod", "el", "to",
        "ken",
    ];
    (0..4_000)
        .map(|_| {
            (0..1 + dice.below(4))
                .map(|_| SYLLABLES[dice.below(SYLLABLES.len() as u64) as usize])
                .collect()
        })
        .collect()
}

/// A few megabytes of sentences that need no escaping in JSON.
pub struct Corpus(Vec<u8>);

impl Corpus {
    pub fn new() -> Corpus {
        const BYTES: usize = 8 << 20;
        let mut dice = Dice::new(7);
        let words = make_words(&mut dice);
        let mut text = Vec::with_capacity(BYTES + 32);
        while text.len() < BYTES {
            let place = (words.len() as f64).powf(dice.share()) as usize - 1;
            text.extend_from_slice(words[place.min(words.len() - 1)].as_bytes());
            match dice.below(12) {
                0 => text.extend_from_slice(b". "),
                1 => text.extend_from_slice(b", "),
                2 => text.extend_from_slice(format!(" {} ", dice.below(10_000)).as_bytes()),
                _ => text.push(b' '),
            }
        }
        Corpus(text)
    }

    /// `bytes` of text from a random place.
    pub fn cut(&self, dice: &mut Dice, bytes: usize) -> &[u8] {
        let from = dice.below((self.0.len() - bytes) as u64) as usize;
        &self.0[from..from + bytes]
    }
}
