//! Amounts, columns of them, and that what is shown adds up.
use super::*;
use proptest::prelude::*;

fn sums(cost_nanos: i128, unpriced_span_count: i64) -> Measures {
    Measures {
        cost_nanos,
        unpriced_span_count,
        ..Measures::default()
    }
}

#[test]
fn money_keeps_its_cents() {
    for (nanos, text, title) in [
        (0, "$0", "$0.000000000"),
        (45_670_000_000, "$45.67", "$45.670000000"),
        (1_234_567_890_000, "$1,234.57", "$1234.567890000"),
        (12_345_678, "$0.0123", "$0.012345678"),
        (1_500, "<$0.0001", "$0.000001500"),
        (-2_500_000_000, "-$2.50", "$-2.500000000"),
    ] {
        let figure = usd(nanos);
        assert_eq!((figure.text.as_str(), figure.title.as_str()), (text, title));
    }
}

#[test]
fn what_has_no_price_is_at_least_the_rest_and_never_free() {
    for (nanos, unpriced, text) in [
        (0, 0, "$0"),
        (0, 3, "unpriced"),
        (1_500, 0, "<$0.0001"),
        (1_500, 3, "≥ $0.000001"),
        (2_000_000_000, 0, "$2.00"),
        (2_000_000_000, 3, "≥ $2.00"),
    ] {
        let figure = spent(&sums(nanos, unpriced));
        assert_eq!(figure.text, text);
        let in_column = spent_in(nanos, unpriced, 2);
        assert_eq!(in_column.text, text.replace("0.0001", "0.01"));
        assert_eq!(figure.title, in_column.title);
        assert_eq!(figure.title.ends_with("unpriced"), unpriced > 0);
    }
    let one = spent_in(2_000_000_000, 1, 4);
    assert_eq!(one.title, "$2.000000000, and 1 span unpriced");
}

#[test]
fn a_column_of_money_has_as_many_decimals_in_each_row() {
    let column = |nanos: &[i128]| -> Vec<String> {
        let places = places(nanos.iter().copied());
        let show = |nanos: &i128| spent_in(*nanos, 0, places).text;
        nanos.iter().map(show).collect()
    };
    assert_eq!(
        column(&[12_345_600_000, 12_345_678, 0, 1_500]),
        ["$12.3456", "$0.0123", "$0", "<$0.0001"]
    );
    assert_eq!(
        column(&[1_234_567_895_000_000, 12_345_678, 4_000_000, -2_500_000_000]),
        ["$1,234,567.90", "$0.01", "<$0.01", "-$2.50"]
    );
    assert_eq!(column(&[99_994_999_999]), ["$99.9950"]);
    assert_eq!(column(&[]), [""; 0]);
}

/// `$3.4551 + $0.0281 = $3.4832`.
fn write_sum(rows: i128, rest: i128) -> String {
    let sum = Sum::of(&sums(rest, 0), &sums(rows + rest, 0));
    format!("{} + {} = {}", sum.rows.text, sum.rest.text, sum.total.text)
}

#[test]
fn a_sum_has_the_fewest_decimals_in_which_it_adds() {
    for (rows, rest, expected) in [
        (3_455_100_000, 28_100_000, "$3.4551 + $0.0281 = $3.4832"),
        // Five: in four it would be 0.1111 + 0.2222 = 0.3334.
        (111_140_000, 222_240_000, "$0.11114 + $0.22224 = $0.33338"),
        (12_340_000_000, 1_500_000_000, "$12.34 + $1.50 = $13.84"),
        // Four: in two it would be 12.34 + 1.50 = 13.85.
        (
            12_344_000_000,
            1_504_000_000,
            "$12.3440 + $1.5040 = $13.8480",
        ),
        (3_000_000_000, 1_500, "$3.000000 + $0.000002 = $3.000002"),
        (0, 0, "$0 + $0 = $0"),
        (5_000_000, 0, "$0.0050 + $0 = $0.0050"),
        (
            1_234_567_000_000_000,
            0,
            "$1,234,567.00 + $0 = $1,234,567.00",
        ),
    ] {
        assert_eq!(write_sum(rows, rest), expected);
    }
}

