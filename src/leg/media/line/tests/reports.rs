//! What both ends report of the line by RTCP.

use super::*;

#[test]
fn both_ends_report_loss_and_the_estimate_follows() {
    let mut bench = Bench::agreed(5, Codec::Pcmu);
    bench.run(ms(20_000));
    let clean = bench.figures();
    assert_eq!((clean.lost_received, clean.lost_sent, clean.late), (0, Some(0), 0));
    assert!(clean.rtcp_received && clean.jitter_ms < 1.0);
    assert!(clean.mos.unwrap() > 4.2, "{clean:?}");
    bench.loss_percent = 8;
    bench.run(ms(20_000));
    let poor = bench.figures();
    assert!((40..140).contains(&poor.lost_received), "{poor:?}");
    assert!(poor.mos.unwrap() < 3.3, "{poor:?}");
    let told = bench.phone.figures().lost_sent.unwrap();
    assert!(told > 20, "the phone hears of it: {told}");
}

#[test]
fn a_silent_line_has_no_estimate() {
    assert_eq!(Bench::agreed(1, Codec::Pcmu).figures().mos, None);
}

#[test]
fn rtcp_from_a_stranger_is_not_believed() {
    let mut bench = Bench::agreed(1, Codec::Pcmu);
    let receiver_report = [0x80, 201, 0, 1, 0, 0, 0, 77];
    bench.gateway.handle_rtcp(bench.at(), at("203.0.113.9:4001"), &receiver_report);
    assert!(!bench.figures().rtcp_received);
    bench.gateway.handle_rtcp(bench.at(), at("198.51.100.7:9"), &receiver_report);
    assert!(bench.figures().rtcp_received);
}
