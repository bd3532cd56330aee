//! Upper ends (docs/kernel.md, sections 3 and 4): prices, and the ways cells, deterministic and cycle.

use crate::big::{most, Int, Ratio};
use crate::json::{not_covered, rejected, unreadable, Json, Read};
use crate::question::{joint, split, Question, Source, Test};
use crate::source::{combinations, string_vertices};

type Table = Vec<Vec<Ratio>>;

/// The worth of each value of the output by guess.
pub fn worths(q: &Question) -> Read<Vec<Vec<Ratio>>> {
    let d = q.ask.count;
    match &*q.ask.quantity {
        "guessing-probability" => {
            Ok((0..d).map(|g| (0..d).map(|v| Ratio::of(i64::from(v == g))).collect()).collect())
        }
        "trace-distance" if d <= 8 => Ok((1..(1usize << d) - 1)
            .map(|t| (0..d).map(|v| Ratio::of((t >> v & 1) as i64).sub(&Ratio::over(t.count_ones().into(), d as i64))).collect())
            .collect()),
        "trace-distance" => not_covered("so many labels"),
        _ => Ok(vec![]),
    }
}

/// The value of the output at each joint outcome.
pub fn outputs(q: &Question) -> Vec<usize> {
    let sizes: Vec<usize> = q.ask.of.iter().map(|p| q.outcomes[*p]).collect();
    let value = |o| {
        let digits = split(o, &q.outcomes);
        q.ask.values[joint(&q.ask.of.iter().map(|p| digits[*p]).collect::<Vec<_>>(), &sizes)]
    };
    (0..q.width).map(value).collect()
}

struct Prices {
    /// h without the guess by setting and outcome, constants included.
    h: Table,
    right: Ratio,
    bound: Option<Ratio>,
}

fn add(place: &mut Ratio, value: &Ratio) {
    *place = place.add(value);
}

impl Prices {
    fn read(raw: &Json, q: &Question, empty: bool) -> Read<Prices> {
        let fixed = !empty && (q.ask.at.is_some() || q.ask.score.as_ref().map_or(false, |f| f.0));
        let ratio = q.observed.is_none() && fixed;
        let mut needed = vec!["tests"];
        needed.extend(q.observed.is_some().then_some("settings"));
        needed.extend(ratio.then_some("bound"));
        raw.keys(&needed, &[])?;
        let mut held = Prices { h: vec![vec![Ratio::of(0); q.width]; q.count], right: Ratio::of(0), bound: None };
        if let Some(observed) = &q.observed {
            for (s, y) in raw.get("settings").unwrap().vector(q.count, &Json::fraction)?.iter().enumerate() {
                held.shift(s, &y.neg());
                held.right = held.right.add(&y.mul(&observed[s]));
            }
        }
        if ratio {
            let bound = raw.get("bound").unwrap().fraction()?;
            held.shift(place(q)?, &bound.neg());
            held.bound = Some(bound);
        }
        for (price, test) in raw.get("tests").unwrap().list(Some(q.tests.len()))?.iter().zip(&q.tests) {
            held.charge(price, test, q)?;
        }
        if let (false, Some((conditional, terms))) = (empty, &q.ask.score) {
            for (s, o, factor) in terms {
                let share = if *conditional { q.weight(*s)? } else { Ratio::of(1) };
                add(&mut held.h[*s][*o], &factor.mul(&Ratio::of(q.ask.sign)).div(&share));
            }
        }
        Ok(held)
    }

    fn shift(&mut self, s: usize, value: &Ratio) {
        self.h[s].iter_mut().for_each(|x| add(x, value));
    }