#[test]
fn a_sum_with_what_has_no_price_is_a_least() {
    let sum = Sum::of(&sums(0, 2), &sums(3_000_000_000, 2));
    let words = [&sum.rows, &sum.rest, &sum.total].map(|it| it.text.as_str());
    assert_eq!(words, ["$3.00", "unpriced", "≥ $3.00"]);
}

/// What a text shows, in nanos.
fn read(figure: &Figure) -> i128 {
    if figure.text.starts_with('<') {
        return 0;
    }
    let digits = figure.text.replace(['$', ','], "");
    let (whole, rest) = digits.split_once('.').unwrap_or((&digits, ""));
    format!("{whole}{rest:0<9}").parse().unwrap()
}

/// Amounts of every size.
fn any_nanos() -> impl Strategy<Value = i128> {
    (0_u32..16, 0_i128..10_000_000_000)
        .prop_map(|(size, digits)| digits * 10_i128.pow(size) / 10_i128.pow(10))
}

proptest! {
    #[test]
    fn parts_add_to_the_total_as_shown(rows in any_nanos(), rest in any_nanos()) {
        let sum = Sum::of(&sums(rest, 0), &sums(rows + rest, 0));
        prop_assert_eq!(read(&sum.rows) + read(&sum.rest), read(&sum.total));
        for (figure, nanos) in [(&sum.rows, rows), (&sum.rest, rest), (&sum.total, rows + rest)] {
            prop_assert!((read(figure) - nanos).abs() * 2 <= nanos_of_one(sum.places));
            prop_assert_eq!(read(figure) == 0, nanos == 0);
            prop_assert_eq!(&figure.title, &name_exactly(nanos));
        }
    }

    #[test]
    fn an_amount_in_any_column_is_the_nearest_as_it_is_alone(nanos in any_nanos(), places in 2_usize..7) {
        let shown = spent_in(nanos, 0, places);
        prop_assert!((read(&shown) - nanos).abs() * 2 <= nanos_of_one(places));
        prop_assert_eq!(&shown.title, &usd(nanos).title);
    }

    #[test]
    fn a_column_adds_up_if_what_it_shows_does(
        rows in prop::collection::vec(any_nanos(), 0..60),
        places in 2_usize..7,
    ) {
        let total: i128 = rows.iter().sum();
        let show = |nanos: i128| read(&spent_in(nanos, 0, places));
        let shown: i128 = rows.iter().copied().map(show).sum();
        prop_assert_eq!(adds_up(rows.iter().copied(), total, places), shown == show(total));
    }
}

#[test]
fn an_amount_is_the_same_in_a_column_and_on_its_own_page() {
    // 0.7729 + 0.2272 is one of the last place more than 1.0000; none of them gives it.
    let (rows, total) = ([772_857_500, 227_152_500], 1_000_010_000);
    let places = places(rows.into_iter().chain([total]));
    let column = rows.map(|nanos| spent_in(nanos, 0, places).text);
    assert_eq!(column, ["$0.7729", "$0.2272"]);
    assert_eq!(column, rows.map(|nanos| usd(nanos).text));
    assert_eq!(spent_in(total, 0, places).text, "$1.0000");
    assert!(!adds_up(rows.into_iter(), total, places));
    assert!(adds_up(
        [772_900_000, 227_100_000].into_iter(),
        1_000_000_000,
        places
    ));
}

#[test]
fn a_half_is_rounded_up_alone_as_in_a_column() {
    for nanos in [
        7_050_000,
        50_000,
        1_005_000_000,
        2_675_000_000,
        994_950_000,
        -7_050_000,
    ] {
        let alone = usd(nanos);
        let places = if nanos.abs() >= 995_000_000 { 2 } else { 4 };
        assert_eq!(alone.text, spent_in(nanos, 0, places).text);
    }
    assert_eq!(usd(7_050_000).text, "$0.0071");
    assert_eq!(usd(1_005_000_000).text, "$1.01");
    assert_eq!(usd(999_995_000_000).text, "$1,000.00");
}
