use domain::Sketch;
use domain::sketch::{LONGEST, RELATIVE_ERROR};
use proptest::prelude::*;

/// Durations as they are met: most of them spread over the decades, some extreme.
fn durations() -> impl Strategy<Value = Vec<u64>> {
    let duration = prop_oneof![
        1 => 0u64..=3,
        8 => (0.0f64..25.2).prop_map(|log| (log.exp() as u64).min(LONGEST)),
        1 => Just(LONGEST),
    ];
    proptest::collection::vec(duration, 1..300)
}

fn of(values: &[u64]) -> Sketch {
    let mut sketch = Sketch::new();
    for value in values {
        sketch.add(*value, 1);
    }
    sketch
}

fn merged(parts: &[&Sketch]) -> Sketch {
    let mut all = Sketch::new();
    for part in parts {
        all.merge(part);
    }
    all
}

proptest! {
    #[test]
    fn quantiles_are_within_one_percent(mut values in durations(), q in 0.0f64..=1.0) {
        let sketch = of(&values);
        values.sort_unstable();
        for q in [q, 0.0, 0.5, 0.95, 0.99, 1.0] {
            let exact = values[(q * (values.len() - 1) as f64) as usize] as f64;
            let told = sketch.quantile(q).unwrap();
            prop_assert!((told - exact).abs() <= exact * RELATIVE_ERROR * (1.0 + 1e-9), "q {q}: {told}, exactly {exact}");
        }
    }

    #[test]
    fn merging_is_adding_in_any_order(a in durations(), b in durations(), c in durations()) {
        let all: Vec<u64> = a.iter().chain(&b).chain(&c).copied().collect();
        let (sa, sb, sc) = (of(&a), of(&b), of(&c));
        let whole = of(&all);
        prop_assert_eq!(&merged(&[&sa, &sb, &sc]), &whole);
        prop_assert_eq!(&merged(&[&sc, &sa, &sb]), &whole);
        prop_assert_eq!(&merged(&[&sa, &merged(&[&sb, &sc])]), &whole);
        prop_assert_eq!(whole.count(), all.len() as u64);
    }

    #[test]
    fn a_weight_is_so_many_values(value in 0u64..LONGEST, weight in 0u64..1000) {
        let mut weighted = Sketch::new();
        weighted.add(value, weight);
        prop_assert_eq!(weighted, of(&vec![value; weight as usize]));
    }

    #[test]
    fn subtracting_undoes_merging(a in durations(), b in durations()) {
        let mut sketch = merged(&[&of(&a), &of(&b)]);
        sketch.subtract(&of(&b));
        prop_assert_eq!(&sketch, &of(&a));
        sketch.subtract(&merged(&[&of(&a), &of(&b)]));
        prop_assert!(sketch.is_empty(), "never below zero");
    }

    #[test]
    fn bins_hold_their_values(values in durations()) {
        let sketch = of(&values);
        for (lower, upper, count) in sketch.bins() {
            let inside = values.iter().filter(|v| **v > lower && **v <= upper || upper == 0 && **v == 0).count();
            prop_assert_eq!(count, inside as u64, "{}..={}", lower, upper);
        }
        prop_assert_eq!(sketch.bins().map(|(_, _, count)| count).sum::<u64>(), sketch.count());
    }

    #[test]
    fn ranges_add_up(values in durations(), mut edges in proptest::collection::vec(0u64..LONGEST, 0..10)) {
        edges.extend([0, u64::MAX]);
        edges.sort_unstable();
        let sketch = of(&values);
        let sum: u64 = edges.windows(2).map(|pair| sketch.count_between(pair[0], pair[1])).sum();
        prop_assert_eq!(sum, sketch.count());
    }

    #[test]
    fn bytes_come_back(values in durations(), weight in 1u64..1 << 40) {
        let mut sketch = of(&values);
        sketch.add(values[0], weight);
        let bytes = sketch.to_bytes();
        prop_assert_eq!(Sketch::from_bytes(&bytes), Some(sketch.clone()));
        prop_assert_eq!(Sketch::from_bytes(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn any_bytes_are_safe(bytes in proptest::collection::vec(any::<u8>(), 0..200), version in any::<bool>()) {
        let mut bytes = bytes;
        if version && !bytes.is_empty() {
            bytes[0] = 1;
        }
        if let Some(sketch) = Sketch::from_bytes(&bytes) {
            prop_assert!(sketch.bins().count() <= bytes.len() / 2);
            prop_assert!(sketch.quantile(0.5).is_none_or(|value| value <= LONGEST as f64 * 1.01));
            prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Some(sketch));
        }
    }

    #[test]
    fn damaged_bytes_are_safe(values in durations(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut bytes = of(&values).to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Some(sketch) = Sketch::from_bytes(&bytes) {
            prop_assert!(sketch.count() >= sketch.bins().count() as u64);
        }
    }
}
