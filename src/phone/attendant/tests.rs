use super::*;

struct Bench {
    zero: Instant,
    attendant: Attendant,
}

fn keys(text: &str) -> Vec<Digit> {
    text.chars().map(|c| Digit::from_char(c).unwrap()).collect()
}

impl Bench {
    /// An office with the extensions 12, 123 and 4, whose attendant greets.
    fn answered() -> Bench {
        #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
        let zero = Instant::now();
        let clip = |name: &str| Arc::new(Clip::new(name, vec![0; 8]));
        let recordings = Recordings {
            greeting: clip("greeting"),
            transferring: Some(clip("transferring")),
            ringback: clip("ringback"),
            nobody: Some(clip("nobody")),
            unknown: Some(clip("unknown")),
        };
        let extension = |text: &str| Extension {
            keys: keys(text),
            phone: SipUri::new(std::net::IpAddr::from([192, 0, 2, 1]).into()),
        };
        let extensions = ["12", "123", "4"].map(extension).into();
        let mut bench =
            Bench { zero, attendant: Attendant::new(Arc::new(Office { recordings, extensions })) };
        bench.attendant.handle_answered();
        assert_eq!(bench.deeds(), ["greeting"]);
        bench
    }

    fn at(&self, ms: u64) -> Instant {
        self.zero + Duration::from_millis(ms)
    }

    fn key(&mut self, text: &str, ms: u64) {
        keys(text).into_iter().for_each(|digit| self.attendant.handle_key(self.at(ms), digit));
    }

    fn said(&mut self, ms: u64) {
        self.attendant.handle_said(self.at(ms), self.attendant.saying);
    }

    fn timeout(&mut self, ms: u64) {
        self.attendant.handle_timeout(self.at(ms));
    }

    fn deeds(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        while let Some(deed) = self.attendant.poll_deed() {
            words.push(match deed {
                Deed::Say(_, clip) => clip.name().to_owned(),
                Deed::Ring(extension) => format!("ring {extension}"),
                Deed::PutThrough => "put through".to_owned(),
                Deed::HangUp => "hang up".to_owned(),
            });
        }
        words
    }
}

#[test]
fn a_caller_is_put_through_and_either_end_ends_both() {
    for by_caller in [true, false] {
        let mut bench = Bench::answered();
        bench.key("4", 500);
        assert_eq!(bench.deeds(), ["transferring"], "at the last key, in the greeting too");
        bench.said(1_500);
        assert_eq!(bench.deeds(), ["ring 2", "ringback"]);
        bench.said(7_500);
        assert_eq!(bench.deeds(), ["ringback"], "it rings on");
        bench.attendant.handle_phone_answered();
        assert_eq!(bench.deeds(), ["put through"]);
        bench.key("4", 8_000);
        if by_caller {
            bench.attendant.handle_caller_ended();
        } else {
            bench.attendant.handle_phone_ended();
        }
        assert_eq!(bench.deeds(), ["hang up"]);
    }
}

#[test]
fn an_extension_that_begins_another_waits_for_its_next_key() {
    let mut bench = Bench::answered();
    bench.key("12", 500);
    bench.timeout(2_499);
    assert_eq!(bench.deeds(), Vec::<String>::new());
    bench.timeout(2_500);
    assert_eq!((bench.deeds(), bench.attendant.keyed()), (vec!["transferring".to_owned()], "12".to_owned()));
    let mut bench = Bench::answered();
    bench.key("123", 500);
    assert_eq!(bench.deeds(), ["transferring"]);
}

#[test]
fn an_unknown_extension_is_told_and_the_call_ends() {
    for (text, after) in [("9", 500), ("1", 2_500)] {
        let mut bench = Bench::answered();
        bench.key(text, 500);
        bench.timeout(after);
        assert_eq!(bench.deeds(), ["unknown"], "{text}");
        bench.said(3_500);
        bench.timeout(3_800);
        assert_eq!(bench.deeds(), ["hang up"]);
    }
}

#[test]
fn nobody_at_the_extension_is_told() {
    let mut bench = Bench::answered();
    bench.key("4", 500);
    bench.said(1_500);
    bench.attendant.handle_phone_ended();
    assert_eq!(bench.deeds(), ["transferring", "ring 2", "ringback", "nobody"]);
}

#[test]
fn who_keys_nothing_is_greeted_three_times() {
    let mut bench = Bench::answered();
    for n in 1..=2 {
        bench.said(10_000 * n);
        bench.timeout(10_000 * n + 6_000);
        assert_eq!(bench.deeds(), ["greeting"]);
    }
    bench.said(30_000);
    bench.timeout(36_000);
    assert_eq!(bench.deeds(), ["hang up"]);
}
