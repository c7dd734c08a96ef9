//! Knowing what we say: our own prompt comes back as an echo, and the ear is given the residual.
#![allow(clippy::print_stdout, reason = "a test tells its shares")]

mod ear;

use ear::echoes::{EchoCall, EchoPath, press, prompt, rounded, through};
use ear::{ms, seeded, short_or_long};
use octothorpe::dsp::dtmf::Key;
use octothorpe::dsp::ear::Ear;
use octothorpe::dsp::echo::Recording;
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::units::{Db, Dbm0, Samples};
use rand::RngExt;

/// Issue: "with the prompt as reference, 100 ms key, SIR 12 / 6 / 0 dB: ≥ 99.9 / 99.5 / 99 %".
#[test]
fn a_key_is_heard_over_the_echo_of_our_prompt() {
    let mut rng = seeded("keys over our echo", 90_401);
    let trials = short_or_long(250, 10_000);
    for (sir, required) in [(12.0, 99.9), (6.0, 99.5), (0.0, 99.0)] {
        let (mut right, mut blind) = (0, 0);
        for _ in 0..trials {
            let call = EchoCall::with_key(&mut rng, Db(sir));
            right += usize::from(call.heard() == call.expected);
            blind += usize::from(call.heard_blind() == call.expected);
        }
        let share = |count: usize| 100.0 * count as f64 / trials as f64;
        println!("SIR {sir} dB, {trials} keys: {:.2} %, blind {:.2} %", share(right), share(blind));
        // A trial more may fail than the share allows, for the sample is small.
        let missed = trials - right;
        let allowed = (trials as f64 * (100.0 - required) / 100.0).ceil() as usize + 1;
        assert!(missed <= allowed, "SIR {sir} dB: {missed} of {trials} missed");
    }
}

/// Issue: "our own prompts, and prompts that hold each key's tones, back at us 0 to 20 dB down:
/// 0 keys", from the first sample of the call, when no path is known.
#[test]
fn our_own_prompt_is_no_key() {
    let mut rng = seeded("our own prompt", 90_402);
    let trials = short_or_long(120, 4000);
    let mut blind = 0;
    for trial in 0..trials {
        let call = EchoCall::with_own_tones(&mut rng, trial % 2 == 1);
        assert_eq!(call.heard(), "", "trial {trial}");
        blind += call.heard_blind().len();
    }
    println!("our own prompts, {trials} calls: no key; blind {blind}");
    assert!(blind > 0, "the prompts hold keys that an ear without reference hears");
}

/// Issue: "while another key pressed meanwhile is heard".
#[test]
fn another_key_is_heard_while_our_prompt_holds_one() {
    let mut rng = seeded("another key", 90_403);
    let trials = short_or_long(200, 2000);
    let mut right = 0;
    for _ in 0..trials {
        let mut said: Vec<f32> = prompt(&mut rng).into_iter().map(f32::from).collect();
        let ours = Key::from_char('5').unwrap();
        let begin = rng.random_range(12_000..24_000);
        press(&mut rng, &mut said, ours, begin, ms(400.0), Dbm0(-14.0));
        let said = through(Law::Mu, &rounded(&said));
        let path = EchoPath::any(&mut rng, [3.0, 10.0]);
        let mut line = path.echo(&said);
        let meanwhile = begin + path.delay as usize + ms(100.0);
        press(&mut rng, &mut line, Key::from_char('#').unwrap(), meanwhile, ms(100.0), Dbm0(-18.0));
        let received = through(Law::A, &rounded(&line));
        right += usize::from(EchoCall { said, received, expected: "#".into() }.heard() == "#");
    }
    println!("'#' while our prompt holds a '5', {trials} calls: {right}");
    assert!(right * 100 >= trials * 97, "{right} of {trials}");
}

/// Where nothing was played the samples are what they were.
#[test]
fn without_a_reference_nothing_is_changed() {
    let mut rng = seeded("no reference", 90_404);
    let received = ear::sounds::speech(&mut rng, 8000);
    for said in [Recording::default(), Recording::new([0; 8000], Samples(0))] {
        let (mut ear, mut left) = (Ear::new(said), received.clone());
        ear.hear(&mut left, &mut |_| {});
        assert_eq!(left, received);
    }
}
