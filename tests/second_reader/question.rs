//! The question (docs/kernel.md, section 2): who measures, which source, what is observed, tested and asked.

use crate::big::{sum, Ratio};
use crate::json::{not_covered, rejected, unreadable, Json, Read};

pub enum Source {
    Point(Vec<Ratio>),
    Bits { ranges: Vec<(Ratio, Ratio)>, leaves: Vec<usize> },
    Limits(Vec<Ratio>, Vec<Ratio>),
    /// Rows a_k >= 0, or = 0; `odds` of mutual bits of parties with two settings; `full`: P(s|w) > 0.
    Rows { rows: Vec<Vec<Ratio>>, equal: Vec<bool>, odds: Option<Ratio>, full: bool },
    Product(Vec<usize>, Vec<Source>),
}

pub type Terms = Vec<(usize, usize, Ratio)>;

pub enum Test {
    Score { conditional: bool, terms: Terms, relation: String, score: Ratio, errors: Option<Vec<(usize, usize)>> },
    Kept { rows: Vec<(usize, Vec<Ratio>)>, tolerance: Ratio },
}

pub struct Ask {
    pub quantity: String,
    pub of: Vec<usize>,
    pub values: Vec<usize>,
    pub count: usize,
    pub at: Option<usize>,
    pub told: bool,
    /// Whether conditional, and the terms of a score; `sign` is -1 for the smallest.
    pub score: Option<(bool, Terms)>,
    pub sign: i64,
}

pub struct Question {
    pub settings: Vec<usize>,
    pub outcomes: Vec<usize>,
    pub source: Source,
    pub observed: Option<Vec<Ratio>>,
    pub devices: String,
    pub tests: Vec<Test>,
    pub ask: Ask,
    pub count: usize,
    pub width: usize,
}

pub fn split(mut index: usize, sizes: &[usize]) -> Vec<usize> {
    let mut found: Vec<usize> = sizes.iter().rev().map(|n| { let x = index % n; index /= n; x }).collect();
    found.reverse();
    found
}

pub fn joint(parts: &[usize], sizes: &[usize]) -> usize {
    parts.iter().zip(sizes).fold(0, |index, (x, n)| index * n + x)
}

fn sizes(raw: &Json, most: usize) -> Read<Vec<usize>> {
    raw.list(None)?.iter().map(|x| x.index(1, most)).collect()
}

impl Question {
    pub fn read(raw: &Json) -> Read<Question> {
        let needed = ["settings", "outcomes", "source", "observed", "devices", "tests", "ask"];
        let keys = raw.keys(&needed, &["relations"])?;
        if keys[7].is_some() {
            return not_covered("relations");
        }
        let settings = sizes(keys[0].unwrap(), 1 << 22)?;
        let outcomes = sizes(keys[1].unwrap(), 1000)?;
        if settings.len() != outcomes.len() || settings.is_empty() || settings.len() > 26 {
            return unreadable("1 to 26 parties are needed");
        }
        let product = |sizes: &[usize]| sizes.iter().try_fold(1usize, |a, b| a.checked_mul(*b).filter(|n| *n <= 1 << 22));
        let (Some(count), Some(width)) = (product(&settings), product(&outcomes)) else {
            return unreadable("too many joint settings or outcomes");
        };
        let devices = keys[4].unwrap().word(&["local", "no-signalling", "quantum"])?;
        if count * width > 1 << 14 {
            return not_covered("so large a question");
        }
        let observed = observed(keys[3].unwrap(), count)?;
        let source = source(keys[2].unwrap(), &settings, observed.as_ref(), false)?;
        let shape = Shape { settings: &settings, outcomes: &outcomes, count, width };
        let tests = keys[5].unwrap().list(None)?.iter().map(|t| shape.test(t)).collect::<Read<_>>()?;
        let ask = shape.ask(keys[6].unwrap())?;
        Ok(Question { source, observed, devices, tests, ask, count, width, settings, outcomes })
    }

    /// P(s) where something is conditional on s.
    pub fn weight(&self, s: usize) -> Read<Ratio> {
        let mass = self.observed.as_ref().map_or(Ratio::of(1), |p| p[s].clone());
        if mass.zero() { rejected("a setting that is never observed") } else { Ok(mass) }
    }
}

