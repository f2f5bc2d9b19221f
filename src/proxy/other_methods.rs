//! Methods that a request names beside its own. Some frameworks take it for one of those, so that rules by method have to
//! hold for them as well: a `GET` that is a `DELETE` to the app is decided on as both.

use http::{HeaderMap, HeaderName, Method};

use super::headers::folds_to;

/// The headers by which frameworks let clients say another method.
const HEADERS: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];
/// The same in a query. In the body of a form nobody sees it here (docs/adr).
const FIELD: &str = "_method";

/// Something is named that is no method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAMethod;

/// All that the request names, in capitals as frameworks read it. Usually there is none.
pub(super) fn named(headers: &HeaderMap, query: Option<&str>) -> Result<Vec<Method>, NotAMethod> {
    let is_one = |name: &HeaderName| HEADERS.iter().any(|known| folds_to(name.as_str(), known));
    let mut methods = Vec::new();
    for (name, value) in headers.iter().filter(|(name, _)| is_one(name)) {
        tracing::debug!(header = %name, "a request names another method than its own");
        methods.push(method(value.as_bytes())?);
    }
    // Some split at semicolons as well, names may be percent-encoded, and PHP makes `_` of some other characters.
    for pair in query.unwrap_or_default().split(['&', ';']) {
        for (name, value) in url::form_urlencoded::parse(pair.as_bytes()) {
            if name.trim_start().replace(['.', ' ', '['], "_") == FIELD {
                methods.push(method(value.as_bytes())?);
            }
        }
    }
    Ok(methods)
}

fn method(value: &[u8]) -> Result<Method, NotAMethod> {
    Method::from_bytes(&value.trim_ascii().to_ascii_uppercase()).map_err(|_| NotAMethod)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(
        headers: &[(&'static str, &'static str)],
        query: &str,
    ) -> Result<Vec<String>, NotAMethod> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        named(&map, Some(query)).map(|all| all.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn whatever_an_app_could_take_for_the_method_is_found() {
        assert_eq!(
            of(&[("host", "a"), ("x-http-methods", "PUT")], "method=PUT&a=_method"),
            Ok(vec![])
        );
        for name in [
            "x-http-method-override",
            "x_http_method_override",
            "x-http.method",
            "x-method-override",
        ] {
            assert_eq!(of(&[(name, " delete ")], ""), Ok(vec!["DELETE".to_owned()]), "{name}");
        }
        let two = [("x-http-method", "PUT"), ("x-http-method", "PATCH")];
        assert_eq!(of(&two, "a=b&_metho%64=de%6Cete").unwrap(), ["PUT", "PATCH", "DELETE"]);
        for query in ["a=b;_method=put", ".method=PUT", "+_method=PUT", "%5Bmethod=PUT"] {
            assert_eq!(of(&[], query).unwrap(), ["PUT"], "{query}");
        }
        for odd in ["a b", "", "PUT,DELETE"] {
            assert_eq!(of(&[("x-http-method", odd)], ""), Err(NotAMethod), "{odd:?}");
        }
    }
}
