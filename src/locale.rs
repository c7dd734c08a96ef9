//! Language tags, as far as choosing a voice or a sentence needs them (BCP 47: RFC 5646 and RFC 4647).

/// RFC 5646 §2.1: a primary language of 2 to 8 letters, then subtags of 1 to 8 letters or digits.
pub fn is_well_formed(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default();
    (2..=8).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags.all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Which of `available` speaks `wanted` best: the same tag, else the longest of its prefixes
/// (RFC 4647 §3.4, "Lookup"), else the same language of another region; `None` for another language.
///
/// Tags compare without regard to case (RFC 5646 §2.1.1). The first of equals wins.
pub fn lookup(wanted: &str, available: &[&str]) -> Option<usize> {
    let mut range = wanted;
    loop {
        if let Some(at) = available.iter().position(|tag| tag.eq_ignore_ascii_case(range)) {
            return Some(at);
        }
        match range.rsplit_once('-') {
            Some((shorter, _)) => range = shorter,
            None => {
                return available.iter().position(|tag| language(tag).eq_ignore_ascii_case(range));
            }
        }
    }
}

fn language(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_tag_wins_then_its_prefix_then_its_language() {
        let packs = ["de-CH", "en-US", "zh", "en-GB", "zh-Hant"];
        assert_eq!(lookup("EN-gb", &packs), Some(3), "RFC 5646 §2.1.1: case carries no meaning");
        assert_eq!(lookup("zh-Hant-TW", &packs), Some(4), "RFC 4647 §3.4: the longest prefix");
        assert_eq!(lookup("zh-Hans-CN", &packs), Some(2));
        assert_eq!(lookup("de-AT", &packs), Some(0), "another region's German beats no German");
        assert_eq!(lookup("en", &packs), Some(1), "the first of two Englishes");
        assert_eq!(lookup("fr-FR", &packs), None);
        assert_eq!(lookup("", &packs), None);
    }

    #[test]
    fn only_language_tags_are_well_formed() {
        for tag in ["en", "en-US", "zh-Hant-TW", "es-419", "de-CH-1996"] {
            assert!(is_well_formed(tag), "{tag}");
        }
        for tag in ["", "e", "en_US", "en-", "-US", "../en", "en-languages", "12-US", "en US"] {
            assert!(!is_well_formed(tag), "{tag}");
        }
    }
}
