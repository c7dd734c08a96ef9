//! Keys by tone and by event, heard and sent.

use super::*;

#[test]
fn a_tone_in_the_audio_is_told_once_with_its_moment() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let mut bench = Bench::agreed(3, codec);
        bench.run(ms(200));
        bench.press(KeyPath::InBand, "#");
        bench.run(ms(600));
        assert_eq!(bench.told(), [Told::Key('#', KeyPath::InBand)], "{codec:?}");
        // The packet of 220 ms begins the wait of 70 ms and spans the 20 ms up to its sending.
        let onset = ms(200 + 70 + 5).as_millis().abs_diff(bench.keys[0].as_millis());
        assert!(onset <= 5, "off by {onset} ms");
        let told_at = bench.told[0].0;
        assert!(told_at <= ms(200 + 70 + 36 + 20), "told at the first evidence: {told_at:?}");
    }
}

#[test]
fn an_event_is_told_at_its_first_packet_with_its_moment() {
    let mut bench = Bench::agreed(3, Codec::Pcma);
    bench.run(ms(200));
    bench.press(KeyPath::Rfc4733, "0#");
    bench.run(ms(800));
    let zero = Told::Key('0', KeyPath::Rfc4733);
    assert_eq!(bench.told(), [zero, HASH], "audio between the packets, ends repeated: once each");
    // After the wait of 70 ms the next packet begins at 280 ms and leaves at 300.
    assert_eq!(bench.told[0].0, ms(300));
    let off = (280 + 5_u128).abs_diff(bench.keys[0].as_millis());
    assert!(off <= 2, "off by {off} ms");
}

#[test]
fn where_events_were_dropped_the_key_sounds() {
    let mut bench = Bench::agreed(3, Codec::Pcma);
    let none = MediaFormat { send_event_payload: None, ..format(GATEWAY, Codec::Pcma) };
    bench.order_phone(MediaCommand::Negotiated(Arc::new(none)));
    bench.press(KeyPath::Rfc4733, "5");
    bench.run(ms(600));
    assert_eq!(bench.told(), [Told::Key('5', KeyPath::InBand)]);
}

#[test]
fn the_phone_learns_when_each_of_its_keys_left() {
    let mut bench = Bench::agreed(3, Codec::Pcma);
    bench.press(KeyPath::InBand, "12#");
    bench.run(ms(900));
    let events: Vec<MediaEvent> = std::iter::from_fn(|| bench.phone.poll_event()).collect();
    // 70 ms of wait and 100 ms of tone a key: the packets that hold 70, 240 and 410 ms.
    let left = [80, 260, 420].map(|at| MediaEvent::Pressed { first_packet: bench.zero + ms(at) });
    assert_eq!(events, left);
    assert_eq!(bench.told().len(), 3);
}

/// A far end with silence suppression stops sending right behind a short key (RFC 3551 §4.1): the
/// pause itself is what makes the key sure.
#[test]
fn a_short_key_right_before_a_pause_of_the_far_end_is_heard() {
    let mut bench = Bench::agreed(3, Codec::Pcmu);
    let mut pcm = [0; 480];
    let key = Key::from_char('#').unwrap();
    KeyTone::new(key, Dbm0(-10.0), Samples(41 * 8)).fill(&mut pcm[480 - 41 * 8..]);
    let mut octets = [0; 480];
    Law::Mu.encode_into(&pcm, &mut octets);
    for (n, payload) in (0u16..).zip(octets.chunks(160)) {
        bench.now += ms(20);
        bench.inject(PHONE, header(0, n, u32::from(n) * 160), payload);
    }
    bench.now += ms(1_000);
    bench.inject(PHONE, header(0, 3, 480 + 8_000), &[0xFF; 160]);
    assert_eq!(bench.told(), [Told::Key('#', KeyPath::InBand)]);
    assert!(bench.keys[0].abs_diff(ms(19)) <= ms(10), "began at {:?}", bench.keys[0]);
}

/// Linphone without a sound card: the first packet at all is the key, and its end is repeated
/// with one and the same sequence number.
#[test]
fn the_first_packet_may_be_the_key_itself() {
    let mut bench = Bench::agreed(1, Codec::Pcma);
    bench.inject(PHONE, header(101, 5, 8_000), &HASH_EVENT);
    for _ in 0..3 {
        bench.inject(PHONE, header(101, 6, 8_000), &[11, 0x8A, 3, 32]);
    }
    assert_eq!(bench.told(), [HASH]);
}

/// Users' pain 4: the answer dropped events, or numbers them otherwise, and they come all the same.
#[test]
fn events_come_by_our_number_or_by_theirs() {
    let mut bench = Bench::new(1);
    bench.negotiate(MediaFormat { send_event_payload: None, ..format(PHONE, Codec::Pcma) });
    bench.inject(PHONE, header(101, 1, 8_000), &HASH_EVENT);
    bench.negotiate(MediaFormat { send_event_payload: Some(96), ..format(PHONE, Codec::Pcma) });
    bench.inject(PHONE, header(96, 2, 16_000), &HASH_EVENT);
    bench.inject(PHONE, header(97, 3, 24_000), &HASH_EVENT);
    assert_eq!(bench.told(), [HASH, HASH]);
    assert_eq!(bench.figures().foreign, 1, "a number that nobody agreed");
}

/// 100 ms on, 100 ms off: what repeats an event's end (RFC 4733 §2.5.1.4) is part of the silence behind it.
#[test]
fn keys_are_as_far_apart_by_events_as_they_are_by_tones() {
    for path in [KeyPath::InBand, KeyPath::Rfc4733] {
        let mut bench = Bench::agreed(3, Codec::Pcma);
        let digit = Digit::from_char('7').unwrap();
        let order = PressOrder { digit, path, after: ms(100), held: ms(100), level_dbm0: -10.0 };
        bench.order_phone(MediaCommand::Press(vec![order; 5]));
        bench.run(ms(1_500));
        let apart: Vec<u128> = bench.keys.windows(2).map(|keys| (keys[1] - keys[0]).as_millis()).collect();
        assert_eq!(apart.len(), 4, "{path:?}");
        assert!(apart.iter().all(|ms| (198..=202).contains(ms)), "{path:?}: {apart:?}");
    }
}
