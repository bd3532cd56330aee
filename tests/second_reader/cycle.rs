//! The way cycle (docs/kernel.md, section 4): boxes that err on one edge alone, and the unbiased one.

use crate::big::{most, Ratio};
use crate::json::{rejected, unreadable, Json, Read};
use crate::proof::Means;
use crate::question::{Question, Test};

/// (joint setting, parity) of the edges of one odd cycle, by joint setting.
fn edges(raw: &Json, q: &Question) -> Read<Vec<(usize, usize)>> {
    if q.settings.len() != 2 || q.outcomes != [2, 2] {
        return rejected("two parties with two outcomes each are needed");
    }
    let mut found = Vec::new();
    if let Json::Int(_) = raw {
        match &q.tests[..].get(raw.index(0, q.tests.len().wrapping_sub(1))?) {
            Some(Test::Score { errors: Some(errors), .. }) => found.clone_from(errors),
            _ => return unreadable("the test does not list errors"),
        }
    } else {
        for entry in raw.list(None)? {
            let entry = entry.list(Some(3))?;
            let (a, b) = (entry[0].index(0, q.settings[0] - 1)?, entry[1].index(0, q.settings[1] - 1)?);
            found.push((a * q.settings[1] + b, entry[2].index(0, 1)?));
        }
    }
    found.sort_unstable();
    let ends = |s: usize| (s / q.settings[1], q.settings[0] + s % q.settings[1]);
    let mut left: Vec<(usize, usize)> = found.iter().map(|(s, _)| ends(*s)).collect();
    let Some((start, mut here)) = left.pop() else { return rejected("no edges") };
    let mut seen = vec![start];
    while here != start {
        if seen.contains(&here) {
            return rejected("the edges are not one cycle");
        }
        seen.push(here);
        let Some(k) = left.iter().position(|(a, b)| *a == here || *b == here) else {
            return rejected("the edges are not one cycle");
        };
        let (a, b) = left.remove(k);
        here = if a == here { b } else { a };
    }
    let odd = found.iter().map(|(_, parity)| parity).sum::<usize>() % 2 == 1;
    if !left.is_empty() || !odd || seen.len() < 4 {
        return rejected("the edges are not one cycle of odd parity");
    }
    Ok(found)
}

/// The party whose outcome is guessed; its settings that count are on the cycle.
fn guessed(q: &Question, edges: &[(usize, usize)]) -> Read<usize> {
    let ask = &q.ask;
    let mut values = ask.values.clone();
    values.sort_unstable();
    if ask.of.len() != 1 || values != [0, 1] || ask.count != 2 {
        return rejected("the guess is of one party's outcome");
    }
    let own = |s: usize| [s / q.settings[1], s % q.settings[1]][ask.of[0]];
    let needed = ask.at.map_or_else(|| (0..q.settings[ask.of[0]]).collect(), |s| vec![own(s)]);
    if needed.iter().any(|x| edges.iter().all(|(s, _)| own(*s) != *x)) {
        return rejected("a setting off the cycle counts");
    }
    Ok(ask.of[0])
}

/// A party's outcomes, by setting, of the box that errs at one edge alone.
fn outcomes(q: &Question, edges: &[(usize, usize)], error: usize, party: usize) -> Vec<usize> {
    let mut known = [vec![None; q.settings[0]], vec![None; q.settings[1]]];
    let kept: Vec<_> = edges.iter().filter(|(s, _)| *s != error).collect();
    known[0][kept[0].0 / q.settings[1]] = Some(0);
    for _ in edges {
        for (s, parity) in &kept {
            let (a, b) = (s / q.settings[1], s % q.settings[1]);
            match (known[0][a], known[1][b]) {
                (Some(x), None) => known[1][b] = Some(x ^ parity),
                (None, Some(y)) => known[0][a] = Some(y ^ parity),
                _ => {}
            }
        }
    }
    known[party].iter().map(|x| x.unwrap_or(2)).collect()
}

pub fn by_cycle(raw: &Json, q: &Question, h: &[Vec<Ratio>], empty: bool) -> Read<Ratio> {
    raw.keys(&[&["way", "edges"], &*Means::keys(q, raw)].concat(), &[])?;
    let mut means = Means::read(q, raw)?;
    let edges = edges(raw.get("edges").unwrap(), q)?;
    let mut right = Vec::new();
    let mut more = vec![Ratio::of(0); q.count];
    for (s, row) in h.iter().enumerate() {
        let parity = edges.iter().find(|(t, _)| *t == s).map(|(_, parity)| *parity);
        if row[0] != row[3] || row[1] != row[2] || (parity.is_none() && row[0] != row[1]) {
            return rejected("more than the parity of an edge counts");
        }
        let (good, bad) = if parity == Some(1) { (&row[1], &row[0]) } else { (&row[0], &row[1]) };
        more[s] = bad.sub(good);
        if more[s].sign() > 0 {
            return rejected("an error is rewarded");
        }
        right.push(good.clone());
    }
    let guess = !empty && matches!(&*q.ask.quantity, "guessing-probability" | "trace-distance");
    let base = if q.ask.quantity == "trace-distance" { Ratio::over(1, 2) } else { Ratio::of(0) };
    let unbiased = q.devices != "local";
    let mut found = Vec::new();
    // `worth` at the setting asked for, or at all
    let raised = |worth: &Ratio| -> Read<Vec<Ratio>> {
        let mut values = right.clone();
        for (s, x) in values.iter_mut().enumerate() {
            if q.ask.at.map_or(true, |at| at == s) {
                let share = if q.ask.at.is_some() { q.weight(s)? } else { Ratio::of(1) };
                *x = x.add(&worth.div(&share));
            }
        }
        Ok(values)
    };
    let erring = |values: &[Ratio], s: usize| {
        let mut own = values.to_vec();
        own[s] = own[s].add(&more[s]);
        own
    };
    if !guess {
        // a score or no claim of a guess: without errors, or with one
        if unbiased {
            found.push(means.largest(&right)?);
        } else {
            for (s, _) in &edges {
                found.push(means.largest(&erring(&right, *s))?);
            }
        }
    } else if q.ask.at.is_none() && !q.ask.told {
        let party = guessed(q, &edges)?;
        let boxes: Vec<Vec<usize>> = edges.iter().map(|(s, _)| outcomes(q, &edges, *s, party)).collect();
        if boxes.iter().all(|own| own.iter().any(|x| *x != own[0])) {
            return rejected("no box of the cycle is constant for this party");
        }
        for ((s, _), own) in edges.iter().zip(&boxes) {
            for guess in [0, 1] {
                let worth = |t: usize| {
                    let x = own[[t / q.settings[1], t % q.settings[1]][party]];
                    right[t].sub(&base).add(&Ratio::of(i64::from(x == guess)))
                };
                let values: Vec<Ratio> = (0..q.count).map(worth).collect();
                found.push(means.largest(&erring(&values, *s))?);
            }
        }
        if unbiased {
            found.push(means.largest(&raised(&Ratio::over(1, 2).sub(&base))?)?);
        }
    } else {
        guessed(q, &edges)?;
        let values = raised(&Ratio::of(1).sub(&base))?;
        for (s, _) in &edges {
            found.push(means.largest(&erring(&values, *s))?);
        }
        if unbiased {
            found.push(means.largest(&raised(&Ratio::over(1, 2).sub(&base))?)?);
        }
    }
    means.done()?;
    Ok(most(found).unwrap())
}
