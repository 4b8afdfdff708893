//! National clouds.

use reqwest::Url;
use serde::Deserialize;

use crate::native::is_this_machine;

/// Where one cloud is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Cloud {
    /// As Get-MgEnvironment names it.
    pub name: String,
    /// The root of Graph.
    pub graph: String,
    /// The root of the sign-in.
    pub login: String,
}

#[derive(Deserialize)]
struct Clouds {
    clouds: Vec<Cloud>,
}

/// Every cloud, the ordinary one first.
pub fn clouds() -> Vec<Cloud> {
    let file: Clouds = crate::data::parse("graph-clouds.json", include_str!("../../../data/graph-clouds.json"));
    file.clouds
}

/// The cloud of that name; or this machine, by its address, where the lab and tests play Graph.
pub fn find(name: &str) -> Option<Cloud> {
    let this_machine = || {
        let url = Url::parse(name).ok().filter(is_this_machine)?;
        let root = url.as_str().trim_end_matches('/').to_owned();
        Some(Cloud { name: name.to_owned(), graph: root.clone(), login: root })
    };
    clouds().into_iter().find(|cloud| cloud.name.eq_ignore_ascii_case(name)).or_else(this_machine)
}

/// True for an address of Graph in any cloud: a session's token may go there and nowhere else.
pub fn is_graph(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let plain = url.username().is_empty() && url.password().is_none();
    plain && clouds().iter().filter_map(|cloud| Url::parse(&cloud.graph).ok()).any(|graph| graph.origin() == url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_are_found_by_name_and_nothing_else_is_one() {
        assert_eq!(find("usgovdod").unwrap().graph, "https://dod-graph.microsoft.us");
        assert_eq!(find("http://127.0.0.1:81/").unwrap().graph, "http://127.0.0.1:81");
        for name in ["", "Germany", "https://example.com", "http://127.0.0.1.example.com", "http://127.0.0.1@example.com"] {
            assert_eq!(find(name), None, "{name}");
        }
        assert!(clouds().iter().all(|cloud| cloud.graph.starts_with("https://") && cloud.login.starts_with("https://")));
    }

    #[test]
    fn a_next_link_elsewhere_is_no_graph() {
        assert!(is_graph("https://graph.microsoft.com/v1.0/users?$skiptoken=x"));
        for address in ["https://graph.microsoft.com.example.com/v1.0", "http://graph.microsoft.com/", "https://graph.microsoft.com:444/", "https://a@graph.microsoft.com/", "/v1.0"] {
            assert!(!is_graph(address), "{address}");
        }
    }
}