    fn charge(&mut self, raw: &Json, test: &Test, q: &Question) -> Read<()> {
        match test {
            Test::Kept { rows, tolerance } => {
                let prices = raw.vector(rows.len() * q.width, &Json::fraction)?;
                let cells = rows.iter().flat_map(|(s, row)| row.iter().enumerate().map(move |(o, p)| (*s, o, p)));
                for (m, (s, o, p)) in prices.iter().zip(cells).filter(|(m, _)| !m.zero()) {
                    let end = p.add(&tolerance.mul(&Ratio::of(m.sign().into())));
                    self.conditional(&[(s, o, Ratio::of(1))], m, &end, q)?;
                }
                Ok(())
            }
            Test::Score { conditional, terms, relation, score, .. } => {
                let several = terms.iter().any(|(s, _, _)| *s != terms[0].0);
                if *conditional && q.observed.is_none() && several {
                    return not_covered("sums of ratios");
                }
                if let Json::List(_) = raw {
                    return unreadable("a rational score where none is needed");
                }
                let m = raw.fraction()?;
                if (relation == "<=" && m.sign() < 0) || (relation == ">=" && m.sign() > 0) {
                    return rejected("the price of a test has the wrong sign");
                }
                if m.zero() {
                    return Ok(());
                }
                if *conditional {
                    return self.conditional(terms, &m, score, q);
                }
                for (s, o, factor) in terms {
                    add(&mut self.h[*s][*o], &m.mul(factor).neg());
                }
                self.right = self.right.add(&m.mul(score));
                Ok(())
            }
        }
    }

    fn conditional(&mut self, terms: &[(usize, usize, Ratio)], m: &Ratio, score: &Ratio, q: &Question) -> Read<()> {
        for (s, o, factor) in terms {
            add(&mut self.h[*s][*o], &m.mul(factor).neg().div(&q.weight(*s)?));
        }
        if q.observed.is_some() {
            self.right = self.right.add(&m.mul(score));
        } else {
            self.shift(terms[0].0, &m.mul(score));
        }
        Ok(())
    }
}

/// The one setting that a bound B is about.
fn place(q: &Question) -> Read<usize> {
    if let Some(s) = q.ask.at {
        return Ok(s);
    }
    let terms = &q.ask.score.as_ref().unwrap().1;
    if terms.iter().any(|(s, _, _)| *s != terms[0].0) {
        return rejected("a sum of ratios is asked for");
    }
    Ok(terms[0].0)
}

/// What the answer is at most, None: nothing passes. Of the smallest score the negative is bounded.
pub fn upper(raw: &Json, q: &Question) -> Read<Option<Ratio>> {
    let keys = raw.keys(&["claim", "prices", "proof"], &[])?;
    let empty = keys[0].unwrap().word(&["bound", "none"])? == "none";
    if !empty && q.ask.quantity == "strategy" {
        return unreadable("of a strategy's existence only 'none' is claimed");
    }
    let prices = Prices::read(keys[1].unwrap(), q, empty)?;
    let proof = keys[2].unwrap();
    let way = proof.get("way").unwrap_or(&Json::Null).word(&["deterministic", "cycle", "cells", "squares"])?;
    let least = match &*way {
        "cells" => cells(proof, q, &prices, empty)?,
        "deterministic" => deterministic(proof, q, &prices, empty)?,
        "cycle" => crate::cycle::by_cycle(proof, q, &prices.h, empty)?,
        _ => return not_covered("squares"),
    };
    let total = prices.right.add(&least);
    if let Some(bound) = prices.bound {
        return if total.sign() > 0 { rejected("prices above the bound") } else { Ok(Some(bound)) };
    }
    if empty {
        return if total.sign() < 0 { Ok(None) } else { rejected("no contradiction") };
    }
    Ok(Some(total))
}

/// h for each label.
fn labels(q: &Question, prices: &Prices, empty: bool) -> Read<Vec<Table>> {
    let guesses = if empty { vec![] } else { worths(q)? };
    if guesses.is_empty() {
        return Ok(vec![prices.h.clone()]);
    }
    let output = outputs(q);
    let sizes: Vec<usize> = q.ask.of.iter().map(|p| q.settings[*p]).collect();
    let turns = if q.ask.told { sizes.iter().product() } else { 1 };
    if (guesses.len() as f64).powi(turns as i32) > 4096.0 {
        return not_covered("so many labels");
    }
    let mut found = Vec::new();
    for label in combinations(&vec![(0..guesses.len()).collect::<Vec<usize>>(); turns]) {
        let mut h = prices.h.clone();
        for s in (0..q.count).filter(|s| q.ask.at.map_or(true, |at| at == *s)) {
            let digits = split(s, &q.settings);
            let own: Vec<usize> = q.ask.of.iter().map(|p| digits[*p]).collect();
            let guess = if q.ask.told { label[joint(&own, &sizes)] } else { label[0] };
            let share = if q.ask.at.is_some() { q.weight(s)? } else { Ratio::of(1) };
            for o in 0..q.width {
                add(&mut h[s][o], &guesses[guess][output[o]].div(&share));
            }
        }
        found.push(h);
    }
    Ok(found)
}

