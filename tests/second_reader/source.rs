//! Vertices of sources, the largest mean of a function of the settings, and whether masses are allowed.

use crate::big::{most, sum, Ratio};
use crate::json::{not_covered, rejected, Read};
use crate::question::Source;

const MOST_VERTICES: usize = 1 << 12;

fn dot(a: &[Ratio], b: &[Ratio]) -> Ratio {
    a.iter().zip(b).fold(Ratio::of(0), |total, (x, y)| total.add(&x.mul(y)))
}

/// All combinations, the last fastest.
pub fn combinations<T: Clone>(lists: &[Vec<T>]) -> Vec<Vec<T>> {
    lists.iter().fold(vec![vec![]], |found, own| {
        let longer = |held: &Vec<T>, x: &T| [held.clone(), vec![x.clone()]].concat();
        found.iter().flat_map(|held| own.iter().map(move |x| longer(held, x))).collect()
    })
}

impl Source {
    pub fn vertices(&self, count: usize) -> Read<Vec<Vec<Ratio>>> {
        match self {
            Source::Point(values) => Ok(vec![values.clone()]),
            Source::Bits { ranges, leaves } => bit_vertices(ranges, leaves, count),
            Source::Limits(lower, upper) => limit_vertices(lower, upper),
            Source::Rows { odds: Some(odds), .. } => Ok(mutual_vertices(odds, count)),
            Source::Rows { .. } => rejected("this source is not given by vertices"),
            Source::Product(sizes, parts) => {
                let own: Vec<_> = parts.iter().zip(sizes).map(|(p, n)| p.vertices(*n)).collect::<Read<_>>()?;
                if own.iter().map(Vec::len).product::<usize>() > MOST_VERTICES {
                    return not_covered("so many vertices");
                }
                let masses = |chosen: &Vec<Vec<Ratio>>| -> Vec<Ratio> {
                    let each = combinations(chosen);
                    each.iter().map(|xs| xs.iter().fold(Ratio::of(1), |a, x| a.mul(x))).collect()
                };
                Ok(combinations(&own).iter().map(masses).collect())
            }
        }
    }

    /// The largest mean; of rows the proof gives multipliers instead.
    pub fn largest(&self, values: &[Ratio]) -> Read<Ratio> {
        match self {
            Source::Bits { ranges, leaves } => {
                let mut level: Vec<Ratio> = leaves.iter().map(|s| values[*s].clone()).collect();
                for (low, high) in ranges.iter().rev() {
                    let fold = |pair: &[Ratio]| {
                        let gap = pair[0].sub(&pair[1]);
                        pair[1].add(&gap.mul(if gap.sign() > 0 { high } else { low }))
                    };
                    level = level.chunks(2).map(fold).collect();
                }
                Ok(level.remove(0))
            }
            Source::Limits(lower, upper) => {
                let mut order: Vec<usize> = (0..values.len()).collect();
                order.sort_by_key(|s| values.iter().filter(|x| values[*s].less(x)).count());
                let (mut left, mut total) = (Ratio::of(1).sub(&sum(lower)), dot(lower, values));
                for s in order {
                    let room = upper[s].sub(&lower[s]);
                    let share = if left.less(&room) { left.clone() } else { room };
                    total = total.add(&share.mul(&values[s]));
                    left = left.sub(&share);
                }
                Ok(total)
            }
            _ => {
                let points = self.vertices(values.len())?;
                most(points.iter().map(|point| dot(point, values))).map_or_else(|| rejected("no vertices"), Ok)
            }
        }
    }

    /// Whether every distribution gives a setting a positive probability.
    pub fn certainly(&self, s: usize, count: usize) -> Read<bool> {
        Ok(match self {
            Source::Point(values) => values[s].sign() > 0,
            Source::Bits { ranges, leaves } => {
                let inside = |(low, high): &(Ratio, Ratio)| low.sign() > 0 && high.less(&Ratio::of(1));
                leaves.contains(&s) && ranges.iter().all(inside)
            }
            Source::Limits(lower, upper) => {
                let others = sum(upper).sub(&upper[s]);
                lower[s].sign() > 0 || others.less(&Ratio::of(1))
            }
            Source::Rows { odds: None, full, .. } => *full,
            _ => self.vertices(count)?.iter().all(|vertex| vertex[s].sign() > 0),
        })
    }

    /// Refuse masses P(w) P(s|w) that are not those of a distribution of the source.
    pub fn allows(&self, masses: &[Ratio]) -> Read<()> {
        let total = sum(masses);
        let fine = match self {
            Source::Point(values) => masses.iter().zip(values).all(|(x, p)| *x == total.mul(p)),
            Source::Limits(lower, upper) => masses.iter().enumerate().all(|(s, x)| {
                !x.less(&lower[s].mul(&total)) && !upper[s].mul(&total).less(x)
            }),
            Source::Rows { rows, equal, full, .. } => {
                let obeyed = |(row, equal): (&Vec<Ratio>, &bool)| {
                    let left = dot(row, masses).sign();
                    left == 0 || (left > 0 && !equal)
                };
                (!full || total.zero() || masses.iter().all(|x| !x.zero())) && rows.iter().zip(equal).all(obeyed)
            }
            Source::Bits { ranges, leaves } => return allowed_bits(ranges, leaves, masses, &total),
            Source::Product(sizes, parts) => return allowed_product(sizes, parts, masses, &total),
        };
        if fine { Ok(()) } else { rejected("masses outside the source") }
    }
}

