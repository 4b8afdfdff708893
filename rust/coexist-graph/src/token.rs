//! An access token: wiped when dropped, shown by nothing.

use std::fmt;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::error::{Problem, TransportError};

/// An OAuth 2.0 bearer token.
///
/// Its bytes are wiped on drop. The HTTP library copies them into each request and drops that copy unwiped.
#[derive(Clone)]
pub struct Token(Zeroizing<Vec<u8>>);

impl Token {
    /// Takes the token's bytes over, and wipes them also when they are refused.
    ///
    /// # Errors
    /// [`Problem::TokenNotRecognized`] when a byte is none of RFC 6750's `b64token` (section 2.1), or there are none.
    pub fn new(bytes: Vec<u8>) -> Result<Self, TransportError> {
        let bytes = Zeroizing::new(bytes);
        let body = &bytes[..bytes.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1)];
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
        match !body.is_empty() && body.iter().all(allowed) {
            true => Ok(Self(bytes)),
            false => Err(TransportError::new(Problem::TokenNotRecognized, "")),
        }
    }

    /// The tenant that the token says it is of: what it claims, which Graph alone can check. None where it is not one that can be read.
    pub fn tenant_id(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Claims {
            tid: String,
        }
        let claims = self.0.split(|byte| *byte == b'.').nth(1)?;
        let claims = Zeroizing::new(URL_SAFE_NO_PAD.decode(claims).ok()?);
        serde_json::from_slice::<Claims>(&claims).ok().map(|claims| claims.tid)
    }

    /// Writes stars over the token wherever it stands in a text.
    pub(crate) fn hide_in(&self, text: &mut [u8]) {
        let length = self.0.len();
        let mut from = 0;
        while let Some(at) = text[from..].windows(length).position(|window| window == self.0.as_slice()) {
            text[from + at..from + at + length].fill(b'*');
            from += at + length;
        }
    }

    /// The value of the `Authorization` header, marked so that the HTTP library does not show it either.
    pub(crate) fn authorization(&self) -> Result<HeaderValue, TransportError> {
        let mut text = Zeroizing::new(Vec::with_capacity(7 + self.0.len()));
        text.extend_from_slice(b"Bearer ");
        text.extend_from_slice(&self.0);
        let mut value = HeaderValue::from_bytes(&text).map_err(|_| TransportError::new(Problem::TokenNotRecognized, ""))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_is_read_where_it_can_be() {
        let token = |claims: &str| Token::new(format!("eyJ0.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)).into_bytes()).unwrap();
        assert_eq!(token(r#"{"aud":"https://graph.microsoft.com","tid":"t1"}"#).tenant_id().as_deref(), Some("t1"));
        for token in [token("{}"), token("x"), Token::new(b"opaque".to_vec()).unwrap(), Token::new(b"a.b".to_vec()).unwrap()] {
            assert_eq!(token.tenant_id(), None);
        }
    }

    #[test]
    fn a_token_that_is_said_back_is_covered() {
        let token = Token::new(b"c2VjcmV0".to_vec()).unwrap();
        let mut text = b"c2VjcmV0 and c2VjcmV0c2VjcmV0, not c2Vjcm".to_vec();
        token.hide_in(&mut text);
        assert_eq!(text, b"******** and ****************, not c2Vjcm");
    }

    #[test]
    #[allow(clippy::unwrap_used)]
    fn the_header_is_not_shown_either() {
        let value = Token::new(b"c2VjcmV0".to_vec()).unwrap().authorization().unwrap();
        assert_eq!(value, "Bearer c2VjcmV0");
        assert!(!format!("{value:?}").contains("c2VjcmV0"));
    }
}
