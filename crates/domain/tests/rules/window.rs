use std::collections::BTreeMap;

use domain::rollup::Bucket;
use domain::window::{Ring, Sliding};
use proptest::prelude::*;

use crate::call;

proptest! {
    #[test]
    fn a_ring_is_a_map_that_forgets(
        width in 1i64..5_000,
        slots in 1usize..20,
        steps in proptest::collection::vec((any::<bool>(), -20_000i64..60_000), 1..100),
    ) {
        let mut ring = Ring::<u32>::new(width, slots);
        let mut model = BTreeMap::<i64, u32>::new();
        let mut newest = 0i64;
        ring.advance(0);
        for (advance, time) in steps {
            let slot = time.div_euclid(width);
            if advance {
                ring.advance(time);
                newest = newest.max(slot);
                model.retain(|slot, _| *slot > newest - slots as i64);
            } else {
                let fits = slot > newest - slots as i64 && slot <= newest + 1;
                let place = ring.slot_mut(time);
                prop_assert_eq!(place.is_some(), fits);
                if let Some(count) = place {
                    *count += 1;
                    *model.entry(slot).or_default() += 1;
                }
            }
            let expected: Vec<(i64, u32)> = model.iter().map(|(slot, count)| (slot * width, *count)).collect();
            prop_assert_eq!(ring.iter().map(|(start, count)| (start, *count)).collect::<Vec<_>>(), expected);
            prop_assert_eq!(ring.get(time), model.get(&slot));
        }
    }

    #[test]
    fn a_sliding_total_is_the_sum_of_its_slots(
        slots in 1usize..8,
        steps in proptest::collection::vec((call(), 0i64..2_500, 0i64..6_000), 1..60),
        jump in 0usize..60,
    ) {
        let mut ring = Ring::<Bucket>::new(1_000, slots + 3);
        let mut sliding = Sliding::new(slots);
        let mut now = 1_000_000;
        for (number, (call, ahead, late)) in steps.into_iter().enumerate() {
            now += if number == jump { 1_000_000 } else { ahead };
            sliding.advance(&ring, now);
            ring.advance(now);
            let time = now - late;
            if let Some(bucket) = ring.slot_mut(time) {
                bucket.add(&call);
                sliding.add(time, &call);
            }
            let (from, to) = sliding.range();
            prop_assert_eq!((to, to - from), (now - now % 1_000, slots as i64 * 1_000));
            prop_assert_eq!(sliding.total(), &ring.sum(from, to));
        }
    }
}