fn observed(raw: &Json, count: usize) -> Read<Option<Vec<Ratio>>> {
    if let Json::Text(text) = raw {
        return match &**text {
            "unconstrained" => Ok(None),
            "uniform" => Ok(Some(vec![Ratio::over(1, count as i64); count])),
            _ => unreadable("observed"),
        };
    }
    let found = raw.vector(count, &|x| x.at_least_0())?;
    if sum(&found) == Ratio::of(1) { Ok(Some(found)) } else { unreadable("observed settings do not sum to 1") }
}

fn around_half(raw: &Json) -> Read<(Ratio, Ratio)> {
    let epsilon = raw.at_least_0()?;
    let half = Ratio::over(1, 2);
    if half.less(&epsilon) {
        return unreadable("epsilon is more than 1/2");
    }
    Ok((half.sub(&epsilon), half.add(&epsilon)))
}

fn source(raw: &Json, settings: &[usize], observed: Option<&Vec<Ratio>>, part: bool) -> Read<Source> {
    let count: usize = settings.iter().product();
    let kinds = ["uniform", "free", "bits", "limits", "mutual", "inequalities", "product", "full-support"];
    let kind = raw.get("kind").unwrap_or(&Json::Null).word(if part { &kinds[..4] } else { &kinds })?;
    match &*kind {
        "bits" => bits(raw, settings),
        "limits" => {
            let keys = raw.keys(&["kind", "lower", "upper"], &[])?;
            let lower = keys[1].unwrap().vector(count, &|x| x.at_least_0())?;
            let upper = keys[2].unwrap().vector(count, &|x| x.at_least_0())?;
            let crossed = lower.iter().zip(&upper).any(|(a, b)| b.less(a));
            if crossed || Ratio::of(1).less(&sum(&lower)) || sum(&upper).less(&Ratio::of(1)) {
                return unreadable("no distribution obeys the limits");
            }
            Ok(Source::Limits(lower, upper))
        }
        "mutual" => mutual(raw, settings),
        "inequalities" => inequalities(raw, count),
        "product" if raw.get("largest").is_some() => not_covered("a bound that parties share"),
        "product" => {
            let parts = raw.keys(&["kind", "parts"], &[])?[1].unwrap().list(Some(settings.len()))?;
            let parts = parts.iter().zip(settings).map(|(own, n)| source(own, &[*n], None, true));
            Ok(Source::Product(settings.to_vec(), parts.collect::<Read<_>>()?))
        }
        _ => {
            raw.keys(&["kind"], &[])?;
            match (&*kind, observed) {
                ("full-support", _) => Ok(Source::Rows { rows: vec![], equal: vec![], odds: None, full: true }),
                ("uniform", _) => Ok(Source::Point(vec![Ratio::over(1, count as i64); count])),
                (_, Some(observed)) => Ok(Source::Point(observed.clone())),
                _ => unreadable("free settings need a stated distribution"),
            }
        }
    }
}

/// (party, bit) in time, each bit of each setting's number once.
fn order(raw: &Json, settings: &[usize]) -> Read<Vec<(usize, usize)>> {
    let mut found = Vec::new();
    for entry in raw.list(None)? {
        let entry = entry.list(Some(2))?;
        found.push((entry[0].index(0, settings.len() - 1)?, entry[1].index(0, 63)?));
    }
    let bits = settings.iter().enumerate().flat_map(|(p, n)| (0..n.ilog2() as usize).map(move |b| (p, b)));
    let mut sorted = found.clone();
    sorted.sort_unstable();
    if settings.iter().any(|n| !n.is_power_of_two()) || sorted != bits.collect::<Vec<_>>() {
        return unreadable("every bit of every setting comes once");
    }
    Ok(found)
}

fn bits(raw: &Json, settings: &[usize]) -> Read<Source> {
    let range = if raw.get("epsilon").is_some() { "epsilon" } else { "ranges" };
    let named = if raw.get("order").is_some() { "order" } else { "leaves" };
    let keys = raw.keys(&["kind", named, range], &[])?;
    let count: usize = settings.iter().product();
    let leaves = if named == "order" {
        order(keys[1].unwrap(), settings)?.iter().fold(vec![0], |leaves, (p, b)| {
            let place = settings[p + 1..].iter().product::<usize>() << b;
            leaves.iter().flat_map(|s| [*s, s + place]).collect()
        })
    } else {
        keys[1].unwrap().list(None)?.iter().map(|s| s.index(0, count - 1)).collect::<Read<Vec<usize>>>()?
    };
    if !leaves.len().is_power_of_two() {
        return unreadable("the number of leaves is no power of two");
    }
    let number = leaves.len().ilog2() as usize;
    if range == "epsilon" {
        return Ok(Source::Bits { ranges: vec![around_half(keys[2].unwrap())?; number], leaves });
    }
    let mut ranges = Vec::new();
    for pair in keys[2].unwrap().list(Some(number))? {
        let pair = pair.list(Some(2))?;
        let (low, high) = (pair[0].at_least_0()?, pair[1].at_least_0()?);
        if high.less(&low) || Ratio::of(1).less(&high) {
            return unreadable("a range is [low, high] in [0, 1]");
        }
        ranges.push((low, high));
    }
    Ok(Source::Bits { ranges, leaves })
}

