//! JSON as docs/kernel.md, section 1, spells it, and what is read from it.

use crate::big::{Int, Ratio};

/// How a reading ends: unreadable (2), not proved (1), or a form that this reader leaves out (4).
#[derive(Debug)]
pub enum Fault {
    Unreadable(String),
    Rejected(String),
    NotCovered(String),
}
pub type Read<T> = Result<T, Fault>;

pub fn unreadable<T>(what: impl Into<String>) -> Read<T> {
    Err(Fault::Unreadable(what.into()))
}

pub fn rejected<T>(what: impl Into<String>) -> Read<T> {
    Err(Fault::Rejected(what.into()))
}

pub fn not_covered<T>(what: impl Into<String>) -> Read<T> {
    Err(Fault::NotCovered(what.into()))
}

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Int(Int),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

pub fn parse(bytes: &[u8]) -> Read<Json> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => return unreadable("not UTF-8"),
    };
    let mut reader = Reader { rest: text.as_bytes(), text };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.rest.is_empty() { Ok(value) } else { unreadable("words after the value") }
}

struct Reader<'a> {
    rest: &'a [u8],
    text: &'a str,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.rest.first() {
            self.rest = &self.rest[1..];
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest.starts_with(word.as_bytes());
        if found {
            self.rest = &self.rest[word.len()..];
        }
        found
    }

    fn value(&mut self, depth: usize) -> Read<Json> {
        self.blanks();
        if depth > 500 {
            return unreadable("nested too deeply");
        }
        match self.rest.first() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            _ if self.take("null") => Ok(Json::Null),
            _ if self.take("true") => Ok(Json::Bool(true)),
            _ if self.take("false") => Ok(Json::Bool(false)),
            _ => unreadable("no JSON"),
        }
    }

    fn integer(&mut self) -> Read<Json> {
        let minus = usize::from(self.rest[0] == b'-');
        let digits = self.rest[minus..].iter().take_while(|b| b.is_ascii_digit()).count();
        let text = std::str::from_utf8(&self.rest[..minus + digits]).unwrap_or("");
        let next = self.rest.get(minus + digits);
        if digits == 0 || (digits > 1 && self.rest[minus] == b'0') || text == "-0" || digits > 4300 {
            return unreadable("no integer");
        }
        if let Some(b'.' | b'e' | b'E') = next {
            return unreadable("a decimal");
        }
        let value = Int::parse(text);
        self.rest = &self.rest[minus + digits..];
        Ok(Json::Int(value))
    }

    fn string(&mut self) -> Read<String> {
        self.rest = &self.rest[1..];
        let mut found = String::new();
        loop {
            let start = self.text.len() - self.rest.len();
            let Some(c) = self.text.get(start..).and_then(|t| t.chars().next()) else {
                return unreadable("a text without an end");
            };
            self.rest = &self.rest[c.len_utf8()..];
            match c {
                '"' => return Ok(found),
                '\\' => found.push(self.escape()?),
                c if (c as u32) < 32 => return unreadable("a control character"),
                c => found.push(c),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let Some(&c) = self.rest.first() else { return unreadable("a text without an end") };
        self.rest = &self.rest[1..];
        Ok(match c {
            b'"' | b'\\' | b'/' => c as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' if self.rest.len() >= 4 => {
                let code = std::str::from_utf8(&self.rest[..4]).ok().and_then(|t| u32::from_str_radix(t, 16).ok());
                self.rest = &self.rest[4..];
                code.and_then(char::from_u32).unwrap_or('\u{fffd}')
            }
            _ => return unreadable("no escape"),
        })
    }

    fn list(&mut self, depth: usize) -> Read<Json> {
        self.rest = &self.rest[1..];
        let mut found = Vec::new();
        self.blanks();
        if self.take("]") {
            return Ok(Json::List(found));
        }
        loop {
            found.push(self.value(depth + 1)?);
            self.blanks();
            if self.take("]") {
                return Ok(Json::List(found));
            }
            if !self.take(",") {
                return unreadable("no list");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Read<Json> {
        self.rest = &self.rest[1..];
        let mut found: Vec<(String, Json)> = Vec::new();
        self.blanks();
        if self.take("}") {
            return Ok(Json::Object(found));
        }
        loop {
            self.blanks();
            if self.rest.first() != Some(&b'"') {
                return unreadable("no object");
            }
            let key = self.string()?;
            self.blanks();
            if !self.take(":") || found.iter().any(|(other, _)| *other == key) {
                return unreadable("no object, or a repeated key");
            }
            let value = self.value(depth + 1)?;
            found.push((key, value));
            self.blanks();
            if self.take("}") {
                return Ok(Json::Object(found));
            }
            if !self.take(",") {
                return unreadable("no object");
            }
        }
    }
}

impl Json {
    /// The values of exactly these keys; those of `more` may be missing.
    pub fn keys(&self, needed: &[&str], more: &[&str]) -> Read<Vec<Option<&Json>>> {
        let Json::Object(entries) = self else { return unreadable("an object is needed") };
        if let Some((key, _)) = entries.iter().find(|(key, _)| !needed.contains(&&**key) && !more.contains(&&**key)) {
            return unreadable(format!("the key {key:?} is not allowed"));
        }
        let found: Vec<Option<&Json>> = needed.iter().chain(more).map(|key| self.get(key)).collect();
        if found[..needed.len()].contains(&None) { unreadable("a key is missing") } else { Ok(found) }
    }

    pub fn get(&self, key: &str) -> Option<&Json> {
        let Json::Object(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub fn list(&self, length: Option<usize>) -> Read<&[Json]> {
        match self {
            Json::List(found) if length.map_or(true, |n| n == found.len()) => Ok(found),
            _ => unreadable("a list of another length is needed"),
        }
    }

    pub fn word(&self, among: &[&str]) -> Read<String> {
        match self {
            Json::Text(text) if among.contains(&&**text) => Ok(text.clone()),
            _ => unreadable(format!("none of {among:?}")),
        }
    }

    pub fn int(&self) -> Read<&Int> {
        if let Json::Int(x) = self { Ok(x) } else { unreadable("an integer is needed") }
    }

    /// An integer in [low, high].
    pub fn index(&self, low: usize, high: usize) -> Read<usize> {
        match self.int()?.small() {
            Some(x) if x >= low as i64 && x <= high as i64 => Ok(x as usize),
            _ => unreadable(format!("no integer in {low}..{high}")),
        }
    }

    pub fn fraction(&self) -> Read<Ratio> {
        let Json::Text(text) = self else { return unreadable("a fraction in text is needed") };
        let (top, bottom) = text.split_once('/').unwrap_or((text, "1"));
        let digits = |t: &str| !t.is_empty() && t.len() <= 4001 && t.bytes().all(|b| b.is_ascii_digit());
        let plain = |t: &str| digits(t) && (t == "0" || !t.starts_with('0'));
        if !plain(top.strip_prefix('-').unwrap_or(top)) || !plain(bottom) || top == "-0" || bottom == "0" {
            return unreadable(format!("{text:?} is no fraction"));
        }
        let value = Ratio::new(Int::parse(top), Int::parse(bottom));
        if value.text() == *text { Ok(value) } else { unreadable(format!("{text:?} is not in lowest terms")) }
    }

    pub fn at_least_0(&self) -> Read<Ratio> {
        let value = self.fraction()?;
        if value.sign() < 0 { unreadable("a negative number") } else { Ok(value) }
    }

    /// A number that is a fraction; sums of roots and cosines are left out.
    pub fn number(&self) -> Read<Ratio> {
        if let Json::List(_) = self { not_covered("irrational numbers") } else { self.fraction() }
    }

    /// A vector in one of its three spellings.
    pub fn vector<T: Clone + PartialEq>(&self, length: usize, read: &dyn Fn(&Json) -> Read<T>) -> Read<Vec<T>> {
        if let Json::List(_) = self {
            return self.list(Some(length))?.iter().map(read).collect();
        }
        if self.get("palette").is_some() {
            let keys = self.keys(&["palette", "codes"], &[])?;
            let palette = keys[0].unwrap().list(None)?;
            let read_palette: Vec<T> = palette.iter().map(read).collect::<Read<_>>()?;
            let codes = keys[1].unwrap().list(Some(length))?;
            let codes: Vec<usize> = codes.iter().map(|c| c.index(0, palette.len().wrapping_sub(1))).collect::<Read<_>>()?;
            let twice = (0..palette.len()).any(|k| palette[..k].contains(&palette[k]) || !codes.contains(&k));
            if twice {
                return unreadable("a palette with unused or equal entries");
            }
            return Ok(codes.iter().map(|&c| read_palette[c].clone()).collect());
        }
        let keys = self.keys(&["all", "but"], &[])?;
        let all = read(keys[0].unwrap())?;
        let mut found = vec![all.clone(); length];
        let mut next = 0;
        for pair in keys[1].unwrap().list(None)? {
            let pair = pair.list(Some(2))?;
            let place = pair[0].index(next, length.wrapping_sub(1))?;
            found[place] = read(&pair[1])?;
            if found[place] == all {
                return unreadable("an exception that is none");
            }
            next = place + 1;
        }
        Ok(found)
    }

    /// (place, integer) pairs of a flat list.
    pub fn flat(&self, count: usize) -> Read<Vec<(usize, Int)>> {
        let listed = self.list(None)?;
        let (mut found, mut next) = (Vec::new(), 0);
        if listed.len() % 2 == 1 {
            return unreadable("place and integer must alternate");
        }
        for pair in listed.chunks(2) {
            let place = pair[0].index(next, count.wrapping_sub(1))?;
            if pair[1].int()?.zero() {
                return unreadable("a zero is left out");
            }
            found.push((place, pair[1].int()?.clone()));
            next = place + 1;
        }
        Ok(found)
    }
}
