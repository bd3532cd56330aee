//! Attacks (docs/kernel.md, section 5) by deterministic boxes and tables; masses, or a flow of bits.

use crate::big::{most, sum, Int, Ratio};
use crate::json::{not_covered, rejected, unreadable, Json, Read};
use crate::proof::{outputs, worths};
use crate::question::{joint, split, Question, Source, Test};

type Table = Vec<Vec<Ratio>>;

struct Flow<'a> {
    ranges: &'a [(Ratio, Ratio)],
    leaves: &'a [usize],
    /// (height, chance of left, left, right)
    nodes: Vec<(usize, Ratio, Option<usize>, Option<usize>)>,
}

impl<'a> Flow<'a> {
    fn read(raw: &Json, q: &'a Question) -> Read<Flow<'a>> {
        let keys = raw.keys(&["palette", "nodes"], &[])?;
        let Source::Bits { ranges, leaves } = &q.source else { return rejected("the source is not one of bits") };
        let palette: Vec<Ratio> = keys[0].unwrap().list(None)?.iter().map(Json::fraction).collect::<Read<_>>()?;
        let mut used = vec![false; palette.len()];
        let mut nodes: Vec<(usize, Ratio, Option<usize>, Option<usize>)> = Vec::new();
        for entry in keys[1].unwrap().list(None)? {
            let entry = entry.list(Some(3))?;
            let child = |raw: &Json| match raw {
                Json::Null => Ok(None),
                other => other.index(0, nodes.len().wrapping_sub(1)).map(Some),
            };
            let (left, right) = (child(&entry[1])?, child(&entry[2])?);
            let height = |node: Option<usize>| node.map_or(0, |k| nodes[k].0);
            let code = entry[0].index(0, palette.len().wrapping_sub(1))?;
            if height(left) != height(right) || height(left) >= ranges.len() {
                return rejected("the children of a node differ in height");
            }
            let (low, high) = &ranges[ranges.len() - 1 - height(left)];
            if palette[code].less(low) || high.less(&palette[code]) {
                return rejected("a chance is outside the source's range");
            }
            used[code] = true;
            nodes.push((height(left) + 1, palette[code].clone(), left, right));
        }
        if used.contains(&false) || (0..palette.len()).any(|k| palette[..k].contains(&palette[k])) {
            return unreadable("a palette with unused or equal entries");
        }
        Ok(Flow { ranges, leaves, nodes })
    }

    fn masses(&self, node: &Json, weight: Ratio, count: usize) -> Read<Vec<Ratio>> {
        let root = node.int()?;
        if root.negative {
            return unreadable("a node is negative");
        }
        let root = root.small().map_or(usize::MAX, |k| k as usize);
        if root >= self.nodes.len() || self.nodes[root].0 != self.ranges.len() {
            return rejected("the node is no root");
        }
        let mut level = vec![(Some(root), weight)];
        for _ in self.ranges {
            let below = level.iter().flat_map(|(node, mass)| {
                let (_, chance, left, right) = &self.nodes[node.unwrap()];
                let share = mass.mul(chance);
                [(*left, share.clone()), (*right, mass.sub(&share))]
            });
            level = below.collect();
        }
        let mut found = vec![Ratio::of(0); count];
        for (s, (_, mass)) in self.leaves.iter().zip(&level) {
            found[*s] = found[*s].add(mass);
        }
        Ok(found)
    }
}

fn table(raw: &Json, q: &Question) -> Read<Table> {
    let kind = raw.get("kind").unwrap_or(&Json::Null).word(&["deterministic", "table", "quantum", "qubits"])?;
    let allowed: &[&str] = match &*q.devices {
        "local" => &["deterministic"],
        "quantum" => &["deterministic", "quantum", "qubits"],
        _ => &["deterministic", "table", "quantum", "qubits"],
    };
    if !allowed.contains(&&*kind) {
        return rejected(format!("{} devices have no such boxes", q.devices));
    }
    match &*kind {
        "deterministic" => {
            let lists = raw.keys(&["kind", "outcomes"], &[])?[1].unwrap().list(Some(q.settings.len()))?;
            let mut answers = Vec::new();
            for (own, (n, d)) in lists.iter().zip(q.settings.iter().zip(&q.outcomes)) {
                answers.push(own.list(Some(*n))?.iter().map(|o| o.index(0, d - 1)).collect::<Read<Vec<_>>>()?);
            }
            let mut found = vec![vec![Ratio::of(0); q.width]; q.count];
            for (s, row) in found.iter_mut().enumerate() {
                let digits = split(s, &q.settings);
                let parts: Vec<usize> = answers.iter().zip(digits).map(|(own, x)| own[x]).collect();
                row[joint(&parts, &q.outcomes)] = Ratio::of(1);
            }
            Ok(found)
        }
        "table" => {
            let keys = raw.keys(&["kind", "denominator", "numerators"], &[])?;
            let unit = Ratio::new(keys[1].unwrap().int()?.clone(), Int::of(1));
            if unit.sign() <= 0 {
                return unreadable("the denominator is not positive");
            }
            let mut values = Vec::new();
            for x in keys[2].unwrap().list(Some(q.count * q.width))? {
                let x = Ratio::new(x.int()?.clone(), Int::of(1));
                if x.sign() < 0 || unit.less(&x) {
                    return unreadable("a probability outside [0, 1]");
                }
                values.push(x.div(&unit));
            }
            let found: Table = values.chunks(q.width).map(<[Ratio]>::to_vec).collect();
            if found.iter().any(|row| sum(row) != Ratio::of(1)) {
                return rejected("probabilities do not sum to 1");
            }
            silent(&found, q)?;
            Ok(found)
        }
        _ => not_covered("quantum boxes"),
    }
}

/// Refuse tables in which a party's setting shows in the others' outcomes.
fn silent(found: &Table, q: &Question) -> Read<()> {
    for party in 0..q.settings.len() {
        let marginal = |s: usize| {
            let mut own = vec![Ratio::of(0); q.width];
            for (o, x) in found[s].iter().enumerate() {
                let mut digits = split(o, &q.outcomes);
                digits[party] = 0;
                let place = joint(&digits, &q.outcomes);
                own[place] = own[place].add(x);
            }
            own
        };
        for s in 0..q.count {
            let mut digits = split(s, &q.settings);
            digits[party] = 0;
            if marginal(s) != marginal(joint(&digits, &q.settings)) {
                return rejected("a party signals");
            }
        }
    }
    Ok(())
}

/// What an attack reaches, of the smallest score as it is.
pub fn attack(raw: &Json, q: &Question) -> Read<Ratio> {
    if raw.get("edges").is_some() {
        return not_covered("attacks by cycle boxes");
    }
    let keys = raw.keys(&["strategies"], &["flow"])?;
    let flow = keys[1].filter(|f| **f != Json::Null).map(|f| Flow::read(f, q)).transpose()?;
    let mut held = Vec::new();
    for entry in keys[0].unwrap().list(None)? {
        let masses = if entry.get("masses").is_some() {
            let masses = entry.keys(&["masses", "box"], &[])?[0].unwrap().vector(q.count, &|x| x.at_least_0())?;
            q.source.allows(&masses)?;
            if flow.is_some() {
                return rejected("masses beside a flow");
            }
            masses
        } else {
            let keys = entry.keys(&["weight", "node", "box"], &[])?;
            let weight = keys[0].unwrap().at_least_0()?;
            match &flow {
                Some(flow) => flow.masses(keys[1].unwrap(), weight, q.count)?,
                None => return rejected("there is no flow"),
            }
        };
        held.push((masses, table(entry.get("box").unwrap(), q)?));
    }
    let mut z = vec![vec![Ratio::of(0); q.width]; q.count];
    for (masses, rows) in &held {
        for (s, row) in rows.iter().enumerate() {
            for (o, x) in row.iter().enumerate() {
                z[s][o] = z[s][o].add(&x.mul(&masses[s]));
            }
        }
    }
    let seen: Vec<Ratio> = z.iter().map(|row| sum(row)).collect();
    if sum(&seen) != Ratio::of(1) {
        return rejected("the weights do not sum to 1");
    }
    if q.observed.as_ref().map_or(false, |observed| *observed != seen) {
        return rejected("a setting does not have its observed probability");
    }
    let score = |conditional: bool, terms: &[(usize, usize, Ratio)]| -> Read<Ratio> {
        let mut total = Ratio::of(0);
        for (s, o, factor) in terms {
            if conditional && seen[*s].zero() {
                return rejected("a setting never occurs");
            }
            let share = if conditional { z[*s][*o].div(&seen[*s]) } else { z[*s][*o].clone() };
            total = total.add(&factor.mul(&share));
        }
        Ok(total)
    };
    for test in &q.tests {
        let passed = match test {
            Test::Score { conditional, terms, relation, score: limit, .. } => {
                let gap = score(*conditional, terms)?.sub(limit).sign();
                gap == 0 || (gap < 0 && relation == "<=") || (gap > 0 && relation == ">=")
            }
            Test::Kept { rows, tolerance } => {
                if rows.iter().any(|(s, _)| seen[*s].zero()) {
                    return rejected("a setting never occurs");
                }
                rows.iter().all(|(s, row)| {
                    row.iter().enumerate().all(|(o, p)| {
                        let gap = z[*s][o].div(&seen[*s]).sub(p);
                        !tolerance.less(&gap) && !tolerance.less(&gap.neg())
                    })
                })
            }
        };
        if !passed {
            return rejected("a test is missed");
        }
    }
    if q.ask.quantity == "strategy" {
        return Ok(Ratio::of(1));
    }
    if let Some((conditional, terms)) = &q.ask.score {
        return score(*conditional, terms);
    }
    let (guesses, output) = (worths(q)?, outputs(q));
    let mut leak = Ratio::of(0);
    for (masses, rows) in &held {
        let worth = |guess: &Vec<Ratio>, s: usize| {
            let row = rows[s].iter().enumerate();
            row.fold(Ratio::of(0), |a, (o, x)| a.add(&x.mul(&guess[output[o]]))).mul(&masses[s])
        };
        let asked: Vec<usize> = (0..q.count).filter(|s| q.ask.at.map_or(true, |at| at == *s)).collect();
        if q.ask.told {
            for s in asked {
                leak = leak.add(&most(guesses.iter().map(|g| worth(g, s))).unwrap());
            }
        } else {
            let total = |g: &Vec<Ratio>| asked.iter().fold(Ratio::of(0), |a, s| a.add(&worth(g, *s)));
            leak = leak.add(&most(guesses.iter().map(total)).unwrap());
        }
    }
    match q.ask.at {
        Some(s) if seen[s].zero() => rejected("the settings asked for never occur"),
        Some(s) => Ok(leak.div(&seen[s])),
        None => Ok(leak),
    }
}