fn mutual(raw: &Json, settings: &[usize]) -> Read<Source> {
    let keys = raw.keys(&["kind", "epsilon", "order"], &[])?;
    let (low, high) = around_half(keys[1].unwrap())?;
    let (mut rows, count) = (Vec::new(), settings.iter().product::<usize>());
    for (party, own) in keys[2].unwrap().list(Some(settings.len()))?.iter().enumerate() {
        let n = settings[party];
        let pairs = own.list(None)?.iter().map(|b| Json::List(vec![Json::Int(crate::big::Int::of(0)), b.clone()]));
        let bits = order(&Json::List(pairs.collect()), &[n])?;
        let leaves = bits.iter().fold(vec![0], |leaves: Vec<usize>, (_, b)| {
            leaves.iter().flat_map(|x| [*x, x + (1 << b)]).collect()
        });
        let step: usize = settings[party + 1..].iter().product();
        for first in (0..count).filter(|s| s / step % n == 0) {
            let mut size = n;
            while size > 1 {
                for node in leaves.chunks(size) {
                    for child in node.chunks(size / 2) {
                        let mut row = vec![Ratio::of(0); count];
                        for x in node {
                            row[first + x * step] = high.clone();
                        }
                        for x in child {
                            row[first + x * step] = high.sub(&Ratio::of(1));
                        }
                        rows.push(row);
                    }
                }
                size /= 2;
            }
        }
    }
    let odds = (settings.iter().all(|n| *n == 2) && !low.zero()).then(|| high.div(&low));
    Ok(Source::Rows { equal: vec![false; rows.len()], rows, odds, full: false })
}

fn inequalities(raw: &Json, count: usize) -> Read<Source> {
    let (mut rows, mut equal) = (Vec::new(), Vec::new());
    for held in raw.keys(&["kind", "rows"], &[])?[1].unwrap().list(None)? {
        let keys = held.keys(&["terms", "relation", "bound"], &[])?;
        let mut row = vec![keys[2].unwrap().fraction()?; count];
        let mut next = 0;
        for term in keys[0].unwrap().list(None)? {
            let term = term.list(Some(2))?;
            let s = term[0].index(next, count - 1)?;
            row[s] = row[s].sub(&term[1].fraction()?);
            next = s + 1;
        }
        rows.push(row);
        equal.push(keys[1].unwrap().word(&["<=", "="])? == "=");
    }
    Ok(Source::Rows { rows, equal, odds: None, full: false })
}

struct Shape<'a> {
    settings: &'a [usize],
    outcomes: &'a [usize],
    count: usize,
    width: usize,
}

type Found = (bool, Terms, Option<Vec<(usize, usize)>>);

