//! Days as small bars in the row of a table. The figures beside them say it in words, so assistive technology skips them.

use super::svg::number;

const TALL: f64 = 22.0;
const BAR: f64 = 2.6;
const STEP: f64 = 3.7;

/// A small drawing of days, oldest first. A day of which nothing is known stays empty; one with nothing is a hairline.
pub(in crate::kpis) fn days(values: &[Option<f64>]) -> String {
    let known = values.iter().flatten().filter(|value| value.is_finite());
    let high = known.fold(0.0_f64, |high, value| high.max(*value));
    let wide = (values.len().max(1) as f64) * STEP;
    let mut out = format!(
        r#"<svg class="kc-days" viewBox="0 0 {} {TALL}" preserveAspectRatio="none" aria-hidden="true" focusable="false">"#,
        number(wide),
    );
    for (nth, value) in values.iter().enumerate() {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            continue;
        };
        let share = if high > 0.0 { (value / high).max(0.0) } else { 0.0 };
        let height = (share * (TALL - 2.0)).max(0.6);
        out.push_str(&format!(
            r#"<rect x="{}" y="{}" width="{BAR}" height="{}"></rect>"#,
            number(nth as f64 * STEP),
            number(TALL - height),
            number(height),
        ));
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_bar_and_an_unknown_one_is_none() {
        let drawn = days(&[Some(4.0), None, Some(0.0), Some(8.0)]);
        assert_eq!(drawn.matches("<rect").count(), 3);
        assert!(drawn.contains(r#"height="20""#), "the highest fills it: {drawn}");
        assert!(
            drawn.contains(r#"height="0.6""#),
            "nothing is a hairline: {drawn}"
        );
        assert!(days(&[]).contains("viewBox"));
        assert_eq!(days(&[Some(f64::NAN)]).matches("<rect").count(), 0);
    }
}
