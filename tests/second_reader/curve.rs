//! Curves in a score, a tolerance, a visibility or the x of a straight path (docs/kernel.md, sections 8 and 9).

use crate::attack::attack;
use crate::big::{most, Ratio};
use crate::json::{not_covered, rejected, unreadable, Json, Read};
use crate::proof::upper;
use crate::question::{Question, Test};

/// What varies: the score or tolerance of a test, or a behaviour given by setting as polynomials.
enum Field<'a> {
    Test(usize, &'static str),
    Behaviour { rows: Vec<(usize, Vec<Vec<Ratio>>)>, honest: bool, tests: &'a [Json] },
}

struct Line {
    ends: [(Ratio, Ratio); 2],
}

impl Line {
    fn at(&self, x: &Ratio) -> Option<Ratio> {
        let [(a, f), (b, g)] = &self.ends;
        let inside = !x.less(a) && !b.less(x);
        inside.then(|| f.add(&g.sub(f).mul(&x.sub(a)).div(&b.sub(a))))
    }
}

fn unknown() -> Json {
    Json::Text("?".into())
}

/// The keys under which "?" stands.
fn asked<'a>(raw: &'a Json, key: &'a str, found: &mut Vec<&'a str>) {
    match raw {
        Json::Text(text) if text == "?" && !found.contains(&key) => found.push(key),
        Json::Object(entries) => {
            entries.iter().for_each(|(name, x)| asked(x, if name == "all" { key } else { name }, found));
        }
        Json::List(items) => items.iter().for_each(|x| asked(x, key, found)),
        _ => (),
    }
}

fn allowed(relation: &str, sign: i32) -> bool {
    match relation {
        "<=" => sign <= 0,
        ">=" => sign >= 0,
        _ => sign == 0,
    }
}

fn with(raw: &Json, key: &str, value: Json) -> Json {
    let Json::Object(entries) = raw else { return raw.clone() };
    let own = |(name, x): &(String, Json)| (name.clone(), if name == key { value.clone() } else { x.clone() });
    Json::Object(entries.iter().map(own).collect())
}