impl Shape<'_> {
    /// Whether conditional, terms, and (setting, parity) of errors, beside other keys.
    fn functional(&self, raw: &Json, others: &[&str]) -> Read<Found> {
        let spelling = if raw.get("errors").is_some() { "errors" } else { "terms" };
        raw.keys(&[&["on", spelling], others].concat(), &[])?;
        let on = raw.get("on").unwrap_or(&Json::Null).word(&["conditional", "joint", "moments"])?;
        let listed = raw.get(spelling).unwrap().list(None)?;
        if on == "moments" {
            return not_covered("moments");
        }
        if listed.is_empty() {
            return unreadable("there are no terms");
        }
        if spelling == "errors" {
            return self.errors(listed, on == "conditional");
        }
        let mut terms: Terms = Vec::new();
        for term in listed {
            let term = term.list(Some(3))?;
            let (s, o) = (term[0].index(0, self.count - 1)?, term[1].index(0, self.width - 1)?);
            let factor = term[2].fraction()?;
            if factor.zero() || terms.last().map_or(false, |(t, x, _)| (*t, *x) >= (s, o)) {
                return unreadable("terms ascend, each once, none 0");
            }
            terms.push((s, o, factor));
        }
        Ok((on == "conditional", terms, None))
    }

    fn errors(&self, listed: &[Json], conditional: bool) -> Read<Found> {
        if self.settings.len() != 2 || self.outcomes != [2, 2] {
            return unreadable("errors are those of two parties with two outcomes");
        }
        let (mut terms, mut found): (Terms, Vec<(usize, usize)>) = (Vec::new(), Vec::new());
        for entry in listed {
            let entry = entry.list(Some(3))?;
            let (a, b) = (entry[0].index(0, self.settings[0] - 1)?, entry[1].index(0, self.settings[1] - 1)?);
            let (s, parity) = (a * self.settings[1] + b, entry[2].index(0, 1)?);
            if found.last().map_or(false, |(t, _)| *t >= s) {
                return unreadable("errors ascend, each once");
            }
            found.push((s, parity));
            terms.extend([[1, 2], [0, 3]][parity].map(|o| (s, o, Ratio::of(1))));
        }
        Ok((conditional, terms, Some(found)))
    }

    fn test(&self, raw: &Json) -> Read<Test> {
        if raw.get("keep").is_some() {
            let keys = raw.keys(&["keep", "tolerance"], &[])?;
            let (mut rows, mut next) = (Vec::new(), 0);
            for row in keys[0].unwrap().list(None)? {
                let row = row.list(Some(2))?;
                let s = row[0].index(next, self.count.wrapping_sub(1))?;
                rows.push((s, row[1].list(Some(self.width))?.iter().map(Json::number).collect::<Read<_>>()?));
                next = s + 1;
            }
            if rows.is_empty() {
                return unreadable("nothing is kept");
            }
            return Ok(Test::Kept { rows, tolerance: keys[1].unwrap().at_least_0()? });
        }
        let (conditional, terms, errors) = self.functional(raw, &["relation", "score"])?;
        let relation = raw.get("relation").unwrap().word(&["<=", ">=", "="])?;
        Ok(Test::Score { conditional, terms, relation, score: raw.get("score").unwrap().number()?, errors })
    }

    fn ask(&self, raw: &Json) -> Read<Ask> {
        let quantities = ["guessing-probability", "trace-distance", "score", "strategy"];
        let quantity = raw.get("quantity").unwrap_or(&Json::Null).word(&quantities)?;
        let mut ask = Ask { quantity, of: vec![], values: vec![], count: 0, at: None, told: false, score: None, sign: 1 };
        if ask.quantity == "strategy" {
            raw.keys(&["quantity"], &[])?;
            return Ok(ask);
        }
        if ask.quantity == "score" {
            let (conditional, terms, _) = self.functional(raw, &["quantity", "extreme"])?;
            ask.score = Some((conditional, terms));
            ask.sign = if raw.get("extreme").unwrap().word(&["largest", "smallest"])? == "smallest" { -1 } else { 1 };
            return Ok(ask);
        }
        let average = raw.get("at") == Some(&Json::Text("average".into()));
        let keys = ["quantity", "of", "values", "count", "at", "told"];
        let keys = raw.keys(&keys[..if average { 6 } else { 5 }], &[])?;
        ask.of = keys[1].unwrap().list(None)?.iter().map(|p| p.index(0, self.settings.len() - 1)).collect::<Read<_>>()?;
        if ask.of.is_empty() || ask.of.windows(2).any(|pair| pair[0] >= pair[1]) {
            return unreadable("parties ascend, each once");
        }
        ask.count = keys[3].unwrap().index(2, 1000)?;
        let size = ask.of.iter().map(|p| self.outcomes[*p]).product();
        let values = keys[2].unwrap().list(Some(size))?;
        ask.values = values.iter().map(|v| v.index(0, ask.count - 1)).collect::<Read<_>>()?;
        if average {
            ask.told = keys[5].unwrap().word(&["settings", "nothing"])? == "settings";
        } else {
            let at = keys[4].unwrap().list(Some(self.settings.len()))?.iter().zip(self.settings);
            ask.at = Some(joint(&at.map(|(x, n)| x.index(0, n - 1)).collect::<Read<Vec<_>>>()?, self.settings));
        }
        Ok(ask)
    }
}