// ---------------------------------------------------------------- zeros

/// Whether test k forces P(o|s) = 0 for every w.
fn forces(q: &Question, k: usize, s: usize, o: usize) -> Read<bool> {
    if !q.source.certainly(s, q.count)? {
        return Ok(false);
    }
    let (conditional, terms, relation, score) = match &q.tests[k] {
        Test::Kept { rows, tolerance } => {
            return Ok(tolerance.zero() && rows.iter().any(|(t, row)| *t == s && row[o].zero()));
        }
        Test::Score { conditional, terms, relation, score, .. } => (*conditional, terms, relation, score),
    };
    for turn in [1, -1].iter().filter(|t| relation == "=" || (relation == "<=") == (**t == 1)) {
        let mut rows = vec![vec![Ratio::of(0); q.width]; q.count];
        for (t, x, factor) in terms {
            rows[*t][*x] = factor.mul(&Ratio::of(*turn));
        }
        let mut least: Vec<Ratio> = rows.iter().map(|row| most(row.iter().map(Ratio::neg)).unwrap().neg()).collect();
        let mut end = Ratio::of(0);
        match (&q.observed, conditional) {
            (None, false) => {
                end = most(least.iter().map(Ratio::neg)).unwrap().neg();
                least = vec![end.clone(); q.count];
            }
            (observed, _) => {
                for (t, low) in least.iter().enumerate().filter(|(t, _)| terms.iter().any(|(u, _, _)| u == t)) {
                    let mass = observed.as_ref().filter(|_| !conditional).map_or(Ratio::of(1), |p| p[t].clone());
                    end = end.add(&low.mul(&mass));
                }
            }
        }
        let spoken = q.observed.as_ref().map_or(true, |p| conditional || !p[s].zero());
        if spoken && least[s].less(&rows[s][o]) && score.mul(&Ratio::of(*turn)) == end {
            return Ok(true);
        }
    }
    Ok(false)
}

// ---------------------------------------------------------------- cells

struct Cells<'a> {
    q: &'a Question,
    sizes: Vec<usize>,
    unit: Ratio,
}

type Sum = Vec<Ratio>;

