//! What pages load besides HTML: built in, all under one version that changes with any byte of
//! them, so that browsers may keep them for good.
use std::hash::Hasher;
use std::sync::LazyLock;

/// A file of the dashboard.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    pub name: &'static str,
    pub media_type: &'static str,
    pub bytes: &'static [u8],
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

const fn asset(name: &'static str, media_type: &'static str, bytes: &'static [u8]) -> Asset {
    Asset {
        name,
        media_type,
        bytes,
    }
}

/// All of them.
pub const ASSETS: [Asset; 7] = [
    asset(
        "app.css",
        CSS,
        concat!(
            include_str!("../assets/app.css"),
            include_str!("../assets/narrow.css")
        )
        .as_bytes(),
    ),
    asset("app.js", JS, include_bytes!("../assets/app.js")),
    asset(
        "htmx.js",
        JS,
        include_bytes!("../assets/vendor/htmx.min.js"),
    ),
    asset(
        "uplot.js",
        JS,
        include_bytes!("../assets/vendor/uplot.min.js"),
    ),
    asset(
        "uplot.css",
        CSS,
        include_bytes!("../assets/vendor/uplot.min.css"),
    ),
    asset(
        "inter.woff2",
        "font/woff2",
        include_bytes!("../assets/vendor/inter.woff2"),
    ),
    asset(
        "icon.svg",
        "image/svg+xml",
        include_bytes!("../assets/icon.svg"),
    ),
];

static VERSION: LazyLock<String> = LazyLock::new(|| {
    // Not for secrets: two versions of a file should differ.
    let mut hasher = std::hash::DefaultHasher::new();
    for asset in ASSETS {
        hasher.write(asset.bytes);
    }
    format!("{:016x}", hasher.finish())
});

/// Of all assets together, in hex.
pub fn version() -> &'static str {
    &VERSION
}

/// Where a page finds an asset.
pub fn path_of(name: &str) -> String {
    format!("/assets/{}/{name}", version())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_is_the_same_whoever_asks_for_it() {
        let css = std::str::from_utf8(ASSETS[0].bytes).unwrap();
        let list = |head: &str| {
            let (_, rest) = css.split_once(head).unwrap();
            let (body, _) = rest.split_once('}').unwrap();
            let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let (system, chosen) = (
            list(":root:not([data-theme]) {"),
            list(":root[data-theme=dark] {"),
        );
        assert_eq!(system, chosen);
        assert!(system.len() > 4);
    }

    #[test]
    fn every_asset_has_bytes_and_a_path() {
        for asset in ASSETS {
            assert!(!asset.bytes.is_empty());
            assert!(path_of(asset.name).ends_with(asset.name));
        }
    }
}
