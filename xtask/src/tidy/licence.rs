//! Reads SPDX licence expressions, as far as crates write them.

/// Whether the expression can be met by the licences that `allowed` accepts. An exception (`WITH`) is one licence
/// together with what it excepts from.
pub fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    // Old manifests separate alternatives by a slash.
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    let met = either(&words, &mut at, allowed);
    met && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut met = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        // Not short-circuited: the rest must be read all the same.
        met |= both(words, at, allowed);
    }
    met
}

fn both(words: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let met = either(words, at, allowed);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return met && closed;
    }
    if words.get(*at) == Some(&"WITH") {
        let whole = format!("{word} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
        return allowed(&whole) || allowed(word);
    }
    allowed(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(expression: &str) -> bool {
        satisfied(expression, &|name| ["MIT", "Apache-2.0", "ISC", "Unicode-3.0"].contains(&name))
    }

    #[test]
    fn alternatives_need_one_and_sums_need_all() {
        assert!(ok("MIT") && ok("GPL-3.0 OR MIT") && ok("GPL-2.0/MIT") && ok("MIT AND ISC"));
        assert!(!ok("GPL-3.0") && !ok("MIT AND GPL-3.0") && !ok(""));
    }

    #[test]
    fn parentheses_bind() {
        assert!(ok("(MIT OR GPL-3.0) AND Unicode-3.0"));
        assert!(!ok("(MIT OR ISC) AND GPL-3.0"));
        assert!(!ok("(MIT OR ISC"));
    }

    #[test]
    fn an_exception_only_widens_its_licence() {
        assert!(ok("Apache-2.0 WITH LLVM-exception OR GPL-2.0"));
        assert!(!ok("GPL-2.0 WITH Classpath-exception-2.0"));
    }
}