impl<'a> Field<'a> {
    fn read(raw: &'a Json) -> Read<Field<'a>> {
        let question = raw.get("question").unwrap();
        let mut found = Vec::new();
        asked(question.get("source").unwrap_or(&Json::Null), "", &mut found);
        let tests = question.get("tests").map_or(Ok(&[][..]), |tests| tests.list(None))?;
        let (honest, path) = (raw.get("honest"), raw.get("path"));
        if let Some(given) = honest.or(path) {
            if !found.is_empty() || (honest.is_some() && path.is_some()) {
                return unreadable("either the source or the behaviour varies");
            }
            let (mut rows, mut next) = (Vec::new(), 0);
            for row in given.list(None)? {
                let row = row.list(Some(2))?;
                let s = row[0].index(next, usize::MAX >> 1)?;
                let listed = row[1].list(None)?;
                let noise = Ratio::over(1, listed.len().max(1) as i64);
                let entry = |x: &Json| {
                    if honest.is_some() {
                        return Ok(vec![noise.clone(), x.number()?.sub(&noise)]);
                    }
                    match x.list(None)? {
                        own if own.is_empty() || own.len() > 2 => unreadable("an entry has 1 or 2 coefficients"),
                        own => own.iter().map(Json::number).collect(),
                    }
                };
                rows.push((s, listed.iter().map(entry).collect::<Read<_>>()?));
                next = s + 1;
            }
            return Ok(Field::Behaviour { rows, honest: honest.is_some(), tests });
        }
        let places = tests.iter().enumerate().flat_map(|(k, test)| {
            ["score", "tolerance"].into_iter().filter(move |key| test.get(key) == Some(&unknown())).map(move |key| (k, key))
        });
        let places: Vec<_> = places.collect();
        match (&places[..], &found[..]) {
            ([(k, key)], []) => Ok(Field::Test(*k, key)),
            ([], [key]) if ["epsilon", "lower", "upper", "largest"].contains(key) => not_covered("sources that vary"),
            _ => unreadable("'?' stands at one place"),
        }
    }

    /// The question at a value of what varies.
    fn question(&self, raw: &Json, x: &Ratio) -> Read<Question> {
        let (rows, honest, tests) = match self {
            Field::Test(k, key) => {
                let mut tests = raw.get("tests").unwrap().list(None)?.to_vec();
                tests[*k] = with(&tests[*k], key, Json::Text(x.text()));
                return Question::read(&with(raw, "tests", Json::List(tests)));
            }
            Field::Behaviour { rows, honest, tests } => (rows, *honest, *tests),
        };
        if x.sign() < 0 || Ratio::of(1).less(x) {
            return unreadable("a value is not in [0, 1]");
        }
        if honest && raw.get("ask").and_then(|ask| ask.get("quantity")) == Some(&Json::Text("score".into())) {
            return rejected("a score is not monotone in the visibility");
        }
        let value = |c: &Vec<Ratio>| c.iter().rev().fold(Ratio::of(0), |a, b| a.mul(x).add(b));
        let table: Vec<(usize, Vec<Ratio>)> = rows.iter().map(|(s, row)| (*s, row.iter().map(value).collect())).collect();
        let zero = Json::Text("0".into());
        let blank = |test: &Json| {
            let width = table.first().map_or(0, |(_, row)| row.len());
            let row = [Json::Int(crate::big::Int::of(0)), Json::List(vec![zero.clone(); width])];
            let kept = test.get("keep") == Some(&unknown());
            let held = if kept { with(test, "keep", Json::List(vec![Json::List(row.to_vec())])) } else { test.clone() };
            let slack = matches!(test.get("score"), Some(Json::Object(_)));
            if slack && !kept { with(&held, "score", zero.clone()) } else { held }
        };
        let mut q = Question::read(&with(raw, "tests", Json::List(tests.iter().map(blank).collect())))?;
        let mut found = Vec::new();
        for (given, test) in tests.iter().zip(&q.tests) {
            found.push(match test {
                Test::Kept { tolerance, .. } => {
                    let fits = table.iter().all(|(s, row)| *s < q.count && row.len() == q.width);
                    if given.get("keep") != Some(&unknown()) || !fits {
                        return unreadable("what is kept does not fit the behaviour");
                    }
                    Test::Kept { rows: table.clone(), tolerance: tolerance.clone() }
                }
                Test::Score { conditional, terms, relation, score, errors } => {
                    let (mut total, mut noise) = (Ratio::of(0), Ratio::of(0));
                    for (s, o, factor) in terms {
                        let row = table.iter().find(|(t, row)| t == s && row.len() == q.width);
                        let Some((_, row)) = row else { return unreadable("a row of the behaviour is missing") };
                        if !conditional && q.observed.is_none() {
                            return rejected("joint scores need observed settings");
                        }
                        let factor = if *conditional { factor.clone() } else { factor.mul(&q.weight(*s)?) };
                        total = total.add(&row[*o].mul(&factor));
                        noise = noise.add(&factor.div(&Ratio::of(q.width as i64)));
                    }
                    let score = match given.get("score").unwrap() {
                        held @ Json::Object(_) => {
                            let slack = held.keys(&["slack"], &[])?[0].unwrap().fraction()?;
                            if !allowed(relation, -slack.sign()) {
                                return rejected("a slack has the wrong sign");
                            }
                            total.add(&slack)
                        }
                        _ if honest && !allowed(relation, noise.sub(score).sign()) => {
                            return rejected("white noise does not pass a test");
                        }
                        _ => score.clone(),
                    };
                    let (conditional, terms, relation) = (*conditional, terms.clone(), relation.clone());
                    Test::Score { conditional, terms, relation, score, errors: errors.clone() }
                }
            });
        }
        q.tests = found;
        Ok(q)
    }
}

/// What an item shows at both ends: its proof holds there and in the middle, and is no less there.
fn line(item: &Json, raw: &Json, field: &Field) -> Read<Line> {
    let keys = item.keys(&["from", "to", "proof"], &[])?;
    let (low, high) = (keys[0].unwrap().fraction()?, keys[1].unwrap().fraction()?);
    if !low.less(&high) {
        return unreadable("'from' is less than 'to'");
    }
    let middle = low.add(&high).mul(&Ratio::over(1, 2));
    let mut found = Vec::new();
    for x in [&low, &high, &middle] {
        match upper(keys[2].unwrap(), &field.question(raw, x)?)? {
            Some(value) => found.push(value),
            None => return rejected("that no strategy passes is no line"),
        }
    }
    if found[0].add(&found[1]).less(&found[2].add(&found[2])) {
        return rejected("the bound is no line");
    }
    Ok(Line { ends: [(low, found[0].clone()), (high, found[1].clone())] })
}

/// The ends at nine places.
pub fn curve(raw: &Json) -> Read<String> {
    let [uppers, lowers, points] = ["upper", "lower", "points"].map(|key| raw.get(key).unwrap().list(None));
    let (uppers, lowers, points) = (uppers?, lowers?, points?);
    let mut places = Vec::new();
    for part in uppers.iter().chain(lowers) {
        for key in ["from", "to"] {
            places.push(part.get(key).unwrap_or(&Json::Null).fraction()?);
        }
    }
    for part in points {
        places.push(part.get("at").unwrap_or(&Json::Null).fraction()?);
    }
    let Some(high) = most(places.iter().cloned()) else { return unreadable("a curve has parts") };
    let low = most(places.iter().map(Ratio::neg)).unwrap().neg();
    let question = raw.get("question").unwrap();
    if question.get("ask").and_then(|ask| ask.get("quantity")) == Some(&Json::Text("entropy".into())) {
        return not_covered("entropies");
    }
    let field = Field::read(raw)?;
    let q = field.question(question, &low)?;
    if q.observed.is_none() || q.ask.quantity == "strategy" {
        return unreadable("observed settings are stated, and more than existence is asked for");
    }
    let (mut reached, mut bounded): (Vec<(Ratio, Ratio)>, bool) = (Vec::new(), false);
    let mut last: Option<Ratio> = None;
    for part in points {
        let keys = part.keys(&["at", "upper", "attack"], &[])?;
        let (at, above, below) = (keys[0].unwrap().fraction()?, keys[1].unwrap(), keys[2].unwrap());
        if last.map_or(false, |before| !before.less(&at)) || (*above == Json::Null && *below == Json::Null) {
            return unreadable("places ascend, each with an end");
        }
        let q = field.question(question, &at)?;
        if *above != Json::Null {
            bounded = true;
            if upper(above, &q)?.is_none() {
                return rejected("that no strategy passes is no value of a curve");
            }
        }
        if *below != Json::Null {
            reached.push((at.clone(), attack(below, &q)?.mul(&Ratio::of(q.ask.sign))));
        }
        last = Some(at);
    }
    if bounded || !lowers.is_empty() {
        return unreadable("lower ends are points, upper ends lines");
    }
    let above: Vec<Line> = uppers.iter().map(|item| line(item, question, &field)).collect::<Read<_>>()?;
    let below: Vec<Line> =
        reached.windows(2).map(|pair| Line { ends: [pair[0].clone(), pair[1].clone()] }).collect();
    let shown = |x: Option<Ratio>| x.map_or_else(|| "open".into(), |x| x.text());
    let mut found = vec!["OK".to_string()];
    for k in 0..9 {
        let x = low.add(&high.sub(&low).mul(&Ratio::over(k, 8)));
        let single = reached.iter().filter(|(at, _)| *at == x).map(|(_, value)| value.clone());
        let from = most(below.iter().filter_map(|own| own.at(&x)).chain(single));
        let to = most(above.iter().filter_map(|own| own.at(&x)).map(|y| y.neg()));
        let (from, to) = if q.ask.sign < 0 { (to, from.map(|y| y.neg())) } else { (from, to.map(|y| y.neg())) };
        found.push(format!("{},{}", shown(from), shown(to)));
    }
    Ok(found.join(" "))
}
