//! What pages load: kept by browsers for good, since every build has names of its own.
use crate::http::problem::Problem;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use cognobserve_dashboard::assets::{ASSETS, Asset, version};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::sync::LazyLock;

/// Each asset, packed once; `None` where that gains nothing.
static PACKED: LazyLock<Vec<(Asset, Option<Bytes>)>> = LazyLock::new(|| {
    let pack = |asset: Asset| {
        let is_text = !asset.name.ends_with(".woff2");
        (asset, is_text.then(|| pack(asset.bytes)).flatten())
    };
    ASSETS.into_iter().map(pack).collect()
});

fn pack(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// `GET /assets/{version}/{name}`: no secret, so for everybody.
pub async fn read_asset(
    Path((asked, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = PACKED.iter().find(|(asset, _)| asset.name == name);
    let (asset, packed) = found.ok_or_else(Problem::not_found)?;
    let mut response = match packed {
        Some(packed) if super::super::compress::takes_gzip(&headers) => {
            ([(header::CONTENT_ENCODING, "gzip")], packed.clone()).into_response()
        }
        _ => Bytes::from_static(asset.bytes).into_response(),
    };
    // A page of another build must not keep this one's bytes under its own name.
    let keep = match asked == version() {
        true => "public, max-age=31536000, immutable",
        false => "no-store",
    };
    let out = response.headers_mut();
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(asset.media_type),
    );
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}
