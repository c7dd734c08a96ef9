//! SRV records: the hosts of one service, in the order in which they are tried (RFC 2782).

use rand::{Rng, RngExt};

/// One SRV record (RFC 2782, "The format of the SRV RR").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// Lower ones are tried first.
    pub priority: u16,
    /// The share of the calls among records of one priority.
    pub weight: u16,
    /// Where the host listens.
    pub port: u16,
    /// The host, without a dot at its end; empty for the root, which says that there is no service.
    pub target: String,
}

impl Srv {
    /// RFC 2782: "A Target of "." means that the service is decidedly not available at this domain."
    pub(super) fn is_refusal(&self) -> bool {
        self.target.is_empty()
    }
}

/// The first `limit` records in the order in which they are tried: by priority, and within one by a
/// draw that follows the weights.
pub(super) fn in_order(mut records: Vec<Srv>, limit: usize, rng: &mut impl Rng) -> Vec<Srv> {
    // RFC 2782: "place all those with weight 0 at the beginning of the list" of their priority.
    records.sort_by_key(|record| (record.priority, record.weight != 0));
    let mut ordered = Vec::new();
    while ordered.len() < limit
        && let Some(first) = records.first()
    {
        let rank = first.priority;
        let alike = records.iter().take_while(|record| record.priority == rank).count();
        let drawn = draw(&records[..alike], rng);
        ordered.push(records.remove(drawn));
    }
    ordered
}

/// RFC 2782: "Compute the sum of the weights of those RRs, and with each RR associate the running sum
/// in the selected order. Then choose a uniform random number between 0 and the sum computed
/// (inclusive), and select the RR whose running sum value is the first in the selected order which is
/// greater than or equal to the random number selected."
fn draw(records: &[Srv], rng: &mut impl Rng) -> usize {
    let sum: u64 = records.iter().map(|record| u64::from(record.weight)).sum();
    let number = rng.random_range(0..=sum);
    let mut running = 0;
    let reaches = |record: &Srv| {
        running += u64::from(record.weight);
        running >= number
    };
    records.iter().position(reaches).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    const SEED: u64 = 202_611;

    fn srv(priority: u16, weight: u16, target: &str) -> Srv {
        Srv { priority, weight, port: 5060, target: target.into() }
    }

    /// How often each target came first, and then in second place, of `draws`.
    fn shares(records: &[Srv], draws: usize, place: usize) -> std::collections::BTreeMap<String, usize> {
        let mut rng = StdRng::seed_from_u64(SEED);
        let mut shares = std::collections::BTreeMap::new();
        for _ in 0..draws {
            let ordered = in_order(records.to_vec(), 8, &mut rng);
            *shares.entry(ordered[place].target.clone()).or_default() += 1;
        }
        shares
    }

    #[test]
    fn a_client_must_attempt_the_lowest_numbered_priority_first() {
        let records = [srv(20, 0, "spare"), srv(10, 1, "first"), srv(10, 2, "first too")];
        let mut rng = StdRng::seed_from_u64(SEED);
        for _ in 0..100 {
            let ordered = in_order(records.to_vec(), 8, &mut rng);
            assert_eq!(ordered.len(), 3, "every record is kept for the failing over");
            assert_eq!(ordered[2].target, "spare", "seed {SEED}");
        }
    }

    /// RFC 2782: "Larger weights SHOULD be given a proportionately higher probability of being
    /// selected." A draw of 0 to 100 inclusive over 1, 24 and 75 gives 2, 24 and 75 of 101.
    #[test]
    fn larger_weights_are_drawn_in_proportion() {
        let records = [srv(1, 75, "c"), srv(1, 1, "a"), srv(1, 24, "b")];
        let first = shares(&records, 20_000, 0);
        for (target, share) in [("a", 2.0 / 101.0), ("b", 24.0 / 101.0), ("c", 75.0 / 101.0)] {
            let told = first[target] as f64 / 20_000.0;
            assert!((told - share).abs() < 0.012, "{target}: {told:.3} for {share:.3}, seed {SEED}");
        }
        assert!(shares(&records, 20_000, 1)["b"] > 9_000, "the order goes on by weight, seed {SEED}");
    }

    /// RFC 2782: "In the presence of records containing weights greater than 0, records with weight 0
    /// should have a very small chance of being selected."
    #[test]
    fn weight_0_has_a_very_small_chance_beside_others() {
        let first = shares(&[srv(1, 0, "zero"), srv(1, 1_000, "heavy")], 20_000, 0);
        let zero = first.get("zero").copied().unwrap_or_default();
        assert!((1..100).contains(&zero), "20 of 20,000 are due: {zero}, seed {SEED}");
    }

    #[test]
    fn a_long_answer_is_cut_to_what_is_tried() {
        let records: Vec<Srv> = (0..2_000).map(|n| srv(n % 3, n, &n.to_string())).collect();
        let ordered = in_order(records, 8, &mut StdRng::seed_from_u64(SEED));
        assert_eq!(ordered.iter().map(|record| record.priority).collect::<Vec<_>>(), [0; 8]);
    }
}
