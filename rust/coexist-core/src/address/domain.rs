//! Domains: which the target has accepted, and under which each source domain is carried on.

use crate::problem::{Category, Problem};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

thread_local! {
    /// A domain outside of ASCII and its canonical spelling.
    static LAST: RefCell<(String, String)> = const { RefCell::new((String::new(), String::new())) };
}

/// The one spelling under which a domain is compared: lower case, internationalised labels as `xn--` (RFC 5891).
///
/// A domain that IDNA refuses is compared as it is written.
pub fn canonical_domain(domain: &str) -> Cow<'_, str> {
    if !domain.is_ascii() {
        // A tenant has thousands of addresses in each of its few domains: the last one is likely the next.
        return LAST.with_borrow_mut(|(last, canonical)| {
            if last != domain {
                *canonical = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase());
                *last = domain.to_string();
            }
            Cow::Owned(canonical.clone())
        });
    }
    if domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(domain.to_ascii_lowercase());
    }
    Cow::Borrowed(domain)
}

/// So few domains are compared one by one: of ASCII, canonical spelling is lower case and nothing else.
const FEW: usize = 16;

/// A set of domains. A subdomain of a member is not a member: Exchange accepts each by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainSet(BTreeSet<String>);

impl DomainSet {
    /// The set of these domains, however they are written.
    pub fn new<T: AsRef<str>>(domains: impl IntoIterator<Item = T>) -> Self {
        DomainSet(domains.into_iter().map(|domain| canonical_domain(domain.as_ref().trim()).into_owned()).filter(|domain| !domain.is_empty()).collect())
    }

    /// Whether a domain belongs to the set.
    pub fn contains(&self, domain: &str) -> bool {
        if self.0.len() <= FEW && domain.is_ascii() {
            return self.0.iter().any(|member| member.eq_ignore_ascii_case(domain));
        }
        self.0.contains(canonical_domain(domain).as_ref())
    }

    /// True without domains.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The domains in canonical spelling, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Under which target domain each source domain is carried on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainMap(BTreeMap<String, String>);

impl DomainMap {
    /// The map; every value must be an accepted domain of the target (`DomainMapNotAccepted`), or the carried addresses would be refused.
    pub fn new(map: &BTreeMap<String, String>, accepted: &DomainSet) -> Result<Self, Problem> {
        let mut domains = BTreeMap::new();
        for (from, to) in map {
            if !accepted.contains(to) {
                return Err(Problem::new(
                    "DomainMapNotAccepted",
                    Category::InvalidArgument,
                    format!(
                        "The domain map carries '{from}' on as '{to}', which the target tenant has not accepted ({}); Exchange would refuse the addresses. \
                         Correct the map, or accept the domain in the target first.",
                        if accepted.is_empty() { "no accepted domain is known".to_string() } else { accepted.iter().collect::<Vec<_>>().join(", ") }
                    ),
                )
                .about(to));
            }
            domains.insert(canonical_domain(from.trim()).into_owned(), to.trim().to_string());
        }
        Ok(DomainMap(domains))
    }

    /// The target domain of a source domain, as the administrator wrote it.
    pub fn get(&self, domain: &str) -> Option<&str> {
        if self.0.len() <= FEW && domain.is_ascii() {
            return self.0.iter().find(|(from, _)| from.eq_ignore_ascii_case(domain)).map(|(_, to)| to.as_str());
        }
        self.0.get(canonical_domain(domain).as_ref()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_domain_are_one() {
        let set = DomainSet::new(["Contoso.COM", "bücher.example"]);
        for domain in ["contoso.com", "CONTOSO.com", "BÜCHER.example", "xn--bcher-kva.example", "XN--BCHER-KVA.EXAMPLE"] {
            assert!(set.contains(domain), "{domain}");
        }
        for domain in ["sub.contoso.com", "contoso.com.", "", "xn--"] {
            assert!(!set.contains(domain), "{domain}");
        }
    }

    #[test]
    fn a_map_leads_only_to_accepted_domains() {
        let accepted = DomainSet::new(["fabrikam.com"]);
        let map = DomainMap::new(&BTreeMap::from([("bücher.example".into(), "Fabrikam.com".into())]), &accepted).unwrap();
        assert_eq!(map.get("XN--BCHER-KVA.example"), Some("Fabrikam.com"));
        let problem = DomainMap::new(&BTreeMap::from([("a.example".into(), "b.example".into())]), &accepted).unwrap_err();
        assert_eq!(problem.code, "DomainMapNotAccepted");
    }
}
