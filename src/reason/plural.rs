//! Which form a counted noun takes: the CLDR plural rules (Unicode TR 35, "Language Plural Rules") of
//! the shipped languages, for whole numbers.

/// A CLDR plural category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plural {
    One,
    Two,
    Few,
    Many,
    Other,
}

/// The category of `count` in the language of `locale`.
pub(super) fn category(locale: &str, count: u64) -> Plural {
    match locale.split('-').next().unwrap_or_default() {
        "ja" | "zh" => Plural::Other,
        "ru" => russian(count),
        "ar" => arabic(count),
        _ if count == 1 => Plural::One,
        _ => Plural::Other,
    }
}

fn russian(count: u64) -> Plural {
    match (count % 10, count % 100) {
        (1, tens) if tens != 11 => Plural::One,
        (2..=4, tens) if !(12..=14).contains(&tens) => Plural::Few,
        _ => Plural::Many,
    }
}

fn arabic(count: u64) -> Plural {
    match (count, count % 100) {
        (1, _) => Plural::One,
        (2, _) => Plural::Two,
        (_, 3..=10) => Plural::Few,
        (_, 11..=99) => Plural::Many,
        (_, _) => Plural::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_teens_of_russian_are_many_and_the_hundreds_of_arabic_other() {
        assert_eq!(category("ru", 21), Plural::One);
        assert_eq!(category("ru", 11), Plural::Many);
        assert_eq!(category("ru", 22), Plural::Few);
        assert_eq!(category("ru", 112), Plural::Many);
        assert_eq!(category("ar", 103), Plural::Few);
        assert_eq!(category("ar", 100), Plural::Other);
        assert_eq!(category("zh-Hant", 1), Plural::Other);
        assert_eq!(category("en-GB", 1), Plural::One);
    }
}
