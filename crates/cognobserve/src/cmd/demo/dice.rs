//! Random numbers that are the same on every machine and in every version: splitmix64.
//! Invariant: a seed decides all that follows. Not for secrets.

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// In `[0, 1)`.
    pub fn fraction(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// In `from..=to`.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = (to - from).unsigned_abs() + 1;
        from + (self.roll() % width) as i64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[(self.roll() % list.len() as u64) as usize]
    }

    /// Around `middle`, mostly within a factor of three, with a long tail upwards.
    pub fn skewed(&mut self, middle: f64) -> f64 {
        // The sum of a few uniform numbers is close enough to a bell.
        let bell: f64 = (0..4).map(|_| self.fraction() - 0.5).sum();
        middle * (bell * 1.2).exp()
    }

    /// `bytes` random bytes in hex.
    pub fn hex(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes * 2);
        while text.len() < bytes * 2 {
            text += &format!("{:016x}", self.roll());
        }
        text.truncate(bytes * 2);
        text
    }
}