impl Cells<'_> {
    fn zero(&self) -> Sum {
        vec![Ratio::of(0); self.sizes.iter().product()]
    }

    /// P(o|s) in cells.
    fn cell(&self, s: usize, o: usize) -> Vec<(usize, i64)> {
        let (settings, outcomes) = (split(s, &self.q.settings), split(o, &self.q.outcomes));
        let mut found = vec![(0, 1)];
        for p in 0..self.sizes.len() {
            let (d, x) = (self.q.outcomes[p], settings[p]);
            let own: Vec<(usize, i64)> = if outcomes[p] < d - 1 {
                vec![(1 + x * (d - 1) + outcomes[p], 1)]
            } else {
                [vec![(0, 1)], (0..d - 1).map(|k| (1 + x * (d - 1) + k, -1)).collect()].concat()
            };
            let size = self.sizes[p];
            let times = |(key, value): &(usize, i64)| {
                own.iter().map(|(k, f)| (key * size + k, value * f)).collect::<Vec<_>>()
            };
            found = found.iter().flat_map(times).collect();
        }
        found
    }

    fn put(&self, total: &mut Sum, s: usize, o: usize, factor: &Ratio) {
        for (key, value) in self.cell(s, o) {
            add(&mut total[key], &factor.mul(&Ratio::of(value)));
        }
    }

    fn whole(&self, x: &Int) -> Ratio {
        Ratio::new(x.clone(), Int::of(1)).div(&self.unit)
    }

    /// A nonnegative functional: a flat list, or terms beside zeros.
    fn positive(&self, raw: &Json) -> Read<Sum> {
        let (mut total, mut listed, mut zeros) = (self.zero(), raw, &[][..]);
        if let Json::Object(_) = raw {
            let keys = raw.keys(&["terms", "zeros"], &[])?;
            listed = keys[0].unwrap();
            zeros = keys[1].unwrap().list(None)?;
        }
        for (place, value) in listed.flat(self.q.count * self.q.width)? {
            if value.negative {
                return rejected("a multiplier of a probability is negative");
            }
            self.put(&mut total, place / self.q.width, place % self.q.width, &self.whole(&value));
        }
        for entry in zeros {
            let entry = entry.list(Some(5))?;
            let (k, s) = (entry[0].index(0, self.q.tests.len().wrapping_sub(1))?, entry[1].index(0, self.q.count - 1)?);
            let o = entry[2].index(0, self.q.width - 1)?;
            if !forces(self.q, k, s, o)? {
                return rejected("the test does not force this zero");
            }
            if entry[3] != Json::Null {
                return unreadable("a zero has no word here");
            }
            self.put(&mut total, s, o, &self.whole(entry[4].int()?));
        }
        Ok(total)
    }

    fn signed(&self, raw: &Json) -> Read<Sum> {
        let mut total = self.zero();
        for (place, value) in raw.flat(total.len())? {
            total[place] = self.whole(&value);
        }
        Ok(total)
    }

    /// A bound on normalised boxes: cells are in [0, 1].
    fn top(&self, f: &Sum) -> Ratio {
        f[1..].iter().filter(|x| x.sign() > 0).fold(f[0].clone(), |a, x| a.add(x))
    }

    /// The bound of one label's proof for functionals by setting.
    fn fold(&self, source: &Source, gains: &[Sum], raw: &Json) -> Read<Ratio> {
        if raw.get("vertices").is_some() {
            let points = source.vertices(gains.len())?;
            let lists = raw.keys(&["vertices"], &[])?[0].unwrap().list(Some(points.len()))?;
            let each = points.iter().zip(lists).map(|(point, last)| self.point(point, gains, last));
            return most(each.collect::<Read<Vec<_>>>()?).map_or_else(|| rejected("no vertices"), Ok);
        }
        match source {
            Source::Point(values) => {
                if raw.get("symmetry").is_some() {
                    return not_covered("relabellings");
                }
                self.point(values, gains, raw.keys(&["last"], &[])?[0].unwrap())
            }
            Source::Bits { ranges, leaves } if raw.get("branches").is_some() => {
                let leaves: Vec<Sum> = leaves.iter().map(|s| gains[*s].clone()).collect();
                self.branched(ranges, &leaves, &self.zero(), raw)
            }
            Source::Bits { ranges, leaves } => {
                let keys = raw.keys(&["nodes", "last"], &[])?;
                let mut pairs = keys[0].unwrap().list(Some(leaves.len() - 1))?.iter();
                let mut level: Vec<Sum> = leaves.iter().map(|s| gains[*s].clone()).collect();
                for (low, high) in ranges.iter().rev() {
                    let mut above = Vec::new();
                    for node in level.chunks(2) {
                        let (plus, minus) = self.between(&node[0], &node[1], pairs.next().unwrap())?;
                        above.push(combined(&[(&node[1], Ratio::of(1)), (&plus, high.clone()), (&minus, low.neg())]));
                    }
                    level = above;
                }
                self.close(&level[0], keys[1].unwrap())
            }
            Source::Limits(lower, upper) => {
                let keys = raw.keys(&["level", "settings", "last"], &[])?;
                let level = self.signed(keys[0].unwrap())?;
                let mut v = level.clone();
                for (s, pair) in keys[1].unwrap().list(Some(gains.len()))?.iter().enumerate() {
                    let (plus, minus) = self.between(&gains[s], &level, pair)?;
                    v = combined(&[(&v, Ratio::of(1)), (&plus, upper[s].clone()), (&minus, lower[s].neg())]);
                }
                self.close(&v, keys[2].unwrap())
            }
            Source::Rows { rows, equal, .. } => {
                let keys = raw.keys(&["rows", "settings"], &[])?;
                let lists = keys[0].unwrap().list(Some(rows.len()))?.iter().zip(equal);
                let read = |(own, equal): (&Json, &bool)| if *equal { self.signed(own) } else { self.positive(own) };
                let held: Vec<Sum> = lists.map(read).collect::<Read<_>>()?;
                let mut found = Vec::new();
                for (s, slack) in keys[1].unwrap().list(Some(gains.len()))?.iter().enumerate() {
                    let mut total = combined(&[(&gains[s], Ratio::of(1)), (&self.positive(slack)?, Ratio::of(1))]);
                    for (row, g) in rows.iter().zip(&held) {
                        total = combined(&[(&total, Ratio::of(1)), (g, row[s].clone())]);
                    }
                    found.push(self.top(&total));
                }
                Ok(most(found).unwrap())
            }
            Source::Product(sizes, parts) => self.product(sizes, parts, gains, raw),
        }
    }

    /// r such that the mean of the leaves is at most `given` + r for all shares of the bits.
    fn branched(&self, ranges: &[(Ratio, Ratio)], leaves: &[Sum], given: &Sum, raw: &Json) -> Read<Ratio> {
        let (one, mut found) = (Ratio::of(1), Vec::new());
        if raw.get("vertices").is_some() {
            let points = string_vertices(ranges)?;
            let lists = raw.keys(&["vertices"], &[])?[0].unwrap().list(Some(points.len()))?;
            for (point, last) in points.iter().zip(lists) {
                let parts: Vec<_> = leaves.iter().zip(point).map(|(f, x)| (f, x.clone())).collect();
                found.push(self.close(&combined(&[&parts[..], &[(given, one.neg())]].concat()), last)?);
            }
            return Ok(most(found).unwrap());
        }
        let keys = raw.keys(&["bits", "branches"], &[])?;
        let bits = keys[0].unwrap().index(1, ranges.len())?;
        let points = string_vertices(&ranges[..bits])?;
        for (point, pair) in points.iter().zip(keys[1].unwrap().list(Some(points.len()))?) {
            let pair = pair.list(Some(2))?;
            let (mut owns, mut left) = (Vec::new(), given.clone());
            for own in pair[0].list(Some(point.len() - 1))? {
                owns.push(self.signed(own)?);
                left = combined(&[(&left, one.clone()), (owns.last().unwrap(), one.neg())]);
            }
            owns.push(left);
            let (subtrees, proofs) = (leaves.chunks(leaves.len() / point.len()), pair[1].list(Some(point.len()))?);
            let mut total = Ratio::of(0);
            for (((own, mass), below), proof) in owns.iter().zip(point).zip(subtrees).zip(proofs) {
                let below: Vec<Sum> = below.iter().map(|f| combined(&[(f, mass.clone())])).collect();
                add(&mut total, &self.branched(&ranges[bits..], &below, own, proof)?);
            }
            found.push(total);
        }
        Ok(most(found).unwrap())
    }

    fn point(&self, point: &[Ratio], gains: &[Sum], last: &Json) -> Read<Ratio> {
        let parts: Vec<_> = gains.iter().zip(point).map(|(f, x)| (f, x.clone())).collect();
        self.close(&combined(&parts), last)
    }

    fn close(&self, v: &Sum, last: &Json) -> Read<Ratio> {
        Ok(self.top(&combined(&[(v, Ratio::of(1)), (&self.positive(last)?, Ratio::of(1))])))
    }

    /// G+ and G- with left <= right + G+ - G-; what is missing or left over is added as a constant.
    fn between(&self, left: &Sum, right: &Sum, pair: &Json) -> Read<(Sum, Sum)> {
        let pair = pair.list(Some(2))?;
        let (mut plus, mut minus) = (self.positive(&pair[0])?, self.positive(&pair[1])?);
        let one = Ratio::of(1);
        let gap = [(left, one.clone()), (right, one.neg()), (&plus, one.neg()), (&minus, one)];
        let rho = self.top(&combined(&gap));
        if rho.sign() > 0 {
            add(&mut plus[0], &rho);
        } else {
            add(&mut minus[0], &rho.neg());
        }
        Ok((plus, minus))
    }

    /// The first party with the most vertices is folded, for each product of the others' vertices.
    fn product(&self, sizes: &[usize], parts: &[Source], gains: &[Sum], raw: &Json) -> Read<Ratio> {
        let own: Vec<_> = parts.iter().zip(sizes).map(|(p, n)| p.vertices(*n)).collect::<Read<_>>()?;
        let largest = own.iter().map(Vec::len).max().unwrap_or(0);
        let last = own.iter().position(|each| each.len() == largest).unwrap();
        let others: Vec<_> = (0..parts.len()).filter(|p| *p != last).map(|p| own[p].clone()).collect();
        let chosen = combinations(&others);
        let mut found = Vec::new();
        let lists = raw.keys(&["products"], &[])?[0].unwrap().list(Some(chosen.len()))?;
        for (points, proof) in chosen.iter().zip(lists) {
            let mut inner = vec![self.zero(); sizes[last]];
            for (s, f) in gains.iter().enumerate() {
                let mut digits = split(s, sizes);
                let x = digits.remove(last);
                let share = points.iter().zip(&digits).fold(Ratio::of(1), |a, (point, y)| a.mul(&point[*y]));
                inner[x] = combined(&[(&inner[x], Ratio::of(1)), (f, share)]);
            }
            found.push(self.fold(&parts[last], &inner, proof)?);
        }
        most(found).map_or_else(|| rejected("no vertices"), Ok)
    }
}

