//! A second reader of certificates, written from docs/kernel.md: brackets, worst settings and curves whose
//! ends are lines, of local and no-signalling devices by cells, deterministic boxes and boxes of a cycle,
//! with rational numbers.
//!
//! For each file one line: OK with both ends (of a curve at nine places), or REJECTED, UNREADABLE, NOT COVERED. It needs no package.

mod attack;
mod big;
mod curve;
mod cycle;
mod json;
mod proof;
mod question;
mod source;

use big::{most, Ratio};
use json::{not_covered, rejected, unreadable, Fault, Json, Read};
use question::Question;

type Ends = (Option<Ratio>, Option<Ratio>);

/// What is reached and the bound of one question; None: nothing passes.
fn ends(upper: &Json, attack: &Json, q: &Question) -> Read<Option<Ends>> {
    let (mut bound, mut reached) = (None, None);
    let mut impossible = false;
    if *upper != Json::Null {
        bound = proof::upper(upper, q)?;
        impossible = bound.is_none();
    }
    if *attack != Json::Null {
        reached = Some(attack::attack(attack, q)?);
        if impossible {
            return rejected("an attack passes, and it is claimed that none does");
        }
    }
    if *upper == Json::Null && *attack == Json::Null {
        return unreadable("neither an upper end nor an attack");
    }
    Ok((!impossible).then_some((reached, bound)))
}

fn worst(raw: &Json) -> Read<String> {
    let (question, parts) = (raw.get("question").unwrap(), raw.get("parts").unwrap().list(None)?);
    let Json::Object(entries) = question else { return unreadable("question") };
    let at = question.get("ask").and_then(|ask| ask.get("at"));
    if at != Some(&Json::Text("?".into())) {
        return unreadable("the question asks at '?'");
    }
    let settings = question.get("settings").unwrap_or(&Json::Null).list(None)?;
    let sizes: Vec<usize> = settings.iter().map(|n| n.index(1, 1 << 14)).collect::<Read<_>>()?;
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    for (k, part) in parts.iter().enumerate() {
        let keys = part.keys(&["upper", "attack"], &[])?;
        let digits = question::split(k, &sizes);
        let at = Json::List(digits.iter().map(|x| Json::Int(big::Int::of(*x as i64))).collect());
        let mut filled = entries.clone();
        for (key, value) in &mut filled {
            if let (true, Json::Object(ask)) = (key == "ask", value) {
                ask.iter_mut().filter(|(name, _)| name == "at").for_each(|(_, x)| *x = at.clone());
            }
        }
        let q = Question::read(&Json::Object(filled))?;
        match ends(keys[0].unwrap(), keys[1].unwrap(), &q)? {
            None => return Ok("OK nothing passes".into()),
            Some((reached, bound)) => {
                lower.extend(reached);
                upper.push(bound);
            }
        }
    }
    if parts.is_empty() || parts.len() != sizes.iter().product::<usize>() {
        return unreadable("a part for each joint setting is needed");
    }
    let high = upper.into_iter().collect::<Option<Vec<_>>>().and_then(most);
    Ok(format!("OK {} {}", shown(&most(lower)), shown(&high)))
}

fn shown(x: &Option<Ratio>) -> String {
    x.as_ref().map_or_else(|| "open".into(), Ratio::text)
}

fn check(raw: &Json) -> Read<String> {
    let kind = raw.get("kind").unwrap_or(&Json::Null).word(&["bracket", "worst", "threshold", "curve"])?;
    let common = ["format", "version", "kind", "question"];
    match &*kind {
        "bracket" => raw.keys(&[&common[..], &["upper", "attack"]].concat(), &[])?,
        "worst" => raw.keys(&[&common[..], &["parts"]].concat(), &[])?,
        "curve" => raw.keys(&[&common[..], &["upper", "lower", "points"]].concat(), &["honest", "path"])?,
        _ => return not_covered("thresholds"),
    };
    raw.get("format").unwrap().word(&["freerand-certificate"])?;
    raw.get("version").unwrap().index(2, 2)?;
    match &*kind {
        "worst" => return worst(raw),
        "curve" => return curve::curve(raw),
        _ => (),
    }
    let q = Question::read(raw.get("question").unwrap())?;
    let Some((reached, bound)) = ends(raw.get("upper").unwrap(), raw.get("attack").unwrap(), &q)? else {
        return Ok("OK nothing passes".into());
    };
    if q.ask.quantity == "strategy" {
        return Ok("OK a strategy exists".into());
    }
    let turned = bound.clone().map(|x| x.neg());
    let (lower, upper) = if q.ask.sign < 0 { (&turned, &reached) } else { (&reached, &bound) };
    Ok(format!("OK {} {}", shown(lower), shown(upper)))
}

fn main() {
    let mut code = 0;
    for path in std::env::args().skip(1) {
        let read = std::fs::read(&path).map_err(|_| Fault::Unreadable("no such file".into()));
        let (own, line) = match read.and_then(|bytes| json::parse(&bytes)).and_then(|raw| check(&raw)) {
            Ok(line) => (0, line),
            Err(Fault::Rejected(why)) => (1, format!("REJECTED {why}")),
            Err(Fault::Unreadable(why)) => (2, format!("UNREADABLE {why}")),
            Err(Fault::NotCovered(why)) => (4, format!("NOT COVERED {why}")),
        };
        println!("{line}");
        code = code.max(own);
    }
    std::process::exit(code);
}
