//! Integers of any size and fractions in lowest terms, with the operations that a reader needs.

use std::cmp::Ordering;

/// A sign and a magnitude in words of 32 bits, least significant first, no zero word at the top; 0 has no words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Int {
    pub negative: bool,
    words: Vec<u32>,
}

fn trim(mut words: Vec<u32>) -> Vec<u32> {
    while words.last() == Some(&0) {
        words.pop();
    }
    words
}

fn compare(a: &[u32], b: &[u32]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

fn plus(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut found = Vec::with_capacity(a.len().max(b.len()) + 1);
    let mut carry = 0u64;
    for k in 0..a.len().max(b.len()) {
        carry += u64::from(*a.get(k).unwrap_or(&0)) + u64::from(*b.get(k).unwrap_or(&0));
        found.push(carry as u32);
        carry >>= 32;
    }
    found.push(carry as u32);
    trim(found)
}

/// a - b for a >= b.
fn minus(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut found = Vec::with_capacity(a.len());
    let mut borrow = 0i64;
    for (k, x) in a.iter().enumerate() {
        let mut value = i64::from(*x) - i64::from(*b.get(k).unwrap_or(&0)) - borrow;
        borrow = i64::from(value < 0);
        if value < 0 {
            value += 1 << 32;
        }
        found.push(value as u32);
    }
    trim(found)
}

fn halved(a: &[u32]) -> Vec<u32> {
    let mut found = a.to_vec();
    let mut carry = 0;
    for word in found.iter_mut().rev() {
        let low = *word & 1;
        *word = *word >> 1 | carry << 31;
        carry = low;
    }
    trim(found)
}

fn even(a: &[u32]) -> bool {
    a.first().map_or(true, |word| word & 1 == 0)
}

/// The quotient of an exact division, bit by bit.
fn quotient(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut found = vec![0u32; a.len()];
    let mut rest: Vec<u32> = Vec::new();
    for k in (0..a.len() * 32).rev() {
        rest = plus(&rest, &rest);
        if a[k / 32] >> (k % 32) & 1 == 1 {
            rest = plus(&rest, &[1]);
        }
        if compare(&rest, b) != Ordering::Less {
            rest = minus(&rest, b);
            found[k / 32] |= 1 << (k % 32);
        }
    }
    trim(found)
}

fn divisor(a: &[u32], b: &[u32]) -> Vec<u32> {
    let (mut a, mut b, mut twos) = (a.to_vec(), b.to_vec(), 0);
    if a.is_empty() || b.is_empty() {
        return plus(&a, &b);
    }
    while even(&a) && even(&b) {
        a = halved(&a);
        b = halved(&b);
        twos += 1;
    }
    while !a.is_empty() {
        while even(&a) {
            a = halved(&a);
        }
        while even(&b) {
            b = halved(&b);
        }
        if compare(&a, &b) == Ordering::Less {
            std::mem::swap(&mut a, &mut b);
        }
        a = minus(&a, &b);
    }
    for _ in 0..twos {
        b = plus(&b, &b);
    }
    b
}

impl Int {
    pub fn of(x: i64) -> Int {
        let size = x.unsigned_abs();
        Int { negative: x < 0, words: trim(vec![size as u32, (size >> 32) as u32]) }
    }

    /// Digits alone, with an optional minus sign.
    pub fn parse(text: &str) -> Int {
        let mut words: Vec<u32> = Vec::new();
        for digit in text.trim_start_matches('-').bytes() {
            let mut carry = u64::from(digit - b'0');
            for word in words.iter_mut() {
                carry += u64::from(*word) * 10;
                *word = carry as u32;
                carry >>= 32;
            }
            if carry > 0 {
                words.push(carry as u32);
            }
        }
        Int { negative: text.starts_with('-') && !words.is_empty(), words }
    }

    pub fn small(&self) -> Option<i64> {
        match self.words.len() {
            0 => Some(0),
            1 => Some(i64::from(self.words[0]) * if self.negative { -1 } else { 1 }),
            _ => None,
        }
    }

    pub fn zero(&self) -> bool {
        self.words.is_empty()
    }

    fn signed(negative: bool, words: Vec<u32>) -> Int {
        Int { negative: negative && !words.is_empty(), words }
    }

    pub fn add(&self, other: &Int) -> Int {
        if self.negative == other.negative {
            return Int::signed(self.negative, plus(&self.words, &other.words));
        }
        match compare(&self.words, &other.words) {
            Ordering::Less => Int::signed(other.negative, minus(&other.words, &self.words)),
            _ => Int::signed(self.negative, minus(&self.words, &other.words)),
        }
    }

    pub fn mul(&self, other: &Int) -> Int {
        let mut found = vec![0u32; self.words.len() + other.words.len()];
        for (i, x) in self.words.iter().enumerate() {
            let mut carry = 0u64;
            for (j, y) in other.words.iter().enumerate() {
                carry += u64::from(found[i + j]) + u64::from(*x) * u64::from(*y);
                found[i + j] = carry as u32;
                carry >>= 32;
            }
            found[i + other.words.len()] = carry as u32;
        }
        Int::signed(self.negative != other.negative, trim(found))
    }

    pub fn text(&self) -> String {
        let (mut words, mut parts) = (self.words.clone(), Vec::new());
        while !words.is_empty() {
            let mut rest = 0u64;
            for word in words.iter_mut().rev() {
                rest = rest << 32 | u64::from(*word);
                *word = (rest / 1_000_000_000) as u32;
                rest %= 1_000_000_000;
            }
            words = trim(words);
            parts.push(rest);
        }
        let mut text = parts.pop().unwrap_or(0).to_string();
        for part in parts.iter().rev() {
            text += &format!("{part:09}");
        }
        if self.negative { format!("-{text}") } else { text }
    }
}

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ratio {
    pub top: Int,
    pub bottom: Int,
}

impl Ratio {
    pub fn new(top: Int, bottom: Int) -> Ratio {
        let common = divisor(&top.words, &bottom.words);
        if common == [1] {
            return Ratio { top, bottom };
        }
        Ratio {
            top: Int::signed(top.negative, quotient(&top.words, &common)),
            bottom: Int::signed(bottom.negative, quotient(&bottom.words, &common)),
        }
    }

    pub fn of(x: i64) -> Ratio {
        Ratio { top: Int::of(x), bottom: Int::of(1) }
    }

    pub fn over(x: i64, y: i64) -> Ratio {
        Ratio::new(Int::of(x), Int::of(y))
    }

    pub fn zero(&self) -> bool {
        self.top.zero()
    }

    pub fn sign(&self) -> i32 {
        if self.zero() { 0 } else if self.top.negative { -1 } else { 1 }
    }

    pub fn add(&self, other: &Ratio) -> Ratio {
        if other.zero() {
            return self.clone();
        }
        let top = self.top.mul(&other.bottom).add(&other.top.mul(&self.bottom));
        Ratio::new(top, self.bottom.mul(&other.bottom))
    }

    pub fn neg(&self) -> Ratio {
        Ratio { top: Int::signed(!self.top.negative, self.top.words.clone()), bottom: self.bottom.clone() }
    }

    pub fn sub(&self, other: &Ratio) -> Ratio {
        self.add(&other.neg())
    }

    pub fn mul(&self, other: &Ratio) -> Ratio {
        if self.zero() || other.zero() {
            return Ratio::of(0);
        }
        Ratio::new(self.top.mul(&other.top), self.bottom.mul(&other.bottom))
    }

    /// Divide by what is not 0.
    pub fn div(&self, other: &Ratio) -> Ratio {
        let flipped = Ratio {
            top: Int::signed(other.top.negative, other.bottom.words.clone()),
            bottom: Int::signed(false, other.top.words.clone()),
        };
        self.mul(&flipped)
    }

    pub fn less(&self, other: &Ratio) -> bool {
        self.sub(other).sign() < 0
    }

    pub fn text(&self) -> String {
        if self.bottom == Int::of(1) { self.top.text() } else { format!("{}/{}", self.top.text(), self.bottom.text()) }
    }
}

pub fn most(values: impl IntoIterator<Item = Ratio>) -> Option<Ratio> {
    values.into_iter().reduce(|a, b| if a.less(&b) { b } else { a })
}

pub fn sum<'a>(values: impl IntoIterator<Item = &'a Ratio>) -> Ratio {
    values.into_iter().fold(Ratio::of(0), |a, b| a.add(b))
}