fn combined(parts: &[(&Sum, Ratio)]) -> Sum {
    let mut total = vec![Ratio::of(0); parts[0].0.len()];
    for (f, factor) in parts {
        for (x, value) in total.iter_mut().zip(f.iter()) {
            add(x, &value.mul(factor));
        }
    }
    total
}

fn cells(raw: &Json, q: &Question, prices: &Prices, empty: bool) -> Read<Ratio> {
    let keys = raw.keys(&["way", "unit", "labels"], &[])?;
    let unit = keys[1].unwrap().int()?.clone();
    if unit.negative || unit.zero() {
        return unreadable("the unit is not positive");
    }
    let sizes = q.settings.iter().zip(&q.outcomes).map(|(n, d)| 1 + n * (d - 1)).collect();
    let order = Cells { q, sizes, unit: Ratio::new(unit, Int::of(1)) };
    let tables = labels(q, prices, empty)?;
    let mut found = Vec::new();
    for (h, proof) in tables.iter().zip(keys[2].unwrap().list(Some(tables.len()))?) {
        let gain = |(s, row): (usize, &Vec<Ratio>)| {
            let mut total = order.zero();
            row.iter().enumerate().for_each(|(o, x)| order.put(&mut total, s, o, x));
            total
        };
        let gains: Vec<Sum> = h.iter().enumerate().map(gain).collect();
        found.push(order.fold(&q.source, &gains, proof)?);
    }
    Ok(most(found).unwrap())
}

