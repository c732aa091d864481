//! Randomness out of a seed: every item has a stream of its own, so that item *n* can be drawn
//! without those before it.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream is for.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    Listing,
    Organization,
    Block,
    Person,
}

/// The seed, from which the streams spring.
pub(super) struct Source(ChaCha8Rng);

impl Source {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The stream of the `nth` item.
    pub(super) fn draw(&self, stream: Stream, nth: usize) -> Draw {
        let kind = match stream {
            Stream::Listing => 0,
            Stream::Organization => 1,
            Stream::Block => 2,
            Stream::Person => 3,
        };
        let mut random = self.0.clone();
        random.set_stream((nth as u64).wrapping_mul(4).wrapping_add(kind));
        Draw(random)
    }
}

/// One stream.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// 0..1, 1 not included.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Whether something of this probability happens.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number, both ends included.
    pub(super) fn between(&mut self, least: i64, greatest: i64) -> i64 {
        self.0.random_range(least..=greatest)
    }

    /// A place in a list of this length; 0 in an empty one.
    pub(super) fn index(&mut self, length: usize) -> usize {
        self.0.random_range(0..length.max(1))
    }

    /// One of a list that is not empty.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    /// One of a list that is not empty, by whole weights.
    pub(super) fn weighted<T: Copy>(&mut self, from: &[(T, u32)]) -> T {
        let sum: u32 = from.iter().map(|(_, weight)| weight).sum();
        let mut left = self.0.random_range(0..sum.max(1));
        for (value, weight) in from {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        from[0].0
    }

    /// Standard normal (Box & Muller 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    /// Log-normal with this median.
    pub(super) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }
}

/// A wheel of fortune: places by weight.
pub(super) struct Wheel(Vec<f64>);

impl Wheel {
    /// A wheel with these weights, or nothing when they come to nothing.
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sum = 0.0;
        let sums = weights.into_iter().map(|weight| {
            sum += weight;
            sum
        });
        let sums: Vec<f64> = sums.collect();
        (sum > 0.0).then_some(Self(sums))
    }

    /// Weights 1/(1 + offset), 1/(2 + offset), … (Zipf 1949, Mandelbrot 1953).
    pub(super) fn zipf(length: usize, offset: f64) -> Option<Self> {
        Self::new((1..=length).map(|rank| 1.0 / (rank as f64 + offset)))
    }

    /// A place, by weight.
    pub(super) fn draw(&self, draw: &mut Draw) -> usize {
        let at = draw.unit() * self.0.last().copied().unwrap_or(0.0);
        self.0
            .partition_point(|sum| *sum <= at)
            .min(self.0.len() - 1)
    }
}