/// The vertices of bits, as distributions of their strings.
pub fn string_vertices(ranges: &[(Ratio, Ratio)]) -> Read<Vec<Vec<Ratio>>> {
    let mut found = vec![vec![Ratio::of(1)]];
    for (low, high) in ranges.iter().rev() {
        if found.len() * found.len() * 2 > MOST_VERTICES {
            return not_covered("so many vertices");
        }
        let ends = if low == high { vec![low] } else { vec![low, high] };
        let mut above = Vec::new();
        for share in ends {
            let rest = Ratio::of(1).sub(share);
            for left in &found {
                for right in &found {
                    above.push(left.iter().map(|x| share.mul(x)).chain(right.iter().map(|x| rest.mul(x))).collect());
                }
            }
        }
        found = above;
    }
    Ok(found)
}

fn bit_vertices(ranges: &[(Ratio, Ratio)], leaves: &[usize], count: usize) -> Read<Vec<Vec<Ratio>>> {
    let named = |masses: &Vec<Ratio>| {
        let mut own = vec![Ratio::of(0); count];
        for (s, x) in leaves.iter().zip(masses) {
            own[*s] = own[*s].add(x);
        }
        own
    };
    Ok(string_vertices(ranges)?.iter().map(named).collect())
}

fn limit_vertices(lower: &[Ratio], upper: &[Ratio]) -> Read<Vec<Vec<Ratio>>> {
    if lower.len() > 8 {
        return not_covered("so many vertices");
    }
    let mut found: Vec<Vec<Ratio>> = Vec::new();
    for rest in 0..lower.len() {
        let ends = |(s, (low, high)): (usize, (&Ratio, &Ratio))| {
            if s == rest {
                vec![Ratio::of(0)]
            } else if low == high {
                vec![low.clone()]
            } else {
                vec![low.clone(), high.clone()]
            }
        };
        let lists: Vec<_> = lower.iter().zip(upper).enumerate().map(ends).collect();
        for mut point in combinations(&lists) {
            point[rest] = Ratio::of(1).sub(&sum(&point));
            if !point[rest].less(&lower[rest]) && !upper[rest].less(&point[rest]) && !found.contains(&point) {
                found.push(point);
            }
        }
    }
    Ok(found)
}

fn mutual_vertices(odds: &Ratio, count: usize) -> Vec<Vec<Ratio>> {
    let mut heights: Vec<Vec<i32>> = vec![vec![0]];
    for x in 1..count {
        let near: Vec<usize> = (0..usize::BITS).map(|b| 1 << b).filter(|b| x & b > 0).map(|b| x ^ b).collect();
        let mut longer = Vec::new();
        for held in &heights {
            for d in [held[near[0]] - 1, held[near[0]] + 1] {
                if near.iter().all(|y| (held[*y] - d).abs() == 1) {
                    longer.push([held.clone(), vec![d]].concat());
                }
            }
        }
        heights = longer;
    }
    let power = |d: &i32| {
        let size = (0..d.abs()).fold(Ratio::of(1), |a, _| a.mul(odds));
        if *d < 0 { Ratio::of(1).div(&size) } else { size }
    };
    let masses = |held: &Vec<i32>| {
        let raw: Vec<Ratio> = held.iter().map(power).collect();
        let total = sum(&raw);
        raw.iter().map(|x| x.div(&total)).collect()
    };
    heights.iter().map(masses).collect()
}

fn allowed_bits(ranges: &[(Ratio, Ratio)], leaves: &[usize], masses: &[Ratio], total: &Ratio) -> Read<()> {
    let mut level: Vec<Ratio> = leaves.iter().map(|s| masses[*s].clone()).collect();
    let twice = (0..leaves.len()).any(|k| leaves[..k].contains(&leaves[k]));
    if twice || sum(&level) != *total {
        return rejected("masses are given as a flow where strings share a setting");
    }
    for (low, high) in ranges.iter().rev() {
        let mut above = Vec::new();
        for pair in level.chunks(2) {
            let node = pair[0].add(&pair[1]);
            if pair[0].less(&low.mul(&node)) || high.mul(&node).less(&pair[0]) {
                return rejected("a bit is more biased than the source allows");
            }
            above.push(node);
        }
        level = above;
    }
    Ok(())
}

fn allowed_product(sizes: &[usize], parts: &[Source], masses: &[Ratio], total: &Ratio) -> Read<()> {
    let lists: Vec<Vec<usize>> = sizes.iter().map(|n| (0..*n).collect()).collect();
    let strings = combinations(&lists);
    let mut own: Vec<Vec<Ratio>> = sizes.iter().map(|n| vec![Ratio::of(0); *n]).collect();
    for (digits, mass) in strings.iter().zip(masses) {
        for (marginal, x) in own.iter_mut().zip(digits) {
            marginal[*x] = marginal[*x].add(mass);
        }
    }
    for (part, marginal) in parts.iter().zip(&own) {
        part.allows(marginal)?;
    }
    let scale = (1..sizes.len()).fold(Ratio::of(1), |a, _| a.mul(total));
    for (digits, mass) in strings.iter().zip(masses) {
        let shares = own.iter().zip(digits).fold(Ratio::of(1), |a, (marginal, x)| a.mul(&marginal[*x]));
        if mass.mul(&scale) != shares {
            return rejected("the parties' settings are not independent given w");
        }
    }
    Ok(())
}