// ---------------------------------------------------------------- boxes

/// The largest mean box by box; rows take their multipliers from the proof, in order.
pub struct Means<'a> {
    q: &'a Question,
    lists: Option<(&'a [Json], Ratio)>,
    next: usize,
}

impl<'a> Means<'a> {
    /// The keys that a proof by boxes has beside its own.
    pub fn keys(q: &Question, raw: &Json) -> Vec<&'static str> {
        match &q.source {
            Source::Rows { .. } if raw.get("vertices").is_some() => vec!["vertices"],
            Source::Rows { .. } => vec!["rows", "unit"],
            _ => vec![],
        }
    }

    pub fn read(q: &'a Question, raw: &'a Json) -> Read<Means<'a>> {
        let mut lists = None;
        if let (Source::Rows { .. }, Some(rows)) = (&q.source, raw.get("rows")) {
            let unit = raw.get("unit").unwrap().int()?.clone();
            if unit.negative || unit.zero() {
                return unreadable("the unit is not positive");
            }
            lists = Some((rows.list(None)?, Ratio::new(unit, Int::of(1))));
        } else if raw.get("vertices").map_or(false, |v| *v != Json::Bool(true)) {
            return unreadable("'vertices' is true");
        }
        Ok(Means { q, lists, next: 0 })
    }

    pub fn largest(&mut self, values: &[Ratio]) -> Read<Ratio> {
        let (Source::Rows { rows, equal, .. }, Some((lists, unit))) = (&self.q.source, &self.lists) else {
            return self.q.source.largest(values);
        };
        let mut total = values.to_vec();
        let list = lists.get(self.next).unwrap_or(&Json::Null);
        self.next += 1;
        for (k, value) in list.flat(rows.len())? {
            if value.negative && !equal[k] {
                return rejected("the multiplier of an inequality is negative");
            }
            let share = Ratio::new(value, Int::of(1)).div(unit);
            total.iter_mut().zip(&rows[k]).for_each(|(x, factor)| add(x, &factor.mul(&share)));
        }
        Ok(most(total).unwrap())
    }

    pub fn done(&self) -> Read<()> {
        match self.lists {
            Some((lists, _)) if lists.len() != self.next => unreadable("more lists than boxes"),
            _ => Ok(()),
        }
    }
}

