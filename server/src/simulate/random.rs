//! Chance, all of it from the seed.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A generator for one purpose and one number: what it draws depends on nothing else, so the order in which requests
/// arrive or end changes nothing.
pub fn generator(seed: u64, purpose: &str, number: u64) -> StdRng {
    // FNV-1a over the purpose; SplitMix64's finaliser (Steele, Lea, Flood 2014) over the three together.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in purpose.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let mut z = seed ^ hash.rotate_left(17) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    StdRng::seed_from_u64(z ^ (z >> 31))
}

/// True in this share of cases.
pub fn chance(rng: &mut StdRng, share: f64) -> bool {
    rng.random::<f64>() < share
}

/// Log-normal with this median; `sigma` is the standard deviation of the logarithm.
pub fn log_normal(rng: &mut StdRng, median: f64, sigma: f64) -> f64 {
    // Box–Muller. `1 - u` is in (0, 1], so the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * rng.random::<f64>()).cos();
    median * (sigma * normal).exp()
}

/// Time to the next arrival of a Poisson process with this rate per second, in seconds.
pub fn exponential(rng: &mut StdRng, rate: f64) -> f64 {
    -(1.0 - rng.random::<f64>()).ln() / rate
}

/// Index into `shares`, with a probability in proportion to each.
pub fn weighted(rng: &mut StdRng, shares: impl Iterator<Item = f64> + Clone) -> usize {
    let total: f64 = shares.clone().sum();
    let mut left = rng.random::<f64>() * total;
    let mut last = 0;
    for (index, share) in shares.enumerate() {
        if left < share {
            return index;
        }
        left -= share;
        last = index;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generator_depends_on_all_three_and_on_nothing_else() {
        let draw = |seed, purpose, number| generator(seed, purpose, number).random::<u64>();
        assert_eq!(draw(7, "call", 3), draw(7, "call", 3));
        let others = [draw(8, "call", 3), draw(7, "calls", 3), draw(7, "call", 4)];
        assert!(
            others.iter().all(|other| *other != draw(7, "call", 3)),
            "{others:?}"
        );
    }

    #[test]
    fn the_distributions_have_their_moments() {
        let mut rng = generator(1, "test", 0);
        let mut drawn: Vec<f64> = (0..20_001).map(|_| log_normal(&mut rng, 400.0, 0.5)).collect();
        drawn.sort_by(f64::total_cmp);
        assert!((drawn[10_000] - 400.0).abs() < 12.0, "median {}", drawn[10_000]);
        // The 97.7th percentile of a log-normal lies two sigma above the median.
        let two_sigma = 400.0 * 1.0_f64.exp();
        assert!(
            (drawn[19_545] / two_sigma - 1.0).abs() < 0.08,
            "{}",
            drawn[19_545]
        );
        let mean = (0..20_000).map(|_| exponential(&mut rng, 40.0)).sum::<f64>() / 20_000.0;
        assert!((mean - 0.025).abs() < 0.001, "{mean}");
        let mut counts = [0; 3];
        for _ in 0..10_000 {
            counts[weighted(&mut rng, [1.0, 0.0, 3.0].into_iter())] += 1;
        }
        assert!(
            counts[1] == 0 && (2_300..2_700).contains(&counts[0]),
            "{counts:?}"
        );
    }
}