fn deterministic(raw: &Json, q: &Question, prices: &Prices, empty: bool) -> Read<Ratio> {
    if q.devices != "local" {
        return rejected("only local devices have deterministic boxes");
    }
    raw.keys(&[&["way"], &*Means::keys(q, raw)].concat(), &["zeros"])?;
    let mut means = Means::read(q, raw)?;
    let mut forbidden = Vec::new();
    for entry in raw.get("zeros").map_or(Ok(&[][..]), |list| list.list(None))? {
        let entry = entry.list(Some(3))?;
        let (k, s) = (entry[0].index(0, q.tests.len().wrapping_sub(1))?, entry[1].index(0, q.count - 1)?);
        let o = entry[2].index(0, q.width - 1)?;
        if !forces(q, k, s, o)? {
            return rejected("the test does not force this zero");
        }
        forbidden.push((s, o));
    }
    let mut tables = labels(q, prices, empty)?;
    if q.ask.told && !empty {
        // the best guess of each outcome at each setting
        let best = |s: usize, o: usize| most(tables.iter().map(|h| h[s][o].clone())).unwrap();
        tables = vec![(0..q.count).map(|s| (0..q.width).map(|o| best(s, o)).collect()).collect()];
    }
    let boxes: f64 = q.settings.iter().zip(&q.outcomes).map(|(n, d)| (*d as f64).powi(*n as i32)).product();
    if boxes > 65536.0 {
        return not_covered("so many boxes");
    }
    let own: Vec<Vec<Vec<usize>>> =
        q.settings.iter().zip(&q.outcomes).map(|(n, d)| combinations(&vec![(0..*d).collect(); *n])).collect();
    let digits: Vec<Vec<usize>> = (0..q.count).map(|s| split(s, &q.settings)).collect();
    let (boxes, mut found) = (combinations(&own), Vec::new());
    for h in &tables {
        for answers in &boxes {
            let outcome = |s: usize| {
                let parts: Vec<usize> = answers.iter().zip(&digits[s]).map(|(own, x)| own[*x]).collect();
                joint(&parts, &q.outcomes)
            };
            let shown: Vec<usize> = (0..q.count).map(outcome).collect();
            if shown.iter().enumerate().any(|(s, o)| forbidden.contains(&(s, *o))) {
                continue;
            }
            let values: Vec<Ratio> = shown.iter().enumerate().map(|(s, o)| h[s][*o].clone()).collect();
            found.push(means.largest(&values)?);
        }
    }
    means.done()?;
    most(found).map_or_else(|| rejected("every box breaks a zero"), Ok)
}
